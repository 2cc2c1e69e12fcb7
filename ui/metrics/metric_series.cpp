// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/metrics/metric_series.h"

#include "ui/widgets/format.h"

#include <QDateTime>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace oriel::ui {
namespace {

constexpr std::int64_t msNs = 1'000'000;
constexpr std::int64_t shortestFitNs = 20'000'000'000;
constexpr int mostLines = 8;
constexpr std::size_t dotStretches = 30;
const double nothing = std::nan("");

QString labelText(const store::ChartLine& line)
{
    QStringList values;
    for (const store::Label& label : line.labels)
        values.append(QString::fromUtf8(label.value));
    return values.join(QLatin1Char(' '));
}

QString lineName(const MetricSpec& spec, const MetricQuery& query, const store::ChartLine& line)
{
    const QString label = labelText(line);
    if (query.by.isEmpty())
        return query.name;
    if (label.isEmpty())
        return spec.colors == MetricColors::Services ? QStringLiteral("oriel")
               : query.name.isEmpty()                ? QStringLiteral("none")
                                                     : query.name;
    return query.name.isEmpty() ? label : QStringLiteral("%1: %2").arg(query.name, label);
}

bool hasValue(const TimeSeries& series)
{
    return std::any_of(series.samples.cbegin(), series.samples.cend(),
                       [](const TimeValue& sample) { return std::isfinite(sample.value); });
}

/// Rates of a failure that happened once stay at nothing for long; such a line says nothing.
bool hasMoreThanNothing(const TimeSeries& series)
{
    return std::any_of(series.samples.cbegin(), series.samples.cend(),
                       [](const TimeValue& sample) { return std::isfinite(sample.value) && sample.value > 0; });
}

void paint(QList<TimeSeries>& series, MetricColors colors, const ServiceSlot& slotOf)
{
    static constexpr std::array failureSlots{1, 3, 2, 0, 4, 5, 6, 7};
    for (qsizetype i = 0; i < series.size(); ++i) {
        switch (colors) {
        case MetricColors::Ordered:
            break;
        case MetricColors::Services:
            series[i].colorSlot = slotOf ? slotOf(series[i].name) : -1;
            break;
        case MetricColors::Quantiles:
            if (i == 1)
                series[i].tone = Tone::Accent;
            else
                series[i].colorSlot = i == 0 ? 4 : 2;
            break;
        case MetricColors::Failures:
            if (i == 0)
                series[i].tone = Tone::Error;
            else
                series[i].colorSlot = failureSlots[static_cast<std::size_t>(i - 1) % failureSlots.size()];
            break;
        }
    }
}

double total(const TimeSeries& series)
{
    double sum = 0;
    for (const TimeValue& sample : series.samples)
        sum += std::isfinite(sample.value) ? sample.value : 0;
    return sum;
}

std::map<std::int64_t, double> byTime(const store::ChartLine& line)
{
    std::map<std::int64_t, double> values;
    for (const store::Sample& sample : line.points) {
        if (std::isfinite(sample.value))
            values[sample.timeMs] = sample.value;
    }
    return values;
}

QString csvField(const QString& text)
{
    if (!text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char('\n')) &&
        !text.contains(QLatin1Char('\r')))
        return text;
    QString quoted = text;
    quoted.replace(QLatin1Char('"'), QStringLiteral("\"\""));
    return QLatin1Char('"') + quoted + QLatin1Char('"');
}

} // namespace

QList<TimeSeries> hitShares(const MetricAnswer& hits, const MetricAnswer& misses)
{
    struct Counts {
        std::map<std::int64_t, double> hits;
        std::map<std::int64_t, double> misses;
    };
    std::map<QString, Counts> caches;
    for (const store::ChartLine& line : hits)
        caches[labelText(line)].hits = byTime(line);
    for (const store::ChartLine& line : misses)
        caches[labelText(line)].misses = byTime(line);
    QList<TimeSeries> shares;
    for (const auto& [name, counts] : caches) {
        std::map<std::int64_t, double> lookups = counts.hits;
        for (const auto& [at, value] : counts.misses)
            lookups[at] += value;
        TimeSeries series;
        series.name = name;
        for (const auto& [at, value] : lookups) {
            const auto hit = counts.hits.find(at);
            const double found = hit == counts.hits.end() ? 0 : hit->second;
            series.samples.append({at * msNs, value > 0 ? found / value : nothing});
        }
        shares.append(series);
    }
    return shares;
}

QList<TimeSeries> greatestSeries(const QList<TimeSeries>& series, int most)
{
    if (series.size() <= most)
        return series;
    QList<qsizetype> order(series.size());
    for (qsizetype i = 0; i < order.size(); ++i)
        order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](qsizetype a, qsizetype b) { return total(series[a]) > total(series[b]); });
    QList<qsizetype> kept = order.first(most - 1);
    std::sort(kept.begin(), kept.end());
    QList<TimeSeries> result;
    for (const qsizetype index : std::as_const(kept))
        result.append(series[index]);
    std::map<std::int64_t, double> rest;
    for (qsizetype i = most - 1; i < order.size(); ++i) {
        for (const TimeValue& sample : series[order[i]].samples)
            rest[sample.atNs] += std::isfinite(sample.value) ? sample.value : 0;
    }
    TimeSeries other;
    other.name = QStringLiteral("other");
    for (const auto& [at, value] : rest)
        other.samples.append({at, value});
    result.append(other);
    return result;
}

QList<TimeSeries> metricSeries(const MetricSpec& spec, const std::vector<MetricAnswer>& answers, const ServiceSlot& slotOf)
{
    QList<TimeSeries> series;
    if (spec.shape == MetricShape::HitShare) {
        if (answers.size() >= 2)
            series = hitShares(answers[0], answers[1]);
    } else {
        const double factor = spec.unit == MetricUnit::PerMinute   ? 60
                              : spec.unit == MetricUnit::Mebibytes ? 1.0 / (1024 * 1024)
                                                                   : 1;
        for (std::size_t i = 0; i < answers.size() && i < static_cast<std::size_t>(spec.queries.size()); ++i) {
            for (const store::ChartLine& line : answers[i]) {
                TimeSeries one;
                one.name = lineName(spec, spec.queries[static_cast<qsizetype>(i)], line);
                one.samples.reserve(static_cast<qsizetype>(line.points.size()));
                for (const store::Sample& sample : line.points)
                    one.samples.append({sample.timeMs * msNs, sample.value * factor});
                series.append(one);
            }
        }
    }
    const bool countsEvents = spec.unit == MetricUnit::PerSecond || spec.unit == MetricUnit::PerMinute;
    series.removeIf([&](const TimeSeries& one) { return countsEvents ? !hasMoreThanNothing(one) : !hasValue(one); });
    series = greatestSeries(series, mostLines);
    paint(series, spec.colors, slotOf);
    return series;
}

std::int64_t firstValueNs(const QList<TimeSeries>& series)
{
    std::int64_t first = 0;
    for (const TimeSeries& one : series) {
        for (const TimeValue& sample : one.samples) {
            if (!std::isfinite(sample.value))
                continue;
            if (first == 0 || sample.atNs < first)
                first = sample.atNs;
            break;
        }
    }
    return first;
}

std::int64_t fittedBeginNs(const ChartWindow& window, std::int64_t firstNs)
{
    if (firstNs <= window.fromNs + window.lengthNs() / 4)
        return window.fromNs;
    return std::clamp(std::min(firstNs - window.stepNs, window.endNs - shortestFitNs), window.fromNs, window.endNs - 1);
}

QList<Exemplar> callDots(const std::vector<store::LatencyPoint>& points, const ChartWindow& window)
{
    std::array<const store::LatencyPoint*, dotStretches> slowest{};
    std::array<const store::LatencyPoint*, dotStretches> failed{};
    const double length = static_cast<double>(std::max<std::int64_t>(1, window.lengthNs()));
    for (const store::LatencyPoint& point : points) {
        if (point.startUnixNs < window.fromNs || point.startUnixNs > window.endNs || point.durationNs <= 0)
            continue;
        const double share = static_cast<double>(point.startUnixNs - window.fromNs) / length;
        const auto stretch = std::min(dotStretches - 1, static_cast<std::size_t>(share * dotStretches));
        const store::LatencyPoint*& best = point.error ? failed[stretch] : slowest[stretch];
        if (best == nullptr || point.durationNs > best->durationNs)
            best = &point;
    }
    QList<Exemplar> dots;
    for (const auto* stretch : {&slowest, &failed}) {
        for (const store::LatencyPoint* point : *stretch) {
            if (point == nullptr)
                continue;
            const QString tip = QStringLiteral("%1 · %2%3")
                                    .arg(formatClock(point->startUnixNs), formatDuration(point->durationNs),
                                         point->error ? QStringLiteral(" · failed") : QString());
            dots.append({point->startUnixNs, static_cast<double>(point->durationNs) / 1e9,
                         QString::fromLatin1(point->traceId.toHex()), point->error, tip});
        }
    }
    return dots;
}

QList<SeriesRow> seriesRows(const QList<TimeSeries>& series)
{
    std::map<std::int64_t, QList<double>, std::greater<>> rows;
    for (qsizetype i = 0; i < series.size(); ++i) {
        for (const TimeValue& sample : series[i].samples) {
            QList<double>& values = rows[sample.atNs];
            if (values.isEmpty())
                values = QList<double>(series.size(), nothing);
            values[i] = sample.value;
        }
    }
    QList<SeriesRow> result;
    for (const auto& [at, values] : rows) {
        if (std::any_of(values.cbegin(), values.cend(), [](double value) { return std::isfinite(value); }))
            result.append({at, values});
    }
    return result;
}

QString seriesCsv(const QList<TimeSeries>& series, const QString& unit)
{
    QStringList header{QStringLiteral("time")};
    for (const TimeSeries& one : series)
        header.append(csvField(unit.isEmpty() ? one.name : QStringLiteral("%1 [%2]").arg(one.name, unit)));
    QString csv = header.join(QLatin1Char(',')) + QStringLiteral("\r\n");
    QList<SeriesRow> rows = seriesRows(series);
    std::reverse(rows.begin(), rows.end());
    for (const SeriesRow& row : std::as_const(rows)) {
        QStringList fields{QDateTime::fromMSecsSinceEpoch(row.atNs / msNs, Qt::UTC).toString(Qt::ISODateWithMs)};
        for (const double value : row.values)
            fields.append(std::isfinite(value) ? QString::number(value, 'g', 17) : QString());
        csv += fields.join(QLatin1Char(',')) + QStringLiteral("\r\n");
    }
    return csv;
}

} // namespace oriel::ui
