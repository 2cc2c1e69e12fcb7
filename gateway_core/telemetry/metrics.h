// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_data.h"
#include "telemetry/metric_table.h"
#include "telemetry/metric_view.h"
#include "telemetry/recorder.h"

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace oriel {
class Clock;
}

namespace oriel::telemetry {

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

    /// The points of a counter, up-down counter or gauge, but for the overflow: labels in the order of the row, and value.
    void visitValues(MetricId metric, const std::function<void(std::span<const QByteArray>, double)>& visit) const
    {
        m_streams[static_cast<std::size_t>(metric)].visitValues(visit);
    }

    /// Goes up with every change that an export would show.
    [[nodiscard]] std::uint64_t revision() const { return m_revision; }

    /// Every instrument that has a point, in the order of the table, with the namespace put before the names that take it.
    /// Histograms have explicit buckets; `forExport` adds the exponential points where they are kept, and the exemplars that
    /// belong to no trace.
    [[nodiscard]] std::vector<MetricData> collect(bool forExport = false) const;

    /// Keeps exponential histograms beside the explicit ones, from now on, or no longer.
    void setExponentialHistograms(bool kept);
    void setExemplarFilter(ExemplarFilter filter) { m_settings.exemplarFilter = filter; }
    /// What of the instruments is exported, from now on, and how; without a view an instrument is exported as it is. Streams of
    /// the same name are one too many: the first stands. What is collected but for an export stays as it is.
    void setViews(std::vector<MetricView> views);

    void setNameSpace(QByteArray nameSpace);
    [[nodiscard]] QByteArray nameSpace() const { return m_nameSpace; }
    /// The full name of an instrument: "mcp_gateway_tool_calls_total".
    [[nodiscard]] QByteArray fullName(MetricId metric) const;

private:
    struct Viewed {
        bool isSelected = false;                          ///< by a view, be it to drop it
        std::vector<std::unique_ptr<ViewStream>> streams; ///< none: dropped
    };

    MetricStream& streamOf(MetricId metric) { return m_streams[static_cast<std::size_t>(metric)]; }
    Viewed& viewedOf(MetricId metric) { return m_viewed[static_cast<std::size_t>(metric)]; }
    void rebuildViews();
    [[nodiscard]] MetricData collect(MetricId metric, std::int64_t nowUnixNs, bool forExport) const;

    const Clock& m_clock;
    QByteArray m_nameSpace;
    StreamSettings m_settings;
    std::uint64_t m_revision = 0;
    std::vector<MetricStream> m_streams; ///< by MetricId
    std::vector<MetricView> m_views;
    std::array<Viewed, kMetricCount> m_viewed;
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
