// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_table.h"
#include "telemetry/span_data.h"

#include <optional>
#include <vector>

namespace oriel::telemetry {

enum class Temporality : quint8 { Unspecified = 0, Delta = 1, Cumulative = 2 };

struct Exemplar {
    std::int64_t timeUnixNs = 0;
    double value = 0;
    TraceId traceId;
    SpanId spanId;
    Attributes filteredAttributes;
};

struct NumberPoint {
    Attributes attributes;
    std::int64_t startUnixNs = 0;
    std::int64_t timeUnixNs = 0;
    double value = 0;
    bool isInteger = false; ///< exported as as_int
    std::vector<Exemplar> exemplars;
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
    std::vector<NumberPoint> numbers;
    std::vector<HistogramPoint> histograms;
};

} // namespace oriel::telemetry
