// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/circuit_breaker.h"

#include <algorithm>

namespace oriel::upstream {

namespace {

/// A probe may take as long as any call; a client that was refused meanwhile should not ask again at once.
constexpr std::int64_t kProbeGuessNs = 1'000'000'000;

std::int64_t nanoseconds(std::chrono::milliseconds time)
{
    return std::chrono::nanoseconds(time).count();
}

} // namespace

QByteArrayView circuitStateName(CircuitState state)
{
    switch (state) {
    case CircuitState::Closed:
        return "closed";
    case CircuitState::Open:
        return "open";
    case CircuitState::HalfOpen:
        return "half_open";
    }
    Q_UNREACHABLE();
}

void CircuitBreaker::configure(const config::CircuitBreaker& settings)
{
    if (settings == m_settings) {
        return;
    }
    m_settings = settings;
    m_slots = {};
    if (!settings.enabled) {
        close();
    }
}

CircuitBreaker::Verdict CircuitBreaker::ask()
{
    if (m_state == CircuitState::Closed) {
        return Verdict::Allowed;
    }
    if (m_state == CircuitState::HalfOpen || m_clock.monotonicNs() < m_tryAgainNs) {
        return Verdict::Refused;
    }
    setState(CircuitState::HalfOpen);
    return Verdict::Probe;
}

bool CircuitBreaker::succeeded(bool isProbe)
{
    if (!m_settings.enabled) {
        return false;
    }
    if (m_state == CircuitState::Closed) {
        m_failures = 0;
        count(false);
        return false;
    }
    // The others began before it opened.
    if (m_state != CircuitState::HalfOpen || !isProbe) {
        return false;
    }
    m_failures = 0;
    m_slots = {};
    m_cause.clear();
    m_cooldownNs = 0;
    setState(CircuitState::Closed);
    return true;
}

bool CircuitBreaker::failed(bool isProbe, QByteArray cause)
{
    if (!m_settings.enabled) {
        return false;
    }
    if (m_state == CircuitState::HalfOpen && isProbe) {
        ++m_failures;
        m_cause = std::move(cause);
        open(m_cooldownNs * 2);
        return true;
    }
    if (m_state != CircuitState::Closed) {
        return false;
    }
    ++m_failures;
    m_cause = std::move(cause);
    count(true);
    const bool tooMany = m_settings.failures > 0 && m_failures >= m_settings.failures;
    if (!tooMany && !isShareReached()) {
        return false;
    }
    open(nanoseconds(m_settings.cooldown));
    return true;
}

void CircuitBreaker::abandonProbe()
{
    if (m_state == CircuitState::HalfOpen) {
        setState(CircuitState::Open);
        m_tryAgainNs = m_clock.monotonicNs();
    }
}

void CircuitBreaker::close()
{
    ++m_generation;
    m_failures = 0;
    m_cooldownNs = 0;
    m_slots = {};
    m_cause.clear();
    if (m_state != CircuitState::Closed) {
        setState(CircuitState::Closed);
    }
}

void CircuitBreaker::tryNow()
{
    if (m_state == CircuitState::Open) {
        m_tryAgainNs = m_clock.monotonicNs();
    }
}

CircuitStatus CircuitBreaker::status() const
{
    CircuitStatus status;
    status.enabled = m_settings.enabled;
    status.state = m_state;
    status.sinceUnixNs = m_sinceUnixNs;
    if (m_state == CircuitState::Open) {
        status.tryAgainUnixNs = m_clock.unixNs() + m_tryAgainNs - m_clock.monotonicNs();
    }
    status.failures = m_failures;
    status.cause = m_cause;
    return status;
}

std::int64_t CircuitBreaker::retryAfterNs() const
{
    switch (m_state) {
    case CircuitState::Closed:
        return 0;
    case CircuitState::Open:
        return std::max<std::int64_t>(0, m_tryAgainNs - m_clock.monotonicNs());
    case CircuitState::HalfOpen:
        return kProbeGuessNs;
    }
    Q_UNREACHABLE();
}

void CircuitBreaker::open(std::int64_t cooldownNs)
{
    const std::int64_t first = nanoseconds(m_settings.cooldown);
    m_cooldownNs = std::clamp(cooldownNs, first, std::max(first, nanoseconds(m_settings.maxCooldown)));
    m_tryAgainNs = m_clock.monotonicNs() + m_cooldownNs;
    setState(CircuitState::Open);
}

void CircuitBreaker::setState(CircuitState state)
{
    if (m_state == CircuitState::Closed || state == CircuitState::Closed) {
        m_sinceUnixNs = m_clock.unixNs();
    }
    m_state = state;
}

std::int64_t CircuitBreaker::slotNumber() const
{
    const std::int64_t slotNs = std::max<std::int64_t>(1, nanoseconds(m_settings.window) / static_cast<std::int64_t>(kSlots));
    return m_clock.monotonicNs() / slotNs;
}

void CircuitBreaker::count(bool failed)
{
    if (m_settings.failureRate <= 0) {
        return;
    }
    const std::int64_t number = slotNumber();
    Slot& slot = m_slots[static_cast<std::size_t>(number) % kSlots];
    if (slot.number != number) {
        slot = {number, 0, 0};
    }
    ++slot.calls;
    slot.failures += failed ? 1 : 0;
}

bool CircuitBreaker::isShareReached() const
{
    if (m_settings.failureRate <= 0) {
        return false;
    }
    const std::int64_t oldest = slotNumber() - static_cast<std::int64_t>(kSlots) + 1;
    int calls = 0;
    int failures = 0;
    for (const Slot& slot : m_slots) {
        if (slot.number >= oldest) {
            calls += slot.calls;
            failures += slot.failures;
        }
    }
    return calls >= m_settings.minimumCalls && failures >= m_settings.failureRate * calls;
}

} // namespace oriel::upstream
