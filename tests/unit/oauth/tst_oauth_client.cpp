// SPDX-License-Identifier: GPL-3.0-or-later
#include "authorization_fixture.h"
#include "vault/memory_secret_store.h"
#include "vault/vault.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::oauth;
using namespace std::chrono_literals;

namespace {

QByteArray parameter(const QUrl& url, const char* name)
{
    return http::queryValue(url.query(QUrl::FullyEncoded).toLatin1(), name).value_or(QByteArray());
}

ClientIdentity preregistered(const QByteArray& secret = {})
{
    ClientIdentity client;
    client.origin = ClientIdentity::Origin::Preregistered;
    client.id = "by-hand";
    client.secret = secret;
    return client;
}

bool isListening(quint16 port)
{
    QTcpSocket socket;
    socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    return socket.waitForConnected(2000);
}

} // namespace

class OAuthClientTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aRefusalLeadsToATokenThatIsKept()
    {
        SignInFixture fixture;
        const auto token = fixture.authorize();
        QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
        QCOMPARE(token->value, fixture.authorization.accessTokens.last());
        QCOMPARE(token->headerValue(), "Bearer " + token->value);
        QCOMPARE(token->issuer, fixture.authorization.issuer());
        QCOMPARE(fixture.authorization.complaints, QStringList());
        QCOMPARE(fixture.authorization.lastResource, fixture.resource.server.origin() + "/mcp");
        QVERIFY(!fixture.authorization.lastAuthorization.contains("scope"));
        QCOMPARE(fixture.awaited.size(), 1);
        QCOMPARE(fixture.usersDone, 1);
        QCOMPARE(fixture.client->activeFlows(), 0);
        QTRY_VERIFY(fixture.browser.lastPage.contains("You can close this page"));
        QVERIFY(fixture.nothingLeaked());
        QCOMPARE(fixture.token().value().value, token->value);
        fixture.makeClient();
        QCOMPARE(fixture.token().value().value, token->value);
        QCOMPARE(fixture.browser.opened.size(), 1);
    }
    void nothingIsKeptBeforeTheFirstSignIn()
    {
        SignInFixture fixture;
        QCOMPARE(fixture.token().error().code, ErrorCode::NotFound);
        QVERIFY(fixture.browser.opened.isEmpty());
        QVERIFY(fixture.resource.server.requests.isEmpty());
    }
    void theProtectedResourceMetadataAreFoundWhereTheyMayBe_data()
    {
        QTest::addColumn<QByteArray>("path");
        QTest::addColumn<bool>("named");
        QTest::newRow("named by the challenge") << QByteArray("/elsewhere/metadata.json") << true;
        QTest::newRow("with the path inserted") << QByteArray("/.well-known/oauth-protected-resource/mcp") << false;
        QTest::newRow("at the root") << QByteArray("/.well-known/oauth-protected-resource") << false;
    }
    void theProtectedResourceMetadataAreFoundWhereTheyMayBe()
    {
        QFETCH(QByteArray, path);
        QFETCH(bool, named);
        SignInFixture fixture;
        fixture.resource.publish(path);
        if (named)
            fixture.resource.challenge = "Bearer resource_metadata=\"" + fixture.resource.server.origin() + path + '"';
        QVERIFY(fixture.authorize());
        QCOMPARE(fixture.resource.server.requests.last().target, path);
        QCOMPARE(fixture.authorization.complaints, QStringList());
    }
    void theAuthorizationServersMetadataAreFoundWhereTheyMayBe_data()
    {
        QTest::addColumn<QByteArray>("issuerPath");
        QTest::addColumn<QByteArray>("path");
        QTest::newRow("RFC 8414, root") << QByteArray() << QByteArray("/.well-known/oauth-authorization-server");
        QTest::newRow("OpenID, root") << QByteArray() << QByteArray("/.well-known/openid-configuration");
        QTest::newRow("RFC 8414, inserted") << QByteArray("/tenant")
                                            << QByteArray("/.well-known/oauth-authorization-server/tenant");
        QTest::newRow("OpenID, inserted") << QByteArray("/tenant") << QByteArray("/.well-known/openid-configuration/tenant");
        QTest::newRow("OpenID, appended") << QByteArray("/tenant") << QByteArray("/tenant/.well-known/openid-configuration");
    }
    void theAuthorizationServersMetadataAreFoundWhereTheyMayBe()
    {
        QFETCH(QByteArray, issuerPath);
        QFETCH(QByteArray, path);
        SignInFixture fixture;
        fixture.authorization.server.remove(fixture.authorization.metadataPath);
        fixture.authorization.issuerPath = issuerPath;
        fixture.authorization.metadataPath = path;
        fixture.authorization.metadata["issuer"] = '"' + fixture.authorization.issuer() + '"';
        fixture.authorization.publish();
        fixture.resource.authorizationServers = "[\"" + fixture.authorization.issuer() + "\"]";
        fixture.resource.publish();
        const auto token = fixture.authorize();
        QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
        QCOMPARE(token->issuer, fixture.authorization.issuer());
    }
    void anOldServerIsItsOwnAuthorizationServer_data()
    {
        QTest::addColumn<bool>("metadata");
        QTest::newRow("with metadata at the root") << true;
        QTest::newRow("with the fixed endpoints only") << false;
    }
    void anOldServerIsItsOwnAuthorizationServer()
    {
        QFETCH(bool, metadata);
        SignInFixture fixture;
        if (!metadata)
            fixture.authorization.server.remove(fixture.authorization.metadataPath);
        fixture.otherServer = fixture.authorization.server.url("/mcp");
        const auto token = fixture.authorize(fixture.denial(401, {}, "Bearer"));
        QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
        QCOMPARE(fixture.authorization.complaints, QStringList());
        QCOMPARE(fixture.authorization.registrations, 1);
        QCOMPARE(fixture.authorization.lastResource, fixture.authorization.server.origin() + "/mcp");
    }

    void aPreregisteredClientGoesFirst()
    {
        Settings settings;
        settings.clientMetadataDocument = QUrl(QStringLiteral("https://oriel.example/client.json"));
        SignInFixture fixture(settings);
        fixture.authorization.metadata["client_id_metadata_document_supported"] = "true";
        fixture.authorization.publish();
        fixture.preregistered = preregistered();
        QVERIFY(fixture.authorize());
        QCOMPARE(fixture.authorization.lastAuthorization.value("client_id"), QByteArray("by-hand"));
        QCOMPARE(fixture.authorization.registrations, 0);
    }
    void aMetadataDocumentIsTheClientIdWhereTheServerTakesIt()
    {
        Settings settings;
        settings.clientMetadataDocument = QUrl(QStringLiteral("https://oriel.example/client.json"));
        SignInFixture fixture(settings);
        fixture.authorization.metadata["client_id_metadata_document_supported"] = "true";
        fixture.authorization.publish();
        const auto token = fixture.authorize();
        QVERIFY(token);
        QCOMPARE(fixture.authorization.lastAuthorization.value("client_id"), QByteArray("https://oriel.example/client.json"));
        QCOMPARE(fixture.authorization.registrations, 0);
        // Such a token can be renewed, too.
        QVERIFY(fixture.authorize(fixture.denial(401, token->value)));
        QCOMPARE(fixture.authorization.refreshes, 1);
        QCOMPARE(fixture.authorization.complaints, QStringList());
    }
    void withoutAnyWayToRegisterTheUserIsAskedForAClientId()
    {
        SignInFixture fixture;
        fixture.authorization.metadata.remove("registration_endpoint");
        fixture.authorization.publish();
        const Error error = fixture.failure();
        QCOMPARE(error.code, ErrorCode::Unauthenticated);
        QVERIFY(error.remedy.contains(QStringLiteral("client id")));
        QVERIFY(fixture.browser.opened.isEmpty());
    }
    void aPreregisteredClientIsBoundToItsFirstAuthorizationServer()
    {
        SignInFixture fixture;
        fixture.preregistered = preregistered("by-hand-secret");
        fixture.authorization.clientSecret = "by-hand-secret";
        fixture.authorization.clientAuth = "client_secret_basic";
        QVERIFY(fixture.authorize());
        AuthorizationServerFixture other(fixture.systemClock);
        other.metadata.remove("registration_endpoint");
        other.publish();
        fixture.resource.authorizationServers = "[\"" + other.issuer() + "\"]";
        fixture.resource.publish();
        fixture.makeClient();
        const auto again = fixture.authorize(fixture.denial(401, fixture.authorization.accessTokens.last()));
        QVERIFY(!again);
        QVERIFY(again.error().message.contains(QStringLiteral("another authorization server")));
        QVERIFY(other.server.requestsTo("/token").isEmpty());
        QVERIFY(fixture.nothingLeaked());
    }
    void theTokenEndpointGetsTheWayOfAuthenticationItWants_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("secret");
        QTest::newRow("basic") << QByteArray("client_secret_basic") << QByteArray("s:+ %ecret");
        QTest::newRow("post") << QByteArray("client_secret_post") << QByteArray("s&ecret");
        QTest::newRow("none") << QByteArray("none") << QByteArray();
    }
    void theTokenEndpointGetsTheWayOfAuthenticationItWants()
    {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, secret);
        SignInFixture fixture;
        fixture.authorization.metadata["token_endpoint_auth_methods_supported"] = "[\"" + method + "\"]";
        fixture.authorization.clientAuth = method;
        fixture.authorization.clientSecret = secret;
        fixture.authorization.publish();
        const auto token = fixture.authorize();
        QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
        QVERIFY(fixture.authorize(fixture.denial(401, token->value)));
        QCOMPARE(fixture.authorization.refreshes, 1);
        QCOMPARE(fixture.authorization.complaints, QStringList());
        QVERIFY(fixture.nothingLeaked());
    }
    void aRegistrationIsUsedAgain()
    {
        SignInFixture fixture;
        fixture.authorization.givesRefreshTokens = false;
        const auto first = fixture.authorize();
        QVERIFY(first);
        fixture.makeClient();
        QVERIFY(fixture.authorize(fixture.denial(401, first->value)));
        QCOMPARE(fixture.authorization.codesGiven, 2);
        QCOMPARE(fixture.authorization.registrations, 1);
        QCOMPARE(parameter(fixture.browser.opened.at(0), "redirect_uri"),
                 parameter(fixture.browser.opened.at(1), "redirect_uri"));
        QVERIFY(parameter(fixture.browser.opened.at(0), "state") != parameter(fixture.browser.opened.at(1), "state"));
        QVERIFY(parameter(fixture.browser.opened.at(0), "code_challenge") !=
                parameter(fixture.browser.opened.at(1), "code_challenge"));
    }

    void theScopesOfTheChallengeAreAskedFor()
    {
        SignInFixture fixture;
        fixture.resource.scopesSupported = "[\"all\",\"more\"]";
        fixture.resource.publish();
        fixture.authorization.metadata["scopes_supported"] = "[\"offline_access\"]";
        fixture.authorization.publish();
        QVERIFY(fixture.authorize(fixture.denial(401, {}, "Bearer scope=\"one\"")));
        QCOMPARE(fixture.authorization.lastScope, QByteArray("one offline_access"));
        QCOMPARE(fixture.authorization.lastAuthorization.value("prompt"), QByteArray("consent"));
    }
    void withoutOneInTheChallengeAllScopesOfTheResourceAreAskedFor()
    {
        SignInFixture fixture;
        fixture.resource.scopesSupported = "[\"all\",\"more\"]";
        fixture.resource.publish();
        QVERIFY(fixture.authorize());
        QCOMPARE(fixture.authorization.lastScope, QByteArray("all more"));
    }
    void theScopesThatTheUserChoseAreAskedForInstead()
    {
        SignInFixture fixture;
        ProtectedServer server = fixture.protectedServer();
        server.scopes = {QStringLiteral("mine")};
        std::optional<Result<AccessToken>> token;
        fixture.client->authorize(server, fixture.denial(401, {}, "Bearer scope=\"one\""),
                                  [&token](const auto& result) { token = result; });
        QTRY_VERIFY(token);
        QVERIFY(*token);
        QCOMPARE(fixture.authorization.lastScope, QByteArray("mine"));
    }
    void aClientOfItsOwnNeedsNobody()
    {
        SignInFixture fixture;
        fixture.preregistered = preregistered("by-hand-secret");
        fixture.preregistered->unattended = true;
        fixture.authorization.clientAuth = "client_secret_basic";
        fixture.authorization.clientSecret = "by-hand-secret";
        fixture.authorization.givesRefreshTokens = false;
        fixture.authorization.metadata["token_endpoint_auth_methods_supported"] = "[\"client_secret_basic\"]";
        fixture.authorization.metadata["code_challenge_methods_supported"] = "";
        fixture.authorization.publish();
        Denial quiet = fixture.denial(401, {}, "Bearer scope=\"one\"");
        quiet.interactive = false;
        const auto token = fixture.authorize(quiet);
        QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
        QCOMPARE(fixture.authorization.complaints, QStringList());
        QCOMPARE(fixture.authorization.lastScope, QByteArray("one"));
        QCOMPARE(fixture.authorization.lastResource, fixture.resource.server.origin() + "/mcp");
        QVERIFY(fixture.browser.opened.isEmpty());
        QCOMPARE(fixture.token().value().value, token->value);
        // Its end is no reason to ask anybody either.
        quiet.usedToken = token->value;
        QVERIFY(fixture.authorize(quiet).value().value != token->value);
        QVERIFY(fixture.nothingLeaked());
    }
    void aPortThatTheClientIdIsBoundToIsUsedOrMissed()
    {
        SignInFixture fixture;
        fixture.preregistered = preregistered();
        QTcpServer holder;
        QVERIFY(holder.listen(QHostAddress(QHostAddress::LocalHost)));
        ProtectedServer server = fixture.protectedServer();
        server.redirectPort = holder.serverPort();
        std::optional<Result<AccessToken>> token;
        const auto ask = [&] {
            token.reset();
            fixture.client->authorize(server, fixture.denial(), [&token](const auto& result) { token = result; });
            return QTest::qWaitFor([&token] { return token.has_value(); });
        };
        QVERIFY(ask());
        QCOMPARE(token->error().code, ErrorCode::AlreadyExists);
        QVERIFY(token->error().remedy.contains(QStringLiteral("oauth.callbackPort")));
        QVERIFY(fixture.browser.opened.isEmpty());
        holder.close();
        QVERIFY(ask());
        QVERIFY(*token);
        QCOMPARE(fixture.authorization.lastAuthorization.value("redirect_uri"),
                 "http://127.0.0.1:" + QByteArray::number(server.redirectPort) + "/callback");
    }
    void whatAStoreTellsLaterIsUsed()
    {
        SignInFixture fixture;
        QVERIFY(fixture.authorize());
        const QMap<QString, QByteArray> kept = fixture.store.entries;
        fixture.store.entries.clear();
        fixture.makeClient();
        QCOMPARE(fixture.token().error().code, ErrorCode::NotFound);
        fixture.store.entries = kept;
        QCOMPARE(fixture.token().error().code, ErrorCode::NotFound);
        fixture.client->storeChanged();
        QCOMPARE(fixture.token().value().value, fixture.authorization.accessTokens.last());
    }
    void withoutTheUserASignInIsOnlyAnnounced()
    {
        SignInFixture fixture;
        Denial quiet = fixture.denial();
        quiet.interactive = false;
        const auto token = fixture.authorize(quiet);
        QCOMPARE(token.error().code, ErrorCode::Unauthenticated);
        QVERIFY(!token.error().remedy.isEmpty());
        QVERIFY(fixture.browser.opened.isEmpty());
        QCOMPARE(fixture.authorization.registrations, 0);
    }
    void aCancelledSignInClosesItsPortAndCallsNobody()
    {
        SignInFixture fixture;
        fixture.browser.follows = false;
        bool called = false;
        const auto ticket =
            fixture.client->authorize(fixture.protectedServer(), fixture.denial(), [&called](const auto&) { called = true; });
        QTRY_COMPARE(fixture.awaited.size(), 1);
        const quint16 port = redirectPort(parameter(fixture.awaited.first(), "redirect_uri"));
        QVERIFY(isListening(port));
        fixture.client->cancel(ticket);
        QCOMPARE(fixture.client->activeFlows(), 0);
        QCOMPARE(fixture.usersDone, 1);
        QTRY_VERIFY(!isListening(port));
        QVERIFY(!called);
        fixture.browser.follows = true;
        QVERIFY(fixture.authorize());
    }
    void aSignInThatNobodyFinishesEnds()
    {
        Settings settings;
        settings.flow.signIn = 50ms;
        SignInFixture fixture(settings);
        fixture.browser.follows = false;
        QCOMPARE(fixture.failure().code, ErrorCode::Timeout);
        QTRY_VERIFY(!isListening(redirectPort(parameter(fixture.awaited.first(), "redirect_uri"))));
        QCOMPARE(fixture.usersDone, 1);
    }
    void strangersAtTheRedirectAddressDoNotEndTheSignIn()
    {
        SignInFixture fixture;
        fixture.browser.follows = false;
        std::optional<Result<AccessToken>> token;
        fixture.client->authorize(fixture.protectedServer(), fixture.denial(), [&token](const auto& result) { token = result; });
        QTRY_COMPARE(fixture.awaited.size(), 1);
        const QByteArray redirect = parameter(fixture.awaited.first(), "redirect_uri");
        const QByteArray state = parameter(fixture.awaited.first(), "state");
        QList<int> statuses;
        for (const QByteArray& target :
             {redirect + "?code=evil&state=guess", redirect + "?code=evil", redirect + "x?code=e&state=" + state,
              QByteArray(redirect).replace("127.0.0.1", "localhost") + "?error=access_denied"}) {
            fixture.browser.get(QUrl::fromEncoded(target),
                                [&statuses](int status, const QByteArray&) { statuses.append(status); });
        }
        QTRY_COMPARE(statuses.size(), 4);
        QVERIFY(!token);
        fixture.browser.follows = true;
        fixture.browser.open(fixture.awaited.first());
        QTRY_VERIFY(token);
        QVERIFY(*token);
        QVERIFY(!statuses.contains(200));
    }
    void aHeadlessSignInAnnouncesItsAddress()
    {
        SignInFixture fixture;
        fixture.client =
            std::make_unique<OAuthClient>(OAuthClient::Deps{fixture.clock, fixture.random, fixture.store, {}}, fixture.settings);
        connect(fixture.client.get(), &OAuthClient::userAwaited, this, [&fixture](const QString& server, const QUrl& url) {
            QCOMPARE(server, QStringLiteral("files"));
            fixture.browser.open(url);
        });
        QVERIFY(fixture.authorize());
    }
    void signingOutForgetsEverything()
    {
        SignInFixture fixture;
        QVERIFY(fixture.authorize());
        QCOMPARE(fixture.store.entries.size(), 3);
        fixture.makeClient();
        fixture.client->signOut(fixture.protectedServer());
        QTRY_VERIFY(fixture.store.entries.isEmpty());
        QCOMPARE(fixture.token().error().code, ErrorCode::NotFound);
    }
    void signingOutEndsASignIn()
    {
        SignInFixture fixture;
        fixture.browser.follows = false;
        std::optional<Error> error;
        fixture.client->authorize(fixture.protectedServer(), fixture.denial(),
                                  [&error](const auto& result) { error = result.error(); });
        QTRY_COMPARE(fixture.awaited.size(), 1);
        fixture.client->signOut(fixture.protectedServer());
        QVERIFY(error);
        QCOMPARE(error->code, ErrorCode::Cancelled);
        QCOMPARE(fixture.client->activeFlows(), 0);
    }
    void aStoreThatFailsCostsOnlyTheKeeping()
    {
        SignInFixture fixture;
        fixture.store.failure = Error{ErrorCode::Unavailable, QStringLiteral("the vault is locked"), {}, {}};
        QVERIFY(fixture.authorize());
        QTRY_VERIFY(fixture.notes.join(u' ').contains(QStringLiteral("for this session only")));
        QVERIFY(fixture.nothingLeaked());
    }
    void aCallbackMayDestroyTheClient()
    {
        SignInFixture fixture;
        bool called = false;
        fixture.client->authorize(fixture.protectedServer(), fixture.denial(), [&](const auto&) {
            called = true;
            fixture.client.reset();
        });
        QTRY_VERIFY(called);
        QVERIFY(!fixture.client);
    }
    void theVaultKeepsWhatItIsGiven()
    {
        SystemRandom random;
        vault::MemorySecretStore secrets;
        vault::Vault vault({}, secrets, random);
        bool open = false;
        vault.open([&open] { open = true; });
        QTRY_VERIFY(open);
        VaultCredentialStore store(vault);
        const QString name = tokenName("https://mcp.example/mcp", "https://as.example");
        std::optional<ErrorCode> missing;
        store.read(name, [&missing](const Result<QByteArray>& value) { missing = value.error().code; });
        QTRY_VERIFY(missing);
        QCOMPARE(*missing, ErrorCode::NotFound);
        QByteArray kept;
        int done = 0;
        store.write(name, "value", [&done](const Status& status) { done += status ? 1 : 100; });
        store.read(name, [&kept](const Result<QByteArray>& value) { kept = value.value_or("nothing"); });
        store.remove(name, [&done](const Status& status) { done += status ? 1 : 100; });
        store.remove(name, [&done](const Status& status) { done += status ? 1 : 100; });
        QTRY_COMPARE(done, 3);
        QCOMPARE(kept, QByteArray("value"));
        QVERIFY(!vault.contains(name));
    }

    void questionsToTheVaultWaitWhileItIsBeingOpened()
    {
        SystemRandom random;
        vault::MemorySecretStore secrets;
        vault::Vault::Options options;
        QTemporaryDir directory;
        options.path = directory.filePath(QStringLiteral("vault.json"));
        vault::Vault vault(options, secrets, random);
        VaultCredentialStore store(vault);
        QVERIFY(!store.isReady());
        vault.open();
        QCOMPARE(vault.state(), vault::VaultState::Opening);
        std::optional<Status> written;
        store.write(QStringLiteral("oauth/token/a/b"), "value", [&written](const Status& status) { written = status; });
        QTRY_VERIFY(written);
        QVERIFY2(written->has_value(), written->has_value() ? "" : qPrintable(written->error().toString()));
        QVERIFY(store.isReady());
        QVERIFY(vault.contains(QStringLiteral("oauth/token/a/b")));
    }

private:
    using Settings = OAuthClient::Settings;
};

QTEST_GUILESS_MAIN(OAuthClientTest)
#include "tst_oauth_client.moc"
