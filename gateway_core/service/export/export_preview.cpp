// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/export/export_preview.h"

#include "otlp/codec/decode.h"
#include "otlp/codec/encode.h"
#include "otlp/exporters/resource_attributes.h"
#include "otlp/exporters/zipkin.h"
#include "otlp/pipeline/derive.h"
#include "otlp/pipeline/trace_processor.h"
#include "otlp/presets/presets.h"
#include "telemetry/resource.h"

#include <algorithm>

namespace oriel::service {

namespace {

constexpr int kTracesLookedAt = 200;

otlp::RequestForm formOf(const config::Destination& destination)
{
    const bool isZipkin = destination.protocol == config::ExportProtocol::Zipkin;
    return otlp::requestForm(destination, otlp::Signal::Traces, isZipkin ? otlp::Encoding::Protobuf : otlp::Encoding::Json);
}

Result<QByteArray> requestOf(std::span<const telemetry::SpanData> spans, const config::Destination& destination)
{
    const otlp::RequestForm form = formOf(destination);
    const otlp::Batch batch{otlp::Signal::Traces, otlp::encodeTraces(spans, otlp::Encoding::Protobuf),
                            static_cast<std::uint32_t>(spans.size()), form.payloads, form.aliases};
    const auto derived = otlp::deriveRequest(batch, form);
    if (!derived)
        return fail(derived.error());
    const auto request =
        otlp::withResourceAttributes(*derived, otlp::Signal::Traces, form.encoding, destination.resourceAttributes);
    if (!request || destination.protocol != config::ExportProtocol::Zipkin)
        return request;
    const auto decoded = otlp::decodeTraces(*request, form.encoding);
    if (!decoded)
        return fail(decoded.error());
    return otlp::zipkinSpans(decoded->spans);
}

} // namespace

std::optional<RecentCalls> newestCalls(const store::TraceStore& traces, std::stop_token stop)
{
    store::TraceQuery query;
    query.limit = kTracesLookedAt;
    for (const store::TraceSummary& trace : traces.query(query, stop).rows) {
        if (!trace.isCall)
            continue;
        RecentCalls recent{trace.traceId, traces.calls(trace.traceId)};
        if (!recent.calls.empty())
            return recent;
    }
    return std::nullopt;
}

Result<ExportPreview> renderExport(const ExportPreviewSettings& settings, const RecentCalls& recent,
                                   const std::optional<store::AuditRow>& payloads, const Clock& clock)
{
    const auto effective = otlp::effectiveDestination(settings.destination);
    if (!effective)
        return fail(effective.error());
    ExportPreview preview;
    preview.traceId = recent.traceId.toHex();
    preview.startUnixNs = recent.calls.front().startUnixNs;
    if (!effective->traces) {
        preview.note = QStringLiteral("Traces are not among its signals, so no call is sent there.");
        return preview;
    }
    const auto processor = otlp::TraceProcessor::make(otlp::TraceProcessor::settingsOf(*effective, settings.telemetry), clock);
    if (!processor)
        return fail(processor.error());
    std::vector<otlp::ExportCall> calls;
    for (const telemetry::CallRecord& call : recent.calls)
        calls.push_back({std::make_shared<const telemetry::CallRecord>(call), {}, {}});
    if (payloads) {
        calls.front().arguments = payloads->arguments;
        calls.front().result = payloads->response;
    }
    const auto selection = (*processor)->select(calls, {}, true);
    const otlp::RequestForm form = formOf(*effective);
    std::vector<telemetry::SpanData> spans;
    (*processor)
        ->expandCalls(selection, {settings.resource, telemetry::orielScope(), form.aliases, form.payloads, {}, {}}, spans);
    if (spans.empty()) {
        preview.note = QStringLiteral("Its sampler or its rules leave the newest call out, so nothing of it is sent there.");
        return preview;
    }
    preview.spans = int(spans.size());
    if (effective->includePayloads && !payloads)
        preview.note = QStringLiteral("Arguments and result are sent too; those of this call are not kept in the audit log.");
    auto request = requestOf(spans, *effective);
    if (!request)
        return fail(request.error());
    preview.request = std::move(*request);
    return preview;
}

} // namespace oriel::service
