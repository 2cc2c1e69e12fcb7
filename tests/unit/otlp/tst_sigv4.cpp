// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/sigv4.h"

#include <QDateTime>
#include <QTest>
#include <QTimeZone>

using namespace oriel;
using namespace oriel::otlp;

namespace {

// The credentials and the moment of AWS's published examples.
const SigV4Credentials kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", {}};
constexpr std::int64_t kMoment = 1'440'938'160'000'000'000; // 2015-08-30T12:36:00Z

QByteArray find(const RequestHeaders& headers, const QByteArray& name)
{
    for (const auto& [key, value] : headers) {
        if (key == name)
            return value;
    }
    return {};
}

QByteArray signatureOf(const RequestHeaders& headers)
{
    const QByteArray value = find(headers, "Authorization");
    return value.mid(value.indexOf("Signature=") + 10);
}

QByteArray signedNamesOf(const RequestHeaders& headers)
{
    const QByteArray value = find(headers, "Authorization");
    const qsizetype begin = value.indexOf("SignedHeaders=") + 14;
    return value.mid(begin, value.indexOf(',', begin) - begin);
}

} // namespace

class SigV4Test : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theExampleOfTheReferenceHasItsSignature()
    {
        const SigV4Request request{"GET",
                                   QUrl(QStringLiteral("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08")),
                                   {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                                   {}};
        const RequestHeaders headers = sigV4Headers(request, kExample, {"us-east-1", "iam"}, kMoment);
        QCOMPARE(find(headers, "Authorization"),
                 QByteArray("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                            "SignedHeaders=content-type;host;x-amz-date, "
                            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
        QCOMPARE(find(headers, "X-Amz-Date"), QByteArray("20150830T123600Z"));
        QCOMPARE(find(headers, "Host"), QByteArray("iam.amazonaws.com"));
    }

    void thePublishedSuiteAgrees_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QString>("url");
        QTest::addColumn<QByteArray>("signature");
        QTest::newRow("get-vanilla") << QByteArray("GET") << QStringLiteral("https://example.amazonaws.com/")
                                     << QByteArray("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        QTest::newRow("post-vanilla") << QByteArray("POST") << QStringLiteral("https://example.amazonaws.com/")
                                      << QByteArray("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
        QTest::newRow("get-vanilla-query-order-key-case")
            << QByteArray("GET") << QStringLiteral("https://example.amazonaws.com/?Param2=value2&Param1=value1")
            << QByteArray("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
        QTest::newRow("no path is /") << QByteArray("GET") << QStringLiteral("https://example.amazonaws.com")
                                      << QByteArray("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    }

    void thePublishedSuiteAgrees()
    {
        QFETCH(QByteArray, method);
        QFETCH(QString, url);
        QFETCH(QByteArray, signature);
        const RequestHeaders headers = sigV4Headers({method, QUrl(url), {}, {}}, kExample, {"us-east-1", "service"}, kMoment);
        QCOMPARE(signatureOf(headers), signature);
    }

    void everyHeaderAndTheBodyAreSigned()
    {
        SigV4Request request{"POST",
                             QUrl(QStringLiteral("http://127.0.0.1:4321/v1/logs")),
                             {{"x-aws-log-group", "  a   b "}, {"Content-Encoding", "gzip"}},
                             "body"};
        SigV4Credentials credentials = kExample;
        credentials.sessionToken = "session";
        const RequestHeaders headers = sigV4Headers(request, credentials, {"eu-central-1", "logs"}, kMoment);
        QCOMPARE(signedNamesOf(headers), QByteArray("content-encoding;host;x-amz-date;x-amz-security-token;x-aws-log-group"));
        QCOMPARE(find(headers, "Host"), QByteArray("127.0.0.1:4321"));
        QCOMPARE(find(headers, "X-Amz-Security-Token"), QByteArray("session"));
        const QByteArray signature = signatureOf(headers);
        request.body = "bodY";
        QVERIFY(signatureOf(sigV4Headers(request, credentials, {"eu-central-1", "logs"}, kMoment)) != signature);
        request.body = "body";
        request.headers[0].second = "a b";
        QCOMPARE(signatureOf(sigV4Headers(request, credentials, {"eu-central-1", "logs"}, kMoment)), signature);
        QVERIFY(signatureOf(sigV4Headers(request, credentials, {"eu-central-1", "xray"}, kMoment)) != signature);
        QVERIFY(signatureOf(sigV4Headers(request, credentials, {"eu-central-1", "logs"}, kMoment + 1'000'000'000)) != signature);
    }
};

QTEST_GUILESS_MAIN(SigV4Test)
#include "tst_sigv4.moc"
