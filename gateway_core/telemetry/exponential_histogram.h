// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_data.h"

#include <cstdint>

namespace oriel::telemetry {

/// A base-2 exponential histogram (OpenTelemetry specification, metrics/data-model §ExponentialHistogram and metrics/sdk §Base2
/// Exponential Bucket Histogram Aggregation): bucket `i` of scale `s` holds (b^i, b^(i+1)], b = 2^(2^−s). The scale begins as
/// fine as allowed and is lowered only when more than `maxSize` buckets of one sign would be needed. Not thread-safe.
class ExponentialHistogram {
public:
    static constexpr int kMaxSize = 160;
    static constexpr int kMaxScale = 20;
    static constexpr int kMinScale = -10;

    explicit ExponentialHistogram(int maxSize = kMaxSize, int maxScale = kMaxScale)
        : m_maxSize(maxSize < 2 ? 2 : maxSize),
          m_scale(maxScale)
    {}

    /// NaN and infinities are ignored.
    void record(double value);
    /// Adds all that `other` holds; the scale becomes what holds both.
    void merge(const ExponentialHistogram& other);

    [[nodiscard]] std::uint64_t count() const { return m_count; }
    [[nodiscard]] int scale() const { return m_scale; }
    /// Without attributes, times and exemplars.
    [[nodiscard]] ExponentialHistogramPoint point() const;

    /// The bucket of a positive, finite value.
    static std::int32_t indexOf(double value, int scale);

private:
    void add(ExponentialBuckets& buckets, std::int64_t index, std::uint64_t count);
    void lowerScaleBy(int steps);

    int m_maxSize;
    int m_scale;
    std::uint64_t m_count = 0;
    std::uint64_t m_zeroCount = 0;
    double m_sum = 0;
    double m_min = 0;
    double m_max = 0;
    ExponentialBuckets m_positive;
    ExponentialBuckets m_negative;
};

/// The same counts at a scale lower by `steps`.
void lowerScale(ExponentialBuckets& buckets, int steps);

} // namespace oriel::telemetry
