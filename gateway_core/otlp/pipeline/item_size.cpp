// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/item_size.h"

#include <algorithm>

namespace oriel::otlp {

namespace {

using telemetry::AnyValue;
using telemetry::Attribute;
using telemetry::Attributes;

/// Shorter texts say nothing any more: ids, names and numbers need as much.
constexpr qsizetype kLeastText = 64;

/// Everything of an item that is neither text nor attribute.
constexpr qsizetype kFixedSpan = 160;
constexpr qsizetype kFixedLog = 96;
constexpr qsizetype kFixedPoint = 128;
constexpr qsizetype kFixedEvent = 24;
constexpr qsizetype kFixedLink = 48;
constexpr qsizetype kFixedExemplar = 64;
constexpr qsizetype kNumber = 11; ///< a varint of 64 bits with its tag

/// A field of so many bytes with tag and length.
constexpr qsizetype field(qsizetype bytes)
{
    constexpr int kVarintBits = 7;
    qsizetype prefix = 2;
    for (qsizetype rest = bytes >> kVarintBits; rest > 0; rest >>= kVarintBits)
        ++prefix;
    return prefix + bytes;
}

qsizetype attributesSize(const Attributes& attributes);

qsizetype valueSize(const AnyValue& value)
{
    if (const QByteArray* text = value.text())
        return field(text->size());
    if (const auto* bytes = std::get_if<telemetry::BytesValue>(&value.value))
        return field(bytes->bytes.size());
    if (const auto* array = std::get_if<std::shared_ptr<const telemetry::ArrayValue>>(&value.value)) {
        qsizetype size = 0;
        for (const AnyValue& element : (*array)->values)
            size += field(valueSize(element));
        return field(size);
    }
    if (const auto* list = std::get_if<std::shared_ptr<const telemetry::KeyValueList>>(&value.value))
        return field(attributesSize((*list)->values));
    return kNumber;
}

qsizetype attributesSize(const Attributes& attributes)
{
    qsizetype size = 0;
    for (const Attribute& attribute : attributes)
        size += field(field(attribute.key.size()) + field(valueSize(attribute.value)));
    return size;
}

template <class Point> qsizetype pointSize(const Point& point, std::size_t numbers)
{
    qsizetype size = kFixedPoint + attributesSize(point.attributes) + static_cast<qsizetype>(numbers) * kNumber;
    if constexpr (requires { point.exemplars; }) {
        for (const telemetry::Exemplar& exemplar : point.exemplars)
            size += kFixedExemplar + attributesSize(exemplar.filteredAttributes);
    }
    return size;
}

} // namespace

qsizetype sizeOf(const telemetry::SpanData& span)
{
    qsizetype size = kFixedSpan + field(span.name.size()) + field(span.traceState.size()) + field(span.statusMessage.size()) +
                     attributesSize(span.attributes);
    for (const telemetry::SpanEvent& event : span.events)
        size += field(kFixedEvent + field(event.name.size()) + attributesSize(event.attributes));
    for (const telemetry::SpanLink& link : span.links)
        size += field(kFixedLink + field(link.traceState.size()) + attributesSize(link.attributes));
    return size;
}

qsizetype sizeOf(const telemetry::LogRecord& log)
{
    return kFixedLog + field(log.severityText.size()) + field(log.eventName.size()) + field(valueSize(log.body)) +
           attributesSize(log.attributes);
}

qsizetype sizeOf(const telemetry::NumberPoint& point)
{
    return pointSize(point, 0);
}

qsizetype sizeOf(const telemetry::HistogramPoint& point)
{
    return pointSize(point, point.bounds.size() + point.bucketCounts.size());
}

qsizetype sizeOf(const telemetry::ExponentialHistogramPoint& point)
{
    return pointSize(point, point.positive.counts.size() + point.negative.counts.size());
}

qsizetype sizeOf(const telemetry::SummaryPoint& point)
{
    return pointSize(point, 2 * point.quantiles.size());
}

void appendTexts(const AnyValue& value, TextLengths& lengths)
{
    if (const QByteArray* text = value.text()) {
        lengths.push_back(text->size());
    } else if (const auto* bytes = std::get_if<telemetry::BytesValue>(&value.value)) {
        lengths.push_back(bytes->bytes.size());
    } else if (const auto* array = std::get_if<std::shared_ptr<const telemetry::ArrayValue>>(&value.value)) {
        for (const AnyValue& element : (*array)->values)
            appendTexts(element, lengths);
    } else if (const auto* list = std::get_if<std::shared_ptr<const telemetry::KeyValueList>>(&value.value)) {
        appendTexts((*list)->values, lengths);
    }
}

void appendTexts(const Attributes& attributes, TextLengths& lengths)
{
    for (const Attribute& attribute : attributes)
        appendTexts(attribute.value, lengths);
}

std::optional<int> lengthWithout(TextLengths lengths, qsizetype excess)
{
    std::sort(lengths.begin(), lengths.end(), std::greater());
    qsizetype sum = 0;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        sum += lengths[i];
        if (sum < excess)
            continue;
        const qsizetype length = (sum - excess) / static_cast<qsizetype>(i + 1);
        const qsizetype next = i + 1 < lengths.size() ? lengths[i + 1] : 0;
        if (length >= next)
            return length >= kLeastText ? std::optional(static_cast<int>(length)) : std::nullopt;
    }
    return std::nullopt;
}

} // namespace oriel::otlp
