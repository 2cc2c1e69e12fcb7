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

/// Where text that may have so many bytes ends.
qsizetype endWithin(QByteArrayView text, qsizetype bytes)
{
    if (text.size() <= bytes)
        return text.size();
    while (bytes > 0 && isContinuation(text[bytes]))
        --bytes;
    return bytes;
}

/// How long values may be; negative: as long as they like.
struct Lengths {
    int characters = -1;
    int bytes = -1;
};

qsizetype endOf(QByteArrayView text, const Lengths& lengths)
{
    const qsizetype end = lengths.characters < 0 ? text.size() : lengthOfCharacters(text, lengths.characters);
    return lengths.bytes < 0 ? end : endWithin(text.first(end), lengths.bytes);
}

bool hasDeepOrLong(const AnyValue& value, const Lengths& lengths, int depth);

bool anyDeepOrLong(const Attributes& attributes, const Lengths& lengths, int depth)
{
    return std::any_of(attributes.begin(), attributes.end(),
                       [&](const Attribute& attribute) { return hasDeepOrLong(attribute.value, lengths, depth); });
}

bool hasDeepOrLong(const AnyValue& value, const Lengths& lengths, int depth)
{
    if (const auto* text = std::get_if<QByteArray>(&value.value)) {
        return (lengths.characters >= 0 && text->size() > lengths.characters) ||
               (lengths.bytes >= 0 && text->size() > lengths.bytes);
    }
    if (const auto* bytes = std::get_if<BytesValue>(&value.value))
        return lengths.characters >= 0 && bytes->bytes.size() > lengths.characters;
    if (const auto* array = std::get_if<std::shared_ptr<const ArrayValue>>(&value.value)) {
        return depth == 0 || std::any_of((*array)->values.begin(), (*array)->values.end(),
                                         [&](const AnyValue& element) { return hasDeepOrLong(element, lengths, depth - 1); });
    }
    if (const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&value.value))
        return depth == 0 || anyDeepOrLong((*list)->values, lengths, depth - 1);
    return false;
}

AnyValue limited(const AnyValue& value, const Lengths& lengths, int depth)
{
    if (const auto* text = std::get_if<QByteArray>(&value.value)) {
        const qsizetype end = endOf(*text, lengths);
        return end < text->size() ? AnyValue(text->first(end)) : value;
    }
    if (const auto* bytes = std::get_if<BytesValue>(&value.value)) {
        const int length = lengths.characters;
        return length >= 0 && bytes->bytes.size() > length ? AnyValue(BytesValue{bytes->bytes.first(length)}) : value;
    }
    if (const auto* array = std::get_if<std::shared_ptr<const ArrayValue>>(&value.value)) {
        if (depth == 0)
            return {};
        auto copy = std::make_shared<ArrayValue>();
        copy->values.reserve((*array)->values.size());
        for (const AnyValue& element : (*array)->values)
            copy->values.push_back(limited(element, lengths, depth - 1));
        return std::shared_ptr<const ArrayValue>(std::move(copy));
    }
    if (const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&value.value)) {
        if (depth == 0)
            return {};
        auto copy = std::make_shared<KeyValueList>();
        copy->values.reserve((*list)->values.size());
        for (const Attribute& entry : (*list)->values)
            copy->values.push_back({entry.key, limited(entry.value, lengths, depth - 1)});
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
    const Lengths lengths{limits.attributeLength, limits.attributeBytes};
    for (Attribute& attribute : attributes) {
        if (hasDeepOrLong(attribute.value, lengths, limits.attributeDepth))
            attribute.value = limited(attribute.value, lengths, limits.attributeDepth);
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
