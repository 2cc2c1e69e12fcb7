// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "config/limits.h"

#include <QByteArray>
#include <QByteArrayView>

#include <array>
#include <cstdint>

namespace oriel::upstream {

enum class CircuitState : quint8 {
    Closed,   ///< calls go to the server
    Open,     ///< calls are refused; after the cool-down the next one tries the server
    HalfOpen, ///< that one is under way, the others are refused
};

QByteArrayView circuitStateName(CircuitState state); ///< "closed", "open", "half_open"

/// One moment of a circuit breaker, as a value for any thread.
struct CircuitStatus {
    bool enabled = false;
    CircuitState state = CircuitState::Closed;
    std::int64_t sinceUnixNs = 0;    ///< when it opened, or closed again; 0: it has never opened
    std::int64_t tryAgainUnixNs = 0; ///< Open: when a call may try the server
    int failures = 0;                ///< in a row
    QByteArray cause;                ///< of the last failure
};

/// Decides whether calls may go to one server, by how earlier ones ended. It opens after failures in a row or from a share of
/// failures on, lets one call through when the cool-down is over, and closes when that one is answered. Nothing happens by
/// itself: an open breaker waits for the next call. Not thread-safe.
class CircuitBreaker {
public:
    explicit CircuitBreaker(const Clock& clock) : m_clock(clock) {}

    /// Takes new settings; the state stays, unless it is switched off.
    void configure(const config::CircuitBreaker& settings);
    [[nodiscard]] const config::CircuitBreaker& settings() const { return m_settings; }

    enum class Verdict : quint8 { Allowed, Probe, Refused };
    /// For each call that is about to go to the server. A Probe has to end with succeeded(), failed() or abandonProbe().
    [[nodiscard]] Verdict ask();

    /// How a call ended that ask() allowed; `isProbe`: as a Probe. True when the state changed. Only availability counts: a
    /// server that answers with an error answers.
    bool succeeded(bool isProbe);
    bool failed(bool isProbe, QByteArray cause);
    /// The probe ended without telling anything: the next call is one.
    void abandonProbe();

    /// Forgets everything: somebody has restarted the server. Calls that began before tell nothing any more: see generation().
    void close();
    /// The server says itself that it is there: the next call tries it whatever is left of the cool-down.
    void tryNow();

    /// Changes with close(); how a call of an earlier generation ended must not be told.
    [[nodiscard]] std::uint32_t generation() const { return m_generation; }
    [[nodiscard]] CircuitState state() const { return m_state; }
    [[nodiscard]] CircuitStatus status() const;
    /// Open: until a call may try the server. HalfOpen: a guess of when the one under way has told. Nanoseconds, not negative.
    [[nodiscard]] std::int64_t retryAfterNs() const;

private:
    struct Slot {
        std::int64_t number = -1;
        int calls = 0;
        int failures = 0;
    };
    static constexpr std::size_t kSlots = 10;
    void open(std::int64_t cooldownNs);
    void setState(CircuitState state);
    void count(bool failed);
    [[nodiscard]] bool isShareReached() const;
    [[nodiscard]] std::int64_t slotNumber() const;

    const Clock& m_clock;
    config::CircuitBreaker m_settings;
    CircuitState m_state = CircuitState::Closed;
    std::int64_t m_sinceUnixNs = 0;
    std::int64_t m_tryAgainNs = 0; ///< monotonic
    std::int64_t m_cooldownNs = 0; ///< the last one
    int m_failures = 0;
    std::uint32_t m_generation = 0;
    QByteArray m_cause;
    std::array<Slot, kSlots> m_slots; ///< of the window
};

} // namespace oriel::upstream
