// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/inbox_items.h"

namespace oriel::otlp {

namespace {

using telemetry::AnyValue;

template <class T> constexpr qsizetype sizeOf = static_cast<qsizetype>(sizeof(T));

qsizetype held(const telemetry::Attributes& attributes);

/// What lies outside of the object itself.
qsizetype held(const AnyValue& value)
{
    if (const QByteArray* text = value.text())
        return text->size();
    if (const auto* raw = std::get_if<telemetry::BytesValue>(&value.value))
        return raw->bytes.size();
    qsizetype bytes = 0;
    if (const auto* array = std::get_if<std::shared_ptr<const telemetry::ArrayValue>>(&value.value); array != nullptr && *array) {
        for (const AnyValue& element : (*array)->values)
            bytes += sizeOf<AnyValue> + held(element);
    } else if (const auto* list = std::get_if<std::shared_ptr<const telemetry::KeyValueList>>(&value.value);
               list != nullptr && *list) {
        bytes += held((*list)->values);
    }
    return bytes;
}

qsizetype held(const telemetry::Attributes& attributes)
{
    qsizetype bytes = 0;
    for (const telemetry::Attribute& attribute : attributes)
        bytes += sizeOf<telemetry::Attribute> + attribute.key.size() + held(attribute.value);
    return bytes;
}

template <class Number> qsizetype held(const std::vector<Number>& numbers)
{
    return static_cast<qsizetype>(numbers.size() * sizeof(Number));
}

qsizetype held(const std::vector<telemetry::Exemplar>& exemplars)
{
    qsizetype bytes = 0;
    for (const telemetry::Exemplar& exemplar : exemplars)
        bytes += sizeOf<telemetry::Exemplar> + held(exemplar.filteredAttributes);
    return bytes;
}

qsizetype held(const telemetry::NumberPoint& point)
{
    return held(point.exemplars);
}
qsizetype held(const telemetry::HistogramPoint& point)
{
    return held(point.bounds) + held(point.bucketCounts) + held(point.exemplars);
}
qsizetype held(const telemetry::ExponentialHistogramPoint& point)
{
    return held(point.positive.counts) + held(point.negative.counts) + held(point.exemplars);
}
qsizetype held(const telemetry::SummaryPoint& point)
{
    return held(point.quantiles);
}

template <class Point> qsizetype heldByPoints(const std::vector<Point>& points)
{
    qsizetype bytes = 0;
    for (const Point& point : points)
        bytes += sizeOf<Point> + held(point.attributes) + held(point);
    return bytes;
}

} // namespace

qsizetype heldBytes(const ExportCall& call)
{
    const telemetry::CallRecord& record = *call.call;
    qsizetype bytes = sizeOf<telemetry::CallRecord> + call.arguments.size() + call.result.size() + record.target.size() +
                      record.errorMessage.size() + held(record.extraAttributes) + record.hops.size() * sizeOf<telemetry::Hop> +
                      static_cast<qsizetype>(record.guardrails.size()) * sizeOf<telemetry::GuardrailVerdict>;
    for (const telemetry::CallEvent& event : record.events)
        bytes += sizeOf<telemetry::CallEvent> + event.name.size() + held(event.attributes);
    return bytes;
}

qsizetype heldBytes(const telemetry::SpanData& span)
{
    qsizetype bytes = sizeOf<telemetry::SpanData> + span.name.size() + span.statusMessage.size() + span.traceState.size() +
                      held(span.attributes);
    for (const telemetry::SpanEvent& event : span.events)
        bytes += sizeOf<telemetry::SpanEvent> + event.name.size() + held(event.attributes);
    for (const telemetry::SpanLink& link : span.links)
        bytes += sizeOf<telemetry::SpanLink> + link.traceState.size() + held(link.attributes);
    return bytes;
}

qsizetype heldBytes(const telemetry::LogRecord& log)
{
    return sizeOf<telemetry::LogRecord> + log.severityText.size() + log.eventName.size() + held(log.body) + held(log.attributes);
}

qsizetype heldBytes(const ReceivedMetrics& metrics)
{
    qsizetype bytes = 0;
    for (const ScopedMetrics& scoped : metrics) {
        for (const telemetry::MetricData& metric : scoped.metrics)
            bytes += sizeOf<telemetry::MetricData> + metric.name.size() + metric.description.size() + held(metric.metadata) +
                     heldByPoints(metric.numbers) + heldByPoints(metric.histograms) + heldByPoints(metric.exponentials) +
                     heldByPoints(metric.summaries);
    }
    return bytes;
}

std::uint32_t pointCount(std::span<const telemetry::MetricData> metrics)
{
    std::size_t count = 0;
    for (const telemetry::MetricData& metric : metrics)
        count += metric.numbers.size() + metric.histograms.size() + metric.exponentials.size() + metric.summaries.size();
    return static_cast<std::uint32_t>(count);
}

std::uint32_t pointCount(const ReceivedMetrics& metrics)
{
    std::uint32_t count = 0;
    for (const ScopedMetrics& scoped : metrics)
        count += pointCount(scoped.metrics);
    return count;
}

} // namespace oriel::otlp
