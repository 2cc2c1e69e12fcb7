// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_table.h"
#include "telemetry/span_data.h"

#include <optional>
#include <vector>

namespace oriel::telemetry {

enum class Temporality : quint8 { Unspecified = 0, Delta = 1, Cumulative = 2 };

/// Bit of a point's flags: the series has no value at this time (OTLP's DataPointFlags); only ever received.
inline constexpr std::uint32_t kNoRecordedValue = 1;

struct Exemplar {
    std::int64_t timeUnixNs = 0;
    double value = 0;
    TraceId traceId;
    SpanId spanId;
    Attributes filteredAttributes;
    bool isInteger = false;                 ///< exported as as_int
    std::optional<std::int64_t> exact = {}; ///< an integer that `value` cannot hold; only ever received
};

struct NumberPoint {
    Attributes attributes;
    std::int64_t startUnixNs = 0;
    std::int64_t timeUnixNs = 0;
    double value = 0;
    bool isInteger = false; ///< exported as as_int
    std::vector<Exemplar> exemplars;
    std::uint32_t flags = 0;
    std::optional<std::int64_t> exact = {}; ///< an integer that `value` cannot hold; only ever received
};

/// Quantiles that somebody else has computed; only ever received.
struct SummaryPoint {
    Attributes attributes;
    std::int64_t startUnixNs = 0;
    std::int64_t timeUnixNs = 0;
    std::uint64_t count = 0;
    double sum = 0;
    std::vector<std::pair<double, double>> quantiles; ///< quantile and its value
    std::uint32_t flags = 0;
};

struct HistogramPoint {
    Attributes attributes;
    std::int64_t startUnixNs = 0;
    std::int64_t timeUnixNs = 0;
    std::uint64_t count = 0;
    double sum = 0;
    std::optional<double> min;
    std::optional<double> max;
    std::vector<double> bounds;              ///< upper-inclusive
    std::vector<std::uint64_t> bucketCounts; ///< bounds.size() + 1, not cumulative
    std::vector<Exemplar> exemplars;
    std::uint32_t flags = 0;
    bool hasSum = true; ///< false: there is none, as of measurements that may be negative
};

/// Counts of consecutive buckets of an exponential histogram; the first has the index `offset`.
struct ExponentialBuckets {
    std::int32_t offset = 0;
    std::vector<std::uint64_t> counts;
    bool operator==(const ExponentialBuckets&) const = default;
};

/// Bucket `i` holds (b^i, b^(i+1)], b = 2^(2^−scale); negative values by their magnitude.
struct ExponentialHistogramPoint {
    Attributes attributes;
    std::int64_t startUnixNs = 0;
    std::int64_t timeUnixNs = 0;
    std::uint64_t count = 0;
    double sum = 0;
    std::optional<double> min;
    std::optional<double> max;
    std::int32_t scale = 0;
    std::uint64_t zeroCount = 0;
    double zeroThreshold = 0;
    ExponentialBuckets positive;
    ExponentialBuckets negative;
    std::vector<Exemplar> exemplars;
    std::uint32_t flags = 0;
    bool hasSum = true; ///< false: there is none, as of measurements that may be negative
};

/// One metric with all its points at one collection, as it is exported, scraped and stored.
struct MetricData {
    QByteArray name;
    QByteArray alias; ///< a seed's name for the same values, shown beside it in /metrics and answered in PromQL; empty: none
    QByteArray description;
    QByteArray unit;
    InstrumentKind kind = InstrumentKind::Counter;
    bool monotonic = true;
    Temporality temporality = Temporality::Cumulative;
    std::vector<SummaryPoint> summaries; ///< of kind Histogram; only ever received
    std::vector<NumberPoint> numbers;
    std::vector<HistogramPoint> histograms;
    /// Points of an exponential histogram. A collection for export may hold both forms of the same measurements; what is encoded
    /// holds one (TemporalityConverter).
    std::vector<ExponentialHistogramPoint> exponentials;
    bool observed = false;    ///< set at collection rather than counted: an asynchronous instrument
    Attributes metadata = {}; ///< about the metric, not of its points; only ever received
};

} // namespace oriel::telemetry
