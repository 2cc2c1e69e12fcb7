// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../../support/patience.h"
#include "../upstream/upstream_fixture.h"
#include "gateway/gateway.h"

#include <QSignalSpy>

namespace oriel::gateway::test {

config::Server named(config::Server server, const char* name);
/// A server that runs `lines` for each tools/call, whose line is in $line.
config::Server onCall(const char* name, const QString& lines);
[[nodiscard]] bool allReady(const Gateway& gateway);

/// A client that keeps what it is sent.
class KeptSession final : public downstream::Session {
public:
    void send(const QByteArray& frame) override { sent.append(frame); }
    [[nodiscard]] bool isReachable() const override { return reachable; }
    void close() override {}

    QList<QByteArray> sent;
    bool reachable = true;
};

class KeptReply final : public downstream::Reply {
public:
    void notify(const QByteArray& frame) override { notified.append(frame); }
    void finish(const QByteArray& frame, int /*httpStatus*/) override { finished.append(frame); }
    [[nodiscard]] bool isOpen() const override { return finished.isEmpty(); }
    [[nodiscard]] bool isHttp() const override { return true; }

    QList<QByteArray> notified;
    QList<QByteArray> finished;
};

/// What a client says of itself.
struct Client {
    QByteArray capabilities = "{}";
    QByteArray name = "tester";
    QByteArray server = {}; ///< the one that it sees; empty: all
    QByteArray token = {};
};

/// A gateway with real child processes behind it, and clients that keep what they get. Either the base of a test class, which
/// opens and closes it with each test function, or a value in one.
class GatewayHarness {
public:
    using Session = std::shared_ptr<KeptSession>;
    using Reply = std::shared_ptr<KeptReply>;

    GatewayHarness() = default;
    explicit GatewayHarness(const QList<config::Server>& servers) { open(servers); }
    ~GatewayHarness() { (void)stop(); }

    void open(const QList<config::Server>& servers);
    void open(const config::Config& configuration);
    /// The same, and waits until the servers are ready.
    void openReady(const QList<config::Server>& servers);
    void apply(const QList<config::Server>& servers);
    /// Lets every client leave, then ends the gateway; false when something is still held afterwards (m_held says what), or it
    /// does not stop in time.
    bool close();

    /// The same the other way round: the gateway ends while its clients are there.
    bool stop();

    [[nodiscard]] Session openSession(const Client& client = Client());
    /// A client of 2026-07-28, as the stateless endpoint presents it.
    [[nodiscard]] Session openModern(const QByteArray& capabilities = "{}");
    void leave(const Session& session) { m_gateway->sessionClosed(session); }

    Reply ask(const Session& session, const QByteArray& text);
    Reply request(const Session& session, const QByteArray& method, const QByteArray& params = "{}",
                  const QByteArray& id = "\"id-1\"");
    Reply call(const Session& session, const QByteArray& tool, const QByteArray& id = "\"id-1\"");
    void notify(const Session& session, const QByteArray& method);
    /// Answers what a server asked: `question` is the frame that came.
    void answer(const Session& session, const QByteArray& question, const QByteArray& result);

    [[nodiscard]] Gateway& gateway() const { return *m_gateway; }
    [[nodiscard]] const upstream::test::RecordingRecorder& recorder() const { return m_recorder; }
    [[nodiscard]] upstream::ServerStatus status(const QString& name) const;
    [[nodiscard]] bool isReady(const QString& name) const { return status(name).state == upstream::ServerState::Ready; }
    [[nodiscard]] int clientConnections(const QString& name) const { return status(name).clientConnections; }
    [[nodiscard]] bool allReady() const { return test::allReady(*m_gateway); }
    /// The last one of that method.
    [[nodiscard]] const telemetry::CallRecord* record(QByteArrayView method) const;

protected:
    [[nodiscard]] bool holdsNothing(); ///< m_held says what is held
    bool shutDown();
    void leaveAll();

    const Clock* m_clock = &upstream::test::systemClock();
    http::Client* m_http = nullptr;
    Random* m_random = &upstream::test::systemRandom();
    std::int64_t m_heldForNs = HeldCalls::kHeldNs;
    upstream::test::RecordingRecorder m_recorder;
    std::unique_ptr<Gateway> m_gateway;
    QByteArray m_held;
};

} // namespace oriel::gateway::test
