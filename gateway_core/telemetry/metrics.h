// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes_hash.h"
#include "telemetry/exponential_histogram.h"
#include "telemetry/metric_data.h"
#include "telemetry/metric_table.h"
#include "telemetry/recorder.h"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace oriel {
class Clock;
}

namespace oriel::telemetry {

/// The call that a measurement belongs to; an invalid id means none.
struct ExemplarContext {
    TraceId traceId;
    SpanId spanId;
};

/// Which measurements may become exemplars (metrics/sdk §ExemplarFilter).
enum class ExemplarFilter : std::uint8_t {
    TraceBased, ///< those of a sampled call
    AlwaysOn,
    AlwaysOff,
};

/// The values of every instrument of the metric table, cumulative since the registry was made. Owned and called by the telemetry
/// thread only. An instrument holds at most `cardinalityLimit` points; what comes after goes to the point
/// `otel.metric.overflow=true`.
class MetricRegistry {
public:
    explicit MetricRegistry(const Clock& clock, QByteArray nameSpace = QByteArrayLiteral("mcp_gateway"),
                            int cardinalityLimit = 2000);

    /// Adds to a counter or up-down counter, records in a histogram, sets a gauge. `labels` in the order of the row; an empty
    /// value leaves the attribute out; missing ones count as empty, more than the row has are ignored. A counter ignores negative
    /// values, a histogram NaN and infinities.
    void record(MetricId metric, std::span<const QByteArray> labels, double value, const ExemplarContext& exemplar = {});
    void record(MetricId metric, std::initializer_list<QByteArray> labels, double value, const ExemplarContext& exemplar = {})
    {
        record(metric, std::span<const QByteArray>(labels.begin(), labels.size()), value, exemplar);
    }
    void record(MetricId metric, const LabelValues& labels, double value)
    {
        record(metric, std::span<const QByteArray>(labels.constData(), static_cast<std::size_t>(labels.size())), value);
    }

    /// Sets the value of a counter, up-down counter or gauge that is observed rather than counted (process metrics,
    /// server_status).
    void set(MetricId metric, std::span<const QByteArray> labels, double value);
    void set(MetricId metric, std::initializer_list<QByteArray> labels, double value)
    {
        set(metric, std::span<const QByteArray>(labels.begin(), labels.size()), value);
    }
    /// Forgets one point, as when a server is removed from the configuration.
    void remove(MetricId metric, std::span<const QByteArray> labels);
    /// Forgets all points of an instrument.
    void clear(MetricId metric);

    /// Goes up with every change that an export would show.
    [[nodiscard]] std::uint64_t revision() const { return m_revision; }

    /// Every instrument that has a point, in the order of the table, with the namespace put before the names that take it.
    /// Histograms have explicit buckets; `forExport` adds the exponential points where they are kept, and the exemplars that
    /// belong to no trace.
    [[nodiscard]] std::vector<MetricData> collect(bool forExport = false) const;

    /// Keeps exponential histograms beside the explicit ones, from now on, or no longer.
    void setExponentialHistograms(bool kept);
    void setExemplarFilter(ExemplarFilter filter) { m_exemplarFilter = filter; }

    void setNameSpace(QByteArray nameSpace);
    [[nodiscard]] QByteArray nameSpace() const { return m_nameSpace; }
    /// The full name of an instrument: "mcp_gateway_tool_calls_total".
    [[nodiscard]] QByteArray fullName(MetricId metric) const;

private:
    struct Bucketed {
        std::uint64_t count = 0;
        double sum = 0;
        double min = 0;
        double max = 0;
        std::vector<std::uint64_t> buckets;
    };
    struct Point {
        std::vector<QByteArray> labels;
        bool overflow = false;
        double value = 0;
        Bucketed histogram;
        std::unique_ptr<ExponentialHistogram> exponential;
        std::int64_t startUnixNs = 0;
        std::int64_t exponentialStartUnixNs = 0;
        std::vector<Exemplar> exemplars; ///< one a bucket for histograms, else one
    };
    struct Instrument {
        std::vector<Point> points;
        std::unordered_map<QByteArray, qsizetype, BytesHash> index;
        std::size_t recent = 0;       ///< of `points`, the one recorded last: the next is often the same
        std::int64_t startUnixNs = 0; ///< of points to come: when one was forgotten last; 0: none was
        std::optional<std::size_t> overflow;
    };

    Point& pointFor(MetricId metric, std::span<const QByteArray> labels);
    [[nodiscard]] static bool hasLabels(const Point& point, std::size_t labelCount, std::span<const QByteArray> labels);
    void makeKey(std::size_t labelCount, std::span<const QByteArray> labels);
    void observe(Point& point, const MetricRow& row, double value, const ExemplarContext& exemplar) const;
    void observeExponential(Point& point, double value) const;
    void keepExemplar(Point& point, const MetricRow& row, std::size_t slot, double value, const ExemplarContext& exemplar) const;
    [[nodiscard]] MetricData collect(MetricId metric, std::int64_t nowUnixNs, bool forExport) const;

    const Clock& m_clock;
    QByteArray m_nameSpace;
    int m_cardinalityLimit;
    std::int64_t m_startUnixNs;
    std::uint64_t m_revision = 0;
    bool m_keepsExponential = false;
    std::int64_t m_exponentialSinceUnixNs = 0;
    ExemplarFilter m_exemplarFilter = ExemplarFilter::TraceBased;
    std::array<Instrument, kMetricCount> m_instruments;
    QByteArray m_key;
};

/// Records everything that follows from a finished call. Telemetry thread.
class CallInstruments {
public:
    explicit CallInstruments(MetricRegistry& registry) : m_registry(registry) {}
    void record(const CallRecord& call);

private:
    void recordToolCall(const CallRecord& call);
    void recordGuardrails(const CallRecord& call);
    void recordServerOperation(const CallRecord& call);
    void recordClientOperation(const CallRecord& call, const Hop& hop);

    MetricRegistry& m_registry;
};

/// Tokens that `bytes` of text come to, roughly: a quarter of them. An estimate, and called that wherever it is shown.
std::int64_t estimateTokens(std::int64_t bytes);

} // namespace oriel::telemetry
