// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/event_stream.h"

#include "http/sse.h"

namespace oriel::downstream {

QByteArray EventStream::idOf(std::uint64_t event) const
{
    return QByteArray::number(m_number) + '-' + QByteArray::number(quint64(event));
}

std::optional<EventStream::EventId> EventStream::parseId(QByteArrayView lastEventId)
{
    const QByteArray text = lastEventId.toByteArray();
    const qsizetype dash = text.indexOf('-');
    bool streamOk = false;
    bool eventOk = false;
    const EventId id{text.left(dash).toUInt(&streamOk), text.mid(dash + 1).toULongLong(&eventOk)};
    if (dash <= 0 || !streamOk || !eventOk)
        return std::nullopt;
    return id;
}

void EventStream::keep(Event event)
{
    m_keptBytes += event.data.size();
    m_kept.push_back(std::move(event));
    while (m_kept.size() > 1 && (m_kept.size() > kMaxKeptEvents || m_keptBytes > kMaxKeptBytes)) {
        m_keptBytes -= m_kept.front().data.size();
        m_kept.pop_front();
    }
}

void EventStream::send(const QByteArray& frame)
{
    const std::uint64_t number = ++m_last;
    if (m_exchange.isOpen() && m_exchange.write(http::sseEvent(frame, idOf(number), "message")))
        m_sent = number;
    keep({number, frame});
}

void EventStream::finish()
{
    m_finished = true;
    m_exchange.end();
}

void EventStream::pause(std::chrono::milliseconds retry)
{
    m_exchange.write(http::sseRetry(retry));
    m_exchange.end();
}

void EventStream::attach(http::Exchange exchange, std::optional<std::uint64_t> lastSeen, const http::Headers& headers)
{
    m_exchange.end();
    m_exchange = std::move(exchange);
    m_exchange.startStream(200, headers);
    const std::uint64_t after = lastSeen.value_or(m_sent);
    if (m_primes && !lastSeen)
        m_exchange.write(http::ssePrimingEvent(idOf(after), std::chrono::milliseconds(1000)));
    for (const Event& event : m_kept) {
        if (event.number > after && m_exchange.write(http::sseEvent(event.data, idOf(event.number), "message")))
            m_sent = std::max(m_sent, event.number);
    }
    if (m_finished)
        m_exchange.end();
}

} // namespace oriel::downstream
