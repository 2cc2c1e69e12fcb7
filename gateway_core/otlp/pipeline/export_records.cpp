// SPDX-License-Identifier: GPL-3.0-or-later
// ExportPipeline: from what was finished to records of the spool, each addressed to those that take it.
#include "otlp/pipeline/destination_queue.h"
#include "otlp/pipeline/export_pipeline.h"
#include "otlp/pipeline/pipeline_settings.h"
#include "otlp/pipeline/trace_processor.h"
#include "telemetry/call_spans.h"

#include <QTimer>

#include <algorithm>
#include <iterator>

namespace oriel::otlp {

namespace {

constexpr std::size_t kMaxRecordItems = 2'048;

using Destinations = std::vector<DestinationQueue*>;

/// What records of calls carry.
struct CallForm {
    telemetry::AliasSets aliases = 0;
    bool payloads = false;
    bool operator==(const CallForm&) const = default;
};

CallForm callFormOf(const config::Destination& destination)
{
    CallForm form{0, destination.includePayloads};
    for (const QString& name : destination.aliases)
        form.aliases |= telemetry::aliasSetByName(name);
    return form;
}

/// Destinations that share the records of calls.
struct CallTakers {
    CallForm form;
    Destinations destinations;
};

/// Does what only some takers want change what becomes of the rest? A rule may look at it, and rename it, so that nobody would
/// know it again; and it counts where few attributes are allowed.
bool hasSideEffects(const TraceProcessor::Settings& settings)
{
    constexpr int kFewAttributes = telemetry::SpanLimits().attributeCount;
    const int limit = settings.spanLimits.attributeCount;
    return !settings.processors.isEmpty() || (limit >= 0 && limit < kFewAttributes);
}

/// All share one record that carries what any of them wants, from which the rest is taken out when it is sent (derive.h); where
/// that has side effects, a record carries exactly what its takers want.
std::vector<CallTakers> callTakers(const Destinations& destinations, bool exactly)
{
    std::vector<CallTakers> all;
    for (DestinationQueue* destination : destinations) {
        const CallForm form = callFormOf(destination->config());
        auto known =
            std::find_if(all.begin(), all.end(), [&](const CallTakers& takers) { return !exactly || takers.form == form; });
        if (known == all.end())
            known = all.insert(all.end(), CallTakers{form, {}});
        known->form.aliases |= form.aliases;
        known->form.payloads = known->form.payloads || form.payloads;
        known->destinations.push_back(destination);
    }
    return all;
}

template <class Takes> Destinations takersOf(const std::vector<std::unique_ptr<DestinationQueue>>& destinations, Takes takes)
{
    Destinations all;
    for (const auto& destination : destinations) {
        if (takes(*destination))
            all.push_back(destination.get());
    }
    return all;
}

Destinations withReceived(const Destinations& destinations)
{
    Destinations all;
    std::copy_if(destinations.begin(), destinations.end(), std::back_inserter(all),
                 [](const DestinationQueue* destination) { return destination->config().received; });
    return all;
}

/// Do both make the same of logs? Samplers are for traces only.
bool treatLogsAlike(const TraceProcessor& a, const TraceProcessor& b)
{
    return a.settings().processors == b.settings().processors && a.settings().logLimits == b.settings().logLimits;
}

/// Encodes `items` into as few records as their sizes allow and gives each to `keep`.
template <class Item, class Encode, class Keep>
void encodeAll(std::span<const Item> items, qsizetype maxBytes, Encode encode, const Keep& keep)
{
    if (items.empty())
        return;
    const bool tooMany = items.size() > kMaxRecordItems;
    QByteArray request = tooMany ? QByteArray() : encode(items, Encoding::Protobuf);
    if (items.size() > 1 && (tooMany || request.size() > maxBytes)) {
        const std::size_t first = tooMany ? kMaxRecordItems : items.size() / 2;
        encodeAll(items.first(first), maxBytes, encode, keep);
        return encodeAll(items.subspan(first), maxBytes, encode, keep);
    }
    keep(std::move(request), static_cast<std::uint32_t>(items.size()));
}

} // namespace

void ExportPipeline::spool(Batch batch, const std::vector<DestinationQueue*>& takers)
{
    if (takers.empty())
        return;
    const Signal signal = batch.signal;
    std::vector<int> handles;
    for (const DestinationQueue* destination : takers)
        handles.push_back(destination->handle());
    m_spool->append(std::move(batch), std::move(handles));
    for (DestinationQueue* destination : takers)
        destination->noteSpooled(signal);
}

void ExportPipeline::encodeTraces(const Inbox& inbox, bool decideAll)
{
    const auto keep = [this](const std::vector<telemetry::SpanData>& spans, const CallForm& form, const Destinations& takers) {
        if (takers.empty())
            return;
        encodeAll(
            std::span<const telemetry::SpanData>(spans), m_options.maxRequestBytes,
            [](std::span<const telemetry::SpanData> items, Encoding encoding) { return otlp::encodeTraces(items, encoding); },
            [&](QByteArray request, std::uint32_t items) {
                spool({Signal::Traces, std::move(request), items, form.payloads, form.aliases}, takers);
            });
    };
    for (const std::shared_ptr<TraceProcessor>& processor : m_processors) {
        const Destinations all = takersOf(m_destinations, [&](const DestinationQueue& destination) {
            return destination.processor() == processor.get() && destination.takes(Signal::Traces);
        });
        if (all.empty() || (inbox.calls.empty() && inbox.spans.empty() && !processor->isHolding()))
            continue;
        // Asked once for all that share it: some samplers count.
        const auto selection = processor->select(inbox.calls, inbox.spans, decideAll);
        if (processor->isHolding())
            arm(*m_spanTimer, m_settings->spanInterval);
        telemetry::CallSpanOptions options{m_settings->resource, m_settings->scope, 0, false, {}, {}};
        std::vector<telemetry::SpanData> spans;
        for (const CallTakers& takers : callTakers(all, hasSideEffects(processor->settings()))) {
            options.aliases = takers.form.aliases;
            options.payloads = takers.form.payloads;
            spans.clear();
            processor->expandCalls(selection, options, spans);
            keep(spans, takers.form, takers.destinations);
        }
        // Records of their own: what is taken out of Oriel's spans of calls for a destination must stay in others'.
        spans.clear();
        processor->expandOthers(selection, options, spans);
        const auto received =
            std::stable_partition(spans.begin(), spans.end(), [](const telemetry::SpanData& span) { return !span.received; });
        const std::vector<telemetry::SpanData> others(received, spans.end());
        spans.erase(received, spans.end());
        keep(spans, {}, all);
        keep(others, {}, withReceived(all));
    }
}

void ExportPipeline::encodeLogs(std::vector<telemetry::LogRecord> logs)
{
    for (telemetry::LogRecord& log : logs) {
        if (!log.resource)
            log.resource = m_settings->resource;
        if (!log.scope)
            log.scope = m_settings->scope;
    }
    const auto middle =
        std::stable_partition(logs.begin(), logs.end(), [](const telemetry::LogRecord& log) { return !log.received; });
    const std::span<const telemetry::LogRecord> own(logs.begin(), middle);
    const std::span<const telemetry::LogRecord> received(middle, logs.end());
    const auto keep = [this](const TraceProcessor& processor, std::span<const telemetry::LogRecord> taken,
                             const Destinations& takers) {
        if (takers.empty() || taken.empty())
            return;
        const std::vector<telemetry::LogRecord> processed = processor.process(taken);
        encodeAll(
            std::span<const telemetry::LogRecord>(processed), m_options.maxRequestBytes,
            [](std::span<const telemetry::LogRecord> items, Encoding encoding) { return otlp::encodeLogs(items, encoding); },
            [&](QByteArray request, std::uint32_t items) {
                spool({Signal::Logs, std::move(request), items, false, 0}, takers);
            });
    };
    Destinations left =
        takersOf(m_destinations, [](const DestinationQueue& destination) { return destination.takes(Signal::Logs); });
    while (!left.empty()) {
        const TraceProcessor& processor = *left.front()->processor();
        const auto others = std::stable_partition(left.begin(), left.end(), [&](const DestinationQueue* destination) {
            return treatLogsAlike(*destination->processor(), processor);
        });
        const Destinations alike(left.begin(), others);
        left.erase(left.begin(), others);
        keep(processor, own, alike);
        keep(processor, received, withReceived(alike));
    }
}

void ExportPipeline::encodeMetrics(const std::vector<telemetry::MetricData>& metrics)
{
    struct Shared {
        telemetry::HistogramForm form;
        Destinations takers;
    };
    const auto keep = [&](telemetry::TemporalityConverter& converter, const Destinations& takers) {
        const ScopedMetrics scoped{m_settings->resource, m_settings->scope, converter.convert(metrics)};
        if (const std::uint32_t points = pointCount(scoped.metrics); points > 0)
            spool({Signal::Metrics, otlp::encodeMetrics({&scoped, 1}, Encoding::Protobuf), points, false, 0}, takers);
    };
    std::vector<Shared> shared;
    for (const auto& destination : m_destinations) {
        if (!destination->takes(Signal::Metrics))
            continue;
        telemetry::TemporalityConverter& converter = destination->temporality();
        // What is cumulative is the same for all; a difference is everybody's own.
        if (converter.preference() != telemetry::TemporalityPreference::Cumulative) {
            keep(converter, {destination.get()});
            continue;
        }
        auto known = std::find_if(shared.begin(), shared.end(), [&](const Shared& one) { return one.form == converter.form(); });
        if (known == shared.end())
            known = shared.insert(shared.end(), Shared{converter.form(), {}});
        known->takers.push_back(destination.get());
    }
    for (const Shared& one : shared)
        keep(one.takers.front()->temporality(), one.takers);
}

void ExportPipeline::encodeReceivedMetrics(const ReceivedMetrics& metrics)
{
    const std::uint32_t points = pointCount(metrics);
    const Destinations takers = takersOf(m_destinations, [](const DestinationQueue& destination) {
        return destination.takes(Signal::Metrics) && destination.config().received;
    });
    if (points > 0 && !takers.empty())
        spool({Signal::Metrics, otlp::encodeMetrics(metrics, Encoding::Protobuf), points, false, 0}, takers);
}

} // namespace oriel::otlp
