// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/answer_text.h"

#include <QTest>

using namespace oriel::otlp;

class AnswerTextTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatWasSentIsMaskedHoweverItIsEchoed_data()
    {
        QTest::addColumn<QByteArray>("header");
        QTest::addColumn<QString>("answer");
        QTest::addColumn<QString>("secret");
        const auto row = [](const char* name, const QByteArray& header, const QByteArray& answer, const QByteArray& secret) {
            QTest::newRow(name) << header << QString::fromUtf8(answer) << QString::fromUtf8(secret);
        };
        row("as it is", "blue-horse-42", "key blue-horse-42 is wrong", "blue-horse");
        row("in other letters", "blue-horse-42", "key BLUE-HORSE-42 is wrong", "BLUE-HORSE");
        row("behind its scheme", "Bearer blue-horse-42", "no token blue-horse-42", "blue-horse");
        row("as a parameter", "AWS4-HMAC-SHA256 Credential=AK/2026/x, Signature=0123456789abcdef",
            "the signature 0123456789abcdef does not match", "0123456789");
        row("as a password", "Basic " + QByteArray("ann:pass!").toBase64(), "ann:pass! is unknown, try another than pass!",
            "pass!");
        row("percent-encoded", "blue/horse+42", "?key=blue%2Fhorse%2B42", "horse");
        row("in JSON", "blue/horse/42", R"({"key":"blue\/horse\/42"})", "horse");
        row("in base64", "blue-horse-42", "got " + QByteArray("blue-horse-42").toBase64(), "Ymx1ZS1ob3JzZS00Mg");
        row("at the cut", "blue-horse-42", QByteArray(493, 'x') + "blue-horse-42", "blue");
    }
    void whatWasSentIsMaskedHoweverItIsEchoed()
    {
        QFETCH(const QByteArray, header);
        QFETCH(const QString, answer);
        QFETCH(const QString, secret);
        QVERIFY(answer.contains(secret));
        AnswerText text;
        const QString shown = text.shown(answer, {{"x-key", header}});
        QVERIFY2(!shown.contains(secret), qPrintable(shown));
        QVERIFY(shown.size() <= AnswerText::kMaxChars && !shown.isEmpty());
    }

    void whatDetectorsKnowIsMasked()
    {
        AnswerText text;
        const QString token = QStringLiteral("ghp_") + QString(36, QLatin1Char('a'));
        QVERIFY(!text.shown(QStringLiteral("HTTP 401: token ") + token, {}).contains(token));
    }

    void whatTheUrlCarriesIsMasked()
    {
        AnswerText text;
        const QUrl url(QStringLiteral("https://ann:pw@example.org/v1/traces?api_key=blue-horse"));
        const QString shown = text.shown(QStringLiteral("cannot reach ") + url.toString(), {}, url);
        QVERIFY2(!shown.contains(QStringLiteral("blue-horse")) && !shown.contains(QStringLiteral("pw@")), qPrintable(shown));
    }

    void anAnswerStaysReadable()
    {
        AnswerText text;
        QCOMPARE(text.shown(QStringLiteral("HTTP 400 Bad Request: no\nsuch\x01tenant"),
                            {{"x-key", "blue-horse-42"}, {"Content-Type", "application/json"}, {"x-flag", "true"}}),
                 QStringLiteral("HTTP 400 Bad Request: no such tenant"));
        QCOMPARE(text.shown(QStringLiteral("HTTP 415: application/json is not taken"), {{"Content-Type", "application/json"}}),
                 QStringLiteral("HTTP 415: application/json is not taken"));
        QCOMPARE(text.shown({}, {}), QString());
    }
};

QTEST_GUILESS_MAIN(AnswerTextTest)
#include "tst_answer_text.moc"
