// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/loopback_guard.h"

#include <QTest>

using namespace oriel;
using namespace oriel::http;

class LoopbackGuardTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void onlyLoopbackAddressesCanBeListenedOn()
    {
        for (const char* text : {"127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST"}) {
            const Result<QHostAddress> address = parseListenAddress(QString::fromLatin1(text));
            QVERIFY2(address.has_value(), text);
            QVERIFY2(isLoopback(*address), text);
        }
        for (const char* text : {"",
                                 "0",
                                 "0x0",
                                 "0.0.0.0",
                                 "::",
                                 "[::]",
                                 "::ffff:0.0.0.0",
                                 "::ffff:127.0.0.1",
                                 "::0",
                                 "127.1",
                                 "2130706433",
                                 "0x7f.0.0.1",
                                 "0177.0.0.1",
                                 "127.0.0.01",
                                 "127.0.0.256",
                                 "127.0.0.1.",
                                 "192.168.1.1",
                                 "example.com",
                                 "*",
                                 "localhost.example.com",
                                 "127.0.0.1:80",
                                 "fe80::1",
                                 "::2"}) {
            const Result<QHostAddress> address = parseListenAddress(QString::fromLatin1(text));
            QVERIFY2(!address.has_value(), text);
            QCOMPARE(address.error().code, ErrorCode::InvalidArgument);
        }
    }
    void wildcardsAndMappedAddressesAreNotLoopback()
    {
        QVERIFY(isLoopback(QHostAddress(QHostAddress::LocalHost)));
        QVERIFY(isLoopback(QHostAddress(QHostAddress::LocalHostIPv6)));
        for (const QHostAddress& address :
             {QHostAddress(QHostAddress::Any), QHostAddress(QHostAddress::AnyIPv4), QHostAddress(QHostAddress::AnyIPv6),
              QHostAddress(), QHostAddress(QStringLiteral("::ffff:127.0.0.1")), QHostAddress(QStringLiteral("10.0.0.1"))})
            QVERIFY2(!isLoopback(address), qPrintable(address.toString()));
    }
    void theHostMustNameThisEndpoint()
    {
        for (const char* host : {"127.0.0.1:7420", "localhost:7420", "LocalHost:7420", "[::1]:7420"})
            QVERIFY2(isHostAllowed({{"Host", host}}, 7420), host);
        for (const char* host :
             {"127.0.0.1", "127.0.0.1:7421", "evil.example:7420", "localhost.evil.example:7420", "127.0.0.1:7420:7420",
              "127.0.0.1.evil.example:7420", "localhost:07420x", "::1:7420", "[::1]7420", "[::2]:7420", "", ":7420",
              "user@localhost:7420", "localhost :7420", "127.1:7420", "0.0.0.0:7420", "localhost:99999"})
            QVERIFY2(!isHostAllowed({{"Host", host}}, 7420), host);
        QVERIFY(isHostAllowed({{"Host", "localhost"}}, 80));
        QVERIFY(!isHostAllowed({}, 7420));
        QVERIFY(!isHostAllowed({{"Host", "localhost:7420"}, {"Host", "localhost:7420"}}, 7420));
        QVERIFY(isHostAllowed({{"Host", "oriel.test:7420"}}, 7420, {QByteArrayLiteral("oriel.test:7420")}));
        QVERIFY(!isHostAllowed({{"Host", "oriel.test:7421"}}, 7420, {QByteArrayLiteral("oriel.test:7420")}));
    }
    void foreignOriginsAreRefused()
    {
        QVERIFY(isOriginAllowed({}));
        for (const char* origin : {"http://localhost:5173", "https://localhost", "http://127.0.0.1:1", "http://[::1]:7420"})
            QVERIFY2(isOriginAllowed({{"Origin", origin}}), origin);
        for (const char* origin :
             {"null", "", "http://evil.example", "http://localhost.evil.example", "http://localhost@evil.example",
              "http://127.0.0.1.evil.example", "http://localhost:80/path", "file://", "ftp://localhost", "localhost",
              "http://localhost:", "http://", "http://localhost, http://evil.example"})
            QVERIFY2(!isOriginAllowed({{"Origin", origin}}), origin);
        QVERIFY(!isOriginAllowed({{"Origin", "http://localhost"}, {"Origin", "http://localhost"}}));
        QVERIFY(isOriginAllowed({{"Origin", "https://App.example"}}, {QByteArrayLiteral("https://app.example")}));
        QVERIFY(!isOriginAllowed({{"Origin", "https://app.example:444"}}, {QByteArrayLiteral("https://app.example")}));
        QVERIFY(!isOriginAllowed({{"Origin", "null"}}, {QByteArrayLiteral("null")}));
    }
    void aBearerTokenIsTakenOnlyWhereItIsPlain()
    {
        QCOMPARE(bearerToken({{"Authorization", "Bearer abc.DEF-1_~+/="}}).value(), QByteArrayView("abc.DEF-1_~+/="));
        QCOMPARE(bearerToken({{"authorization", "bearer  abc"}}).value(), QByteArrayView("abc"));
        for (const char* value : {"", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a,b", "Bearer \"a\"", "Bearerabc"})
            QVERIFY2(!bearerToken({{"Authorization", value}}), value);
        QVERIFY(!bearerToken({}));
        QVERIFY(!bearerToken({{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}}));
    }
    void equalTokensAreEqualAndNothingElseIs()
    {
        QVERIFY(constantTimeEquals("secret", "secret"));
        QVERIFY(!constantTimeEquals("secret", "secreT"));
        QVERIFY(!constantTimeEquals("secre", "secret"));
        QVERIFY(!constantTimeEquals("secretsecret", "secret"));
        QVERIFY(!constantTimeEquals("", "secret"));
        QVERIFY(!constantTimeEquals("secret", ""));
        // A lost configuration must not let everyone in.
        QVERIFY(!constantTimeEquals("", ""));
    }
};

QTEST_GUILESS_MAIN(LoopbackGuardTest)
#include "tst_http_loopback_guard.moc"
