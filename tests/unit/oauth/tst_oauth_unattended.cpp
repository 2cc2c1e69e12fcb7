// SPDX-License-Identifier: GPL-3.0-or-later
#include "authorization_fixture.h"
#include "signing_key.h"

#include <QTest>

using namespace oriel;
using namespace oriel::oauth;

namespace {

constexpr auto kGrantOfAssertion = "urn:ietf:params:oauth:grant-type:jwt-bearer";

ClientIdentity machine()
{
    ClientIdentity client;
    client.origin = ClientIdentity::Origin::Preregistered;
    client.id = "machine";
    client.unattended = true;
    return client;
}

void offer(SignInFixture& fixture, const QByteArray& method, const QByteArray& algorithms = {})
{
    fixture.authorization.clientAuth = method;
    fixture.authorization.givesRefreshTokens = false;
    fixture.authorization.metadata["token_endpoint_auth_methods_supported"] = "[\"" + method + "\"]";
    fixture.authorization.metadata["token_endpoint_auth_signing_alg_values_supported"] = algorithms;
    fixture.authorization.publish();
}

/// An identity provider, and what it was told last.
struct ProviderFixture {
    explicit ProviderFixture(const Clock& clock) : server(clock)
    {
        answer("{\"issued_token_type\":\"urn:ietf:params:oauth:token-type:id-jag\",\"access_token\":\"the.id.jag\",\"token_"
               "type\":\"N_A\"}");
    }
    void answer(const QByteArray& json, int status = 200) { server.onJson("/token", json, status); }
    [[nodiscard]] QByteArray told(const char* name) const
    {
        return http::queryValue(server.requests.last().body, name).value_or(QByteArray());
    }
    [[nodiscard]] IdentityProvider description() const { return {server.url("/token"), "oriel-at-idp", {}, "id-token-secret"}; }
    RouteServer server;
};

} // namespace

class OAuthUnattendedTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aPrivateKeyProvesTheClient()
    {
        const SigningKey key = SigningKey::ec("P-256");
        SignInFixture fixture;
        fixture.preregistered = machine();
        fixture.preregistered->privateKey = key.privatePem();
        offer(fixture, "private_key_jwt", "[\"RS256\",\"ES256\"]");
        const auto token = fixture.authorize();
        QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
        QCOMPARE(fixture.authorization.complaints, QStringList());
        const auto& asked = fixture.authorization.lastTokenRequest;
        QCOMPARE(asked.value("grant_type"), QByteArray("client_credentials"));
        QCOMPARE(asked.value("client_assertion_type"), QByteArray("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        QVERIFY(!asked.contains("client_secret"));
        QVERIFY(key.hasSigned(asked.value("client_assertion")));
        const QByteArray claims = SigningKey::decoded(asked.value("client_assertion").split('.').at(1));
        QVERIFY(claims.contains("\"aud\":\"" + fixture.authorization.issuer() + '"'));
        for (const QByteArray& kept : fixture.store.entries)
            QVERIFY(!kept.contains("PRIVATE KEY") && !kept.contains(asked.value("client_assertion")));
    }
    void aSecretStandsInWhereTheServerTakesNoKey()
    {
        SignInFixture fixture;
        fixture.preregistered = machine();
        fixture.preregistered->privateKey = SigningKey::ec("P-256").privatePem();
        fixture.preregistered->secret = "hush";
        fixture.authorization.clientSecret = "hush";
        offer(fixture, "client_secret_basic");
        QVERIFY(fixture.authorize());
        QCOMPARE(fixture.authorization.complaints, QStringList());
    }
    void aKeyThatDoesNotFitIsExplainedBeforeAnythingIsSent_data()
    {
        QTest::addColumn<QByteArray>("pem");
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QString>("why");
        const QByteArray ec = SigningKey::ec("P-256").privatePem();
        QTest::newRow("no key") << QByteArray("a-password") << QByteArray("private_key_jwt") << QStringLiteral("not in PEM form");
        QTest::newRow("other algorithm") << ec << QByteArray("private_key_jwt") << QStringLiteral("signs with ES256");
        QTest::newRow("other method") << ec << QByteArray("client_secret_post") << QStringLiteral("private_key_jwt");
    }
    void aKeyThatDoesNotFitIsExplainedBeforeAnythingIsSent()
    {
        QFETCH(QByteArray, pem);
        QFETCH(QByteArray, method);
        QFETCH(QString, why);
        SignInFixture fixture;
        fixture.preregistered = machine();
        fixture.preregistered->privateKey = pem;
        offer(fixture, method, "[\"RS256\"]");
        const Error error = fixture.failure();
        QVERIFY2(error.message.contains(why), qPrintable(error.toString()));
        QVERIFY(!error.toString().contains(QString::fromLatin1(pem)));
        QVERIFY(fixture.authorization.server.requestsTo("/token").isEmpty());
    }
    void anIdentityProviderVouchesForTheUser()
    {
        SignInFixture fixture;
        ProviderFixture provider(fixture.systemClock);
        fixture.preregistered = machine();
        fixture.preregistered->secret = "hush";
        fixture.preregistered->provider = provider.description();
        fixture.authorization.clientSecret = "hush";
        offer(fixture, "client_secret_basic");
        const auto token = fixture.authorize(fixture.denial(401, {}, "Bearer scope=\"one\""));
        QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
        QCOMPARE(provider.told("grant_type"), QByteArray("urn:ietf:params:oauth:grant-type:token-exchange"));
        QCOMPARE(provider.told("requested_token_type"), QByteArray("urn:ietf:params:oauth:token-type:id-jag"));
        QCOMPARE(provider.told("subject_token_type"), QByteArray("urn:ietf:params:oauth:token-type:id_token"));
        QCOMPARE(provider.told("subject_token"), QByteArray("id-token-secret"));
        QCOMPARE(provider.told("audience"), fixture.authorization.issuer());
        QCOMPARE(provider.told("resource"), fixture.resource.server.origin() + "/mcp");
        QCOMPARE(provider.told("client_id"), QByteArray("oriel-at-idp"));
        QCOMPARE(provider.told("scope"), QByteArray("one"));
        const auto& asked = fixture.authorization.lastTokenRequest;
        QCOMPARE(asked.value("grant_type"), QByteArray(kGrantOfAssertion));
        QCOMPARE(asked.value("assertion"), QByteArray("the.id.jag"));
        QVERIFY(!fixture.authorization.server.requests.last().body.contains("id-token-secret"));
        QCOMPARE(fixture.authorization.complaints, QStringList());
        QVERIFY(fixture.browser.opened.isEmpty());
        QVERIFY(fixture.nothingLeaked());
    }
    void whatTheIdentityProviderRefusesNeverReachesTheServer_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<ErrorCode>("code");
        QTest::newRow("ended") << 400
                               << QByteArray("{\"error\":\"invalid_grant\",\"error_description\":\"id-token-secret is old\"}")
                               << ErrorCode::Unauthenticated;
        QTest::newRow("down") << 503 << QByteArray("{}") << ErrorCode::Unavailable;
        QTest::newRow("an access token instead") << 200
                                                 << QByteArray("{\"issued_token_type\":\"urn:ietf:params:oauth:token-type:access_"
                                                               "token\",\"access_token\":\"t\",\"token_type\":"
                                                               "\"Bearer\"}")
                                                 << ErrorCode::Unsupported;
        QTest::newRow("nothing") << 200 << QByteArray("{\"issued_token_type\":\"urn:ietf:params:oauth:token-type:id-jag\"}")
                                 << ErrorCode::Unsupported;
    }
    void whatTheIdentityProviderRefusesNeverReachesTheServer()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, json);
        QFETCH(ErrorCode, code);
        SignInFixture fixture;
        ProviderFixture provider(fixture.systemClock);
        provider.answer(json, status);
        fixture.preregistered = machine();
        fixture.preregistered->secret = "hush";
        fixture.preregistered->provider = provider.description();
        offer(fixture, "client_secret_basic");
        const Error error = fixture.failure();
        QCOMPARE(error.code, code);
        QVERIFY(error.message.contains(QStringLiteral("identity provider")));
        QVERIFY(error.remedy.contains(QStringLiteral("oauth.idToken")));
        QVERIFY(!error.toString().contains(QStringLiteral("id-token-secret")));
        QVERIFY(fixture.authorization.server.requestsTo("/token").isEmpty());
    }
};

QTEST_GUILESS_MAIN(OAuthUnattendedTest)
#include "tst_oauth_unattended.moc"
