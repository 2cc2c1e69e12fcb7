// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "store/retention.h"
#include "store/series_source.h"
#include "telemetry/metric_data.h"

#include <functional>
#include <memory>
#include <span>

namespace oriel::store {

struct SeriesStoreOptions {
    QString directory;                                 ///< empty: memory only
    std::int64_t budgetBytes = 24LL * 1024 * 1024;     ///< of memory; the oldest chunks go first
    std::size_t maxSeries = 20'000;                    ///< at once; see SeriesStore
    std::int64_t fullResolutionMs = 6LL * 3600 * 1000; ///< older samples are thinned to one a minute when their chunk is full
    std::int64_t fileBytes = 8LL * 1024 * 1024;
    std::int64_t syncIntervalNs = 5'000'000'000;
};

struct SeriesStoreStats {
    std::uint64_t series = 0;
    std::uint64_t samples = 0;
    std::uint64_t refusedSeries = 0;
    std::uint64_t lostRecords = 0;
    std::uint64_t unwrittenRecords = 0;
    std::int64_t memoryBytes = 0;
    std::int64_t diskBytes = 0;
    QString diskError;
};

/// Local time series (M4) made from collected metrics, with the names and labels that /metrics shows. A number becomes one
/// series; a histogram becomes `<name>_bucket{le=…}` (cumulative), `<name>_sum` and `<name>_count`. An alias of a metric is
/// answered as well. Delta points are added up, so that every counter in the store is cumulative. Samples are kept to the
/// millisecond, those older than `fullResolutionMs` one a minute (the last). When there are `maxSeries`, a new series takes the
/// place of one without samples, or else of the one that has been silent longest, for over an hour, whose samples are dropped;
/// when there is none such, it is refused and counted. append() belongs to one thread at a time (the telemetry thread); the rest
/// may be called from any thread.
class SeriesStore final : public SeriesSource, public RetentionTarget {
public:
    SeriesStore(SeriesStoreOptions options, const Clock& clock);
    ~SeriesStore() override;

    /// Reads back what earlier runs wrote, on the store's own thread; `loaded` is called there when it is in place. The store
    /// works before.
    Status open(std::function<void()> loaded = {});
    void close();
    Status flush();

    void append(std::int64_t timeUnixNs, std::span<const telemetry::MetricData> metrics);

    [[nodiscard]] std::vector<SeriesData> select(QByteArrayView metric, const std::vector<LabelMatcher>& matchers,
                                                 std::int64_t fromMs, std::int64_t toMs,
                                                 std::stop_token stop = {}) const override;
    [[nodiscard]] std::vector<QByteArray> metricNames() const override;
    [[nodiscard]] std::vector<QByteArray> labelValues(QByteArrayView metric, QByteArrayView label) const override;
    /// Exemplars of a histogram's buckets in [fromMs, toMs], for dots that open a trace. Kept in memory only, bounded.
    [[nodiscard]] std::vector<SeriesExemplar> exemplars(QByteArrayView metric, const std::vector<LabelMatcher>& matchers,
                                                        std::int64_t fromMs, std::int64_t toMs) const;
    /// Grows with every append.
    [[nodiscard]] std::uint64_t revision() const;
    [[nodiscard]] SeriesStoreStats stats() const;

    [[nodiscard]] QString retentionName() const override;
    [[nodiscard]] Result<RetentionPreview> previewRetention(const RetentionLimits& limits) const override;
    Result<RetentionPreview> applyRetention(const RetentionLimits& limits, std::stop_token stop = {}) override;

private:
    class Private;
    std::unique_ptr<Private> d;
};

/// The points at which a chart asks: from, from + step … ≤ to.
struct ChartRange {
    std::int64_t fromMs = 0;
    std::int64_t toMs = 0;
    std::int64_t stepMs = 0;   ///< > 0; at most kMaxChartPoints points result
    std::int64_t windowMs = 0; ///< looked back at each point; 0: max(4 steps, 1 minute)
};
inline constexpr std::int64_t kMaxChartPoints = 11'000;

struct ChartLine {
    Labels labels;              ///< those of `by`
    std::vector<Sample> points; ///< NaN where there is nothing to show
};

/// Simple chart queries over any source; PromQL is elsewhere. `by` names the labels that keep series apart; all others are summed
/// away. An invalid range is ErrorCode::InvalidArgument.

/// Per-second increase of counters, summed by `by`. A counter that was reset counts from zero.
Result<std::vector<ChartLine>> chartRate(const SeriesSource& source, QByteArrayView metric,
                                         const std::vector<LabelMatcher>& matchers, const ChartRange& range,
                                         const std::vector<QByteArray>& by = {}, std::stop_token stop = {});
/// The latest value of gauges within the window, summed by `by`.
Result<std::vector<ChartLine>> chartValue(const SeriesSource& source, QByteArrayView metric,
                                          const std::vector<LabelMatcher>& matchers, const ChartRange& range,
                                          const std::vector<QByteArray>& by = {}, std::stop_token stop = {});
/// Quantile `q` of a histogram (its name without `_bucket`) from the increase of its buckets, as histogram_quantile does.
Result<std::vector<ChartLine>> chartQuantile(const SeriesSource& source, QByteArrayView histogram, double q,
                                             const std::vector<LabelMatcher>& matchers, const ChartRange& range,
                                             const std::vector<QByteArray>& by = {}, std::stop_token stop = {});
/// rate(numerator) / rate(denominator), NaN where the denominator is zero.
Result<std::vector<ChartLine>> chartRatio(const SeriesSource& source, QByteArrayView numerator, QByteArrayView denominator,
                                          const std::vector<LabelMatcher>& matchers, const ChartRange& range,
                                          const std::vector<QByteArray>& by = {}, std::stop_token stop = {});

} // namespace oriel::store
