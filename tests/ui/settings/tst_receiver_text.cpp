// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "ui/settings/receiver_text.h"

using namespace oriel;
using namespace oriel::ui;

namespace {

service::ReceiverSnapshot listening()
{
    service::ReceiverSnapshot receiver;
    receiver.enabled = true;
    receiver.grpcPort = 14317;
    receiver.httpPort = 14318;
    return receiver;
}

QString said(const service::ReceiverSnapshot& receiver)
{
    QStringList lines;
    for (const KeyValue& row : receiverFacts(receiver))
        lines.append(row.key + QStringLiteral(": ") + row.value);
    return lines.join(QLatin1Char('\n'));
}

} // namespace

class TestReceiverText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void whereItListensAndThatNothingCameYet()
    {
        const QString words = said(listening());
        QVERIFY2(words.contains(QStringLiteral("✓ listening")), qPrintable(words));
        QVERIFY2(words.contains(QStringLiteral("OTLP/HTTP: http://127.0.0.1:14318")), qPrintable(words));
        QVERIFY2(words.contains(QStringLiteral("OTLP/gRPC: 127.0.0.1:14317")), qPrintable(words));
        QVERIFY2(words.contains(QStringLiteral("taken: nothing yet")), qPrintable(words));
        QVERIFY(receiverProblem(listening()).headline.isEmpty());
        QVERIFY(receiverStep(listening()).startsWith(QStringLiteral("Nothing has come in yet")));
    }

    void aTakenPortIsToldWithItsHolderAndTheOtherIsUsed()
    {
        service::ReceiverSnapshot receiver = listening();
        receiver.httpPort = 0;
        receiver.httpError = QStringLiteral("port 4318 is in use by otelcol (pid 5)");
        receiver.error = QStringLiteral("no OTLP over HTTP: ") + receiver.httpError;
        QVERIFY(receiverProblem(receiver).headline.contains(QStringLiteral("otelcol (pid 5)")));
        QVERIFY(!receiverProblem(receiver).remedy.isEmpty());
        QVERIFY(said(receiver).contains(QStringLiteral("listening in part")));
        const QList<service::ClientSnippet> snippets = receiverSnippets(receiver);
        QVERIFY(snippets.size() == 2);
        for (const service::ClientSnippet& snippet : snippets)
            QVERIFY2(snippet.text.contains(QStringLiteral(":14317")) && snippet.text.contains(QStringLiteral("grpc")),
                     qPrintable(snippet.text));
        receiver.grpcPort = 0;
        QVERIFY(receiverSnippets(receiver).isEmpty());
        QVERIFY(said(receiver).contains(QStringLiteral("✕ not listening")));
    }

    void theLinesAreWhatAShellTakes()
    {
        QCOMPARE(receiverSnippets(listening()).first().text,
                 QStringLiteral("export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14318\n"
                                "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"));
        QVERIFY(receiverSnippets(listening()).last().text.startsWith(QStringLiteral("$env:OTEL_EXPORTER_OTLP_ENDPOINT = \"")));
    }

    void whatWasTakenAndRefusedIsCountedWithTheReason()
    {
        service::ReceiverSnapshot receiver = listening();
        receiver.spans = 1;
        receiver.points = 20;
        receiver.rejected = 2;
        receiver.failed = 1;
        receiver.busy = 3;
        receiver.lastRefusal = QStringLiteral("2 spans have no valid trace id or span id");
        const QString words = said(receiver);
        for (const char* wanted : {"1 span · 20 metric points · 0 log records", "left out: 2 spans", "not readable: 1 request",
                                   "told to wait: 3 requests", "last reason: 2 spans have no valid"})
            QVERIFY2(words.contains(QString::fromUtf8(wanted)), qPrintable(words));
        QVERIFY(!receiverStep(receiver).contains(QStringLiteral("Nothing")));
    }

    void whenItIsOffThereIsNothingToCopy()
    {
        QVERIFY(receiverSnippets({}).isEmpty());
        QVERIFY(receiverStep({}).isEmpty());
        QVERIFY(said({}).contains(QStringLiteral("off")));
        QVERIFY(!said({}).contains(QStringLiteral("taken")));
    }
};

QTEST_APPLESS_MAIN(TestReceiverText)
#include "tst_receiver_text.moc"
