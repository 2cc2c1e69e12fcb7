// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"
#include "http/sse.h"
#include "upstream/bearer_token.h"
#include "upstream/http_transport.h"

#include <QTimer>

#include <map>

namespace oriel::upstream {

/// MCP over HTTP+SSE, revision 2024-11-05 (basic/transports, "HTTP with SSE"): one GET stream that first names the address for
/// POSTs and then carries everything the server says. The address must be of the same origin. A broken stream ends the transport.
class LegacySseTransport final : public Transport {
public:
    LegacySseTransport(HttpSettings settings, http::Client& client, const Clock& clock, TransportHandler& handler);
    ~LegacySseTransport() override;

    void start() override;
    [[nodiscard]] Status send(const QByteArray& frame, const SendOptions& options) override;
    void forget(std::int64_t requestId) override;
    void answered(std::int64_t requestId) override;
    void close() override;
    [[nodiscard]] const StartFacts& facts() const override { return m_facts; }

private:
    /// One POST until it is answered.
    struct Post {
        QByteArray frame;
        SendOptions options;
        int status = 0;
        QByteArray authenticate;
        QHostAddress peer;
        QByteArray usedToken;
        int questions = 0;              ///< for another token
        BearerToken::Ticket ticket = 0; ///< of the question that is open
        http::RequestHandle handle;
    };
    using Posts = std::map<std::uint64_t, Post>;

    void openStream();
    [[nodiscard]] bool askForStreamToken();
    void post(std::uint64_t key);
    http::BodyMode onHead(const http::ResponseHead& head);
    void onData(QByteArrayView bytes);
    void takeEndpoint(const QByteArray& text);
    void posted(std::uint64_t key, const QByteArray& body);
    void postFailed(std::uint64_t key, const SendFailure& failure);
    [[nodiscard]] Posts::iterator postOf(std::int64_t requestId);
    void drop(Posts::iterator it);
    void dropLingering();
    void end(CloseReason::Kind kind, Error error);

    HttpSettings m_settings;
    http::Client& m_client;
    const Clock& m_clock;
    TransportHandler& m_handler;
    StartFacts m_facts;
    http::Endpoint m_stream;
    http::Endpoint m_messages;
    http::Headers m_fixedHeaders;
    std::unique_ptr<http::SseParser> m_parser;
    http::RequestHandle m_streamHandle;
    BearerToken m_token;
    Post m_streamRequest; ///< what of it concerns the token
    Posts m_posts;
    std::uint64_t m_lastKey = 0;
    bool m_running = false;
    bool m_over = false;
    CloseReason m_closeReason;
    QTimer m_later;
    QTimer m_linger;
    QList<std::uint64_t> m_lingering; ///< POSTs whose request is over, since the timer began
    QList<std::uint64_t> m_lingered;  ///< those of the time before: dropped next
};

} // namespace oriel::upstream
