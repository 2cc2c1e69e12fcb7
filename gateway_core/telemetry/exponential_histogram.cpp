// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/exponential_histogram.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace oriel::telemetry {

std::int32_t ExponentialHistogram::indexOf(double value, int scale)
{
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent); // value = mantissa · 2^exponent, 0.5 ≤ mantissa < 1
    const bool powerOfTwo = mantissa == 0.5;
    const int octave = exponent - 1; // 2^octave ≤ value < 2^(octave + 1)
    if (scale <= 0)
        return (powerOfTwo ? octave - 1 : octave) >> -scale;
    const std::int32_t first = octave * (1 << scale);
    if (powerOfTwo)
        return first - 1;
    // The logarithm of the mantissa alone loses nothing to the exponent; rounding must not leave the octave.
    const double within = std::ceil(std::log(mantissa * 2.0) * std::ldexp(std::numbers::log2e, scale)) - 1.0;
    return first + std::clamp(static_cast<std::int32_t>(within), 0, (1 << scale) - 1);
}

void lowerScale(ExponentialBuckets& buckets, int steps)
{
    if (steps <= 0 || buckets.counts.empty())
        return;
    const std::int32_t offset = buckets.offset >> steps;
    const std::int32_t last = (buckets.offset + static_cast<std::int32_t>(buckets.counts.size()) - 1) >> steps;
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(last - offset) + 1);
    for (std::size_t i = 0; i < buckets.counts.size(); ++i)
        counts[static_cast<std::size_t>(((buckets.offset + static_cast<std::int32_t>(i)) >> steps) - offset)] +=
            buckets.counts[i];
    buckets.offset = offset;
    buckets.counts = std::move(counts);
}

void ExponentialHistogram::lowerScaleBy(int steps)
{
    lowerScale(m_positive, steps);
    lowerScale(m_negative, steps);
    m_scale -= steps;
}

void ExponentialHistogram::add(ExponentialBuckets& buckets, std::int64_t index, std::uint64_t count)
{
    if (buckets.counts.empty()) {
        buckets.offset = static_cast<std::int32_t>(index);
        buckets.counts.assign(1, count);
        return;
    }
    std::int64_t low = std::min<std::int64_t>(index, buckets.offset);
    std::int64_t high = std::max<std::int64_t>(index, buckets.offset + static_cast<std::int64_t>(buckets.counts.size()) - 1);
    int steps = 0;
    for (; high - low >= m_maxSize && m_scale - steps > kMinScale; ++steps) {
        low >>= 1;
        high >>= 1;
    }
    if (steps > 0) {
        lowerScaleBy(steps);
        index >>= steps;
    }
    if (index < buckets.offset) {
        buckets.counts.insert(buckets.counts.begin(), static_cast<std::size_t>(buckets.offset - index), 0);
        buckets.offset = static_cast<std::int32_t>(index);
    }
    const auto at = static_cast<std::size_t>(index - buckets.offset);
    if (at >= buckets.counts.size())
        buckets.counts.resize(at + 1);
    buckets.counts[at] += count;
}

void ExponentialHistogram::record(double value)
{
    if (!std::isfinite(value))
        return;
    m_min = m_count == 0 ? value : std::min(m_min, value);
    m_max = m_count == 0 ? value : std::max(m_max, value);
    ++m_count;
    m_sum += value;
    if (value == 0)
        ++m_zeroCount;
    else
        add(value > 0 ? m_positive : m_negative, indexOf(std::abs(value), m_scale), 1);
}

void ExponentialHistogram::merge(const ExponentialHistogram& other)
{
    if (other.m_count == 0)
        return;
    if (other.m_scale < m_scale)
        lowerScaleBy(m_scale - other.m_scale);
    // add() may lower the scale further on the way, so each index is brought to the scale of its moment.
    const auto take = [&](ExponentialBuckets& own, const ExponentialBuckets& theirs) {
        for (std::size_t i = 0; i < theirs.counts.size(); ++i) {
            if (theirs.counts[i] != 0)
                add(own, (theirs.offset + static_cast<std::int64_t>(i)) >> (other.m_scale - m_scale), theirs.counts[i]);
        }
    };
    take(m_positive, other.m_positive);
    take(m_negative, other.m_negative);
    m_min = m_count == 0 ? other.m_min : std::min(m_min, other.m_min);
    m_max = m_count == 0 ? other.m_max : std::max(m_max, other.m_max);
    m_count += other.m_count;
    m_zeroCount += other.m_zeroCount;
    m_sum += other.m_sum;
}

ExponentialHistogramPoint ExponentialHistogram::point() const
{
    ExponentialHistogramPoint point;
    point.count = m_count;
    point.sum = m_sum;
    if (m_count != 0) {
        point.min = m_min;
        point.max = m_max;
    }
    point.scale = m_scale;
    point.zeroCount = m_zeroCount;
    point.positive = m_positive;
    point.negative = m_negative;
    return point;
}

} // namespace oriel::telemetry
