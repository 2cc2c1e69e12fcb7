// SPDX-License-Identifier: GPL-3.0-or-later
#include "authorization_fixture.h"

#include <QTest>

using namespace oriel;
using namespace oriel::oauth;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

} // namespace

/// What becomes of a token after it was given: refusals, renewal, another authorization server.
class OAuthRenewalTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aStepUpAsksForTheUnionAFewTimesOnly()
    {
        SignInFixture fixture;
        auto token = fixture.authorize(fixture.denial(401, {}, "Bearer scope=\"read\""));
        QVERIFY(token);
        const QByteArray wants = "Bearer error=\"insufficient_scope\", scope=\"write\"";
        for (int round = 0; round < 2; ++round) {
            token = fixture.authorize(fixture.denial(403, token->value, wants));
            QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
            QCOMPARE(fixture.authorization.lastScope, QByteArray("read write"));
        }
        const auto over = fixture.authorize(fixture.denial(403, token->value, wants));
        QVERIFY(!over);
        QCOMPARE(over.error().code, ErrorCode::Unauthenticated);
        QVERIFY(!over.error().remedy.isEmpty());
        QCOMPARE(fixture.authorization.codesGiven, 3);
        // Once it was taken, a later refusal is a new matter.
        fixture.client->accepted(fixture.resource.url());
        QVERIFY(fixture.authorize(fixture.denial(403, token->value, wants)));
        QCOMPARE(fixture.authorization.complaints, QStringList());
    }
    void aPlainForbiddenNeedsNoToken()
    {
        SignInFixture fixture;
        const auto token = fixture.authorize();
        QVERIFY(token);
        QCOMPARE(fixture.authorize(fixture.denial(403, token->value, "Bearer")).error().code, ErrorCode::PermissionDenied);
        QCOMPARE(fixture.browser.opened.size(), 1);
    }

    void aRefusedTokenIsRenewedWithoutTheUserAndTheRefreshTokenRotates()
    {
        SignInFixture fixture;
        auto token = fixture.authorize();
        QVERIFY(token);
        for (int round = 1; round <= 3; ++round) {
            token = fixture.authorize(fixture.denial(401, token->value));
            QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
            QCOMPARE(fixture.authorization.refreshes, round);
            fixture.client->accepted(fixture.resource.url());
        }
        QCOMPARE(fixture.browser.opened.size(), 1);
        QCOMPARE(fixture.authorization.complaints, QStringList());
        QVERIFY(fixture.nothingLeaked());
    }
    void aRenewedTokenThatIsRefusedNeedsTheUser()
    {
        SignInFixture fixture;
        auto token = fixture.authorize();
        token = fixture.authorize(fixture.denial(401, token->value));
        token = fixture.authorize(fixture.denial(401, token->value));
        QVERIFY(token);
        QCOMPARE(fixture.authorization.refreshes, 1);
        QCOMPARE(fixture.browser.opened.size(), 2);
    }
    void aTokenIsRenewedBeforeItEnds()
    {
        SignInFixture fixture;
        const auto first = fixture.authorize();
        QVERIFY(first);
        fixture.clock.advanceNs(3530 * kSecond);
        QCOMPARE(fixture.token().value().value, first->value);
        fixture.clock.advanceNs(20 * kSecond);
        const auto second = fixture.token();
        QVERIFY(second);
        QVERIFY(second->value != first->value);
        QCOMPARE(fixture.authorization.refreshes, 1);
        fixture.makeClient();
        QCOMPARE(fixture.token().value().value, second->value);
        QCOMPARE(fixture.browser.opened.size(), 1);
    }
    void refusalsAtTheSameTimeShareOneRenewal()
    {
        SignInFixture fixture;
        const auto first = fixture.authorize();
        QVERIFY(first);
        QList<QByteArray> tokens;
        for (int i = 0; i < 20; ++i) {
            fixture.client->authorize(
                fixture.protectedServer(), fixture.denial(401, first->value),
                [&tokens](const Result<AccessToken>& token) { tokens.append(token ? token->value : QByteArray("error")); });
        }
        QTRY_COMPARE(tokens.size(), 20);
        QCOMPARE(fixture.authorization.refreshes, 1);
        QCOMPARE(tokens, QList<QByteArray>(20, fixture.authorization.accessTokens.last()));
        // One who comes late with the old token gets the present one.
        QCOMPARE(fixture.authorize(fixture.denial(401, first->value)).value().value, tokens.last());
        QCOMPARE(fixture.authorization.refreshes, 1);
    }
    void refusalsAtTheSameTimeShareOneSignIn()
    {
        SignInFixture fixture;
        int answers = 0;
        for (int i = 0; i < 10; ++i)
            fixture.client->authorize(fixture.protectedServer(), fixture.denial(),
                                      [&answers](const Result<AccessToken>& token) { answers += token ? 1 : 100; });
        QTRY_COMPARE(answers, 10);
        QCOMPARE(fixture.browser.opened.size(), 1);
        QCOMPARE(fixture.authorization.registrations, 1);
    }
    void aDeadRefreshTokenLeadsToTheUser()
    {
        SignInFixture fixture;
        const auto first = fixture.authorize();
        QVERIFY(first);
        fixture.authorization.server.onJson("/token", "{\"error\":\"invalid_grant\"}", 400);
        fixture.clock.advanceNs(4000 * kSecond);
        QCOMPARE(fixture.token().error().code, ErrorCode::Unauthenticated);
        QCOMPARE(fixture.token().error().code, ErrorCode::NotFound);
        QCOMPARE(fixture.authorization.server.requestsTo("/token").size(), 2);
    }
    void anUnreachableTokenEndpointCostsNoTokenThatStillLives()
    {
        SignInFixture fixture;
        const auto first = fixture.authorize();
        QVERIFY(first);
        fixture.authorization.server.onText("/token", "<html>down</html>", 503);
        fixture.clock.advanceNs(3550 * kSecond);
        QCOMPARE(fixture.token().value().value, first->value);
        const auto refused = fixture.authorize(fixture.denial(401, first->value));
        QCOMPARE(refused.error().code, ErrorCode::Unavailable);
        QCOMPARE(fixture.browser.opened.size(), 1);
        fixture.clock.advanceNs(3550 * kSecond);
        QCOMPARE(fixture.token().error().code, ErrorCode::Unavailable);
    }
    void anotherAuthorizationServerGetsNothingOfTheFirst()
    {
        SignInFixture fixture;
        const auto first = fixture.authorize();
        QVERIFY(first);
        AuthorizationServerFixture other(fixture.systemClock);
        fixture.resource.authorizationServers = "[\"" + other.issuer() + "\"]";
        fixture.resource.publish();
        const qsizetype before = fixture.authorization.server.requests.size();
        const auto second = fixture.authorize(fixture.denial(401, first->value));
        QVERIFY2(second, second ? "" : qPrintable(second.error().toString()));
        QCOMPARE(second->issuer, other.issuer());
        QCOMPARE(other.registrations, 1);
        QCOMPARE(other.refreshes, 0);
        QCOMPARE(other.complaints, QStringList());
        QCOMPARE(fixture.authorization.server.requests.size(), before);
        for (const http::Request& request : other.server.requests) {
            QVERIFY(!request.body.contains(fixture.authorization.refreshTokens.last()));
            QVERIFY(!request.headers.contains("Authorization"));
        }
    }
};

QTEST_GUILESS_MAIN(OAuthRenewalTest)
#include "tst_oauth_renewal.moc"
