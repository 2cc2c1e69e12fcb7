// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/clock_window.h"

#include "otlp/codec/decode.h"
#include "otlp/codec/fields.h"
#include "otlp/codec/protobuf_reader.h"

#include <algorithm>
#include <array>

namespace oriel::otlp {

namespace {

using protobuf::Reader;
using telemetry::LogRecord;
using telemetry::MetricData;
using telemetry::SpanData;

std::int64_t timeOf(const SpanData& span)
{
    return std::max(span.startUnixNs, span.endUnixNs);
}

std::int64_t timeOf(const LogRecord& log)
{
    return log.timeUnixNs != 0 ? log.timeUnixNs : log.observedUnixNs;
}

std::int64_t timeOfSpan(Reader span)
{
    std::int64_t latest = 0;
    while (span.next()) {
        if (span.tag_and_type() == protobuf::fixed64(fields::span::kStart) ||
            span.tag_and_type() == protobuf::fixed64(fields::span::kEnd))
            latest = std::max(latest, protobuf::timeOf(span));
        else
            span.skip();
    }
    return latest;
}

std::int64_t timeOfLog(Reader log)
{
    std::int64_t time = 0;
    std::int64_t observed = 0;
    while (log.next()) {
        if (log.tag_and_type() == protobuf::fixed64(fields::log::kTime))
            time = protobuf::timeOf(log);
        else if (log.tag_and_type() == protobuf::fixed64(fields::log::kObservedTime))
            observed = protobuf::timeOf(log);
        else
            log.skip();
    }
    return time != 0 ? time : observed;
}

std::int64_t timeOfPoints(Reader data, fields::Tag timeTag)
{
    std::int64_t latest = 0;
    while (data.next(fields::points::kPoints, protozero::pbf_wire_type::length_delimited)) {
        for (Reader point = data.get_message(); point.next();) {
            if (point.tag_and_type() == protobuf::fixed64(timeTag))
                latest = std::max(latest, protobuf::timeOf(point));
            else
                point.skip();
        }
    }
    return latest;
}

std::int64_t timeOfMetric(Reader metric)
{
    std::int64_t latest = 0;
    while (metric.next()) {
        switch (metric.tag_and_type()) {
        case protobuf::bytes(fields::metric::kGauge):
        case protobuf::bytes(fields::metric::kSum):
            latest = std::max(latest, timeOfPoints(metric.get_message(), fields::number_point::kTime));
            break;
        case protobuf::bytes(fields::metric::kHistogram):
            latest = std::max(latest, timeOfPoints(metric.get_message(), fields::histogram_point::kTime));
            break;
        case protobuf::bytes(fields::metric::kExponentialHistogram):
            latest = std::max(latest, timeOfPoints(metric.get_message(), fields::exponential_point::kTime));
            break;
        case protobuf::bytes(fields::metric::kSummary):
            latest = std::max(latest, timeOfPoints(metric.get_message(), fields::summary_point::kTime));
            break;
        default:
            metric.skip();
        }
    }
    return latest;
}

std::int64_t timeOfItem(Signal signal, Reader item)
{
    switch (signal) {
    case Signal::Traces:
        return timeOfSpan(item);
    case Signal::Metrics:
        return timeOfMetric(item);
    case Signal::Logs:
        return timeOfLog(item);
    }
    return 0;
}

struct Latest {
    std::int64_t unixNs = 0;
};

/// Every request is looked through, so only times are read. 0 for what cannot be read.
std::int64_t latestTime(const Batch& batch)
{
    constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;
    const auto read = [&batch](Reader request, Latest& latest) {
        while (request.next(fields::request::kResourceGroup, kBytes)) {
            Reader group = request.get_message();
            while (group.next(fields::resource_group::kScopeGroup, kBytes)) {
                Reader scope = group.get_message();
                while (scope.next(fields::scope_group::kItem, kBytes))
                    latest.unixNs = std::max(latest.unixNs, timeOfItem(batch.signal, scope.get_item()));
            }
        }
    };
    const Result<Latest> latest = protobuf::guarded<Latest>(batch.request, read);
    return latest ? latest->unixNs : 0;
}

enum class Part : quint8 { Due, Early, Wrong };
constexpr std::array kParts{Part::Due, Part::Early, Part::Wrong};

struct Window {
    std::int64_t dueUntil = 0;
    std::int64_t earlyUntil = 0;

    [[nodiscard]] Part partOf(std::int64_t time) const
    {
        return time <= dueUntil ? Part::Due : time <= earlyUntil ? Part::Early : Part::Wrong;
    }
};

template <class Item> std::vector<Item> itemsOf(const std::vector<Item>& all, Part part, const Window& window)
{
    std::vector<Item> items;
    std::copy_if(all.begin(), all.end(), std::back_inserter(items),
                 [&](const Item& item) { return window.partOf(timeOf(item)) == part; });
    return items;
}

/// How many points of that part there are; the others are taken out.
std::size_t keepPoints(std::vector<ScopedMetrics>& metrics, Part part, const Window& window)
{
    std::size_t kept = 0;
    const auto keep = [&](auto& points) {
        std::erase_if(points, [&](const auto& point) { return window.partOf(point.timeUnixNs) != part; });
        kept += points.size();
        return points.size();
    };
    for (ScopedMetrics& scoped : metrics) {
        std::erase_if(scoped.metrics, [&](MetricData& metric) {
            return keep(metric.numbers) + keep(metric.histograms) + keep(metric.exponentials) + keep(metric.summaries) == 0;
        });
    }
    std::erase_if(metrics, [](const ScopedMetrics& scoped) { return scoped.metrics.empty(); });
    return kept;
}

Batch partOf(const Batch& whole, QByteArray request, std::size_t items)
{
    return {whole.signal, std::move(request), static_cast<std::uint32_t>(items), whole.payloads, whole.aliases};
}

Batch batchOf(const Batch& whole, Part part, const Window& window)
{
    switch (whole.signal) {
    case Signal::Traces:
        if (const auto decoded = decodeTraces(whole.request, Encoding::Protobuf)) {
            const std::vector<SpanData> spans = itemsOf(decoded->spans, part, window);
            return partOf(whole, encodeTraces(spans, Encoding::Protobuf), spans.size());
        }
        break;
    case Signal::Metrics:
        if (auto decoded = decodeMetrics(whole.request, Encoding::Protobuf)) {
            const std::size_t points = keepPoints(decoded->metrics, part, window);
            return partOf(whole, encodeMetrics(decoded->metrics, Encoding::Protobuf), points);
        }
        break;
    case Signal::Logs:
        if (const auto decoded = decodeLogs(whole.request, Encoding::Protobuf)) {
            const std::vector<LogRecord> logs = itemsOf(decoded->logs, part, window);
            return partOf(whole, encodeLogs(logs, Encoding::Protobuf), logs.size());
        }
        break;
    }
    return {};
}

} // namespace

ClockParts byClock(const Batch& batch, std::chrono::hours ahead, std::int64_t nowUnixNs)
{
    const std::int64_t aheadNs = std::chrono::nanoseconds(ahead).count();
    const Window window{nowUnixNs + aheadNs, nowUnixNs + aheadNs + std::chrono::nanoseconds(ClockParts::kPatience).count()};
    ClockParts parts;
    if (latestTime(batch) <= window.dueUntil) {
        parts.due.push_back(batch);
        return parts;
    }
    for (const Part part : kParts) {
        Batch items = batchOf(batch, part, window);
        if (items.items == 0)
            continue;
        if (part == Part::Early)
            parts.dueUnixNs = latestTime(items) - aheadNs;
        (part == Part::Due ? parts.due : part == Part::Early ? parts.early : parts.wrong).push_back(std::move(items));
    }
    if (parts.early.empty() && parts.wrong.empty())
        parts.due = {batch};
    return parts;
}

} // namespace oriel::otlp
