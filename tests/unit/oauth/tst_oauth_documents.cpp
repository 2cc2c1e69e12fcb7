// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/challenge.h"
#include "oauth/metadata.h"
#include "oauth/scopes.h"
#include "oauth/url_rules.h"

#include <QTest>

using namespace oriel;
using namespace oriel::oauth;

namespace {

QUrl url(const char* text)
{
    return QUrl(QString::fromUtf8(text), QUrl::StrictMode);
}

QStringList texts(const QList<QUrl>& urls)
{
    QStringList list;
    for (const QUrl& each : urls)
        list.append(each.toString(QUrl::FullyEncoded));
    return list;
}

const QByteArray endpoints = "\"authorization_endpoint\":\"https://as.example/a\",\"token_endpoint\":\"https://as.example/t\"";

QByteArray serverDocument(const QByteArray& issuer, const QByteArray& more = {})
{
    return "{\"issuer\":\"" + issuer + "\"," + endpoints + more + '}';
}

} // namespace

class OAuthDocumentsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aBearerChallengeTellsItsParameters()
    {
        const auto bearer = bearerChallenge("Bearer error=\"insufficient_scope\", scope=\"files:read  files:write\", "
                                            "resource_metadata=\"https://a.example/.well-known/x\"");
        QCOMPARE(bearer.resourceMetadata, QByteArray("https://a.example/.well-known/x"));
        QCOMPARE(bearer.scopes, QStringList({QStringLiteral("files:read"), QStringLiteral("files:write")}));
        QVERIFY(bearer.wantsMoreScope());
    }
    void challengesOfSeveralSchemesAreToldApart()
    {
        const auto list =
            parseChallenges("Negotiate, Basic realm=\"a, \\\"b\\\"\" , charset=UTF-8,,NTLM abc==,bearer Scope = x , error=\"e\"");
        QVERIFY2(list, list ? "" : qPrintable(list.error().message));
        QCOMPARE(list->size(), 4);
        QCOMPARE(list->at(0).scheme, QByteArray("Negotiate"));
        QCOMPARE(list->at(1).parameter("realm"), QByteArray("a, \"b\""));
        QCOMPARE(list->at(1).parameter("charset"), QByteArray("UTF-8"));
        QCOMPARE(list->at(2).token68, QByteArray("abc=="));
        QCOMPARE(list->at(3).parameter("scope"), QByteArray("x"));
        QCOMPARE(bearerChallenge("Basic realm=x, BEARER scope=y").scopes, QStringList(QStringLiteral("y")));
    }
    void aMalformedChallengeIsNoChallenge_data()
    {
        QTest::addColumn<QByteArray>("field");
        QTest::newRow("no end of a quotation") << QByteArray("Bearer scope=\"a");
        QTest::newRow("a parameter twice") << QByteArray("Bearer scope=a, scope=b");
        QTest::newRow("no comma") << QByteArray("Bearer scope=\"a\" error=\"b\"");
        QTest::newRow("a control character") << QByteArray("Bearer scope=\"a\x01\"");
        QTest::newRow("no scheme") << QByteArray("=a");
        QTest::newRow("too long") << QByteArray("Bearer scope=") + QByteArray(20'000, 'a');
        QByteArray many("Bearer a0=b");
        for (int i = 1; i < 100; ++i)
            many += ",a" + QByteArray::number(i) + "=b";
        QTest::newRow("too many parameters") << many;
        QTest::newRow("too many challenges") << QByteArray("A,").repeated(100);
    }
    void aMalformedChallengeIsNoChallenge()
    {
        QFETCH(QByteArray, field);
        QVERIFY(!parseChallenges(field));
        QVERIFY(bearerChallenge(field).scopes.isEmpty());
    }

    void scopesComeFromTheChallengeThenTheResource()
    {
        const QStringList a(QStringLiteral("a"));
        const QStringList ab{QStringLiteral("a"), QStringLiteral("b")};
        const QStringList c(QStringLiteral("c"));
        QCOMPARE(selectScopes({.challenge = a, .resource = ab, .server = c}), a);
        QCOMPARE(selectScopes({.resource = ab, .server = c}), ab);
        QCOMPARE(selectScopes({.server = c}), QStringList());
        QCOMPARE(selectScopes({.challenge = c, .held = ab, .stepUp = true}), ab + c);
        QCOMPARE(selectScopes({.challenge = c, .held = ab}), c);
        QCOMPARE(selectScopes({.challenge = c, .resource = ab, .chosen = a}), a);
        QCOMPARE(selectScopes({.challenge = c, .held = a, .chosen = ab, .stepUp = true}), ab + c);
    }
    void offlineAccessIsAskedForOnlyWhereTheAuthorizationServerListsIt()
    {
        const QString offline = QStringLiteral("offline_access");
        const QStringList a(QStringLiteral("a"));
        QCOMPARE(selectScopes({.challenge = a, .server = {offline}}), QStringList({QStringLiteral("a"), offline}));
        QCOMPARE(selectScopes({.resource = {QStringLiteral("a"), offline}}), a);
        QCOMPARE(selectScopes({.server = {offline}}), QStringList());
        QCOMPARE(selectScopes({.challenge = {offline}}), QStringList(offline));
        QCOMPARE(selectScopes({.chosen = {offline}}), QStringList(offline));
    }
    void whatIsNoScopeTokenIsLeftOut()
    {
        QCOMPARE(splitScopes("a  b\"c a d"), QStringList({QStringLiteral("a"), QStringLiteral("d")}));
        QVERIFY(splitScopes(QByteArray(1000, 'a')).isEmpty());
    }

    void onlySafeAddressesAreUsed_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<bool>("remote"); // accepted on the word of a server of the internet
        QTest::addColumn<bool>("local");  // accepted on the word of a server of this computer
        const auto row = [](const char* text, bool remote, bool local) {
            QTest::newRow(text) << QByteArray(text) << remote << local;
        };
        row("https://as.example/token?x=1", true, true);
        row("https://8.8.8.8/", true, true);
        row("http://as.example/token", false, false);
        row("http://192.168.1.1/token", false, false);
        row("javascript:alert(1)", false, false);
        row("data:text/html,x", false, false);
        row("file:///etc/passwd", false, false);
        row("vbscript:x", false, false);
        row("ftp://as.example/", false, false);
        row("//as.example/x", false, false);
        row("/token", false, false);
        row("", false, false);
        row("https://user@as.example/", false, false);
        row("https://user:pw@as.example/", false, false);
        row("https://@as.example/", false, false);
        row("https://as.example/#f", false, false);
        row("https://as.example/a b", false, false);
        row("https://as.example/\x01", false, false);
        for (const char* host :
             {"127.0.0.1", "127.9.9.9",  "localhost",         "LOCALHOST",          "a.localhost",     "localhost.",
              "[::1]",     "[::]",       "0.0.0.0",           "[::ffff:127.0.0.1]", "2130706433",      "0x7f.1",
              "10.1.2.3",  "172.16.0.1", "172.31.9.9",        "192.168.1.1",        "169.254.169.254", "[fc00::1]",
              "[fd12::1]", "[fe80::1]",  "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]",   "[2002:a00:1::]",  "100.64.0.1"})
            row(qPrintable(QStringLiteral("https://%1/x").arg(QLatin1StringView(host))), false, true);
        row("http://127.0.0.1:80/x", false, true);
        row("http://localhost/x", false, true);
        row("http://[::1]/x", false, true);
        row("https://172.32.0.1/", true, true);
        row("https://localhost.example/", true, true);
    }
    void onlySafeAddressesAreUsed()
    {
        QFETCH(QByteArray, text);
        QFETCH(bool, remote);
        QFETCH(bool, local);
        QCOMPARE(checkedUrl(text, Reach::Public, QStringLiteral("it")).has_value(), remote);
        QCOMPARE(checkedUrl(text, Reach::Loopback, QStringLiteral("it")).has_value(), local);
    }
    void aServerOfThePrivateNetworkNamesNothingOfThisComputer()
    {
        QVERIFY(checkedUrl("https://10.0.0.9/", Reach::Private, QStringLiteral("it")));
        QVERIFY(!checkedUrl("https://127.0.0.1/", Reach::Private, QStringLiteral("it")));
        QVERIFY(!checkedUrl("https://169.254.169.254/", Reach::Private, QStringLiteral("it")));
        QVERIFY(!checkedUrl("https://as.example/" + QByteArray(5000, 'a'), Reach::Loopback, QStringLiteral("it")));
    }
    void aRefusedAddressIsShownWithoutItsSecrets()
    {
        const Error error = checkedUrl("https://me:pw@as.example/?code=abc", Reach::Public, QStringLiteral("it")).error();
        QVERIFY(!error.toString().contains(QStringLiteral("pw")));
        QVERIFY(!error.toString().contains(QStringLiteral("abc")));
        QVERIFY(!error.remedy.isEmpty());
    }

    void theResourceIndicatorIsCanonical()
    {
        QCOMPARE(canonicalResource(url("HTTPS://MCP.Example:443/")), QByteArray("https://mcp.example"));
        QCOMPARE(canonicalResource(url("https://mcp.example/Mcp/a?x=1#f")), QByteArray("https://mcp.example/Mcp/a?x=1"));
        QCOMPARE(canonicalResource(url("http://127.0.0.1:8080/mcp")), QByteArray("http://127.0.0.1:8080/mcp"));
    }
    void metadataSpeakForTheirOwnPathsOnly()
    {
        QVERIFY(resourceCovers(url("https://a.example"), url("https://a.example/mcp")));
        QVERIFY(resourceCovers(url("https://a.example/mcp/"), url("https://A.example:443/mcp")));
        QVERIFY(!resourceCovers(url("https://a.example/mc"), url("https://a.example/mcp")));
        QVERIFY(!resourceCovers(url("https://a.example/mcp/x"), url("https://a.example/mcp")));
        QVERIFY(!resourceCovers(url("https://b.example/mcp"), url("https://a.example/mcp")));
        QVERIFY(!resourceCovers(url("http://a.example/mcp"), url("https://a.example/mcp")));
        QVERIFY(!resourceCovers(url("https://a.example:8443/mcp"), url("https://a.example/mcp")));
    }

    void theWellKnownAddressesAreTriedInOrder()
    {
        QCOMPARE(texts(protectedResourceUrls(url("https://a.example/x/mcp"))),
                 QStringList({QStringLiteral("https://a.example/.well-known/oauth-protected-resource/x/mcp"),
                              QStringLiteral("https://a.example/.well-known/oauth-protected-resource")}));
        QCOMPARE(texts(protectedResourceUrls(url("https://a.example/"))),
                 QStringList(QStringLiteral("https://a.example/.well-known/oauth-protected-resource")));
        QCOMPARE(texts(authorizationServerUrls(url("https://as.example/t1"))),
                 QStringList({QStringLiteral("https://as.example/.well-known/oauth-authorization-server/t1"),
                              QStringLiteral("https://as.example/.well-known/openid-configuration/t1"),
                              QStringLiteral("https://as.example/t1/.well-known/openid-configuration")}));
        QCOMPARE(texts(authorizationServerUrls(url("https://as.example:8443"))),
                 QStringList({QStringLiteral("https://as.example:8443/.well-known/oauth-authorization-server"),
                              QStringLiteral("https://as.example:8443/.well-known/openid-configuration")}));
    }
    void protectedResourceMetadataAreRead()
    {
        const QUrl server = url("https://a.example/mcp");
        const auto read = parseProtectedResource("{\"resource\":\"https://a.example/mcp\",\"authorization_servers\":[\"https://"
                                                 "as.example/\"],\"scopes_supported\":[\"a\",\"b\",1]}",
                                                 server, Reach::Public);
        QVERIFY(read);
        QCOMPARE(read->authorizationServers, QList<QByteArray>{"https://as.example/"});
        QCOMPARE(read->scopesSupported.size(), 2);
    }
    void unusableProtectedResourceMetadataAreRefused_data()
    {
        QTest::addColumn<QByteArray>("document");
        QTest::addColumn<ErrorCode>("code");
        QTest::newRow("HTML") << QByteArray("<html>") << ErrorCode::Parse;
        QTest::newRow("an array") << QByteArray("[]") << ErrorCode::Parse;
        QTest::newRow("no resource") << QByteArray("{}") << ErrorCode::Parse;
        QTest::newRow("a member twice") << QByteArray("{\"resource\":\"https://a.example\",\"resource\":\"https://b.example\"}")
                                        << ErrorCode::Parse;
        QTest::newRow("another resource") << QByteArray("{\"resource\":\"https://evil.example/mcp\"}")
                                          << ErrorCode::PermissionDenied;
        QTest::newRow("a script as issuer")
            << QByteArray("{\"resource\":\"https://a.example\",\"authorization_servers\":[\"javascript:x\"]}")
            << ErrorCode::InvalidArgument;
        QTest::newRow("a private issuer")
            << QByteArray("{\"resource\":\"https://a.example\",\"authorization_servers\":[\"https://10.0.0.1\"]}")
            << ErrorCode::PermissionDenied;
        QTest::newRow("deep") << QByteArray("[").repeated(100) + QByteArray("]").repeated(100) << ErrorCode::Parse;
    }
    void unusableProtectedResourceMetadataAreRefused()
    {
        QFETCH(QByteArray, document);
        QFETCH(ErrorCode, code);
        const auto read = parseProtectedResource(document, url("https://a.example/mcp"), Reach::Public);
        QVERIFY(!read);
        QCOMPARE(read.error().code, code);
    }
    void anIssuerMustBeExactlyTheOneThatWasAsked()
    {
        QVERIFY(parseAuthorizationServer(serverDocument("https://as.example"), "https://as.example", Reach::Public));
        for (const char* other :
             {"https://as.example/", "https://AS.example", "https://as.example:443", "https://evil.example"}) {
            const auto read = parseAuthorizationServer(serverDocument(other), "https://as.example", Reach::Public);
            QVERIFY2(!read && read.error().code == ErrorCode::PermissionDenied, other);
        }
    }
    void anOldServerSpeaksForItsOwnOriginOnly()
    {
        for (const char* own : {"https://as.example", "https://as.example/", "https://as.example/oauth"})
            QVERIFY2(parseAuthorizationServer(serverDocument(own), "https://as.example", Reach::Public, IssuerRule::SameOrigin),
                     own);
        for (const char* other :
             {"https://evil.example", "http://as.example", "https://as.example:8443", "as.example", "javascript:x"})
            QVERIFY2(
                !parseAuthorizationServer(serverDocument(other), "https://as.example", Reach::Public, IssuerRule::SameOrigin),
                other);
    }
    void aServerWithoutPkceIsRefused()
    {
        const auto without = parseAuthorizationServer(serverDocument("https://as.example"), "https://as.example", Reach::Public);
        QVERIFY(without);
        const Status refused = acceptable(*without);
        QVERIFY(!refused);
        QCOMPARE(refused.error().message,
                 QStringLiteral("the authorization server does not offer PKCE with S256; Oriel refuses to sign in without it"));
        QVERIFY(!refused.error().remedy.isEmpty());
        const auto plain =
            parseAuthorizationServer(serverDocument("https://as.example", ",\"code_challenge_methods_supported\":[\"plain\"]"),
                                     "https://as.example", Reach::Public);
        QVERIFY(!acceptable(*plain));
        const auto with =
            parseAuthorizationServer(serverDocument("https://as.example", ",\"code_challenge_methods_supported\":[\"S256\"]"),
                                     "https://as.example", Reach::Public);
        QVERIFY(acceptable(*with));
    }
    void unusableServerMetadataAreRefused()
    {
        for (const char* document :
             {"", "{}", "null", "{\"issuer\":\"https://as.example\"}",
              "{\"issuer\":\"https://as.example\",\"authorization_endpoint\":\"javascript:x\",\"token_endpoint\":\"https://"
              "as.example/t\"}",
              "{\"issuer\":\"https://as.example\",\"authorization_endpoint\":\"https://as.example/a\",\"token_endpoint\":\"http:/"
              "/as.example/t\"}",
              "{\"issuer\":\"https://as.example\",\"authorization_endpoint\":\"https://as.example/"
              "a\",\"token_endpoint\":\"https://127.0.0.1/t\"}",
              "{\"issuer\":\"https://as.example\",\"authorization_endpoint\":\"https://as.example/a\",\"token_endpoint\":7}",
              "{\"issuer\":\"https://as.example\",\"authorization_endpoint\":\"https://as.example/"
              "a\",\"token_endpoint\":\"https://as.example/t\",\"registration_endpoint\":\"file:///x\"}",
              "{\"issuer\":\"https://as.example\",\"authorization_endpoint\":\"https://as.example/"
              "a\",\"token_endpoint\":\"https://as.example/t\",\"response_types_supported\":[\"token\"]}"})
            QVERIFY2(!parseAuthorizationServer(document, "https://as.example", Reach::Public), document);
    }
    void anOldServerHasFixedEndpoints()
    {
        const AuthorizationServer server = assumedAuthorizationServer(url("https://a.example:8443/x/mcp"));
        QCOMPARE(server.authorizationEndpoint, url("https://a.example:8443/authorize"));
        QCOMPARE(server.tokenEndpoint, url("https://a.example:8443/token"));
        QCOMPARE(server.registrationEndpoint, url("https://a.example:8443/register"));
        QVERIFY(acceptable(server));
    }
};

QTEST_GUILESS_MAIN(OAuthDocumentsTest)
#include "tst_oauth_documents.moc"
