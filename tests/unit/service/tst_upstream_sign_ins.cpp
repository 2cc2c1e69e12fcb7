// SPDX-License-Identifier: GPL-3.0-or-later
#include "../oauth/authorization_fixture.h"
#include "service/upstream_sign_ins.h"

#include <QSignalSpy>
#include <QTest>

using namespace oriel;
using namespace oriel::service;

class UpstreamSignInsTest : public QObject {
    Q_OBJECT

    std::unique_ptr<SignInFixture> m_world; ///< the servers, the browser and the store
    std::unique_ptr<UpstreamSignIns> m_signIns;

    void makeSignIns(bool browser = true)
    {
        std::function<bool(const QUrl&)> open;
        if (browser)
            open = [this](const QUrl& url) { return m_world->browser.open(url); };
        m_signIns = std::make_unique<UpstreamSignIns>(
            UpstreamSignIns::Dependencies{m_world->systemClock, m_world->random, m_world->store,
                                          [](const QString& text) -> Result<QString> {
                                              if (text == QStringLiteral("${vault:missing}"))
                                                  return fail(ErrorCode::NotFound, QStringLiteral("no such secret"));
                                              return text;
                                          },
                                          open},
            UpstreamSignIns::Settings());
    }

    [[nodiscard]] config::Server server() const
    {
        config::Server server;
        server.name = QStringLiteral("files");
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = m_world->resource.url().toString();
        return server;
    }

    [[nodiscard]] SignInStatus status() const
    {
        for (const SignInStatus& each : m_signIns->statuses()) {
            if (each.server == QStringLiteral("files"))
                return each;
        }
        return {};
    }

    template <class Value, class Ask> static std::optional<Value> answerOf(const Ask& ask)
    {
        auto answer = std::make_shared<std::optional<Value>>();
        ask([answer](const Value& value) { *answer = value; });
        return QTest::qWaitFor([&answer] { return answer->has_value(); }) ? *answer : std::nullopt;
    }

    [[nodiscard]] Result<QByteArray> token(upstream::TokenSource& source)
    {
        return *answerOf<Result<QByteArray>>([&](upstream::TokenSource::Done done) { source.token(std::move(done)); });
    }
    [[nodiscard]] Result<QByteArray> tokenAfter(upstream::TokenSource& source, const QByteArray& used = {}, int status = 401,
                                                const QByteArray& challenge = {})
    {
        const upstream::TokenRefusal refusal{status, challenge, used, QHostAddress(QHostAddress::LocalHost)};
        return *answerOf<Result<QByteArray>>(
            [&](upstream::TokenSource::Done done) { source.tokenAfter(refusal, std::move(done)); });
    }
    [[nodiscard]] Status signIn()
    {
        return *answerOf<Status>([&](UpstreamSignIns::Done done) { m_signIns->signIn(server(), std::move(done)); });
    }

private Q_SLOTS:
    void init()
    {
        m_world = std::make_unique<SignInFixture>();
        makeSignIns();
    }
    void cleanup()
    {
        m_signIns.reset();
        m_world.reset();
    }

    void aRefusalInTheBackgroundSaysThatASignInIsNeeded()
    {
        const auto source = m_signIns->sourceFor(server());
        QCOMPARE(token(*source).error().code, ErrorCode::NotFound);
        const auto refused = tokenAfter(*source);
        QCOMPARE(refused.error().code, ErrorCode::Unauthenticated);
        QVERIFY(refused.error().remedy.contains(QStringLiteral("oriel sign-in files")));
        QVERIFY(m_world->browser.opened.isEmpty());
        QCOMPARE(status().state, SignInStatus::State::Needed);
    }

    void signingInGivesConnectionsTheirToken()
    {
        const auto source = m_signIns->sourceFor(server());
        QVERIFY(!tokenAfter(*source));
        const QSignalSpy awaited(m_signIns.get(), &UpstreamSignIns::userAwaited);
        const QSignalSpy done(m_signIns.get(), &UpstreamSignIns::signedIn);
        QVERIFY(signIn());
        QCOMPARE(awaited.size(), 1);
        QCOMPARE(done.size(), 1);
        QCOMPARE(status().state, SignInStatus::State::SignedIn);
        QCOMPARE(token(*source).value(), m_world->authorization.accessTokens.last());
        QCOMPARE(m_world->authorization.complaints, QStringList());
        // A renewal needs nobody.
        const auto renewed = tokenAfter(*source, m_world->authorization.accessTokens.last());
        QCOMPARE(renewed.value(), m_world->authorization.accessTokens.last());
        QCOMPARE(m_world->authorization.refreshes, 1);
        QCOMPARE(m_world->browser.opened.size(), 1);
    }

    void signingInAnswersWhatTheServerAskedFor()
    {
        const auto source = m_signIns->sourceFor(server());
        QVERIFY(signIn());
        const QByteArray held = token(*source).value();
        m_world->authorization.grantedScope = "read write";
        const QByteArray challenge = "Bearer error=\"insufficient_scope\", scope=\"write\"";
        const auto refused = tokenAfter(*source, held, 403, challenge);
        QCOMPARE(refused.error().code, ErrorCode::Unauthenticated);
        QVERIFY(refused.error().message.contains(QStringLiteral("write")));
        QCOMPARE(status().state, SignInStatus::State::Needed);
        QVERIFY(signIn());
        QCOMPARE(m_world->authorization.lastScope, QByteArray("write"));
        QVERIFY(tokenAfter(*source, held, 403, challenge).value() != held);
    }

    void whereTheUserIsAwaitedIsTold()
    {
        makeSignIns(false);
        const auto source = m_signIns->sourceFor(server());
        std::optional<Status> outcome;
        m_signIns->signIn(server(), [&outcome](const Status& done) { outcome = done; });
        QTRY_COMPARE(status().state, SignInStatus::State::Awaited);
        const QUrl url = status().url;
        QVERIFY(url.toString().startsWith(QString::fromLatin1(m_world->authorization.server.origin())));
        QVERIFY(m_world->browser.open(url));
        QTRY_VERIFY(outcome);
        QVERIFY(*outcome);
        QVERIFY(status().url.isEmpty());
    }

    void aSignInThatIsGivenUpEndsForEveryoneWhoAsked()
    {
        m_world->browser.follows = false;
        int cancelled = 0;
        for (int i = 0; i < 2; ++i) {
            m_signIns->signIn(server(), [&cancelled](const Status& done) {
                cancelled += !done && done.error().code == ErrorCode::Cancelled ? 1 : 100;
            });
        }
        QTRY_COMPARE(m_world->browser.opened.size(), 1);
        m_signIns->cancel(QStringLiteral("files"));
        QCOMPARE(cancelled, 2);
        QVERIFY(m_signIns->statuses().isEmpty());
    }

    void signingOutForgetsTheTokens()
    {
        const auto source = m_signIns->sourceFor(server());
        QVERIFY(signIn());
        m_signIns->signOut(server());
        QCOMPARE(token(*source).error().code, ErrorCode::NotFound);
        QTRY_VERIFY(m_world->store.entries.isEmpty());
        QCOMPARE(status().state, SignInStatus::State::Unknown);
    }

    void tokensOutliveTheProcess()
    {
        QVERIFY(signIn());
        makeSignIns();
        const auto source = m_signIns->sourceFor(server());
        QCOMPARE(token(*source).value(), m_world->authorization.accessTokens.last());
    }

    void aClientIdOfTheConfigurationIsUsed()
    {
        config::Server own = server();
        own.oauth.clientId = QStringLiteral("by-hand");
        own.oauth.scopes = QStringLiteral("one  two");
        const auto outcome = answerOf<Status>([&](UpstreamSignIns::Done done) { m_signIns->signIn(own, std::move(done)); });
        QVERIFY(outcome && *outcome);
        QCOMPARE(m_world->authorization.lastAuthorization.value("client_id"), QByteArray("by-hand"));
        QCOMPARE(m_world->authorization.lastScope, QByteArray("one two"));
        QCOMPARE(m_world->authorization.registrations, 0);
    }

    void clientCredentialsWantIdAndSecret()
    {
        config::Server own = server();
        own.oauth.grant = config::OAuthGrant::ClientCredentials;
        own.oauth.clientId = QStringLiteral("machine");
        const auto source = m_signIns->sourceFor(own);
        QVERIFY(tokenAfter(*source).error().remedy.contains(QStringLiteral("oauth.clientSecret")));
        own.oauth.clientSecret = QStringLiteral("hush");
        m_world->authorization.clientSecret = "hush";
        m_world->authorization.clientAuth = "client_secret_basic";
        m_world->authorization.metadata["token_endpoint_auth_methods_supported"] = "[\"client_secret_basic\"]";
        m_world->authorization.publish();
        const auto able = m_signIns->sourceFor(own);
        const auto token = tokenAfter(*able);
        QVERIFY2(token, token ? "" : qPrintable(token.error().toString()));
        QCOMPARE(*token, m_world->authorization.accessTokens.last());
        QVERIFY(m_world->browser.opened.isEmpty());
    }

    void anIdentityProviderIsDescribedInFull()
    {
        config::Server own = server();
        own.oauth.grant = config::OAuthGrant::Enterprise;
        own.oauth.clientId = QStringLiteral("machine");
        own.oauth.idpClientId = QStringLiteral("oriel");
        own.oauth.idpTokenEndpoint = QStringLiteral("http://login.example.com/token");
        const auto lacking = m_signIns->sourceFor(own);
        QVERIFY(tokenAfter(*lacking).error().remedy.contains(QStringLiteral("oauth.idToken")));
        own.oauth.idToken = QStringLiteral("id-token");
        const auto unsafe = m_signIns->sourceFor(own);
        QVERIFY(tokenAfter(*unsafe).error().message.contains(QStringLiteral("oauth.idpTokenEndpoint")));
        own.oauth.idToken = QStringLiteral("${vault:missing}");
        const auto missing = m_signIns->sourceFor(own);
        QCOMPARE(tokenAfter(*missing).error().message, QStringLiteral("no such secret"));
    }

    void aSecretThatIsMissingIsNamed()
    {
        config::Server own = server();
        own.oauth.clientId = QStringLiteral("by-hand");
        own.oauth.clientSecret = QStringLiteral("${vault:missing}");
        const auto source = m_signIns->sourceFor(own);
        QCOMPARE(tokenAfter(*source).error().message, QStringLiteral("no such secret"));
        const auto outcome = answerOf<Status>([&](UpstreamSignIns::Done done) { m_signIns->signIn(own, std::move(done)); });
        QCOMPARE(outcome->error().message, QStringLiteral("no such secret"));
    }

    void aQuestionOfAConnectionThatEndsIsNotAnswered()
    {
        config::Server own = server();
        own.oauth.clientId = QStringLiteral("${vault:missing}");
        auto source = m_signIns->sourceFor(own);
        int answers = 0;
        const auto ticket = source->token([&answers](const Result<QByteArray>&) { ++answers; });
        source->token([&answers](const Result<QByteArray>&) { ++answers; });
        source->cancel(ticket);
        QTRY_COMPARE(answers, 1);
        source->token([&answers](const Result<QByteArray>&) { ++answers; });
        source.reset();
        QCoreApplication::sendPostedEvents();
        QCOMPARE(answers, 1);
        QVERIFY(m_signIns->statuses().isEmpty());
    }

    void whatIsNotSignedInToIsSaid_data()
    {
        QTest::addColumn<config::Server>("server");
        config::Server stdio;
        stdio.name = QStringLiteral("files");
        QTest::newRow("stdio") << stdio;
        config::Server off;
        off.transport = config::ServerTransport::StreamableHttp;
        off.oauth.enabled = false;
        QTest::newRow("switched off") << off;
        config::Server header;
        header.transport = config::ServerTransport::LegacySse;
        header.headers = {{QStringLiteral("AUTHORIZATION"), QStringLiteral("Basic x")}};
        QTest::newRow("its own header") << header;
    }
    void whatIsNotSignedInToIsSaid()
    {
        QFETCH(config::Server, server);
        QVERIFY(m_signIns->sourceFor(server) == nullptr);
        const auto outcome = answerOf<Status>([&](UpstreamSignIns::Done done) { m_signIns->signIn(server, std::move(done)); });
        QCOMPARE(outcome->error().code, ErrorCode::InvalidArgument);
        QVERIFY(!outcome->error().remedy.isEmpty());
    }
};

QTEST_GUILESS_MAIN(UpstreamSignInsTest)
#include "tst_upstream_sign_ins.moc"
