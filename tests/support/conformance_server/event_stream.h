// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "channel.h"
#include "http/exchange.h"
#include "protocol.h"

#include <deque>
#include <memory>

namespace oriel::conformance {

/// One event stream of a legacy session: it outlives its connection, and a client that comes back gets what it missed.
class EventStream final : public Channel {
public:
    /// Begins the answer; 2025-11-25 opens with a priming event.
    EventStream(int number, Revision revision, http::Exchange exchange);

    void send(const QJsonObject& message) override;
    void finish(const QJsonObject& response, int httpStatus) override;
    void abandon() override;
    void pause() override;
    /// Like finish, for text that is no single message.
    void finishWith(const QByteArray& json);

    [[nodiscard]] int number() const { return m_number; }
    [[nodiscard]] bool isFinished() const { return m_isFinished; }
    [[nodiscard]] bool isConnected() const { return m_exchange.isOpen(); }
    /// Goes on through another connection, from behind the event of that number.
    void resume(http::Exchange exchange, qint64 lastEvent);

    /// "stream-event" as in event ids; nothing for other text.
    [[nodiscard]] static std::optional<std::pair<int, qint64>> parseEventId(QByteArrayView id);

private:
    struct Event {
        qint64 number;
        QByteArray data;
    };
    void begin();
    void write(const Event& event);
    void append(const QByteArray& data);
    [[nodiscard]] QByteArray eventId(qint64 event) const;

    int m_number;
    Revision m_revision;
    http::Exchange m_exchange;
    std::deque<Event> m_events;
    qint64 m_lastEvent = 0;
    bool m_isFinished = false;
};

[[nodiscard]] http::Headers eventStreamHeaders();

} // namespace oriel::conformance
