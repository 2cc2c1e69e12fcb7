// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_stream.h"

#include <optional>
#include <vector>

namespace oriel::telemetry {

/// One view of a meter provider (metrics/sdk §View; declarative configuration `meter_provider.views`): which instruments, and
/// what becomes of them. `*` stands for any text and `?` for any character in names and attribute keys.
struct MetricView {
    // The selector. What is empty selects all.
    QByteArray instrumentName; ///< the full name; case does not matter
    QByteArray instrumentType; ///< counter, observable_counter, up_down_counter, … , gauge, observable_gauge, histogram
    QByteArray unit;
    QByteArray meterName;
    QByteArray meterVersion;
    QByteArray meterSchemaUrl;

    // The stream. What is empty stays as it is.
    QByteArray name;
    std::optional<QByteArray> description;
    enum class Aggregation : std::uint8_t {
        Default,
        Drop,
        Sum, ///< of histograms too: a counter of what was measured
        ExplicitBuckets,
        Exponential,
    };
    /// One that does not fit the instrument leaves it as it is: only histograms have buckets, and gauges no sum.
    Aggregation aggregation = Aggregation::Default;
    std::optional<std::vector<double>> boundaries; ///< of explicit buckets
    bool recordMinMax = true;                      ///< of both kinds of buckets
    int maxSize = ExponentialHistogram::kMaxSize;
    int maxScale = ExponentialHistogram::kMaxScale;
    std::vector<QByteArray> included; ///< keys of attributes; empty: all
    std::vector<QByteArray> excluded; ///< of those
    int cardinalityLimit = 0;         ///< 0: the registry's
    bool operator==(const MetricView&) const = default;
};

/// Is the instrument, by its name with the namespace, one that the view selects? All are of Oriel's one meter.
bool isSelected(const MetricView& view, const MetricRow& row, const QByteArray& fullName);

/// What one view makes of one instrument. Called with the labels of the instrument's row. Not thread-safe; the row outlives it.
class ViewStream {
public:
    ViewStream(const MetricRow& instrument, const QByteArray& fullName, const MetricView& view);
    ViewStream(const ViewStream&) = delete;
    ViewStream& operator=(const ViewStream&) = delete;

    using Labels = MetricStream::Labels;
    void record(const StreamSettings& settings, Labels labels, double value, const ExemplarContext& exemplar,
                std::int64_t nowUnixNs);
    /// A point of the instrument was set to `value`, by which it changed by `change`. What several points have become one of is
    /// their sum, or for gauges the last.
    void observe(const StreamSettings& settings, Labels labels, double value, double change);
    /// A point of the instrument with that value was forgotten.
    void forget(const StreamSettings& settings, Labels labels, double value, std::int64_t nowUnixNs);
    void clear(std::int64_t nowUnixNs) { m_stream.clear(nowUnixNs); }
    void beginAt(std::int64_t unixNs) { m_stream.beginAt(unixNs); }
    void forgetExponential() { m_stream.forgetExponential(); }

    [[nodiscard]] const QByteArray& name() const { return m_name; }
    [[nodiscard]] bool isEmpty() const { return m_stream.isEmpty(); }
    [[nodiscard]] MetricData collect(std::int64_t nowUnixNs) const;

private:
    [[nodiscard]] Labels keptOf(Labels labels);
    [[nodiscard]] Attributes droppedOf(Labels labels) const;

    const MetricRow& m_instrument;
    QByteArray m_name;
    QByteArray m_description;
    std::vector<bool> m_keeps; ///< by label of the instrument
    std::vector<const char*> m_labels;
    std::vector<double> m_boundaries;
    MetricRow m_row; ///< of the stream; refers to the members above
    MetricStream m_stream;
    std::vector<QByteArray> m_kept;
};

} // namespace oriel::telemetry
