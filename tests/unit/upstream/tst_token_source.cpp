// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/client.h"
#include "scripted_server.h"
#include "upstream/http_transport.h"
#include "upstream/token_source.h"

#include <QTest>

using namespace oriel;
using namespace oriel::upstream;
using namespace oriel::upstream::test;

namespace {

/// Gives out what a test wrote down, and keeps what it was told. What outlives the connection's own source.
struct Tokens {
    QByteArray atHand;                    ///< empty: nothing
    std::vector<Result<QByteArray>> next; ///< answers to refusals, in order; none left: the question stays open
    std::vector<TokenRefusal> refusals;
    int asked = 0; ///< for what is at hand
    int accepted = 0;
    int cancelled = 0;
};

class ScriptedSource final : public TokenSource {
public:
    explicit ScriptedSource(Tokens& tokens) : m_tokens(tokens) {}

    Ticket token(Done done) override
    {
        ++m_tokens.asked;
        const QByteArray atHand = m_tokens.atHand;
        return answer(atHand.isEmpty() ? Result<QByteArray>(fail(ErrorCode::NotFound, QStringLiteral("none")))
                                       : Result<QByteArray>(atHand),
                      std::move(done));
    }
    Ticket tokenAfter(const TokenRefusal& refusal, Done done) override
    {
        m_tokens.refusals.push_back(refusal);
        if (m_tokens.refusals.size() > m_tokens.next.size()) {
            return ++m_last;
        }
        return answer(m_tokens.next[m_tokens.refusals.size() - 1], std::move(done));
    }
    void cancel(Ticket) override { ++m_tokens.cancelled; }
    void accepted() override { ++m_tokens.accepted; }

private:
    Ticket answer(const Result<QByteArray>& result, Done done)
    {
        QMetaObject::invokeMethod(
            &m_here, [result, done = std::move(done)] { done(result); }, Qt::QueuedConnection);
        return ++m_last;
    }

    Tokens& m_tokens;
    Ticket m_last = 0;
    QObject m_here;
};

Error signInNeeded()
{
    return {ErrorCode::Unauthenticated, QStringLiteral("the server wants you to sign in"), {}, QStringLiteral("Sign in.")};
}

const QByteArray kChallenge = "Bearer error=\"insufficient_scope\", scope=\"write\"";

} // namespace

class TestTokenSource : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    RecordingHandler m_handler;
    RecordingReplies m_replies;
    Tokens m_tokens;
    std::unique_ptr<http::Client> m_client;
    std::unique_ptr<ScriptedServer> m_server;
    std::unique_ptr<ServerConnection> m_connection;

    ServerConnection& open(const std::function<void(config::Server&)>& adjust = {})
    {
        config::Server server;
        server.name = QStringLiteral("web");
        server.transport = config::ServerTransport::StreamableHttp;
        server.url = m_server->url();
        server.era = config::Era::Legacy;
        if (adjust) {
            adjust(server);
        }
        ConnectionContext context = quickContext(m_recorder);
        context.httpClient = m_client.get();
        context.timeouts.connectivity = std::chrono::milliseconds(5'000);
        context.tokenSource = [this](const config::Server&) { return std::make_unique<ScriptedSource>(m_tokens); };
        m_connection = std::make_unique<ServerConnection>(server, context, m_handler);
        return *m_connection;
    }

    static QByteArray authorizationOf(const http::Headers& headers) { return headers.value("Authorization").toByteArray(); }

    /// The server takes `token` only.
    void want(const QByteArray& token, const QByteArray& challenge = "Bearer")
    {
        m_server->script = [token, challenge](const http::Request& request, const mcp::Message&, http::Exchange& exchange) {
            if (authorizationOf(request.headers) == "Bearer " + token) {
                return false;
            }
            http::Response refusal = http::Response::text(401, "no");
            refusal.headers.set("WWW-Authenticate", challenge);
            exchange.respond(refusal);
            return true;
        };
    }

    void startAndWaitFor(ServerState state)
    {
        m_connection->start();
        QTRY_COMPARE(m_connection->state(), state);
    }

private Q_SLOTS:
    void init()
    {
        m_recorder = RecordingRecorder();
        m_handler = RecordingHandler();
        m_replies = RecordingReplies();
        m_tokens = Tokens();
        m_client = std::make_unique<http::Client>(http::ClientSettings{}, systemClock());
        m_server = std::make_unique<ScriptedServer>();
    }
    void cleanup()
    {
        m_connection.reset();
        m_server.reset();
        m_client.reset();
    }

    void theTokenAtHandGoesWithEveryRequest()
    {
        m_tokens.atHand = "t1";
        want("t1");
        open();
        startAndWaitFor(ServerState::Ready);
        m_connection->call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QTRY_VERIFY(m_server->seenMethods().contains("GET"));
        m_connection->stop();
        QTRY_COMPARE(m_connection->state(), ServerState::Stopped);
        QVERIFY(m_server->seenMethods().contains("DELETE"));
        for (const ScriptedServer::Seen& seen : m_server->seen) {
            QCOMPARE(authorizationOf(seen.headers), QByteArray("Bearer t1"));
            QVERIFY(!seen.target.contains("t1"));
        }
        QVERIFY(m_tokens.refusals.empty());
        QCOMPARE(m_tokens.accepted, 1);
    }

    void aRefusedRequestGoesOutAgainWithAnotherToken()
    {
        m_tokens.next = {QByteArray("t2")};
        want("t2", "Bearer resource_metadata=\"https://h/x\"");
        open();
        startAndWaitFor(ServerState::Ready);
        QCOMPARE(m_tokens.refusals.size(), std::size_t{1});
        QCOMPARE(m_tokens.refusals[0].status, 401);
        QCOMPARE(m_tokens.refusals[0].authenticate, QByteArray("Bearer resource_metadata=\"https://h/x\""));
        QVERIFY(m_tokens.refusals[0].usedToken.isEmpty());
        QVERIFY(m_tokens.refusals[0].peer.isLoopback());
        QCOMPARE(m_connection->status().restarts, 0);
        QCOMPARE(m_tokens.accepted, 1);
    }

    void aTokenThatRunsOutIsReplacedUnderACall()
    {
        m_tokens.atHand = "t1";
        want("t1");
        open();
        startAndWaitFor(ServerState::Ready);
        m_tokens.next = {QByteArray("t2")};
        want("t2");
        m_connection->call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QCOMPARE(m_tokens.refusals[0].usedToken, QByteArray("t1"));
        QCOMPARE(m_connection->state(), ServerState::Ready);
    }

    void aRefusalForWantOfScopeAsksForMore()
    {
        m_tokens.atHand = "t1";
        open();
        startAndWaitFor(ServerState::Ready);
        m_tokens.next = {QByteArray("t2")};
        m_server->script = [](const http::Request& request, const mcp::Message&, http::Exchange& exchange) {
            if (authorizationOf(request.headers) == "Bearer t2") {
                return false;
            }
            http::Response refusal = http::Response::text(403, "no");
            refusal.headers.set("WWW-Authenticate", kChallenge);
            exchange.respond(refusal);
            return true;
        };
        m_connection->call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.kind, Reply::Kind::Response);
        QCOMPARE(m_tokens.refusals[0].status, 403);
        QCOMPARE(m_tokens.refusals[0].authenticate, kChallenge);
    }

    void moreScopeThatNobodyGivesFailsTheCallAndNotTheServer()
    {
        m_tokens.atHand = "t1";
        open();
        startAndWaitFor(ServerState::Ready);
        m_tokens.next = {fail(signInNeeded())};
        m_server->script = [](const http::Request& request, const mcp::Message&, http::Exchange& exchange) {
            Q_UNUSED(request);
            http::Response refusal = http::Response::text(403, "no");
            refusal.headers.set("WWW-Authenticate", kChallenge);
            exchange.respond(refusal);
            return true;
        };
        m_connection->call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.error.message, signInNeeded().message);
        QCOMPARE(m_connection->state(), ServerState::Ready);
    }

    void aRefusalThatSaysNothingOfTokensIsNotAskedAbout()
    {
        m_tokens.atHand = "t1";
        open();
        startAndWaitFor(ServerState::Ready);
        m_server->script = [](const http::Request&, const mcp::Message&, http::Exchange& exchange) {
            exchange.respond(http::Response::text(403, "not from here"));
            return true;
        };
        m_connection->call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.httpStatus, 403);
        QVERIFY(m_tokens.refusals.empty());
    }

    void aServerThatTakesNoTokenIsGivenUp()
    {
        m_tokens.next = {QByteArray("t1"), QByteArray("t2"), QByteArray("t3"), QByteArray("t4"), QByteArray("t5")};
        want("none of them");
        open();
        startAndWaitFor(ServerState::Failed);
        QCOMPARE(m_tokens.refusals.size(), std::size_t{3});
        QCOMPARE(m_connection->status().diagnosis.code, DiagnosisCode::AuthenticationRequired);
    }

    void aSignInThatIsNeededIsNeitherAVerdictNorARestart_data()
    {
        QTest::addColumn<int>("era");
        QTest::newRow("auto") << static_cast<int>(config::Era::Auto);
        QTest::newRow("legacy") << static_cast<int>(config::Era::Legacy);
        QTest::newRow("modern") << static_cast<int>(config::Era::Modern);
    }
    void aSignInThatIsNeededIsNeitherAVerdictNorARestart()
    {
        QFETCH(int, era);
        m_tokens.next = {fail(signInNeeded())};
        want("nothing");
        open([era](config::Server& server) { server.era = static_cast<config::Era>(era); });
        startAndWaitFor(ServerState::Failed);
        const ServerStatus status = m_connection->status();
        QCOMPARE(status.diagnosis.code, DiagnosisCode::SignInRequired);
        QCOMPARE(status.diagnosis.headline, QStringLiteral("web did not start: sign-in needed"));
        QCOMPARE(status.diagnosis.cause, QStringLiteral("The server wants you to sign in."));
        QCOMPARE(status.diagnosis.remedy, QStringLiteral("Sign in."));
        QCOMPARE(status.restarts, 0);
        QCOMPARE(m_server->seen.size(), std::size_t{1});
        QCOMPARE(m_tokens.refusals.size(), std::size_t{1});
    }

    void anAuthorizationServerThatIsAwayIsWaitedFor()
    {
        m_tokens.next = {fail(ErrorCode::Unavailable, QStringLiteral("it does not answer")), QByteArray("t2")};
        want("t2");
        open();
        m_connection->start();
        QTRY_COMPARE(m_connection->state(), ServerState::Ready);
        QVERIFY(m_handler.states.end() != std::find(m_handler.states.begin(), m_handler.states.end(), ServerState::Backoff));
    }

    void aTokenThatIsTakenNoLongerIsTheServersState()
    {
        m_tokens.atHand = "t1";
        want("t1");
        open();
        startAndWaitFor(ServerState::Ready);
        m_tokens.next = {fail(signInNeeded())};
        want("another");
        m_connection->call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{1});
        QCOMPARE(m_replies.replies[0].reply.error.code, ErrorCode::Unauthenticated);
        QTRY_COMPARE(m_connection->state(), ServerState::Failed);
        QCOMPARE(m_connection->status().diagnosis.headline, QStringLiteral("web: sign-in needed"));
        m_connection->call(clientCall("one"), {}, m_replies);
        QTRY_COMPARE(m_replies.size(), std::size_t{2});
        QCOMPARE(m_replies.replies[1].reply.error.code, ErrorCode::Unauthenticated);
        QCOMPARE(m_replies.replies[1].reply.error.remedy, QStringLiteral("Sign in."));
    }

    void anAuthorizationHeaderOfTheConfigurationStandsAlone()
    {
        m_tokens.atHand = "t1";
        open([](config::Server& server) { server.headers = {{QStringLiteral("authorization"), QStringLiteral("Bearer own")}}; });
        startAndWaitFor(ServerState::Ready);
        QCOMPARE(authorizationOf(m_server->seen.front().headers), QByteArray("Bearer own"));
        QCOMPARE(m_tokens.asked, 0);
    }

    void whoStopsWaitsForNoToken()
    {
        want("nothing");
        open();
        m_connection->start();
        QTRY_COMPARE(m_tokens.refusals.size(), std::size_t{1});
        m_connection->stop();
        QTRY_COMPARE(m_connection->state(), ServerState::Stopped);
        QCOMPARE(m_tokens.cancelled, 1);
    }

    void theOlderTransportAsksForStreamAndMessages()
    {
        m_tokens.next = {QByteArray("t1"), QByteArray("t2")};
        QByteArray wanted = "t1";
        http::Exchange stream;
        m_server->script = [&](const http::Request& request, const mcp::Message& message, http::Exchange& exchange) {
            if (authorizationOf(request.headers) != "Bearer " + wanted) {
                http::Response refusal = http::Response::text(401, "no");
                refusal.headers.set("WWW-Authenticate", "Bearer");
                exchange.respond(refusal);
                return true;
            }
            if (request.method == "GET") {
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                stream = exchange;
                stream.write(http::sseEvent("/mcp", {}, "endpoint"));
                wanted = "t2"; // the messages' address wants another one
                return true;
            }
            if (message.isRequest()) {
                const bool opens = message.methodId == mcp::MethodId::Initialize;
                stream.write(http::sseEvent(mcp::makeResult(
                    message.id(), opens ? QByteArrayView("{\"protocolVersion\":\"2024-11-05\",\"capabilities\":{\"tools\":{}},"
                                                         "\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}")
                                        : QByteArrayView("{\"tools\":[]}"))));
            }
            exchange.respond(http::Response::text(202, {}));
            return true;
        };
        open([](config::Server& server) { server.transport = config::ServerTransport::LegacySse; });
        startAndWaitFor(ServerState::Ready);
        QCOMPARE(m_tokens.refusals.size(), std::size_t{2});
        QCOMPARE(m_tokens.refusals[1].usedToken, QByteArray("t1"));
    }

    void aForgottenRequestOfTheOlderTransportWaitsForNoToken()
    {
        m_server->script = [](const http::Request& request, const mcp::Message&, http::Exchange& exchange) {
            if (request.method == "GET") {
                exchange.startStream(200, {{"Content-Type", "text/event-stream"}});
                exchange.write(http::sseEvent("/mcp", {}, "endpoint"));
                return true;
            }
            http::Response refusal = http::Response::text(401, "no");
            refusal.headers.set("WWW-Authenticate", "Bearer");
            exchange.respond(refusal);
            return true;
        };
        ScriptedSource source(m_tokens);
        RecordingTransportHandler handler;
        HttpSettings settings;
        settings.server = QStringLiteral("web");
        settings.url = m_server->url();
        settings.tokens = &source;
        settings.legacySse = true;
        const auto transport = makeHttpTransport(settings, *m_client, systemClock(), handler);
        transport->start();
        QTRY_VERIFY(handler.started);
        SendOptions options;
        options.requestId = 7;
        QVERIFY(transport->send("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}", options));
        QTRY_COMPARE(m_tokens.refusals.size(), std::size_t{1});
        transport->forget(7);
        QCOMPARE(m_tokens.cancelled, 1);
        QVERIFY(handler.failures.empty());
    }

    void theOlderTransportSaysThatASignInIsNeeded()
    {
        m_tokens.next = {fail(signInNeeded())};
        want("nothing");
        open([](config::Server& server) { server.transport = config::ServerTransport::LegacySse; });
        startAndWaitFor(ServerState::Failed);
        QCOMPARE(m_connection->status().diagnosis.code, DiagnosisCode::SignInRequired);
    }
};

QTEST_GUILESS_MAIN(TestTokenSource)
#include "tst_token_source.moc"
