// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_session.h"

namespace oriel::conformance {

namespace {

constexpr std::size_t KeptStreams = 64;

} // namespace

HttpSession::HttpSession(std::shared_ptr<Session> session) : m_session(std::move(session)) {}

Revision HttpSession::revision() const
{
    return m_session->handshake ? m_session->handshake->revision : mcp::NewestLegacy;
}

std::shared_ptr<EventStream> HttpSession::openStream(http::Exchange exchange)
{
    for (auto it = m_streams.begin(); m_streams.size() >= KeptStreams && it != m_streams.end();) {
        it = it->second->isFinished() ? m_streams.erase(it) : std::next(it);
    }
    auto stream = std::make_shared<EventStream>(++m_lastStream, revision(), std::move(exchange));
    m_streams.emplace(stream->number(), stream);
    return stream;
}

void HttpSession::openUnrelated(http::Exchange exchange)
{
    const std::shared_ptr<EventStream> stream = openStream(std::move(exchange));
    m_session->sendUnrelated = [stream](const QJsonObject& message) { stream->send(message); };
}

bool HttpSession::resume(QByteArrayView lastEventId, http::Exchange exchange)
{
    const auto position = EventStream::parseEventId(lastEventId);
    const auto found = position ? m_streams.find(position->first) : m_streams.end();
    if (found == m_streams.end()) {
        return false;
    }
    found->second->resume(std::move(exchange), position->second);
    return true;
}

void HttpSession::close()
{
    for (const auto& [number, stream] : m_streams) {
        stream->abandon();
    }
    m_streams.clear();
}

} // namespace oriel::conformance
