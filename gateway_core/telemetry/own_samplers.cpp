// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/own_samplers.h"

#include "base/clock.h"

#include <algorithm>
#include <cmath>

namespace oriel::telemetry {

namespace {

double secondsBetween(std::int64_t earlierNs, std::int64_t laterNs)
{
    return static_cast<double>(std::max<std::int64_t>(laterNs - earlierNs, 0)) * 1e-9;
}

} // namespace

RateLimitedSampler::RateLimitedSampler(double perSecond, const Clock& clock)
    : m_perSecond(perSecond),
      m_capacity(perSecond > 0 ? std::max(perSecond, 1.0) : 0),
      m_tokens(m_capacity),
      m_clock(clock),
      m_filledNs(clock.monotonicNs())
{}

SamplingDecision RateLimitedSampler::decide(const SamplingInput&)
{
    const std::int64_t now = m_clock.monotonicNs();
    m_tokens = std::min(m_capacity, m_tokens + secondsBetween(m_filledNs, now) * m_perSecond);
    m_filledNs = now;
    if (m_tokens < 1)
        return {};
    m_tokens -= 1;
    return {true};
}

QByteArray RateLimitedSampler::description() const
{
    return "RateLimitedSampler{" + QByteArray::number(m_perSecond) + '}';
}

SamplingDecision AdaptiveSampler::decide(const SamplingInput& input)
{
    const QByteArray operation = QByteArray::fromRawData(input.operation.data(), input.operation.size());
    auto found = m_operations.find(operation);
    if (found == m_operations.end() && m_operations.size() < kMaxOperations)
        found = m_operations.emplace(input.operation.toByteArray(), Seen{}).first;
    Seen& seen = found != m_operations.end() ? found->second : m_others;
    const std::int64_t now = m_clock.monotonicNs();
    seen.weight = seen.weight * std::exp(-secondsBetween(seen.atNs, now) / kMemorySeconds) + 1;
    seen.atNs = now;
    const double rate = seen.weight / kMemorySeconds;
    return decideByRatio(std::min(1.0, m_perSecond / rate), input);
}

QByteArray AdaptiveSampler::description() const
{
    return "AdaptiveSampler{" + QByteArray::number(m_perSecond) + '}';
}

bool ErrorsAndSlowSampler::isSlow(const SamplingInput& input)
{
    if (m_slowNs > 0)
        return input.durationNs > m_slowNs;
    const QByteArray operation = QByteArray::fromRawData(input.operation.data(), input.operation.size());
    auto found = m_operations.find(operation);
    if (found == m_operations.end()) {
        if (m_operations.size() >= kMaxOperations)
            return false;
        found = m_operations.emplace(input.operation.toByteArray(), Durations{}).first;
    }
    Durations& durations = found->second;
    const bool slow = durations.slowNs > 0 && input.durationNs > durations.slowNs;
    if (durations.ring.size() < kRemembered)
        durations.ring.push_back(input.durationNs);
    else
        durations.ring[durations.next] = input.durationNs;
    durations.next = (durations.next + 1) % kRemembered;
    // A tenth of "enough" later the percentile is as good as new; ranking at every call would not be.
    if (durations.ring.size() >= kEnough && (durations.slowNs == 0 || ++durations.sinceRanked >= kEnough / 10)) {
        std::vector<std::int64_t> ranked = durations.ring;
        const auto at = ranked.begin() + static_cast<std::ptrdiff_t>(ranked.size() * 99 / 100);
        std::nth_element(ranked.begin(), at, ranked.end());
        durations.slowNs = std::max<std::int64_t>(*at, 1);
        durations.sinceRanked = 0;
    }
    return slow;
}

SamplingDecision ErrorsAndSlowSampler::decide(const SamplingInput& input)
{
    const bool slow = isSlow(input);
    return input.isError || slow ? SamplingDecision{true} : decideByRatio(m_ratio, input);
}

QByteArray ErrorsAndSlowSampler::description() const
{
    const QByteArray slow =
        m_slowNs > 0 ? QByteArray::number(static_cast<double>(m_slowNs) * 1e-9) + 's' : QByteArrayLiteral("p99");
    return "KeepErrorsAndSlowSampler{slow=" + slow + ",rest=" + QByteArray::number(m_ratio, 'f', 6) + '}';
}

} // namespace oriel::telemetry
