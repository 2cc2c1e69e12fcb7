// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/limits.h"

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

bool hasDeepOrLong(const AnyValue& value, int length, int depth);

bool anyDeepOrLong(const Attributes& attributes, int length, int depth)
{
    return std::any_of(attributes.begin(), attributes.end(),
                       [&](const Attribute& attribute) { return hasDeepOrLong(attribute.value, length, depth); });
}

bool hasDeepOrLong(const AnyValue& value, int length, int depth)
{
    if (const auto* text = std::get_if<QByteArray>(&value.value))
        return length >= 0 && text->size() > length;
    if (const auto* bytes = std::get_if<BytesValue>(&value.value))
        return length >= 0 && bytes->bytes.size() > length;
    if (const auto* array = std::get_if<std::shared_ptr<const ArrayValue>>(&value.value)) {
        return depth == 0 || std::any_of((*array)->values.begin(), (*array)->values.end(),
                                         [&](const AnyValue& element) { return hasDeepOrLong(element, length, depth - 1); });
    }
    if (const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&value.value))
        return depth == 0 || anyDeepOrLong((*list)->values, length, depth - 1);
    return false;
}

AnyValue limited(const AnyValue& value, int length, int depth)
{
    if (const auto* text = std::get_if<QByteArray>(&value.value)) {
        const qsizetype end = length < 0 ? text->size() : lengthOfCharacters(*text, length);
        return end < text->size() ? AnyValue(text->first(end)) : value;
    }
    if (const auto* bytes = std::get_if<BytesValue>(&value.value))
        return length >= 0 && bytes->bytes.size() > length ? AnyValue(BytesValue{bytes->bytes.first(length)}) : value;
    if (const auto* array = std::get_if<std::shared_ptr<const ArrayValue>>(&value.value)) {
        if (depth == 0)
            return {};
        auto copy = std::make_shared<ArrayValue>();
        copy->values.reserve((*array)->values.size());
        for (const AnyValue& element : (*array)->values)
            copy->values.push_back(limited(element, length, depth - 1));
        return std::shared_ptr<const ArrayValue>(std::move(copy));
    }
    if (const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&value.value)) {
        if (depth == 0)
            return {};
        auto copy = std::make_shared<KeyValueList>();
        copy->values.reserve((*list)->values.size());
        for (const Attribute& entry : (*list)->values)
            copy->values.push_back({entry.key, limited(entry.value, length, depth - 1)});
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

void limitAttributes(Attributes& attributes, int count, std::uint32_t& dropped, const SpanLimits& limits)
{
    limitCount(attributes, count, dropped);
    for (Attribute& attribute : attributes) {
        if (hasDeepOrLong(attribute.value, limits.attributeLength, limits.attributeDepth))
            attribute.value = limited(attribute.value, limits.attributeLength, limits.attributeDepth);
    }
}

} // namespace

void applyLimits(SpanData& span, const SpanLimits& limits)
{
    limitAttributes(span.attributes, limits.attributeCount, span.droppedAttributes, limits);
    limitCount(span.events, limits.eventCount, span.droppedEvents);
    for (SpanEvent& event : span.events)
        limitAttributes(event.attributes, limits.eventAttributeCount, event.droppedAttributes, limits);
    limitCount(span.links, limits.linkCount, span.droppedLinks);
    for (SpanLink& link : span.links)
        limitAttributes(link.attributes, limits.linkAttributeCount, link.droppedAttributes, limits);
}

void applyLimits(LogRecord& log, const SpanLimits& limits)
{
    limitAttributes(log.attributes, limits.attributeCount, log.droppedAttributes, limits);
}

} // namespace oriel::telemetry
