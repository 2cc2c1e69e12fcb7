// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes_hash.h"
#include "telemetry/sampler.h"

#include <unordered_map>
#include <vector>

namespace oriel::telemetry {

/// Keeps the traces whose randomness is not below the threshold of `ratio`.
SamplingDecision decideByRatio(double ratio, const SamplingInput& input);

/// At most so many traces a second, bursts of one second's worth included. Which ones has nothing to do with their ids.
class RateLimitedSampler final : public Sampler {
public:
    RateLimitedSampler(double perSecond, const Clock& clock);
    SamplingDecision decide(const SamplingInput& input) override;
    [[nodiscard]] QByteArray description() const override;

private:
    double m_perSecond;
    double m_capacity;
    double m_tokens;
    const Clock& m_clock;
    std::int64_t m_filledNs;
};

/// A ratio for each operation that follows its rate, so that about `perSecond` traces of each are kept: rare operations whole,
/// busy ones thinned, and each kept trace says by `ot=th` for how many it stands.
class AdaptiveSampler final : public Sampler {
public:
    AdaptiveSampler(double perSecond, const Clock& clock) : m_perSecond(perSecond), m_clock(clock) {}
    SamplingDecision decide(const SamplingInput& input) override;
    [[nodiscard]] QByteArray description() const override;

    static constexpr double kMemorySeconds = 10;       ///< over which a rate is taken
    static constexpr std::size_t kMaxOperations = 512; ///< what comes after shares one rate

private:
    struct Seen {
        double weight = 0; ///< traces, each fading with kMemorySeconds
        std::int64_t atNs = 0;
    };
    double m_perSecond;
    const Clock& m_clock;
    std::unordered_map<QByteArray, Seen, BytesHash> m_operations;
    Seen m_others;
};

/// Keeps every call that failed or was slow, and a share of the rest. Slow is longer than a fixed time, or than the 99th
/// percentile of the operation's last calls, once there are enough of them.
class ErrorsAndSlowSampler final : public Sampler {
public:
    ErrorsAndSlowSampler(double ratio, std::int64_t slowNs) : m_ratio(ratio), m_slowNs(slowNs) {}
    SamplingDecision decide(const SamplingInput& input) override;
    [[nodiscard]] QByteArray description() const override;
    [[nodiscard]] bool looksAtOutcome() const override { return true; }

    static constexpr std::size_t kRemembered = 512; ///< durations of an operation
    static constexpr std::size_t kEnough = 100;     ///< before their percentile means something
    static constexpr std::size_t kMaxOperations = 512;

private:
    struct Durations {
        std::vector<std::int64_t> ring;
        std::size_t next = 0;
        std::size_t sinceRanked = 0;
        std::int64_t slowNs = 0; ///< 0: not known yet
    };
    [[nodiscard]] bool isSlow(const SamplingInput& input);
    double m_ratio;
    std::int64_t m_slowNs;
    std::unordered_map<QByteArray, Durations, BytesHash> m_operations;
};

} // namespace oriel::telemetry
