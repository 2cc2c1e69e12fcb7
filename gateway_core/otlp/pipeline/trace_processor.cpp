// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/trace_processor.h"

#include "base/clock.h"

namespace oriel::otlp {

using telemetry::SamplingDecision;
using telemetry::SpanData;

namespace {

/// By a parent, also one that only said that the trace is not wanted.
bool wasDecidedBefore(const telemetry::CallRecord& call)
{
    return call.parentSpanId.isValid() || !call.parentSampled;
}

} // namespace

TraceProcessor::Settings TraceProcessor::settingsOf(const config::Destination& destination, const config::Telemetry& telemetry)
{
    Settings settings;
    const bool own = !destination.sampler.isEmpty();
    settings.sampler = {own ? destination.sampler : telemetry.sampler, own ? destination.samplerArg : telemetry.samplerArg,
                        std::int64_t(telemetry.slowThreshold.count()) * 1'000'000};
    settings.processors = telemetry.processors + destination.processors;
    settings.spanLimits = {telemetry.attributeCountLimit, telemetry.attributeLengthLimit,     telemetry.eventCountLimit,
                           telemetry.linkCountLimit,      telemetry.eventAttributeCountLimit, telemetry.linkAttributeCountLimit};
    settings.logLimits.attributeCount = telemetry.logAttributeCountLimit;
    settings.logLimits.attributeLength = telemetry.logAttributeLengthLimit;
    return settings;
}

Result<std::shared_ptr<TraceProcessor>> TraceProcessor::make(Settings settings, const Clock& clock)
{
    auto sampler = telemetry::makeSampler(settings.sampler, clock);
    if (!sampler)
        return fail(sampler.error());
    auto chain = telemetry::ProcessorChain::parse(settings.processors);
    if (!chain)
        return fail(chain.error());
    return std::shared_ptr<TraceProcessor>(
        new TraceProcessor(std::move(settings), std::move(*sampler), std::move(*chain), clock));
}

TraceProcessor::TraceProcessor(Settings settings, std::shared_ptr<telemetry::Sampler> sampler, telemetry::ProcessorChain chain,
                               const Clock& clock)
    : m_settings(std::move(settings)),
      m_sampler(std::move(sampler)),
      m_chain(std::move(chain)),
      m_clock(clock)
{}

void TraceProcessor::remember(TraceId trace, const SamplingDecision& decision)
{
    const auto [entry, fresh] = m_decided.insert_or_assign(trace, decision);
    if (!fresh)
        return;
    m_order.push_back(trace);
    if (m_order.size() > kRememberedTraces) {
        m_decided.erase(m_order.front());
        m_order.pop_front();
    }
}

SamplingDecision TraceProcessor::decide(const telemetry::CallRecord& call)
{
    const bool byTrace = m_sampler->isByTraceAlone();
    if (!byTrace) {
        // What was kept of a trace is kept whole; what was not may still be, when a later call of it is worth it.
        const auto known = m_decided.find(call.traceId);
        if (known != m_decided.end() && (known->second.isExported || !m_sampler->looksAtOutcome()))
            return known->second;
    }
    const QByteArray operation = byTrace ? QByteArray() : telemetry::callSpanName(call.method, call.targetKind, call.target);
    SamplingDecision decision =
        m_sampler->decide({call.traceId, wasDecidedBefore(call), true, call.parentSampled, call.traceState, operation,
                           call.outcome != telemetry::Outcome::Ok, call.durationNs});
    if (!byTrace)
        remember(call.traceId, decision);
    return decision;
}

bool TraceProcessor::place(const SpanData& span, bool mustDecide, Selection& selection)
{
    SamplingDecision decision;
    if (const auto known = m_decided.find(span.traceId); known != m_decided.end()) {
        decision = known->second;
    } else if (m_sampler->looksAtOutcome() && span.parentSpanId.isValid() && !mustDecide) {
        return false;
    } else {
        // By the trace as if it began here: its call, if it has one, was not ours or is not known any more.
        decision = m_sampler->decide({span.traceId, !span.parentSampled, true, span.parentSampled, span.traceState, span.name,
                                      span.status == telemetry::StatusCode::Error, span.endUnixNs - span.startUnixNs});
        if (!m_sampler->isByTraceAlone())
            remember(span.traceId, decision);
    }
    if (decision.isExported) {
        SpanData& copy = selection.spans.emplace_back(span);
        copy.traceState = telemetry::sampledTracestate(span.traceState, span.traceId, decision);
    }
    return true;
}

TraceProcessor::Selection TraceProcessor::select(std::span<const ExportCall> calls, std::span<const SpanData> spans,
                                                 bool decideAll)
{
    Selection selection;
    selection.calls.reserve(calls.size());
    for (const ExportCall& item : calls) {
        const SamplingDecision decision = decide(*item.call);
        if (decision.isExported)
            selection.calls.push_back({&item, decision});
    }
    const std::int64_t now = m_clock.monotonicNs();
    std::deque<Held> waiting = std::move(m_held);
    m_held.clear();
    for (Held& held : waiting) {
        if (!place(held.span, decideAll || now - held.sinceNs >= kHoldNs, selection))
            m_held.push_back(std::move(held));
    }
    for (const SpanData& span : spans) {
        if (!place(span, decideAll || m_held.size() >= kMaxHeld, selection))
            m_held.push_back({span, now});
    }
    return selection;
}

void TraceProcessor::expandCalls(const Selection& selection, const telemetry::CallSpanOptions& options,
                                 std::vector<SpanData>& out) const
{
    telemetry::CallSpanOptions own = options;
    for (const Selection::Call& chosen : selection.calls) {
        const telemetry::CallRecord& call = *chosen.item->call;
        own.arguments = chosen.item->arguments;
        own.result = chosen.item->result;
        const std::size_t first = out.size();
        telemetry::appendCallSpans(call, own, out);
        const QByteArray state = telemetry::sampledTracestate(call.traceState, call.traceId, chosen.decision);
        for (std::size_t i = first; i < out.size(); ++i)
            out[i].traceState = state;
        if (!m_chain.isEmpty())
            m_chain.applyToCall(out, first);
        for (std::size_t i = first; i < out.size(); ++i)
            telemetry::applyLimits(out[i], m_settings.spanLimits);
    }
}

void TraceProcessor::expandOthers(const Selection& selection, const telemetry::CallSpanOptions& options,
                                  std::vector<SpanData>& out) const
{
    for (const SpanData& span : selection.spans) {
        SpanData& copy = out.emplace_back(span);
        if (!copy.resource)
            copy.resource = options.resource;
        if (!copy.scope)
            copy.scope = options.scope;
        if (!m_chain.isEmpty() && !m_chain.apply(copy)) {
            out.pop_back();
            continue;
        }
        // What others sent has their limits.
        if (!copy.received)
            telemetry::applyLimits(copy, m_settings.spanLimits);
    }
}

std::vector<telemetry::LogRecord> TraceProcessor::process(std::span<const telemetry::LogRecord> logs) const
{
    std::vector<telemetry::LogRecord> out;
    out.reserve(logs.size());
    for (const telemetry::LogRecord& log : logs) {
        telemetry::LogRecord& copy = out.emplace_back(log);
        if (!m_chain.isEmpty() && !m_chain.apply(copy)) {
            out.pop_back();
            continue;
        }
        if (!copy.received)
            telemetry::applyLimits(copy, m_settings.logLimits);
    }
    return out;
}

} // namespace oriel::otlp
