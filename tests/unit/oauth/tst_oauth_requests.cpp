// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "http/message.h"
#include "oauth/authorization_request.h"
#include "oauth/client_identity.h"
#include "oauth/pkce.h"
#include "oauth/token_exchange.h"
#include "oauth/token_set.h"

#include <QTest>

using namespace oriel;
using namespace oriel::oauth;

namespace {

AuthorizationServer server()
{
    AuthorizationServer made;
    made.issuer = "https://as.example";
    made.authorizationEndpoint = QUrl(QStringLiteral("https://as.example/authorize?tenant=1"));
    made.tokenEndpoint = QUrl(QStringLiteral("https://as.example/token"));
    made.tokenAuthMethods = {QStringLiteral("client_secret_basic")};
    made.pkceS256 = true;
    return made;
}

ClientIdentity client(const QByteArray& secret = {})
{
    ClientIdentity made;
    made.id = "the client";
    made.secret = secret;
    return made;
}

const QByteArray state = "state-0123456789";

} // namespace

class OAuthRequestsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theChallengeIsTheHashOfTheVerifier()
    {
        // RFC 7636 Appendix B.
        QCOMPARE(s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), QByteArray("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        SystemRandom random;
        const Pkce one = Pkce::generate(random);
        QCOMPARE(one.verifier.size(), 43);
        QCOMPARE(one.challenge, s256(one.verifier));
        QVERIFY(Pkce::generate(random).verifier != one.verifier);
    }
    void theAuthorizationRequestCarriesEverythingAndKeepsTheEndpointsQuery()
    {
        const QUrl url = authorizationUrl(server(), {"the client&",
                                                     "http://127.0.0.1:1/callback",
                                                     state,
                                                     "challenge",
                                                     "https://mcp.example/mcp",
                                                     {QStringLiteral("a"), QStringLiteral("offline_access")}});
        const QByteArray query = url.query(QUrl::FullyEncoded).toLatin1();
        const auto value = [&query](const char* name) { return http::queryValue(query, name).value_or("missing"); };
        QCOMPARE(value("tenant"), QByteArray("1"));
        QCOMPARE(value("response_type"), QByteArray("code"));
        QCOMPARE(value("redirect_uri"), QByteArray("http://127.0.0.1:1/callback"));
        QCOMPARE(value("state"), state);
        QCOMPARE(value("code_challenge_method"), QByteArray("S256"));
        QCOMPARE(value("code_challenge"), QByteArray("challenge"));
        QCOMPARE(value("resource"), QByteArray("https://mcp.example/mcp"));
        QCOMPARE(value("prompt"), QByteArray("consent"));
        QVERIFY(query.contains("client_id=the+client%26&"));
        QVERIFY(query.contains("scope=a+offline_access"));
        QVERIFY(!authorizationUrl(server(), {"c", "r", state, "c", "x", {}}).query().contains(QStringLiteral("scope")));
    }

    void theIssuerOfTheAnswerIsJudgedByTheTable_data()
    {
        QTest::addColumn<bool>("advertised");
        QTest::addColumn<QByteArray>("iss");
        QTest::addColumn<bool>("accepted");
        const QByteArray same = "&iss=https%3A%2F%2Fas.example";
        QTest::newRow("advertised, present") << true << same << true;
        QTest::newRow("advertised, absent") << true << QByteArray() << false;
        QTest::newRow("advertised, wrong") << true << QByteArray("&iss=https%3A%2F%2Fevil.example") << false;
        QTest::newRow("not advertised, absent") << false << QByteArray() << true;
        QTest::newRow("not advertised, present") << false << same << true;
        QTest::newRow("not advertised, wrong") << false << QByteArray("&iss=https%3A%2F%2Fevil.example") << false;
        QTest::newRow("equal but for a slash") << false << QByteArray(same + '/') << false;
        QTest::newRow("equal but for case") << false << QByteArray("&iss=https%3A%2F%2FAS.example") << false;
        QTest::newRow("empty") << false << QByteArray("&iss=") << false;
        QTest::newRow("twice") << true << QByteArray(same + same) << false;
    }
    void theIssuerOfTheAnswerIsJudgedByTheTable()
    {
        QFETCH(bool, advertised);
        QFETCH(QByteArray, iss);
        QFETCH(bool, accepted);
        const ExpectedRedirect expected{state, "https://as.example", advertised};
        const auto code = codeOfRedirect("code=abc&state=" + state + iss, expected);
        QCOMPARE(code.has_value(), accepted);
        if (!accepted)
            QCOMPARE(code.error().code, ErrorCode::PermissionDenied);
        // A mixed-up answer gets no word on the screen.
        const auto error = codeOfRedirect("error=server_error&error_description=Call+us&state=" + state + iss, expected);
        QVERIFY(!error);
        QCOMPARE(error.error().message.contains(QStringLiteral("Call us")), accepted);
    }
    void anAnswerBelongsToItsStateOnly()
    {
        QVERIFY(answersState("code=a&state=" + state, state));
        QVERIFY(!answersState("code=a&state=other", state));
        QVERIFY(!answersState("code=a", state));
        QVERIFY(!answersState("state=" + state + "&state=" + state, state));
        QVERIFY(!answersState("state=", {}));
    }
    void anAnswerWithoutACodeIsAnError()
    {
        const ExpectedRedirect expected{state, "https://as.example", false};
        QCOMPARE(codeOfRedirect("error=access_denied&state=" + state, expected).error().code, ErrorCode::Cancelled);
        QCOMPARE(codeOfRedirect("state=" + state, expected).error().code, ErrorCode::Parse);
        QCOMPARE(codeOfRedirect("code=&state=" + state, expected).error().code, ErrorCode::Parse);
        QCOMPARE(codeOfRedirect("code=a&code=b&state=" + state, expected).error().code, ErrorCode::PermissionDenied);
        QVERIFY(!codeOfRedirect("error=x&error_description=" + state + "&state=" + state, expected)
                     .error()
                     .toString()
                     .contains(QString::fromLatin1(state)));
    }

    void theClientIdIsFoundInOrder()
    {
        AuthorizationServer as = server();
        ClientChoices choices;
        QCOMPARE(chooseClient(choices, as), ClientSource::AskUser);
        as.registrationEndpoint = QUrl(QStringLiteral("https://as.example/register"));
        QCOMPARE(chooseClient(choices, as), ClientSource::Registration);
        choices.metadataDocument = QUrl(QStringLiteral("https://oriel.example/client.json"));
        QCOMPARE(chooseClient(choices, as), ClientSource::Registration);
        as.clientIdDocuments = true;
        QCOMPARE(chooseClient(choices, as), ClientSource::MetadataDocument);
        choices.metadataDocument = QUrl(QStringLiteral("https://oriel.example"));
        QCOMPARE(chooseClient(choices, as), ClientSource::Registration);
        choices.preregistered = client();
        QCOMPARE(chooseClient(choices, as), ClientSource::Preregistered);
        choices.preregistered->issuer = "https://other.example";
        QCOMPARE(chooseClient(choices, as), ClientSource::Registration);
        as.registrationEndpoint.clear();
        QVERIFY(clientIdWanted(as, choices).message.contains(QStringLiteral("another authorization server")));
    }
    void registrationIsThatOfANativeApplication()
    {
        AuthorizationServer as = server();
        as.silentOnAuthMethods = true;
        const QByteArray body = registrationRequest(as, "http://127.0.0.1:1/callback", {QStringLiteral("a")});
        json::Document document;
        QVERIFY(document.parse(body));
        QVERIFY(document.root().find("application_type").equals("native"));
        QVERIFY(document.root().find("redirect_uris").at(0).equals("http://127.0.0.1:1/callback"));
        QVERIFY(document.root().find("token_endpoint_auth_method").equals("none"));
        QVERIFY(document.root().find("scope").equals("a"));
        QCOMPARE(document.root().find("grant_types").size(), 2U);
    }
    void aRegistrationsAnswerIsReadStrictly()
    {
        const auto read = [](int status, const QByteArray& body) { return parseRegistration(status, body, server(), "r", {}); };
        QCOMPARE(read(201, "{\"client_id\":\"x\"}").value().id, QByteArray("x"));
        QCOMPARE(read(200, "{\"client_id\":\"x\",\"client_secret\":\"s\"}").value().issuer, QByteArray("https://as.example"));
        for (const char* body : {"", "<html>", "{}", "{\"client_id\":\"\"}", "{\"client_id\":7}", "{\"client_id\":\"a\\nb\"}",
                                 "{\"client_id\":\"a\",\"error\":\"invalid_redirect_uri\"}"})
            QVERIFY2(!read(201, body), body);
        const Error error =
            read(400, "{\"error\":\"invalid_redirect_uri\",\"error_description\":\"no\\u0007 loopback\"}").error();
        QVERIFY(error.message.contains(QStringLiteral("invalid_redirect_uri (no loopback)")));
        QVERIFY(!error.remedy.isEmpty());
    }
    void theTokenEndpointIsToldTheClientAsItWantsIt()
    {
        AuthorizationServer as = server();
        QCOMPARE(selectTokenAuth(client(), as).value(), TokenAuth::None);
        QCOMPARE(selectTokenAuth(client("s"), as).value(), TokenAuth::Basic);
        as.silentOnAuthMethods = false;
        as.tokenAuthMethods = {QStringLiteral("client_secret_post"), QStringLiteral("none")};
        QCOMPARE(selectTokenAuth(client("s"), as).value(), TokenAuth::Post);
        as.tokenAuthMethods = {QStringLiteral("none")};
        QCOMPARE(selectTokenAuth(client("s"), as).value(), TokenAuth::None);
        as.tokenAuthMethods = {QStringLiteral("private_key_jwt")};
        QCOMPARE(selectTokenAuth(client("s"), as).error().code, ErrorCode::Unsupported);
        ClientIdentity agreed = client("s");
        agreed.tokenAuth = TokenAuth::Post;
        as.tokenAuthMethods = {QStringLiteral("client_secret_basic"), QStringLiteral("client_secret_post")};
        QCOMPARE(selectTokenAuth(agreed, as).value(), TokenAuth::Post);
        agreed.tokenAuth = TokenAuth::PrivateKeyJwt;
        as.tokenAuthMethods.append(QStringLiteral("private_key_jwt"));
        QCOMPARE(selectTokenAuth(agreed, as).value(), TokenAuth::Basic);
    }
    void secretsStandWhereTheyBelong()
    {
        const TokenRequest basic = codeRequest(client("a:b c"), TokenAuth::Basic, "code", "verifier", "uri", "res");
        QCOMPARE(basic.headers.value("Authorization").toByteArray(), "Basic " + QByteArray("the+client:a%3Ab+c").toBase64());
        QVERIFY(!basic.body.contains("client_secret"));
        const TokenRequest post = codeRequest(client("a&b"), TokenAuth::Post, "code", "verifier", "uri", "https://r/");
        QVERIFY(!post.headers.contains("Authorization"));
        QVERIFY(post.body.contains("client_secret=a%26b"));
        QVERIFY(post.body.contains("resource=https%3A%2F%2Fr%2F"));
        const TokenRequest none = refreshRequest(client("ignored"), TokenAuth::None, "rt", "res");
        QCOMPARE(none.body, QByteArray("grant_type=refresh_token&refresh_token=rt&resource=res&client_id=the+client"));
    }
    void aTokenAnswerIsReadStrictly()
    {
        const auto read = [](int status, const QByteArray& body) {
            return parseTokenAnswer(status, body, QStringLiteral("as"), {"secret"});
        };
        const auto good = read(
            200,
            "{\"access_token\":\"t\",\"token_type\":\"BEARER\",\"expires_in\":\"60\",\"scope\":\"a b\",\"refresh_token\":\"r\"}");
        QVERIFY(good);
        QCOMPARE(*good->expiresInS, 60);
        QCOMPARE(good->scopes->size(), 2);
        QVERIFY(!read(200, "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":-5}").value().expiresInS);
        for (const char* body :
             {"", "<html>ok</html>", "{}", "[]", "{\"access_token\":\"t\"}", "{\"access_token\":\"t\",\"token_type\":\"mac\"}",
              "{\"access_token\":\"\",\"token_type\":\"bearer\"}", "{\"access_token\":\"a b\",\"token_type\":\"bearer\"}",
              "{\"access_token\":\"a\\r\\nX: y\",\"token_type\":\"bearer\"}", "{\"access_token\":7,\"token_type\":\"bearer\"}",
              "{\"error\":\"invalid_request\",\"access_token\":\"t\",\"token_type\":\"bearer\"}",
              "{\"access_token\":\"t\",\"access_token\":\"u\",\"token_type\":\"bearer\"}"})
            QVERIFY2(!read(200, body), body);
        const QByteArray longToken(kMaxTokenBytes + 1, 'a');
        QVERIFY(!read(200, "{\"token_type\":\"bearer\",\"access_token\":\"" + longToken + "\"}"));
    }
    void aRefusedTokenIsExplainedWithoutRepeatingSecrets()
    {
        const auto read = [](int status, const QByteArray& body) {
            return parseTokenAnswer(status, body, QStringLiteral("as"), {"the-secret"}).error();
        };
        QCOMPARE(read(200, "{\"error\":\"invalid_grant\",\"error_description\":\"too late\"}").code, QByteArray("invalid_grant"));
        QVERIFY(read(400, "{\"error\":\"invalid_grant\",\"error_description\":\"too late\"}")
                    .error.message.contains(QStringLiteral("too late")));
        QVERIFY(!read(400, "{\"error\":\"x\",\"error_description\":\"bad the-secret\"}")
                     .error.toString()
                     .contains(QStringLiteral("the-secret")));
        QVERIFY(!read(400, "{\"error\":\"the-secret\"}").error.toString().contains(QStringLiteral("the-secret")));
        QCOMPARE(read(502, "<html>").error.code, ErrorCode::Unavailable);
        QVERIFY(read(502, "<html>").error.message.contains(QStringLiteral("HTTP 502 without JSON")));
        QCOMPARE(read(400, "{\"error\":\"x\"}").error.code, ErrorCode::Unauthenticated);
    }
    void aTokenSetSurvivesItsStore()
    {
        TokenSet set;
        set.take({"access", "refresh", 100, std::nullopt}, {QStringLiteral("a")}, 5'000'000'000);
        set.issuer = "https://as.example";
        set.tokenEndpoint = server().tokenEndpoint;
        set.resource = "https://mcp.example";
        set.clientId = "c";
        set.tokenAuth = TokenAuth::Post;
        set.reach = Reach::Private;
        const TokenSet again = TokenSet::fromJson(set.toJson()).value();
        QCOMPARE(again.toJson(), set.toJson());
        QCOMPARE(again.expiresUnixNs, 105'000'000'000);
        QVERIFY(!again.isDue(94'000'000'000));
        QVERIFY(again.isDue(95'000'000'000));
        QVERIFY(!TokenSet::fromJson("{}"));
        QVERIFY(!TokenSet::fromJson("not json"));
        set.take({"next", {}, std::nullopt, std::nullopt}, set.scopes, 6'000'000'000);
        QCOMPARE(set.refreshToken, QByteArray("refresh"));
        QCOMPARE(set.expiresUnixNs, 0);
        ClientIdentity one = client("s");
        one.issuer = "https://as.example";
        one.tokenAuth = TokenAuth::Basic;
        QCOMPARE(ClientIdentity::fromJson(one.toJson()).value().toJson(), one.toJson());
    }
};

QTEST_GUILESS_MAIN(OAuthRequestsTest)
#include "tst_oauth_requests.moc"
