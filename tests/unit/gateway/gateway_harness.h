// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../upstream/upstream_fixture.h"
#include "gateway/gateway.h"

namespace oriel::gateway::test {

class KeepingSession final : public downstream::Session {
public:
    void send(const QByteArray& frame) override { sent.append(frame); }
    [[nodiscard]] bool isReachable() const override { return true; }
    void close() override { isClosed = true; }

    QList<QByteArray> sent;
    bool isClosed = false;
};

class KeepingReply final : public downstream::Reply {
public:
    void notify(const QByteArray& frame) override { notified.append(frame); }
    void finish(const QByteArray& frame, int /*httpStatus*/) override { finished.append(frame); }
    [[nodiscard]] bool isOpen() const override { return finished.isEmpty(); }
    [[nodiscard]] bool isHttp() const override { return true; }

    QList<QByteArray> notified;
    QList<QByteArray> finished;
};

config::Server named(config::Server server, const char* name);
/// A server that runs `lines` for each tools/call, whose line is in $line.
config::Server onCall(const char* name, const QString& lines);

/// A gateway with real child processes behind it, and clients that keep what they get.
class GatewayHarness {
protected:
    void open(const QList<config::Server>& servers);
    void open(const config::Config& configuration);
    /// Lets every client leave, then ends the gateway; false when something is still held afterwards (m_held says what), or it
    /// does not stop in time.
    bool close();

    std::shared_ptr<KeepingReply> ask(const std::shared_ptr<KeepingSession>& session, const QByteArray& text);
    std::shared_ptr<KeepingReply> request(const std::shared_ptr<KeepingSession>& session, const QByteArray& method,
                                          const QByteArray& params = "{}", const QByteArray& id = "\"id-1\"");
    std::shared_ptr<KeepingSession> openSession(const QByteArray& server = {}, const QByteArray& capabilities = "{}",
                                                const QByteArray& token = {});
    [[nodiscard]] bool allReady() const;
    /// The last one of that method.
    [[nodiscard]] const telemetry::CallRecord* record(QByteArrayView method) const;

    const Clock* m_clock = &upstream::test::systemClock();
    http::Client* m_http = nullptr;
    Random* m_random = &upstream::test::systemRandom();
    upstream::test::RecordingRecorder m_recorder;
    std::unique_ptr<Gateway> m_gateway;
    QByteArray m_held;
};

} // namespace oriel::gateway::test
