// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes_hash.h"
#include "telemetry/metric_data.h"

#include <span>
#include <unordered_map>
#include <vector>

namespace oriel::telemetry {

/// The presets of the specification (metrics/sdk_exporters/otlp): cumulative for all; delta for counters and histograms;
/// lowmemory: delta for what is counted as it happens, cumulative for what is observed. Up-down counters are always cumulative.
enum class TemporalityPreference : std::uint8_t { Cumulative, Delta, LowMemory };
enum class HistogramForm : std::uint8_t { Explicit, Exponential };

/// From cumulative collections to what one destination wants: it remembers what it told last and gives the difference. All delta
/// points of a collection begin where the one before ended; a series that started anew since then (another start time, or less
/// than before) counts from nothing. Points that did not change are left out of a delta. Of a delta histogram min and max are
/// given only where the cumulative ones tell them. Belongs to the exporter thread.
class TemporalityConverter {
public:
    TemporalityConverter(TemporalityPreference preference, HistogramForm form) : m_preference(preference), m_form(form) {}

    [[nodiscard]] TemporalityPreference preference() const { return m_preference; }
    [[nodiscard]] HistogramForm form() const { return m_form; }
    /// Other settings from now on. A change begins new streams, so the first delta tells all since the start.
    void configure(TemporalityPreference preference, HistogramForm form);

    /// `collected` is cumulative, with exponential points beside the explicit ones where the form asks for them. Metrics of
    /// another temporality (received ones) pass as they are.
    [[nodiscard]] std::vector<MetricData> convert(std::span<const MetricData> collected);

private:
    struct Told {
        std::int64_t startUnixNs = 0;
        std::uint64_t round = 0;
        double value = 0; ///< or the sum
        std::uint64_t count = 0;
        double min = 0;
        double max = 0;
        std::vector<std::uint64_t> bucketCounts;
        int scale = 0;
        std::uint64_t zeroCount = 0;
        ExponentialBuckets positive;
        ExponentialBuckets negative;
    };

    [[nodiscard]] bool isDelta(const MetricData& metric) const;
    void pick(MetricData& metric) const;
    void makeDelta(MetricData& metric);
    /// The entry of a point, emptied when the series started anew.
    Told& toldOf(const MetricData& metric, const Attributes& attributes, std::int64_t startUnixNs, double count);
    template <class Point> void finishPoint(Point& point) const;
    bool subtract(NumberPoint& point, Told& told) const;
    bool subtract(HistogramPoint& point, Told& told) const;
    bool subtract(ExponentialHistogramPoint& point, Told& told) const;

    TemporalityPreference m_preference;
    HistogramForm m_form;
    std::unordered_map<QByteArray, Told, BytesHash> m_told;
    std::uint64_t m_round = 0;
    std::int64_t m_previousUnixNs = 0; ///< of the collection before; 0: there was none
};

} // namespace oriel::telemetry
