// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway_fixture.h"

namespace oriel::gateway::test {

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

    std::shared_ptr<KeptReply> ask(const std::shared_ptr<KeptSession>& session, const QByteArray& text);
    std::shared_ptr<KeptReply> request(const std::shared_ptr<KeptSession>& session, const QByteArray& method,
                                       const QByteArray& params = "{}", const QByteArray& id = "\"id-1\"");
    std::shared_ptr<KeptSession> openSession(const QByteArray& server = {}, const QByteArray& capabilities = "{}",
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
