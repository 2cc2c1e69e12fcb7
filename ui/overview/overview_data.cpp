// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/overview/overview_data.h"

#include "telemetry/call_spans.h"
#include "ui/widgets/format.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace oriel::ui {
namespace {

using telemetry::Outcome;

constexpr double secondNs = 1e9;
constexpr int dotStretches = 60;
constexpr int longestGap = 6;

const store::AggregateGroup& onlyGroup(const store::AggregateResult& result)
{
    static const store::AggregateGroup none;
    return result.groups.empty() ? none : result.groups.front();
}

QString dash()
{
    return QStringLiteral("–");
}

std::int64_t middleOf(const store::AggregateBucket& bucket, const ChartWindow& window)
{
    return std::min(bucket.startUnixNs + window.stepNs / 2, window.endNs);
}

QList<double> course(const std::vector<store::ChartLine>& lines)
{
    QList<double> values;
    if (lines.empty())
        return values;
    for (const store::Sample& sample : lines.front().points) {
        if (std::isfinite(sample.value))
            values.append(sample.value);
    }
    return values;
}

TimeSeries quantileSeries(const store::AggregateGroup& group, const ChartWindow& window, const QString& name,
                          double store::AggregateBucket::*value)
{
    TimeSeries series;
    series.name = name;
    std::int64_t before = 0;
    for (const store::AggregateBucket& bucket : group.buckets) {
        if (bucket.calls == 0)
            continue;
        if (!series.samples.isEmpty() && bucket.startUnixNs - before > longestGap * window.stepNs)
            series.samples.append({before + window.stepNs, std::nan("")});
        series.samples.append({middleOf(bucket, window), bucket.*value / secondNs});
        before = bucket.startUnixNs;
    }
    return series;
}

struct OutcomeRow {
    Outcome outcome;
    const char* words;
    const char* code;
    const char* filter;
};

constexpr std::array outcomeRows{
    OutcomeRow{Outcome::ToolError, "tool error", "isError", "status=tool_error"},
    OutcomeRow{Outcome::RpcError, "JSON-RPC error", "by the server", "status=rpc_error"},
    OutcomeRow{Outcome::Timeout, "upstream timeout", "deadline", "status=timeout"},
    OutcomeRow{Outcome::Cancelled, "cancelled", "by the client", "status=cancelled"},
    OutcomeRow{Outcome::Blocked, "blocked", "guardrail, limit", "status=blocked"},
    OutcomeRow{Outcome::Rejected, "rejected", "by the gateway", "status=rejected"},
    OutcomeRow{Outcome::Unavailable, "server unavailable", "no connection", "status=unavailable"},
};

} // namespace

std::uint64_t callCount(const OverviewData& data)
{
    return onlyGroup(data.calls).total.calls;
}

FigureText callsFigure(const OverviewData& data, bool rangeEndsNow)
{
    const store::AggregateGroup& group = onlyGroup(data.calls);
    FigureText figure;
    figure.value = formatCount(static_cast<std::int64_t>(group.total.calls));
    const double seconds = static_cast<double>(data.window.lengthNs()) / secondNs;
    figure.note =
        formatRate(rangeEndsNow ? data.status.callsPerSecond : static_cast<double>(group.total.calls) / std::max(seconds, 1.0));
    figure.course = callRates(group, data.window);
    return figure;
}

FigureText successFigure(const OverviewData& data)
{
    const store::AggregateGroup& group = onlyGroup(data.calls);
    FigureText figure;
    const auto share = [](const store::AggregateBucket& bucket) {
        return static_cast<double>(bucket.calls - bucket.errors) / static_cast<double>(bucket.calls);
    };
    figure.value = group.total.calls == 0 ? dash() : formatPercent(share(group.total));
    figure.note = QStringLiteral("goal 99.9");
    for (const store::AggregateBucket& bucket : group.buckets) {
        if (bucket.calls > 0)
            figure.course.append(share(bucket));
    }
    return figure;
}

FigureText latencyFigure(const OverviewData& data)
{
    const store::AggregateGroup& group = onlyGroup(data.calls);
    FigureText figure;
    if (group.total.calls == 0) {
        figure.value = dash();
        return figure;
    }
    figure.value = formatDuration(std::llround(group.total.p95Ns));
    figure.note = QStringLiteral("p99 %1").arg(formatDuration(std::llround(group.total.p99Ns)));
    for (const store::AggregateBucket& bucket : group.buckets) {
        if (bucket.calls > 0)
            figure.course.append(bucket.p95Ns);
    }
    return figure;
}

FigureText overheadFigure(const OverviewData& data)
{
    FigureText figure;
    figure.value = data.overheadP50 ? formatDuration(std::llround(*data.overheadP50 * secondNs)) : dash();
    figure.note = QStringLiteral("p50 per call");
    figure.course = course(data.overhead);
    return figure;
}

FigureText clientsFigure(const OverviewData& data)
{
    FigureText figure;
    figure.value = formatCount(data.status.sessions);
    figure.note = data.status.users == 1 ? QStringLiteral("1 user") : QStringLiteral("%1 users").arg(data.status.users);
    figure.course = course(data.sessionCount);
    return figure;
}

QList<double> callRates(const store::AggregateGroup& group, const ChartWindow& window)
{
    QList<double> rates;
    for (const store::AggregateBucket& bucket : group.buckets) {
        const std::int64_t passed = std::min(window.stepNs, window.endNs - bucket.startUnixNs);
        if (passed <= 0)
            break;
        // Of a bucket that has only begun one cannot tell the rate.
        const double seconds = static_cast<double>(std::max(passed, window.stepNs / 4)) / secondNs;
        rates.append(static_cast<double>(bucket.calls) / seconds);
    }
    return rates;
}

QList<TimeSeries> latencySeries(const store::AggregateGroup& group, const ChartWindow& window)
{
    TimeSeries p50 = quantileSeries(group, window, QStringLiteral("p50"), &store::AggregateBucket::p50Ns);
    TimeSeries p95 = quantileSeries(group, window, QStringLiteral("p95"), &store::AggregateBucket::p95Ns);
    TimeSeries p99 = quantileSeries(group, window, QStringLiteral("p99"), &store::AggregateBucket::p99Ns);
    p50.colorSlot = 4;
    p95.tone = Tone::Accent;
    p99.colorSlot = 2;
    return {p50, p95, p99};
}

TimeSeries callRateSeries(const store::AggregateGroup& group, const ChartWindow& window)
{
    TimeSeries series;
    series.name = QStringLiteral("calls");
    const QList<double> rates = callRates(group, window);
    for (qsizetype i = 0; i < rates.size(); ++i)
        series.samples.append({middleOf(group.buckets[static_cast<std::size_t>(i)], window), rates[i]});
    return series;
}

QList<Exemplar> failureDots(const std::vector<store::LatencyPoint>& failures, const ChartWindow& window)
{
    std::array<const store::LatencyPoint*, dotStretches> slowest{};
    const double length = static_cast<double>(std::max<std::int64_t>(1, window.lengthNs()));
    for (const store::LatencyPoint& point : failures) {
        if (!point.error || point.startUnixNs < window.fromNs || point.startUnixNs > window.endNs)
            continue;
        const double share = static_cast<double>(point.startUnixNs - window.fromNs) / length;
        const auto stretch = std::min<std::size_t>(dotStretches - 1, static_cast<std::size_t>(share * dotStretches));
        if (slowest[stretch] == nullptr || point.durationNs > slowest[stretch]->durationNs)
            slowest[stretch] = &point;
    }
    QList<Exemplar> dots;
    for (const store::LatencyPoint* point : slowest) {
        if (point == nullptr)
            continue;
        const QString tip =
            QStringLiteral("%1 · %2 · %3")
                .arg(formatClock(point->startUnixNs), outcomeWords(point->outcome), formatDuration(point->durationNs));
        dots.append({point->startUnixNs, static_cast<double>(std::max<std::int64_t>(1, point->durationNs)) / secondNs,
                     QString::fromLatin1(point->traceId.toHex()), true, tip});
    }
    return dots;
}

std::optional<std::pair<double, double>> latencyBounds(const QList<TimeSeries>& series, const QList<Exemplar>& dots)
{
    double lowest = INFINITY;
    double highest = -INFINITY;
    const auto include = [&](double value) {
        if (!std::isfinite(value) || value <= 0)
            return;
        lowest = std::min(lowest, value);
        highest = std::max(highest, value);
    };
    for (const TimeSeries& one : series) {
        for (const TimeValue& sample : one.samples)
            include(sample.value);
    }
    for (const Exemplar& dot : dots)
        include(dot.value);
    if (lowest > highest)
        return std::nullopt;
    return niceBounds(lowest, highest, ScaleKind::Log);
}

QList<BarListRow> errorRows(const std::vector<store::LatencyPoint>& failures)
{
    QList<BarListRow> rows;
    for (const OutcomeRow& row : outcomeRows) {
        const auto count = std::count_if(failures.begin(), failures.end(), [&](const store::LatencyPoint& point) {
            return point.error && point.outcome == row.outcome;
        });
        if (count > 0)
            rows.append({QString::fromLatin1(row.words),
                         QString::fromLatin1(row.code),
                         static_cast<double>(count),
                         {},
                         Tone::Error,
                         QString::fromLatin1(row.filter)});
    }
    // A span that another program sent has no outcome of a call, only its error.
    const auto other = std::count_if(failures.begin(), failures.end(), [](const store::LatencyPoint& point) {
        return point.error && point.outcome == Outcome::Ok;
    });
    if (other > 0)
        rows.append({QStringLiteral("span error"),
                     QStringLiteral("OTLP"),
                     static_cast<double>(other),
                     {},
                     Tone::Error,
                     QStringLiteral("status=error")});
    std::stable_sort(rows.begin(), rows.end(), [](const BarListRow& a, const BarListRow& b) { return a.value > b.value; });
    return rows;
}

QString outcomeWords(Outcome outcome)
{
    for (const OutcomeRow& row : outcomeRows) {
        if (row.outcome == outcome)
            return QString::fromLatin1(row.words);
    }
    return QStringLiteral("error");
}

QString failureName(const store::TraceSummary& trace, const QString& separator)
{
    if (trace.tool.isEmpty())
        return QString::fromUtf8(trace.rootName);
    const QString tool = QString::fromUtf8(trace.tool);
    const QString prefix = QString::fromUtf8(trace.server) + separator;
    const bool isTool = trace.method == "tools/call" || trace.method == "prompts/get";
    return !isTool || trace.server.isEmpty() || tool.startsWith(prefix) ? tool : prefix + tool;
}

QString failureSentence(const store::TraceSummary& trace)
{
    if (trace.firstError.isEmpty() || trace.firstError == telemetry::outcomeName(trace.outcome))
        return outcomeWords(trace.outcome);
    return QString::fromUtf8(trace.firstError).simplified();
}

} // namespace oriel::ui
