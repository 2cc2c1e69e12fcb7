// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/item_fit.h"

#include "otlp/pipeline/item_size.h"

#include <algorithm>
#include <numeric>

namespace oriel::otlp {

namespace {

using telemetry::AnyValue;
using telemetry::Attribute;
using telemetry::Attributes;
using telemetry::LogRecord;
using telemetry::SpanData;
using telemetry::SpanLimits;

constexpr qsizetype kLeastEntryBytes = 2; ///< of an attribute, event or link in a request

int orNone(qint64 limit)
{
    return limit > 0 ? static_cast<int>(limit) : -1;
}

SpanLimits noLimits()
{
    SpanLimits limits;
    limits.attributeCount = limits.eventCount = limits.linkCount = -1;
    limits.eventAttributeCount = limits.linkAttributeCount = -1;
    return limits;
}

SpanLimits lengthsOf(const config::ItemLimits& item)
{
    SpanLimits limits = noLimits();
    limits.attributeBytes = orNone(item.attributeLength);
    limits.keyBytes = orNone(item.attributeKeyLength);
    limits.arrayElements = orNone(item.arrayLength);
    return limits;
}

SpanLimits valuesOf(const config::ItemLimits& item)
{
    SpanLimits limits = lengthsOf(item);
    limits.attributeCount = orNone(item.attributeCount);
    limits.eventCount = orNone(item.eventCount);
    limits.linkCount = orNone(item.linkCount);
    limits.nameBytes = orNone(item.nameLength);
    return limits;
}

SpanLimits textLimits(int bytes)
{
    SpanLimits limits = noLimits();
    limits.attributeBytes = bytes;
    return limits;
}

template <class Point> void appendItemTexts(const Point& point, TextLengths& lengths)
{
    appendTexts(point.attributes, lengths);
    if constexpr (requires { point.exemplars; }) {
        for (const telemetry::Exemplar& exemplar : point.exemplars)
            appendTexts(exemplar.filteredAttributes, lengths);
    }
}

template <class Point> void cutTexts(Point& point, int bytes)
{
    std::uint32_t dropped = 0;
    telemetry::applyLimits(point.attributes, -1, dropped, textLimits(bytes));
    if constexpr (requires { point.exemplars; }) {
        for (telemetry::Exemplar& exemplar : point.exemplars)
            telemetry::applyLimits(exemplar.filteredAttributes, -1, dropped, textLimits(bytes));
    }
}

template <> void appendItemTexts(const SpanData& span, TextLengths& lengths)
{
    lengths.push_back(span.statusMessage.size());
    appendTexts(span.attributes, lengths);
    for (const telemetry::SpanEvent& event : span.events)
        appendTexts(event.attributes, lengths);
    for (const telemetry::SpanLink& link : span.links)
        appendTexts(link.attributes, lengths);
}

template <> void cutTexts(SpanData& span, int bytes)
{
    span.statusMessage = telemetry::cutToBytes(span.statusMessage, bytes);
    telemetry::applyLimits(span, textLimits(bytes));
}

template <> void appendItemTexts(const LogRecord& log, TextLengths& lengths)
{
    appendTexts(log.body, lengths);
    appendTexts(log.attributes, lengths);
}

template <> void cutTexts(LogRecord& log, int bytes)
{
    telemetry::applyLimits(log.body, textLimits(bytes));
    telemetry::applyLimits(log, textLimits(bytes));
}

auto tooLarge(const char* what, qsizetype size, qint64 limit)
{
    return fail(ErrorCode::TooLarge, QStringLiteral("a %1 of %2 bytes cannot be cut to the %3 bytes that the backend takes")
                                         .arg(QLatin1StringView(what))
                                         .arg(size)
                                         .arg(limit));
}

template <class Item> Status fitSize(Item& item, qint64 limit, const char* what)
{
    const qsizetype size = limit > 0 ? sizeOf(item) : 0;
    if (size <= limit)
        return {};
    TextLengths lengths;
    appendItemTexts(item, lengths);
    if (const auto length = lengthWithout(std::move(lengths), size - limit)) {
        cutTexts(item, *length);
        return {};
    }
    return tooLarge(what, size, limit);
}

/// Loki takes maps apart; each of their values is an entry with the names on its way.
struct Metadata {
    qsizetype entries = 0;
    qsizetype bytes = 0;

    void add(const Attributes& attributes, qsizetype prefix = 0)
    {
        for (const Attribute& attribute : attributes)
            add(attribute.value, prefix + attribute.key.size());
    }

private:
    void add(const AnyValue& value, qsizetype name)
    {
        if (const auto* list = std::get_if<std::shared_ptr<const telemetry::KeyValueList>>(&value.value))
            return add((*list)->values, name + 1);
        ++entries;
        bytes += name + (value.text() != nullptr ? value.text()->size() : telemetry::toJson(value).size());
    }
};

/// Of everything that stands beside a line but its own attributes. Severity, ids, flags, times and dropped counts with their
/// names are at most so many and so long.
Metadata metadataBeside(const LogRecord& log)
{
    constexpr qsizetype kOwnEntries = 12;
    constexpr qsizetype kOwnBytes = 400;
    Metadata metadata{kOwnEntries, kOwnBytes + log.severityText.size() + log.eventName.size()};
    if (log.resource)
        metadata.add(log.resource->attributes);
    if (log.scope) {
        metadata.add(log.scope->attributes);
        metadata.bytes += log.scope->name.size() + log.scope->version.size();
    }
    return metadata;
}

} // namespace

ItemFit::ItemFit(const config::ItemLimits& limits) : m_limits(limits), m_values(valuesOf(limits)), m_lengths(lengthsOf(limits)) {}

bool ItemFit::concerns(qsizetype requestBytes) const
{
    const auto isPossible = [requestBytes](qint64 limit, qsizetype least) { return limit > 0 && requestBytes > limit * least; };
    return isPossible(m_limits.itemBytes, 1) || isPossible(m_limits.attributeLength, 1) ||
           isPossible(m_limits.attributeKeyLength, 1) || isPossible(m_limits.nameLength, 1) ||
           isPossible(m_limits.bodyLength, 1) || isPossible(m_limits.arrayLength, kLeastEntryBytes) ||
           isPossible(m_limits.attributeCount, kLeastEntryBytes) || isPossible(m_limits.eventCount, kLeastEntryBytes) ||
           isPossible(m_limits.linkCount, kLeastEntryBytes) || m_limits.metadataBytes > 0 || m_limits.metadataCount > 0;
}

Status ItemFit::fit(SpanData& span)
{
    fitOrigin(span);
    telemetry::applyLimits(span, m_values);
    return fitSize(span, m_limits.itemBytes, "span");
}

Status ItemFit::fit(LogRecord& log)
{
    fitOrigin(log);
    telemetry::applyLimits(log, m_values);
    if (const Status body = fitBody(log); !body)
        return body;
    if (const Status metadata = fitMetadata(log); !metadata)
        return metadata;
    return fitSize(log, m_limits.itemBytes, "log record");
}

Status ItemFit::fit(ScopedMetrics& metrics)
{
    fitOrigin(metrics);
    Status status;
    for (telemetry::MetricData& metric : metrics.metrics) {
        telemetry::applyLimits(metric, m_lengths);
        const auto all = [&](auto& points) {
            for (auto& point : points) {
                if (status)
                    status = fitSize(point, m_limits.itemBytes, "point of a metric");
            }
        };
        all(metric.numbers);
        all(metric.histograms);
        all(metric.exponentials);
        all(metric.summaries);
    }
    return status;
}

Status ItemFit::fitBody(LogRecord& log) const
{
    if (m_limits.bodyLength <= 0)
        return {};
    if (log.body.text() != nullptr) {
        telemetry::applyLimits(log.body, textLimits(static_cast<int>(m_limits.bodyLength)));
        return {};
    }
    qsizetype size = telemetry::toJson(log.body).size();
    if (size <= m_limits.bodyLength)
        return {};
    AnyValue frame = log.body;
    telemetry::applyLimits(frame, textLimits(0));
    const qsizetype forTexts = m_limits.bodyLength - telemetry::toJson(frame).size();
    // Escapes make texts longer than they are, and not all of them alike, so one cut may not be enough.
    constexpr int kCuts = 8;
    for (int cut = 0; cut < kCuts && size > m_limits.bodyLength && forTexts > 0; ++cut) {
        TextLengths lengths;
        appendTexts(log.body, lengths);
        const qsizetype all = std::accumulate(lengths.begin(), lengths.end(), qsizetype(0));
        const qsizetype escaped = size - m_limits.bodyLength + forTexts;
        const auto length = lengthWithout(std::move(lengths), all - all * forTexts / escaped);
        if (!length)
            break;
        telemetry::applyLimits(log.body, textLimits(*length));
        size = telemetry::toJson(log.body).size();
    }
    return size <= m_limits.bodyLength ? Status() : tooLarge("line", size, m_limits.bodyLength);
}

Status ItemFit::fitMetadata(LogRecord& log) const
{
    if (m_limits.metadataBytes <= 0 && m_limits.metadataCount <= 0)
        return {};
    const Metadata beside = metadataBeside(log);
    Metadata all = beside;
    all.add(log.attributes);
    while (m_limits.metadataCount > 0 && all.entries > m_limits.metadataCount && !log.attributes.empty()) {
        log.attributes.pop_back();
        ++log.droppedAttributes;
        all = beside;
        all.add(log.attributes);
    }
    if (m_limits.metadataCount > 0 && all.entries > m_limits.metadataCount) {
        return fail(ErrorCode::TooLarge,
                    QStringLiteral("a log record's resource and scope have %1 attributes and the backend takes "
                                   "%2 beside a line")
                        .arg(all.entries)
                        .arg(m_limits.metadataCount));
    }
    if (m_limits.metadataBytes <= 0 || all.bytes <= m_limits.metadataBytes)
        return {};
    TextLengths lengths;
    appendTexts(log.attributes, lengths);
    const auto length = lengthWithout(std::move(lengths), all.bytes - m_limits.metadataBytes);
    if (!length)
        return tooLarge("line's structured metadata", all.bytes, m_limits.metadataBytes);
    telemetry::applyLimits(log, textLimits(*length));
    return {};
}

template <class Item> void ItemFit::fitOrigin(Item& item)
{
    item.resource = fitted(m_resources, item.resource);
    item.scope = fitted(m_scopes, item.scope);
}

template <class Origin>
std::shared_ptr<const Origin> ItemFit::fitted(std::map<const void*, std::shared_ptr<const Origin>>& known,
                                              const std::shared_ptr<const Origin>& origin) const
{
    if (!origin)
        return origin;
    auto [place, isNew] = known.try_emplace(origin.get());
    if (isNew) {
        auto copy = std::make_shared<Origin>(*origin);
        telemetry::applyLimits(copy->attributes, -1, copy->droppedAttributes, m_lengths);
        place->second = std::move(copy);
    }
    return place->second;
}

} // namespace oriel::otlp
