// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"
#include "http/sse.h"
#include "upstream/bearer_token.h"
#include "upstream/http_transport.h"

#include <QHash>
#include <QTimer>

#include <map>

namespace oriel::upstream {

/// MCP over Streamable HTTP (basic/transports, "Streamable HTTP"): each frame a POST, answers as JSON or as an event stream. Up
/// to 2025-11-25 also a GET stream for what the server sends by itself, resumption of broken streams by Last-Event-ID, sessions;
/// frames sent with SendOptions::modern have none of it. A request that is refused for want of a token goes out again with
/// another one, if there is one to be had.
class StreamableHttpTransport final : public Transport {
public:
    StreamableHttpTransport(HttpSettings settings, http::Client& client, const Clock& clock, TransportHandler& handler);
    ~StreamableHttpTransport() override;

    void start() override;
    [[nodiscard]] Status send(const QByteArray& frame, const SendOptions& options) override;
    void forget(std::int64_t requestId) override;
    void answered(std::int64_t requestId) override;
    void setProtocolVersion(const QByteArray& version) override;
    void close() override;
    [[nodiscard]] const StartFacts& facts() const override { return m_facts; }
    [[nodiscard]] QByteArray sessionId() const override { return m_session; }
    [[nodiscard]] qsizetype openRequests() const override { return m_byRequest.size(); }

private:
    /// One HTTP request and its response; `key` names it while it runs.
    struct Exchange {
        std::uint64_t key = 0;
        std::int64_t requestId = 0; ///< 0: a notification, an answer, or the server's own stream
        bool initialize = false;
        bool initialized = false;
        bool discover = false;
        bool modern = false;
        bool ownStream = false; ///< the GET stream
        bool stream = false;    ///< the response is an event stream
        QByteArray session;     ///< that it was sent with
        int status = 0;
        bool json = false;
        QByteArray authenticate;
        std::int64_t firstByteNs = 0;
        std::unique_ptr<http::SseParser> parser;
        QByteArray lastEventId;
        std::optional<std::chrono::milliseconds> retry;
        int fruitless = 0; ///< resumptions in a row without an event
        bool sawEvent = false;
        std::int64_t openedNs = 0; ///< of the stream
        http::RequestHandle handle;
        std::unique_ptr<QTimer> wait; ///< before a resumption

        /// A POST as it was asked for, kept while another token may be needed for it.
        struct Posted {
            QByteArray frame;
            SendOptions options;
        };
        std::optional<Posted> posted;
        QHostAddress peer;
        QByteArray usedToken;
        int questions = 0;              ///< for another token
        BearerToken::Ticket ticket = 0; ///< of the question that is open

        [[nodiscard]] bool decidesStart() const { return initialize || discover; }
    };
    using Exchanges = std::map<std::uint64_t, std::unique_ptr<Exchange>>;

    void post(Exchange& exchange, const QByteArray& frame, const SendOptions& options);
    void get(Exchange& exchange);
    Exchange& addExchange();
    [[nodiscard]] http::Headers requestHeaders(const Exchange& exchange) const;
    [[nodiscard]] http::ResponseHandler responseHandler(std::uint64_t key);
    [[nodiscard]] Exchange* find(std::uint64_t key);
    void remove(std::uint64_t key);

    http::BodyMode onHead(Exchange& exchange, const http::ResponseHead& head);
    void onData(std::uint64_t key, QByteArrayView bytes);
    void onEnd(std::uint64_t key, const QByteArray& body);
    void onError(std::uint64_t key, const http::ClientError& error);
    enum class StreamEnd : quint8 { Closed, Broken };
    void streamEnded(Exchange& exchange, StreamEnd how);
    void refused(Exchange& exchange, const QByteArray& body);
    [[nodiscard]] bool askForToken(Exchange& exchange);
    void tokenAnswered(std::uint64_t key, const Status& got);
    void answerBody(std::uint64_t key, const QByteArray& body);
    void resumeLater(Exchange& exchange);
    void resume(Exchange& exchange);
    void openOwnStream();
    void dropLingering();
    void failRequest(Exchange& exchange, const SendFailure& failure);
    void lost(Error error);
    void finish(const CloseReason& reason);

    HttpSettings m_settings;
    http::Client& m_client;
    const Clock& m_clock;
    TransportHandler& m_handler;
    StartFacts m_facts;
    http::Endpoint m_endpoint;
    http::Headers m_fixedHeaders;
    BearerToken m_token;
    QByteArray m_version;
    QByteArray m_session;
    bool m_running = false;
    bool m_closing = false;
    bool m_over = false;
    std::uint64_t m_lastKey = 0;
    Exchanges m_exchanges;
    QHash<std::int64_t, std::uint64_t> m_byRequest;
    std::uint64_t m_ownStreamKey = 0;
    QTimer m_later; ///< start, and the end that was found out
    QTimer m_linger;
    QList<std::uint64_t> m_lingering; ///< streams whose request is over, since the timer began
    QList<std::uint64_t> m_lingered;  ///< those of the time before: dropped next
    CloseReason m_closeReason;
    http::RequestHandle m_delete;
};

} // namespace oriel::upstream
