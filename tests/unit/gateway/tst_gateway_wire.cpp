// SPDX-License-Identifier: GPL-3.0-or-later
#include "../upstream/upstream_fixture.h"
#include "gateway/gateway.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::upstream::test;
using telemetry::WireCarrier;
using telemetry::WireDirection;
using telemetry::WireEra;
using telemetry::WireFrame;
using telemetry::WireKind;

namespace {

class ReachableSession final : public downstream::Session {
public:
    void send(const QByteArray& frame) override { sent.append(frame); }
    [[nodiscard]] QByteArray lastEventId() const override { return "0-" + QByteArray::number(sent.size()); }
    [[nodiscard]] bool isReachable() const override { return true; }
    void close() override {}
    QList<QByteArray> sent;
};

/// An HTTP answer that becomes a stream with the first notification.
class StreamingReply final : public downstream::Reply {
public:
    void notify(const QByteArray& frame) override { notified.append(frame); }
    void finish(const QByteArray& frame, int /*httpStatus*/) override { finished.append(frame); }
    [[nodiscard]] bool isOpen() const override { return finished.isEmpty(); }
    [[nodiscard]] bool isHttp() const override { return true; }
    [[nodiscard]] bool isStream() const override { return !notified.isEmpty(); }
    [[nodiscard]] QByteArray lastEventId() const override
    {
        return isStream() ? "1-" + QByteArray::number(notified.size() + finished.size()) : QByteArray();
    }
    QList<QByteArray> notified;
    QList<QByteArray> finished;
};

/// A server that asks the client for a completion while it works on a call.
config::Server samplingServer()
{
    config::Server server = scriptServer(
        QStringLiteral("handshake\nwhile read -r line; do\ncase \"$line\" in\n*tools/list*) answer \"$line\" \"$tools\";;\n"
                       "*tools/call*) call=\"$line\"; printf "
                       "'{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"sampling/createMessage\",\"params\":{}}\\n';;\n"
                       "*'\"id\":77'*) answer \"$call\" '{\"content\":[]}';;\nesac\ndone"));
    server.name = QStringLiteral("writer");
    return server;
}

} // namespace

/// What the wire log hears of calls, with real child processes behind the gateway.
class GatewayWireTest : public QObject {
    Q_OBJECT

    RecordingRecorder m_recorder;
    std::unique_ptr<Gateway> m_gateway;

    void open(const config::Server& server)
    {
        m_gateway =
            std::make_unique<Gateway>(Gateway::Dependencies{systemClock(), systemRandom(), m_recorder, quickContext(m_recorder)});
        config::Config configuration;
        configuration.servers = {server};
        QVERIFY(m_gateway->apply(configuration));
        QTRY_VERIFY_WITH_TIMEOUT(m_gateway->serverStatuses().first().state == upstream::ServerState::Ready, 20'000);
    }
    std::shared_ptr<StreamingReply> ask(const std::shared_ptr<ReachableSession>& session, const QByteArray& text)
    {
        json::Document document;
        const auto read = mcp::readMessage(text, document);
        if (!read)
            return nullptr;
        downstream::Incoming incoming;
        incoming.session = session;
        incoming.message = *read;
        incoming.startNs = systemClock().monotonicNs();
        incoming.startUnixNs = systemClock().unixNs();
        auto reply = std::make_shared<StreamingReply>();
        if (read->isRequest())
            incoming.reply = reply;
        m_gateway->handleMessage(std::move(incoming));
        return reply;
    }
    std::shared_ptr<ReachableSession> openSession()
    {
        auto session = std::make_shared<ReachableSession>();
        auto client = std::make_shared<telemetry::ClientContext>();
        client->transport = telemetry::Transport::Http;
        session->client = std::move(client);
        m_gateway->sessionOpened(session);
        ask(session, R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
                     R"("capabilities":{"sampling":{}},"clientInfo":{"name":"tester","version":"1"}}})");
        return session;
    }
    /// The frames of the call whose client request has this id.
    [[nodiscard]] std::vector<const WireFrame*> framesOf(const QByteArray& rpcId) const
    {
        SpanId call;
        for (const WireFrame& frame : m_recorder.wire) {
            if (frame.direction == WireDirection::ClientToGateway && frame.kind == WireKind::Request && frame.rpcId == rpcId)
                call = frame.callSpanId;
        }
        std::vector<const WireFrame*> found;
        for (const WireFrame& frame : m_recorder.wire) {
            if (call.isValid() && frame.callSpanId == call)
                found.push_back(&frame);
        }
        return found;
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup() { m_gateway.reset(); }

    void theFramesOfACallBelongTogetherOnBothSides()
    {
        config::Server echo = programServer(builtProgram(QStringLiteral("oriel-echo-server")));
        echo.name = QStringLiteral("echo");
        open(echo);
        const auto session = openSession();
        const auto reply = ask(session, R"({"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"echo__echo",)"
                                        R"("arguments":{"text":"x"}}})");
        QTRY_COMPARE_WITH_TIMEOUT(reply->finished.size(), 1, 20'000);
        const auto frames = framesOf("5");
        QCOMPARE(frames.size(), std::size_t(4));
        const std::array directions{WireDirection::ClientToGateway, WireDirection::GatewayToServer,
                                    WireDirection::ServerToGateway, WireDirection::GatewayToClient};
        for (std::size_t i = 0; i < frames.size(); ++i) {
            QCOMPARE(frames[i]->direction, directions[i]);
            QCOMPARE(frames[i]->traceId, frames[0]->traceId);
            QVERIFY(frames[i]->era == WireEra::Legacy);
            QVERIFY(frames[i]->carrier == WireCarrier::Plain);
        }
        // Each side opens its own span.
        QCOMPARE(frames[0]->spanId, frames[0]->callSpanId);
        QVERIFY(frames[1]->spanId != frames[0]->spanId);
        QCOMPARE(frames[1]->spanId, frames[2]->spanId);
        QVERIFY(frames[0]->clientContext != nullptr && frames[0]->serverContext == nullptr);
        QCOMPARE(frames[1]->serverContext->protocolVersion, QByteArray("2025-11-25"));
    }

    void aQuestionOfTheServerAndItsAnswerArePartOfTheCall()
    {
        open(samplingServer());
        const auto session = openSession();
        const auto reply = ask(session, R"({"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"writer__one"}})");
        QTRY_COMPARE_WITH_TIMEOUT(reply->notified.size(), 1, 20'000);
        json::Document document;
        const auto question = mcp::readMessage(reply->notified.first(), document);
        QVERIFY(question.has_value());
        ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + question->id().toJson() + ",\"result\":{}}");
        QTRY_COMPARE_WITH_TIMEOUT(reply->finished.size(), 1, 20'000);
        const auto frames = framesOf("6");
        QCOMPARE(frames.size(), std::size_t(8));
        const auto count = [&](WireDirection direction, WireKind kind, QByteArrayView method) {
            return std::count_if(frames.cbegin(), frames.cend(), [&](const WireFrame* frame) {
                return frame->direction == direction && frame->kind == kind && (method.isEmpty() || frame->method == method);
            });
        };
        QCOMPARE(count(WireDirection::ServerToGateway, WireKind::Request, "sampling/createMessage"), 1);
        QCOMPARE(count(WireDirection::GatewayToClient, WireKind::Request, "sampling/createMessage"), 1);
        QCOMPARE(count(WireDirection::ClientToGateway, WireKind::Response, {}), 1);
        QCOMPARE(count(WireDirection::GatewayToServer, WireKind::Response, {}), 1);
        QCOMPARE(count(WireDirection::ServerToGateway, WireKind::Response, {}), 1);
        // The question made a stream of the answer, whose events have ids.
        const WireFrame& last = *frames.back();
        QVERIFY(last.direction == WireDirection::GatewayToClient && last.carrier == WireCarrier::AnswerEvent);
        QCOMPARE(last.eventId, QByteArray("1-2"));
    }

    void whatGoesToASessionOutsideOfCallsIsAnEventOfItsOwnStream()
    {
        config::Server server = scriptServer(
            QStringLiteral("handshake\nwhile read -r line; do\ncase \"$line\" in\n*tools/list*) answer \"$line\" \"$tools\";;\n"
                           "*tools/call*) printf '{\"jsonrpc\":\"2.0\",\"method\":\"notifications/of/tomorrow\"}\\n'; answer "
                           "\"$line\" '{\"content\":[]}';;\nesac\ndone"));
        server.name = QStringLiteral("writer");
        open(server);
        const auto session = openSession();
        const auto reply = ask(session, R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"writer__one"}})");
        QTRY_COMPARE_WITH_TIMEOUT(reply->finished.size(), 1, 20'000);
        const auto it = std::find_if(m_recorder.wire.cbegin(), m_recorder.wire.cend(), [](const WireFrame& frame) {
            return frame.direction == WireDirection::GatewayToClient && frame.method == "notifications/of/tomorrow";
        });
        QVERIFY(it != m_recorder.wire.cend());
        QVERIFY(it->carrier == WireCarrier::OwnEvent);
        QVERIFY(it->eventId.startsWith("0-"));
        QVERIFY(!it->callSpanId.isValid());
    }
};

QTEST_GUILESS_MAIN(GatewayWireTest)
#include "tst_gateway_wire.moc"
