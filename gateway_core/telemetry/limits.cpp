// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/limits.h"

#include <QSet>

#include <algorithm>

namespace oriel::telemetry {

namespace {

bool isContinuation(char c)
{
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Where the first `characters` characters of UTF-8 text end.
qsizetype lengthOfCharacters(QByteArrayView text, int characters)
{
    qsizetype position = 0;
    for (int seen = 0; seen < characters && position < text.size(); ++seen) {
        ++position;
        while (position < text.size() && isContinuation(text[position]))
            ++position;
    }
    return position;
}

/// Where text that may have so many bytes ends.
qsizetype endWithin(QByteArrayView text, qsizetype bytes)
{
    if (text.size() <= bytes)
        return text.size();
    while (bytes > 0 && isContinuation(text[bytes]))
        --bytes;
    return bytes;
}

bool isBeyond(qsizetype size, int limit)
{
    return limit >= 0 && size > limit;
}

qsizetype endOf(QByteArrayView text, const SpanLimits& limits)
{
    const qsizetype end = limits.attributeLength < 0 ? text.size() : lengthOfCharacters(text, limits.attributeLength);
    return limits.attributeBytes < 0 ? end : endWithin(text.first(end), limits.attributeBytes);
}

qsizetype endOfBytes(qsizetype size, const SpanLimits& limits)
{
    for (const int limit : {limits.attributeLength, limits.attributeBytes}) {
        if (isBeyond(size, limit))
            size = limit;
    }
    return size;
}

bool isBeyondLimits(const AnyValue& value, const SpanLimits& limits, int depth);

bool anyBeyondLimits(const Attributes& attributes, const SpanLimits& limits, int depth)
{
    return std::any_of(attributes.begin(), attributes.end(), [&](const Attribute& attribute) {
        return isBeyond(attribute.key.size(), limits.keyBytes) || isBeyondLimits(attribute.value, limits, depth);
    });
}

bool isBeyondLimits(const AnyValue& value, const SpanLimits& limits, int depth)
{
    if (const auto* text = std::get_if<QByteArray>(&value.value))
        return isBeyond(text->size(), limits.attributeLength) || isBeyond(text->size(), limits.attributeBytes);
    if (const auto* bytes = std::get_if<BytesValue>(&value.value))
        return endOfBytes(bytes->bytes.size(), limits) < bytes->bytes.size();
    if (const auto* array = std::get_if<std::shared_ptr<const ArrayValue>>(&value.value)) {
        const std::vector<AnyValue>& elements = (*array)->values;
        return depth == 0 || isBeyond(static_cast<qsizetype>(elements.size()), limits.arrayElements) ||
               std::any_of(elements.begin(), elements.end(),
                           [&](const AnyValue& element) { return isBeyondLimits(element, limits, depth - 1); });
    }
    if (const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&value.value))
        return depth == 0 || anyBeyondLimits((*list)->values, limits, depth - 1);
    return false;
}

void limitKeys(Attributes& attributes, int bytes, std::uint32_t& dropped)
{
    if (std::none_of(attributes.begin(), attributes.end(),
                     [bytes](const Attribute& attribute) { return isBeyond(attribute.key.size(), bytes); }))
        return;
    QSet<QByteArray> seen;
    dropped += static_cast<std::uint32_t>(std::erase_if(attributes, [&](Attribute& attribute) {
        attribute.key = cutToBytes(attribute.key, bytes);
        if (seen.contains(attribute.key))
            return true;
        seen.insert(attribute.key);
        return false;
    }));
}

AnyValue limited(const AnyValue& value, const SpanLimits& limits, int depth)
{
    if (const auto* text = std::get_if<QByteArray>(&value.value)) {
        const qsizetype end = endOf(*text, limits);
        return end < text->size() ? AnyValue(text->first(end)) : value;
    }
    if (const auto* bytes = std::get_if<BytesValue>(&value.value)) {
        const qsizetype end = endOfBytes(bytes->bytes.size(), limits);
        return end < bytes->bytes.size() ? AnyValue(BytesValue{bytes->bytes.first(end)}) : value;
    }
    if (const auto* array = std::get_if<std::shared_ptr<const ArrayValue>>(&value.value)) {
        if (depth == 0)
            return {};
        auto copy = std::make_shared<ArrayValue>();
        for (const AnyValue& element : (*array)->values) {
            if (limits.arrayElements >= 0 && copy->values.size() == static_cast<std::size_t>(limits.arrayElements))
                break;
            copy->values.push_back(limited(element, limits, depth - 1));
        }
        return std::shared_ptr<const ArrayValue>(std::move(copy));
    }
    if (const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&value.value)) {
        if (depth == 0)
            return {};
        auto copy = std::make_shared<KeyValueList>();
        copy->values.reserve((*list)->values.size());
        for (const Attribute& entry : (*list)->values)
            copy->values.push_back({entry.key, limited(entry.value, limits, depth - 1)});
        std::uint32_t uncounted = 0;
        limitKeys(copy->values, limits.keyBytes, uncounted);
        return std::shared_ptr<const KeyValueList>(std::move(copy));
    }
    return value;
}

template <class List> void limitCount(List& list, int limit, std::uint32_t& dropped)
{
    if (limit < 0 || list.size() <= static_cast<std::size_t>(limit))
        return;
    dropped += static_cast<std::uint32_t>(list.size() - static_cast<std::size_t>(limit));
    list.erase(list.begin() + limit, list.end());
}

template <class Point> void limitPoint(Point& point, const SpanLimits& limits)
{
    std::uint32_t uncounted = 0;
    applyLimits(point.attributes, -1, uncounted, limits);
    if constexpr (requires { point.exemplars; }) {
        for (Exemplar& exemplar : point.exemplars)
            applyLimits(exemplar.filteredAttributes, -1, uncounted, limits);
    }
}

} // namespace

QByteArray cutToBytes(const QByteArray& text, qsizetype bytes)
{
    const qsizetype end = endWithin(text, bytes);
    return end < text.size() ? text.first(end) : text;
}

void applyLimits(AnyValue& value, const SpanLimits& limits)
{
    if (isBeyondLimits(value, limits, limits.attributeDepth))
        value = limited(value, limits, limits.attributeDepth);
}

void applyLimits(Attributes& attributes, int count, std::uint32_t& dropped, const SpanLimits& limits)
{
    limitKeys(attributes, limits.keyBytes, dropped);
    limitCount(attributes, count, dropped);
    for (Attribute& attribute : attributes)
        applyLimits(attribute.value, limits);
}

void applyLimits(SpanData& span, const SpanLimits& limits)
{
    if (isBeyond(span.name.size(), limits.nameBytes))
        span.name = cutToBytes(span.name, limits.nameBytes);
    applyLimits(span.attributes, limits.attributeCount, span.droppedAttributes, limits);
    limitCount(span.events, limits.eventCount, span.droppedEvents);
    for (SpanEvent& event : span.events)
        applyLimits(event.attributes, limits.eventAttributeCount, event.droppedAttributes, limits);
    limitCount(span.links, limits.linkCount, span.droppedLinks);
    for (SpanLink& link : span.links)
        applyLimits(link.attributes, limits.linkAttributeCount, link.droppedAttributes, limits);
}

void applyLimits(LogRecord& log, const SpanLimits& limits)
{
    applyLimits(log.attributes, limits.attributeCount, log.droppedAttributes, limits);
}

void applyLimits(MetricData& metric, const SpanLimits& limits)
{
    const auto all = [&limits](auto& points) {
        for (auto& point : points)
            limitPoint(point, limits);
    };
    all(metric.numbers);
    all(metric.histograms);
    all(metric.exponentials);
    all(metric.summaries);
}

} // namespace oriel::telemetry
