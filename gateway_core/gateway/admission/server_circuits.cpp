// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/admission/server_circuits.h"

namespace oriel::gateway {

CircuitPass::CircuitPass(std::shared_ptr<upstream::CircuitBreaker> breaker, bool isProbe)
    : m_breaker(std::move(breaker)),
      m_generation(m_breaker->generation()),
      m_isProbe(isProbe)
{}

CircuitPass& CircuitPass::operator=(CircuitPass&& other) noexcept
{
    std::swap(m_breaker, other.m_breaker);
    std::swap(m_generation, other.m_generation);
    std::swap(m_isProbe, other.m_isProbe);
    return *this;
}

CircuitPass::~CircuitPass()
{
    const auto breaker = take();
    if (breaker != nullptr && m_isProbe)
        breaker->abandonProbe();
}

bool CircuitPass::succeeded()
{
    const auto breaker = take();
    return breaker != nullptr && breaker->succeeded(m_isProbe);
}

bool CircuitPass::failed(QByteArray cause)
{
    const auto breaker = take();
    return breaker != nullptr && breaker->failed(m_isProbe, std::move(cause));
}

std::shared_ptr<upstream::CircuitBreaker> CircuitPass::take()
{
    auto breaker = std::move(m_breaker);
    return breaker != nullptr && breaker->generation() == m_generation ? breaker : nullptr;
}

void ServerCircuits::configure(const config::Config& configuration)
{
    QHash<QByteArray, std::shared_ptr<upstream::CircuitBreaker>> next;
    for (const config::Server& server : configuration.servers) {
        config::CircuitBreaker settings = configuration.gateway.circuitBreaker;
        settings.enabled = settings.enabled && server.circuitBreaker.enabled;
        settings.failures = server.circuitBreaker.failures.value_or(settings.failures);
        settings.cooldown = server.circuitBreaker.cooldown.value_or(settings.cooldown);
        const QByteArray name = server.name.toUtf8();
        auto breaker = m_breakers.value(name);
        if (breaker == nullptr)
            breaker = std::make_shared<upstream::CircuitBreaker>(m_clock);
        breaker->configure(settings);
        next.insert(name, std::move(breaker));
    }
    m_breakers = std::move(next);
}

} // namespace oriel::gateway
