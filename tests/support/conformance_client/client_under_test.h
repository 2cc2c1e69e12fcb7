// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../recording_recorder.h"
#include "base/clock.h"
#include "base/random.h"
#include "headless_browser.h"
#include "memory_credential_store.h"
#include "scenario.h"
#include "service/upstream_sign_ins.h"
#include "upstream/server_connection.h"

#include <QObject>

#include <deque>
#include <memory>

namespace oriel::conformance {

/// Runs one scenario with the gateway's own connection to a server and its own way of signing in: connects, reads the lists,
/// makes the scenario's calls one after the other, and says how it went.
class ClientUnderTest final : public QObject, public upstream::ServerConnectionHandler, public upstream::ReplyHandler {
    Q_OBJECT
public:
    explicit ClientUnderTest(Scenario scenario);
    ~ClientUnderTest() override;
    void start();

Q_SIGNALS:
    /// The connection has ended in order; `exitCode` is 0 when every call was answered.
    void finished(int exitCode);

private:
    void onNotification(upstream::ServerConnection&, const mcp::Message&, upstream::CallToken) override {}
    void onRequest(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related) override;
    void onStateChanged(upstream::ServerConnection& connection) override;
    void onListChanged(upstream::ServerConnection&, mcp::ListKind) override {}
    void onReply(upstream::CallToken token, quint64 cookie, upstream::Reply& reply) override;

    [[nodiscard]] config::Server server() const;
    [[nodiscard]] upstream::ConnectionContext context();
    void begin();
    void listSteps();
    /// As the server wrote it.
    [[nodiscard]] QByteArray schemaOf(QByteArrayView tool) const;
    void next();
    void takeResult(const mcp::Message& answer);
    void end(int exitCode, const QString& why = {});

    const Scenario m_scenario;
    SystemClock m_clock;
    SystemRandom m_random;
    test::RecordingRecorder m_recorder;
    http::Client m_http;
    HeadlessBrowser m_browser;
    MemoryCredentialStore m_credentials;
    service::UpstreamSignIns m_signIns;
    std::deque<Step> m_steps;
    Step m_current;
    bool m_begun = false;
    bool m_ending = false;
    int m_exitCode = 0;
    std::unique_ptr<upstream::ServerConnection> m_connection; ///< last: it uses all the others
};

} // namespace oriel::conformance
