// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/exchange.h"

#include <QByteArray>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace oriel::downstream {

/// One server-sent event stream of a session that can be resumed with Last-Event-ID (2025-11-25 basic/transports, "Resumability
/// and Redelivery"). Events keep the id `<stream>-<number>`; the last ones are kept, bounded, while the client is away and for a
/// while after. Gateway thread only.
class EventStream {
public:
    static constexpr std::size_t kMaxKeptEvents = 256;
    static constexpr qsizetype kMaxKeptBytes = 1024 * 1024;

    EventStream(std::uint32_t number, bool primes) : m_number(number), m_primes(primes) {}

    [[nodiscard]] std::uint32_t number() const { return m_number; }

    /// Sends one frame as an event, or keeps it until a client attaches.
    void send(const QByteArray& frame);
    /// No event follows; the HTTP answer is completed.
    void finish();
    /// Ends the HTTP answer early; the client is told to come back for the rest after `retry` (2025-11-25 basic/transports,
    /// "Sending Messages to the Server", 6).
    void pause(std::chrono::milliseconds retry);
    /// Starts a 200 answer on `exchange` and sends what the client has not seen: all kept events after `lastSeen`, or those never
    /// sent. Takes the place of an exchange attached before, which is ended.
    void attach(http::Exchange exchange, std::optional<std::uint64_t> lastSeen, const http::Headers& headers);

    /// The id of the newest event.
    [[nodiscard]] QByteArray lastId() const { return idOf(m_last); }
    [[nodiscard]] bool isAttached() const { return m_exchange.isOpen(); }
    [[nodiscard]] bool isFinished() const { return m_finished; }
    [[nodiscard]] qsizetype keptBytes() const { return m_keptBytes; }

    struct EventId {
        std::uint32_t stream = 0;
        std::uint64_t event = 0;
    };
    static std::optional<EventId> parseId(QByteArrayView lastEventId);

private:
    struct Event {
        std::uint64_t number;
        QByteArray data;
    };
    [[nodiscard]] QByteArray idOf(std::uint64_t event) const;
    void keep(Event event);

    std::uint32_t m_number;
    bool m_primes;
    bool m_finished = false;
    std::uint64_t m_last = 0;
    std::uint64_t m_sent = 0; ///< the newest event that was written to an open exchange
    qsizetype m_keptBytes = 0;
    std::deque<Event> m_kept;
    http::Exchange m_exchange;
};

} // namespace oriel::downstream
