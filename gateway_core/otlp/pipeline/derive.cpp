// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/derive.h"

#include "otlp/codec/decode.h"
#include "otlp/codec/encode.h"
#include "otlp/pipeline/item_fit.h"
#include "otlp/presets/presets.h"

#include <algorithm>

namespace oriel::otlp {

namespace {

using telemetry::AliasSetRow;
using telemetry::AliasSets;
using telemetry::Attribute;

bool contains(AliasSets sets, const AliasSetRow& row)
{
    return (sets & static_cast<AliasSets>(row.set)) != 0;
}

bool namesIt(const AliasSetRow& row, const QByteArray& key)
{
    return std::any_of(row.attributes.begin(), row.attributes.end(), [&](const char* name) { return key == name; });
}

/// Is it there only for a set that is not wanted?
bool isUnwantedAlias(const QByteArray& key, AliasSets carried, AliasSets wanted)
{
    bool unwanted = false;
    for (const AliasSetRow& row : telemetry::aliasSetTable()) {
        if (!namesIt(row, key))
            continue;
        if (contains(wanted, row))
            return false;
        unwanted = unwanted || contains(carried, row);
    }
    return unwanted;
}

/// What the sets that are wanted call the stage that another set calls `name`; empty: nothing.
QByteArrayView spanAlias(QByteArrayView name, AliasSets wanted)
{
    for (int stage = 0; stage <= static_cast<int>(telemetry::Stage::Count); ++stage) {
        const auto id = static_cast<telemetry::Stage>(stage);
        const auto sets = telemetry::aliasSetTable();
        if (std::none_of(sets.begin(), sets.end(),
                         [&](const AliasSetRow& row) { return telemetry::stageAlias(id, row.set) == name; }))
            continue;
        for (const AliasSetRow& row : sets) {
            const QByteArrayView own = contains(wanted, row) ? telemetry::stageAlias(id, row.set) : QByteArrayView();
            if (!own.isEmpty())
                return own;
        }
    }
    return {};
}

void removeAliases(telemetry::SpanData& span, AliasSets carried, AliasSets wanted)
{
    const QByteArray aliasKey = telemetry::attributeName(telemetry::Attr::GatewaySpanAlias);
    std::erase_if(span.attributes, [&](Attribute& attribute) {
        if (attribute.key != aliasKey)
            return isUnwantedAlias(attribute.key, carried, wanted);
        const QByteArray* text = attribute.value.text();
        const QByteArrayView own = text != nullptr ? spanAlias(*text, wanted) : QByteArrayView();
        if (!own.isEmpty())
            attribute.value = own.toByteArray();
        return own.isEmpty();
    });
}

void removePayloads(telemetry::SpanData& span)
{
    const QByteArray arguments = telemetry::attributeName(telemetry::Attr::GenAiToolCallArguments);
    const QByteArray result = telemetry::attributeName(telemetry::Attr::GenAiToolCallResult);
    const QByteArray variables = telemetry::attributeName(telemetry::Attr::GenAiPromptVariable) + QByteArrayLiteral(".");
    std::erase_if(span.attributes, [&](const Attribute& attribute) {
        return attribute.key == arguments || attribute.key == result || attribute.key.startsWith(variables);
    });
}

std::size_t pointCount(const telemetry::MetricData& metric)
{
    return metric.numbers.size() + metric.histograms.size() + metric.exponentials.size() + metric.summaries.size();
}

/// Moves points out of `from` until `wanted` are in the result.
std::vector<ScopedMetrics> takePoints(std::vector<ScopedMetrics>& from, std::size_t wanted)
{
    std::vector<ScopedMetrics> taken;
    const auto move = [&wanted](auto& points, auto& into) {
        const auto count = static_cast<std::ptrdiff_t>(std::min(wanted, points.size()));
        into.assign(std::make_move_iterator(points.begin()), std::make_move_iterator(points.begin() + count));
        points.erase(points.begin(), points.begin() + count);
        wanted -= static_cast<std::size_t>(count);
    };
    for (ScopedMetrics& scoped : from) {
        if (wanted == 0)
            break;
        ScopedMetrics part{scoped.resource, scoped.scope, {}};
        std::size_t emptied = 0;
        for (telemetry::MetricData& metric : scoped.metrics) {
            if (wanted == 0)
                break;
            telemetry::MetricData half = metric;
            move(metric.numbers, half.numbers);
            move(metric.histograms, half.histograms);
            move(metric.exponentials, half.exponentials);
            move(metric.summaries, half.summaries);
            part.metrics.push_back(std::move(half));
            emptied += pointCount(metric) == 0 ? 1 : 0;
        }
        scoped.metrics.erase(scoped.metrics.begin(), scoped.metrics.begin() + static_cast<std::ptrdiff_t>(emptied));
        taken.push_back(std::move(part));
    }
    std::erase_if(from, [](const ScopedMetrics& scoped) { return scoped.metrics.empty(); });
    return taken;
}

Batch partOf(const Batch& whole, QByteArray request, std::size_t items)
{
    return {whole.signal, std::move(request), static_cast<std::uint32_t>(items), whole.payloads, whole.aliases};
}

std::vector<Batch> metricHalves(const Batch& batch)
{
    auto decoded = decodeMetrics(batch.request, Encoding::Protobuf);
    std::size_t points = 0;
    if (decoded) {
        for (const ScopedMetrics& scoped : decoded->metrics) {
            for (const telemetry::MetricData& metric : scoped.metrics)
                points += pointCount(metric);
        }
    }
    if (points < 2)
        return {};
    const std::vector<ScopedMetrics> first = takePoints(decoded->metrics, points / 2);
    return {partOf(batch, encodeMetrics(first, Encoding::Protobuf), points / 2),
            partOf(batch, encodeMetrics(decoded->metrics, Encoding::Protobuf), points - points / 2)};
}

template <class Item, class Encode>
std::vector<Batch> itemHalves(const Batch& batch, const std::vector<Item>& items, Encode encode)
{
    if (items.size() < 2)
        return {};
    const std::span<const Item> all(items);
    const std::size_t middle = items.size() / 2;
    return {partOf(batch, encode(all.first(middle), Encoding::Protobuf), middle),
            partOf(batch, encode(all.subspan(middle), Encoding::Protobuf), items.size() - middle)};
}

template <class Item> Status fitAll(ItemFit& fit, bool hasLimits, std::vector<Item>& items)
{
    for (Item& item : items) {
        if (!hasLimits)
            break;
        if (const Status fitted = fit.fit(item); !fitted)
            return fitted;
    }
    return {};
}

} // namespace

RequestForm requestForm(const config::Destination& destination, Signal signal, Encoding encoding)
{
    RequestForm form{encoding, destination.includePayloads, 0, itemLimits(destination, signal),
                     std::chrono::hours(destination.maxAheadHours)};
    for (const QString& name : destination.aliases)
        form.aliases |= telemetry::aliasSetByName(name);
    return form;
}

Result<QByteArray> deriveRequest(const Batch& batch, const RequestForm& form)
{
    const bool dropPayloads = batch.payloads && !form.payloads;
    const bool dropAliases = (batch.aliases & ~form.aliases) != 0;
    ItemFit fit(form.limits);
    const bool hasLimits = fit.concerns(batch.request.size());
    if (form.encoding == Encoding::Protobuf && !dropPayloads && !dropAliases && !hasLimits)
        return batch.request;
    switch (batch.signal) {
    case Signal::Traces: {
        auto decoded = decodeTraces(batch.request, Encoding::Protobuf);
        if (!decoded)
            return fail(decoded.error());
        for (telemetry::SpanData& span : decoded->spans) {
            if (dropPayloads)
                removePayloads(span);
            if (dropAliases)
                removeAliases(span, batch.aliases, form.aliases);
        }
        if (const Status fitted = fitAll(fit, hasLimits, decoded->spans); !fitted)
            return fail(fitted.error());
        return encodeTraces(decoded->spans, form.encoding);
    }
    case Signal::Metrics: {
        auto decoded = decodeMetrics(batch.request, Encoding::Protobuf);
        if (!decoded)
            return fail(decoded.error());
        if (const Status fitted = fitAll(fit, hasLimits, decoded->metrics); !fitted)
            return fail(fitted.error());
        return encodeMetrics(decoded->metrics, form.encoding);
    }
    case Signal::Logs: {
        auto decoded = decodeLogs(batch.request, Encoding::Protobuf);
        if (!decoded)
            return fail(decoded.error());
        if (const Status fitted = fitAll(fit, hasLimits, decoded->logs); !fitted)
            return fail(fitted.error());
        return encodeLogs(decoded->logs, form.encoding);
    }
    }
    return fail(ErrorCode::Internal, QStringLiteral("a batch of no known signal"));
}

std::vector<Batch> halves(const Batch& batch)
{
    switch (batch.signal) {
    case Signal::Traces:
        if (const auto decoded = decodeTraces(batch.request, Encoding::Protobuf))
            return itemHalves(batch, decoded->spans, [](auto items, Encoding encoding) { return encodeTraces(items, encoding); });
        break;
    case Signal::Metrics:
        return metricHalves(batch);
    case Signal::Logs:
        if (const auto decoded = decodeLogs(batch.request, Encoding::Protobuf))
            return itemHalves(batch, decoded->logs, [](auto items, Encoding encoding) { return encodeLogs(items, encoding); });
        break;
    }
    return {};
}

} // namespace oriel::otlp
