// SPDX-License-Identifier: GPL-3.0-or-later
#include "event_stream.h"

#include "http/sse.h"

namespace oriel::conformance {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t KeptEvents = 256;
constexpr auto RetryDelay = 500ms;

} // namespace

http::Headers eventStreamHeaders()
{
    return {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}};
}

EventStream::EventStream(int number, Revision revision, http::Exchange exchange)
    : m_number(number),
      m_revision(revision),
      m_exchange(std::move(exchange))
{
    begin();
    if (m_revision >= Revision::V2025_11_25) {
        m_exchange.write(http::ssePrimingEvent(eventId(0), RetryDelay));
    }
}

void EventStream::begin()
{
    m_exchange.startStream(200, eventStreamHeaders());
}

void EventStream::send(const QJsonObject& message)
{
    append(compact(message));
}

void EventStream::finish(const QJsonObject& response, int)
{
    finishWith(compact(response));
}

void EventStream::finishWith(const QByteArray& json)
{
    append(json);
    m_isFinished = true;
    m_exchange.end();
}

void EventStream::abandon()
{
    m_isFinished = true;
    m_exchange.end();
}

void EventStream::pause()
{
    if (m_revision >= Revision::V2025_11_25) {
        m_exchange.write(http::sseRetry(RetryDelay));
        m_exchange.end();
    }
}

void EventStream::resume(http::Exchange exchange, qint64 lastEvent)
{
    m_exchange.end();
    m_exchange = std::move(exchange);
    begin();
    for (const Event& event : m_events) {
        if (event.number > lastEvent) {
            write(event);
        }
    }
    if (m_isFinished) {
        m_exchange.end();
    }
}

std::optional<std::pair<int, qint64>> EventStream::parseEventId(QByteArrayView id)
{
    const qsizetype dash = id.indexOf('-');
    bool isStream = false;
    bool isEvent = false;
    const int stream = dash > 0 ? id.first(dash).toInt(&isStream) : 0;
    const qint64 event = dash > 0 ? id.sliced(dash + 1).toLongLong(&isEvent) : 0;
    return isStream && isEvent ? std::optional(std::pair(stream, event)) : std::nullopt;
}

void EventStream::append(const QByteArray& data)
{
    if (m_isFinished) {
        return;
    }
    m_events.push_back({++m_lastEvent, data});
    if (m_events.size() > KeptEvents) {
        m_events.pop_front();
    }
    if (m_exchange.isOpen()) {
        write(m_events.back());
    }
}

void EventStream::write(const Event& event)
{
    m_exchange.write(http::sseEvent(event.data, eventId(event.number), "message"));
}

QByteArray EventStream::eventId(qint64 event) const
{
    return QByteArray::number(m_number) + '-' + QByteArray::number(event);
}

} // namespace oriel::conformance
