// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "bridge_link.h"
#include "http/client.h"
#include "mcp/message.h"
#include "mcp/param_headers.h"
#include "options.h"
#include "upstream/http_transport.h"

#include <QHash>
#include <QTimer>

namespace oriel::app {

/// An endpoint anywhere, over Streamable HTTP of both eras: frames of 2026-07-28 get the headers that repeat them, cancelling
/// one closes its stream. An endpoint that cannot be reached is tried again with growing pauses.
class HttpLink final : public BridgeLink, public upstream::TransportHandler {
    Q_OBJECT
public:
    HttpLink(const Options& options, const Clock& clock, QObject* parent = nullptr);
    ~HttpLink() override;

    void open() override;
    void send(const QByteArray& frame) override;
    void close() override;
    [[nodiscard]] bool isUp() const override { return m_isUp; }

    // upstream::TransportHandler
    void onStarted() override;
    void onFrame(QByteArray text, const upstream::FrameOrigin& origin) override;
    void onSendFailed(std::int64_t requestId, const upstream::SendFailure& failure) override;
    void onStrayOutput(QByteArray line, std::int64_t suppressed) override;
    void onOversizedFrame(QByteArray head, QByteArray tail, qint64 bytes) override;
    void onStderr(QByteArray line, std::int64_t suppressed) override;
    [[nodiscard]] bool isAwaited(std::int64_t requestId) override { return m_requests.contains(requestId); }
    void onClosed(const upstream::CloseReason& reason) override;

private:
    struct Request {
        mcp::RequestId id;
        mcp::MethodId method = mcp::MethodId::Unknown;
        bool modern = false;
    };
    void connectAgain();
    void goDown();
    void addHeaders(upstream::SendOptions& options, const mcp::Message& message);
    bool cancelled(const mcp::Message& notification);
    void takeAnswer(const mcp::Message& answer);
    void rememberTools(const mcp::Message& answer);

    const Clock& m_clock;
    upstream::HttpSettings m_settings;
    http::Client m_client;
    json::Document m_document;
    QHash<std::int64_t, Request> m_requests;
    QHash<QByteArray, std::vector<mcp::ParamHeader>> m_tools; ///< whose arguments are repeated in headers
    std::int64_t m_lastRequest = 0;
    QTimer m_retry;
    int m_tries = 0;
    bool m_isUp = false;
    bool m_closing = false;
    std::unique_ptr<upstream::Transport> m_transport;
    std::vector<std::unique_ptr<upstream::Transport>> m_ended; ///< destroyed when nothing of them is on the stack
};

} // namespace oriel::app
