// SPDX-License-Identifier: GPL-3.0-or-later
#include "authorization_fixture.h"
#include "oauth/fetcher.h"

#include <QHostInfo>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

using namespace oriel;
using namespace oriel::oauth;
using namespace std::chrono_literals;

namespace {

OAuthClient::Settings hasty()
{
    OAuthClient::Settings settings;
    settings.flow.fetch.total = 300ms;
    return settings;
}

/// What a sign-in must leave behind however it failed.
void expectNothingLeft(SignInFixture& fixture)
{
    QCOMPARE(fixture.client->activeFlows(), 0);
    QVERIFY(fixture.store.entries.isEmpty());
    QVERIFY(fixture.nothingLeaked());
    QCOMPARE(fixture.usersDone, static_cast<int>(fixture.awaited.size()));
}

QByteArray quoted(const QByteArray& text)
{
    return '"' + text + '"';
}

} // namespace

class OAuthHostileTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anotherIssuerThanTheOneAskedIsRefused()
    {
        SignInFixture fixture;
        fixture.authorization.metadata["issuer"] = quoted("https://evil.example");
        fixture.authorization.publish();
        const Error error = fixture.failure();
        QCOMPARE(error.code, ErrorCode::PermissionDenied);
        QVERIFY(error.message.contains(QStringLiteral("https://evil.example")));
        QCOMPARE(fixture.authorization.registrations, 0);
        expectNothingLeft(fixture);
    }
    void aMixedUpAnswerIsRefused_data()
    {
        QTest::addColumn<QByteArray>("iss"); // of the answer; null: the true one
        QTest::addColumn<bool>("advertised");
        QTest::newRow("of another server") << QByteArray("https://evil.example") << true;
        QTest::newRow("of another server, not advertised") << QByteArray("https://evil.example") << false;
        QTest::newRow("left out although advertised") << QByteArray("-") << true;
        QTest::newRow("equal but for a slash") << QByteArray("+/") << true;
    }
    void aMixedUpAnswerIsRefused()
    {
        QFETCH(QByteArray, iss);
        QFETCH(bool, advertised);
        SignInFixture fixture;
        if (advertised)
            fixture.authorization.metadata["authorization_response_iss_parameter_supported"] = "true";
        if (iss == "+/")
            fixture.authorization.iss = fixture.authorization.issuer() + '/';
        else if (iss != "-")
            fixture.authorization.iss = iss;
        fixture.authorization.publish();
        QCOMPARE(fixture.failure().code, ErrorCode::PermissionDenied);
        QVERIFY(fixture.authorization.server.requestsTo("/token").isEmpty());
        expectNothingLeft(fixture);
    }
    void theRightIssuerIsTaken()
    {
        SignInFixture fixture;
        fixture.authorization.metadata["authorization_response_iss_parameter_supported"] = "true";
        fixture.authorization.iss = fixture.authorization.issuer();
        fixture.authorization.publish();
        QVERIFY(fixture.authorize());
    }
    void aDeclinedSignInSaysSo()
    {
        SignInFixture fixture;
        fixture.authorization.redirectError = "access_denied";
        QCOMPARE(fixture.failure().code, ErrorCode::Cancelled);
        QTRY_VERIFY(fixture.browser.lastPage.contains("access was not given"));
        expectNothingLeft(fixture);
    }
    void metadataAboutAnotherResourceAreRefused()
    {
        SignInFixture fixture;
        fixture.resource.publish("/.well-known/oauth-protected-resource/mcp", "https://evil.example/mcp");
        QCOMPARE(fixture.failure().code, ErrorCode::PermissionDenied);
        QVERIFY(fixture.authorization.server.requests.isEmpty());
        expectNothingLeft(fixture);
    }
    void aServerWithoutPkceIsNotSignedInTo()
    {
        SignInFixture fixture;
        fixture.authorization.metadata.remove("code_challenge_methods_supported");
        fixture.authorization.publish();
        const Error error = fixture.failure();
        QCOMPARE(error.code, ErrorCode::Unsupported);
        QVERIFY(error.message.contains(QStringLiteral("does not offer PKCE with S256; Oriel refuses to sign in without it")));
        QVERIFY(fixture.browser.opened.isEmpty());
        expectNothingLeft(fixture);
    }
    void anUnsafeEndpointIsNotUsed_data()
    {
        QTest::addColumn<QByteArray>("member");
        QTest::addColumn<QByteArray>("value");
        QTest::newRow("a script to open") << QByteArray("authorization_endpoint") << QByteArray("javascript:alert(1)");
        QTest::newRow("a file to open") << QByteArray("authorization_endpoint") << QByteArray("file:///etc/passwd");
        QTest::newRow("data to open") << QByteArray("authorization_endpoint") << QByteArray("data:text/html,x");
        QTest::newRow("a shell's food") << QByteArray("authorization_endpoint") << QByteArray("https://a.example/$(calc) `id`");
        QTest::newRow("plain text for the token") << QByteArray("token_endpoint") << QByteArray("http://as.example/token");
        QTest::newRow("a name in the token's address")
            << QByteArray("token_endpoint") << QByteArray("https://a:b@as.example/token");
        QTest::newRow("a private registration")
            << QByteArray("registration_endpoint") << QByteArray("http://192.168.1.1/register");
    }
    void anUnsafeEndpointIsNotUsed()
    {
        QFETCH(QByteArray, member);
        QFETCH(QByteArray, value);
        SignInFixture fixture;
        fixture.authorization.metadata[member] = quoted(value);
        fixture.authorization.publish();
        QCOMPARE(fixture.failure().code, ErrorCode::InvalidArgument);
        QVERIFY(fixture.browser.opened.isEmpty());
        QCOMPARE(fixture.authorization.registrations, 0);
        expectNothingLeft(fixture);
    }
    void anUnsafeAddressInTheChallengeIsNotFetched()
    {
        for (const char* address : {"file:///etc/passwd", "javascript:x", "http://10.0.0.1/x", "https://u:p@a.example/"}) {
            SignInFixture fixture;
            fixture.resource.server.remove("/.well-known/oauth-protected-resource/mcp");
            fixture.resource.challenge = "Bearer resource_metadata=\"" + QByteArray(address) + '"';
            QCOMPARE(fixture.failure().code, ErrorCode::InvalidArgument);
            expectNothingLeft(fixture);
        }
    }
    void redirectsAreCheckedHopByHop_data()
    {
        QTest::addColumn<QByteArray>("target");
        QTest::newRow("a private network") << QByteArray("http://10.0.0.1/metadata");
        QTest::newRow("a metadata service") << QByteArray("http://169.254.169.254/latest");
        QTest::newRow("a file") << QByteArray("file:///etc/passwd");
        QTest::newRow("plain text") << QByteArray("http://as.example/metadata");
        QTest::newRow("itself for ever") << QByteArray("/.well-known/oauth-protected-resource/mcp");
        QTest::newRow("nowhere") << QByteArray();
    }
    void redirectsAreCheckedHopByHop()
    {
        QFETCH(QByteArray, target);
        SignInFixture fixture;
        fixture.resource.server.onRedirect("/.well-known/oauth-protected-resource/mcp", target);
        const Error error = fixture.failure();
        QVERIFY2(error.code == ErrorCode::PermissionDenied || error.code == ErrorCode::InvalidArgument ||
                     error.code == ErrorCode::Parse,
                 qPrintable(error.toString()));
        QVERIFY(fixture.resource.server.requests.size() <= 5);
        QVERIFY(fixture.authorization.server.requests.isEmpty());
        expectNothingLeft(fixture);
    }
    void aFewRedirectsAreFollowed()
    {
        SignInFixture fixture;
        fixture.resource.publish("/moved/twice");
        fixture.resource.server.onRedirect("/.well-known/oauth-protected-resource/mcp", "/moved", 301);
        fixture.resource.server.onRedirect("/moved", fixture.resource.server.origin() + "/moved/twice", 307);
        QVERIFY(fixture.authorize());
    }
    void secretsAreNotRedirected()
    {
        SignInFixture fixture;
        RouteServer thief(fixture.systemClock);
        fixture.authorization.server.onRedirect("/token", thief.origin() + "/token", 307);
        const Error error = fixture.failure();
        QCOMPARE(error.code, ErrorCode::PermissionDenied);
        QVERIFY(thief.requests.isEmpty());
        expectNothingLeft(fixture);
    }
    void aHugeAnswerIsCutOff_data()
    {
        QTest::addColumn<bool>("token");
        QTest::newRow("metadata") << false;
        QTest::newRow("token") << true;
    }
    void aHugeAnswerIsCutOff()
    {
        QFETCH(bool, token);
        SignInFixture fixture;
        RouteServer& server = token ? fixture.authorization.server : fixture.resource.server;
        server.onJson(token ? "/token" : "/.well-known/oauth-protected-resource/mcp", '"' + QByteArray(2 << 20, 'x') + '"');
        const Error error = fixture.failure();
        QCOMPARE(error.code, ErrorCode::TooLarge);
        expectNothingLeft(fixture);
    }
    void aSlowAnswerIsGivenUp_data()
    {
        QTest::addColumn<QByteArray>("path");
        QTest::newRow("metadata") << QByteArray("/.well-known/oauth-authorization-server");
        QTest::newRow("registration") << QByteArray("/register");
        QTest::newRow("token") << QByteArray("/token");
    }
    void aSlowAnswerIsGivenUp()
    {
        QFETCH(QByteArray, path);
        SignInFixture fixture(hasty());
        QList<http::Exchange> streams;
        QTimer drip;
        connect(&drip, &QTimer::timeout, this, [&streams] {
            for (http::Exchange& stream : streams)
                stream.write(" ");
        });
        drip.start(20);
        fixture.authorization.server.on(path, [&streams](const http::Request&, http::Exchange exchange) {
            exchange.startStream(200, {{"Content-Type", "application/json"}});
            exchange.write("{");
            streams.append(exchange);
        });
        QCOMPARE(fixture.failure().code, ErrorCode::Timeout);
        expectNothingLeft(fixture);
    }
    void aPageForPeopleIsNoMetadata()
    {
        SignInFixture fixture;
        fixture.authorization.server.onText("/.well-known/oauth-authorization-server", "<!doctype html><title>Hi</title>");
        const Error error = fixture.failure();
        QCOMPARE(error.code, ErrorCode::Parse);
        QVERIFY(!error.toString().contains(QStringLiteral("doctype")));
        expectNothingLeft(fixture);
    }
    void aPageForPeopleAtEveryAddressIsAServerWithoutMetadata()
    {
        SignInFixture fixture;
        fixture.otherServer = fixture.authorization.server.url("/mcp");
        for (const char* path : {"/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource",
                                 "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"})
            fixture.authorization.server.onText(path, "<!doctype html><title>Hi</title>");
        QVERIFY(fixture.authorize(fixture.denial(401, {}, "Bearer")));
    }
    void metadataThatAreNowhereAreReported()
    {
        SignInFixture fixture;
        fixture.authorization.server.remove("/.well-known/oauth-authorization-server");
        const Error error = fixture.failure();
        QCOMPARE(error.code, ErrorCode::NotFound);
        QCOMPARE(error.context, QString::fromLatin1(fixture.authorization.issuer()));
        QVERIFY(!error.remedy.isEmpty());
    }
    void anAuthorizationServerThatIsDownIsReported()
    {
        SignInFixture fixture;
        fixture.authorization.server.onText("/.well-known/oauth-authorization-server", "oops", 500);
        fixture.authorization.server.onText("/.well-known/openid-configuration", "oops", 500);
        QCOMPARE(fixture.failure().code, ErrorCode::Unavailable);
        SignInFixture gone;
        gone.resource.authorizationServers = "[\"http://127.0.0.1:1\"]";
        gone.resource.publish();
        QCOMPARE(gone.failure().code, ErrorCode::Unavailable);
    }
    void aTokenEndpointsErrorIsOneWhateverItsStatus()
    {
        for (const int status : {200, 400, 401}) {
            SignInFixture fixture;
            fixture.authorization.server.onJson(
                "/token", "{\"error\":\"invalid_target\",\"error_description\":\"no such resource\"}", status);
            const Error error = fixture.failure();
            QCOMPARE(error.code, ErrorCode::Unauthenticated);
            QVERIFY(error.message.contains(QStringLiteral("invalid_target (no such resource)")));
            expectNothingLeft(fixture);
        }
    }
    void aTokenEndpointThatRepeatsWhatItGotIsNotQuoted()
    {
        SignInFixture fixture;
        fixture.authorization.server.on("/token", [&fixture](const http::Request& request, http::Exchange exchange) {
            for (const QByteArray& pair : request.body.split('&'))
                fixture.authorization.secretsSeen.append(pair.startsWith("code") ? pair.mid(pair.indexOf('=') + 1)
                                                                                 : QByteArray("-none-"));
            exchange.respond(
                http::Response::json(400, "{\"error\":\"invalid_grant\",\"error_description\":\"" + request.body + "\"}"));
        });
        const Error error = fixture.failure();
        QVERIFY(error.message.contains(QStringLiteral("invalid_grant")));
        expectNothingLeft(fixture);
    }
    void aTokenThatWouldBreakAHeaderIsRefused()
    {
        SignInFixture fixture;
        fixture.authorization.server.onJson("/token", "{\"access_token\":\"a\\r\\nX-Evil: 1\",\"token_type\":\"bearer\"}");
        QCOMPARE(fixture.failure().code, ErrorCode::Parse);
        expectNothingLeft(fixture);
    }
    void anotherKindOfTokenIsRefused()
    {
        SignInFixture fixture;
        fixture.authorization.server.onJson("/token", "{\"access_token\":\"a\",\"token_type\":\"DPoP\"}");
        QCOMPARE(fixture.failure().code, ErrorCode::Unsupported);
        expectNothingLeft(fixture);
    }
    void aRegistrationThatFailsSaysWhatToDo()
    {
        SignInFixture fixture;
        fixture.authorization.server.onText("/register", "<html>no</html>", 403);
        const Error error = fixture.failure();
        QVERIFY(error.message.contains(QStringLiteral("HTTP 403 without JSON")));
        QVERIFY(error.remedy.contains(QStringLiteral("client id")));
        expectNothingLeft(fixture);
    }
    void aSignInOverPlainTextIsRefused()
    {
        SignInFixture fixture;
        fixture.otherServer = QUrl(QStringLiteral("http://mcp.example/mcp"));
        QCOMPARE(fixture.failure().code, ErrorCode::InvalidArgument);
        fixture.otherServer = QUrl(QStringLiteral("https://me:pw@mcp.example/mcp"));
        QVERIFY(!fixture.failure().toString().contains(QStringLiteral("pw")));
    }
    void aNameThatResolvesIntoThisComputerIsNotSpokenTo()
    {
        const QString name = QHostInfo::localHostName();
        const QList<QHostAddress> addresses = QHostInfo::fromName(name).addresses();
        if (reachOf(QUrl(QStringLiteral("https://%1/").arg(name))) != Reach::Public || addresses.isEmpty() ||
            !std::all_of(addresses.begin(), addresses.end(),
                         [](const QHostAddress& each) { return reachOf(each) > Reach::Public; }))
            QSKIP("this system's own name does not resolve to an address of its own");
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::Any));
        QByteArray heard;
        connect(&server, &QTcpServer::newConnection, this, [&] {
            QTcpSocket* socket = server.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [&heard, socket] { heard += socket->readAll(); });
        });
        SystemClock clock;
        Fetcher fetcher(Reach::Public, {}, QSslConfiguration::defaultConfiguration(), clock);
        std::optional<Result<FetchAnswer>> answer;
        fetcher.get(QUrl(QStringLiteral("https://%1:%2/x").arg(name).arg(server.serverPort())), QStringLiteral("it"),
                    [&answer](const Result<FetchAnswer>& result) { answer = result; });
        QTRY_VERIFY(answer);
        QVERIFY(!*answer);
        QCOMPARE(answer->error().code, ErrorCode::PermissionDenied);
        QCOMPARE(heard, QByteArray());
    }
};

QTEST_GUILESS_MAIN(OAuthHostileTest)
#include "tst_oauth_hostile.moc"
