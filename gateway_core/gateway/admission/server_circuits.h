// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"
#include "upstream/circuit_breaker.h"

#include <QHash>

#include <memory>

namespace oriel::gateway {

/// The leave of one call to go to its server. Tells the circuit breaker once how the call ended; one that is destroyed before
/// leaves it to the next call to try the server.
class CircuitPass {
public:
    CircuitPass() = default;
    CircuitPass(std::shared_ptr<upstream::CircuitBreaker> breaker, bool isProbe);
    CircuitPass(CircuitPass&& other) noexcept = default;
    CircuitPass& operator=(CircuitPass&& other) noexcept;
    ~CircuitPass();

    /// True when that changed the breaker's state.
    bool succeeded();
    bool failed(QByteArray cause);

private:
    /// The breaker, if what happened to this call still tells it something.
    std::shared_ptr<upstream::CircuitBreaker> take();

    std::shared_ptr<upstream::CircuitBreaker> m_breaker;
    std::uint32_t m_generation = 0;
    bool m_isProbe = false;
};

/// One circuit breaker for each server, however many connections it has. Gateway thread only.
class ServerCircuits {
public:
    explicit ServerCircuits(const Clock& clock) : m_clock(clock) {}

    /// Breakers of servers that are gone go; the others keep their state under the new settings.
    void configure(const config::Config& configuration);
    /// Null for a server that is not configured.
    [[nodiscard]] std::shared_ptr<upstream::CircuitBreaker> of(const QByteArray& server) const
    {
        return m_breakers.value(server);
    }

private:
    const Clock& m_clock;
    QHash<QByteArray, std::shared_ptr<upstream::CircuitBreaker>> m_breakers;
};

} // namespace oriel::gateway
