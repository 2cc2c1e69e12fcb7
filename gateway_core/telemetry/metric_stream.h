// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes_hash.h"
#include "telemetry/exponential_histogram.h"
#include "telemetry/metric_data.h"
#include "telemetry/metric_table.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

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

/// What all streams of a registry have in common.
struct StreamSettings {
    ExemplarFilter exemplarFilter = ExemplarFilter::TraceBased;
    bool keepsExponential = false; ///< beside the explicit buckets
    std::int64_t exponentialSinceUnixNs = 0;
    std::int64_t startUnixNs = 0; ///< of points, unless something was forgotten since
    int cardinalityLimit = 2000;
};

/// How a stream aggregates, where that is not told by its row.
struct StreamForm {
    bool explicitBuckets = true;     ///< histograms tell them
    std::optional<bool> exponential; ///< histograms keep them; as the registry does when not set
    bool minMax = true;              ///< histograms tell both
    int maxSize = ExponentialHistogram::kMaxSize;
    int maxScale = ExponentialHistogram::kMaxScale;
    int cardinalityLimit = 0; ///< 0: the registry's
};

/// A label as the attribute of a point.
Attribute labelAttribute(const char* label, const QByteArray& value);

/// The points that the measurements of one instrument come to, cumulative (metrics/sdk §View: one stream). `labels` are in the
/// order of the row's; an empty value leaves the attribute out, missing ones count as empty, further ones are ignored. Beyond the
/// cardinality limit everything counts to the point `otel.metric.overflow=true`. Not thread-safe; the row outlives it.
class MetricStream {
public:
    explicit MetricStream(const MetricRow& row, StreamForm form = {}) : m_row(&row), m_form(std::move(form)) {}

    using Labels = std::span<const QByteArray>;
    /// Adds, or records in a histogram, or sets a gauge. `dropped`: labels that the stream leaves out, for the exemplar.
    void record(const StreamSettings& settings, Labels labels, double value, const ExemplarContext& exemplar,
                std::int64_t nowUnixNs, const Attributes& dropped = {});
    /// Adds to a counter or up-down counter without an exemplar.
    void add(const StreamSettings& settings, Labels labels, double change) { pointFor(settings, labels).value += change; }
    /// Sets the value; by how much it changed. Not for histograms.
    double set(const StreamSettings& settings, Labels labels, double value);
    /// Forgets a point; its value, or nothing when there was none.
    std::optional<double> remove(Labels labels, std::int64_t nowUnixNs);
    void clear(std::int64_t nowUnixNs);
    /// Points to come begin then.
    void beginAt(std::int64_t unixNs) { m_startUnixNs = unixNs; }
    /// Of those that are kept as the registry does.
    void forgetExponential();

    [[nodiscard]] bool isEmpty() const { return m_points.empty(); }
    /// The points of a counter, up-down counter or gauge, but for the overflow.
    void visitValues(const std::function<void(Labels, double)>& visit) const;
    /// Puts the points into `data`, whose descriptive fields are the caller's.
    void collect(MetricData& data, std::int64_t nowUnixNs, bool forExport) const;

    /// May a measurement become an exemplar?
    static bool isExemplar(ExemplarFilter filter, const ExemplarContext& exemplar);

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

    Point& pointFor(const StreamSettings& settings, Labels labels);
    [[nodiscard]] static bool hasLabels(const Point& point, std::size_t labelCount, Labels labels);
    void makeKey(Labels labels);
    std::size_t observe(Point& point, double value) const;
    void observeExponential(const StreamSettings& settings, Point& point, double value) const;
    [[nodiscard]] Attributes attributesOf(const Point& point) const;
    [[nodiscard]] HistogramPoint histogramOf(const Point& point) const;

    const MetricRow* m_row;
    StreamForm m_form;
    std::vector<Point> m_points;
    std::unordered_map<QByteArray, qsizetype, BytesHash> m_index;
    std::size_t m_recent = 0;       ///< of `m_points`, the one recorded last: the next is often the same
    std::int64_t m_startUnixNs = 0; ///< of points to come; 0: the settings'
    std::optional<std::size_t> m_overflow;
    QByteArray m_key;
};

} // namespace oriel::telemetry
