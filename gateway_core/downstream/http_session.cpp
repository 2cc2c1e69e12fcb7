// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/http_session.h"

namespace oriel::downstream {

http::Headers eventStreamHeaders(QByteArrayView requestId)
{
    return {{"Content-Type", "text/event-stream"},
            {"Cache-Control", "no-store"},
            {"X-Accel-Buffering", "no"},
            {"X-Request-ID", requestId}};
}

HttpSession::HttpSession(std::function<void(const QByteArray&)> onClose)
    : m_onClose(std::move(onClose)),
      m_unrelated(std::make_shared<EventStream>(0, false))
{}

void HttpSession::close()
{
    m_onClose(id);
}

/// A stream that is complete is kept for a client that lost its connection, as long as all of them stay small.
void HttpSession::forgetFinished()
{
    qsizetype bytes = 0;
    for (auto it = m_streams.end(); it != m_streams.begin();) {
        --it;
        if (!it->second->isFinished())
            continue;
        bytes += it->second->keptBytes();
        if (bytes > kMaxFinishedBytes)
            it = m_streams.erase(it);
    }
}

std::shared_ptr<EventStream> HttpSession::openStream()
{
    forgetFinished();
    if (m_streams.size() >= kMaxStreams) {
        auto oldest =
            std::find_if(m_streams.begin(), m_streams.end(), [](const auto& entry) { return entry.second->isFinished(); });
        m_streams.erase(oldest == m_streams.end() ? m_streams.begin() : oldest);
    }
    auto stream = std::make_shared<EventStream>(++m_lastStream, primes());
    m_streams.emplace(m_lastStream, stream);
    return stream;
}

bool HttpSession::attach(http::Exchange exchange, QByteArrayView lastEventId, const http::Headers& headers)
{
    if (lastEventId.isEmpty()) {
        m_unrelated->attach(std::move(exchange), std::nullopt, headers);
        return true;
    }
    const auto event = EventStream::parseId(lastEventId);
    if (!event)
        return false;
    if (event->stream == 0) {
        m_unrelated->attach(std::move(exchange), event->event, headers);
        return true;
    }
    const auto stream = m_streams.find(event->stream);
    if (stream == m_streams.end())
        return false;
    stream->second->attach(std::move(exchange), event->event, headers);
    return true;
}

void HttpSession::endStreams()
{
    m_unrelated->finish();
    for (const auto& [number, stream] : m_streams)
        stream->finish();
}

qsizetype HttpSession::openStreams() const
{
    return std::count_if(m_streams.cbegin(), m_streams.cend(), [](const auto& entry) { return !entry.second->isFinished(); });
}

http::Headers HttpReply::headers(QByteArrayView contentType) const
{
    http::Headers headers{{"Content-Type", contentType}, {"X-Request-ID", m_requestId}};
    if (m_announcesSession)
        headers.add("Mcp-Session-Id", m_session->id);
    return headers;
}

void HttpReply::beginStream()
{
    letGo();
    if (m_stream != nullptr)
        return;
    m_stream = m_session->openStream();
    http::Headers fields = headers("text/event-stream");
    fields.add("Cache-Control", "no-store");
    fields.add("X-Accel-Buffering", "no");
    m_stream->attach(m_exchange, std::nullopt, fields);
}

void HttpReply::notify(const QByteArray& frame)
{
    beginStream();
    m_stream->send(frame);
}

void HttpReply::pause(std::chrono::milliseconds retry)
{
    if (m_isFinished || !m_session->primes())
        return;
    beginStream();
    m_stream->pause(retry);
}

void HttpReply::finish(const QByteArray& frame, int httpStatus)
{
    letGo();
    m_isFinished = true;
    if (m_prefers == Prefers::EventStream && httpStatus == 200)
        beginStream();
    if (m_stream != nullptr) {
        m_stream->send(frame);
        m_stream->finish();
        return;
    }
    m_exchange.respond({httpStatus, headers("application/json"), frame});
}

} // namespace oriel::downstream
