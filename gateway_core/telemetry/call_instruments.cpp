// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/call_spans.h"
#include "telemetry/metrics.h"

namespace oriel::telemetry {

namespace {

double seconds(std::int64_t ns)
{
    return static_cast<double>(ns) * 1e-9;
}

QByteArray literal(QByteArrayView text)
{
    return QByteArray::fromRawData(text.data(), text.size());
}

ExemplarContext exemplarOf(const CallRecord& call, SpanId span)
{
    return call.mayLeave ? ExemplarContext{call.traceId, span} : ExemplarContext{};
}

bool isToolCall(const CallRecord& call)
{
    return call.targetKind == TargetKind::Tool && call.method == QByteArrayView("tools/call");
}

QByteArray projectOf(const CallRecord& call)
{
    return call.client && !call.client->projectId.isEmpty() ? call.client->projectId : literal("default");
}

QByteArray failureType(const CallRecord& call)
{
    if (!call.errorType.isEmpty())
        return call.errorType;
    if (call.rpcErrorCode != 0 && (call.outcome == Outcome::RpcError || call.outcome == Outcome::Rejected))
        return QByteArray::number(call.rpcErrorCode);
    return literal(outcomeName(call.outcome));
}

QByteArray blockReason(const CallRecord& call)
{
    for (const GuardrailVerdict& verdict : call.guardrails) {
        if (verdict.action == QByteArrayView("block") && !verdict.violation.isEmpty())
            return verdict.violation;
    }
    return call.errorType.isEmpty() ? literal("policy") : call.errorType;
}

/// Did it break, as different from a tool that answered that it could not?
bool isBroken(Outcome outcome)
{
    return outcome == Outcome::RpcError || outcome == Outcome::Timeout || outcome == Outcome::Unavailable;
}

void appendTransport(LabelValues& labels, Transport transport)
{
    const bool stdio = transport == Transport::Stdio;
    labels.append(stdio ? QByteArray() : literal("http"));
    labels.append(stdio ? QByteArray() : literal("1.1"));
    labels.append(literal(stdio ? "pipe" : "tcp"));
}

/// The labels that both operation histograms begin with.
LabelValues operationLabels(const CallRecord& call, const QByteArray& errorType, const QByteArray& target, int rpcCode,
                            QByteArrayView protocolVersion)
{
    LabelValues labels;
    labels.append(literal(boundedMethod(call.method)));
    labels.append(errorType);
    labels.append(call.targetKind == TargetKind::Tool ? target : QByteArray());
    labels.append(call.targetKind == TargetKind::Prompt ? target : QByteArray());
    labels.append(rpcCode != 0 ? QByteArray::number(rpcCode) : QByteArray());
    labels.append(isToolCall(call) ? literal("execute_tool") : QByteArray());
    labels.append(literal(boundedProtocolVersion(protocolVersion)));
    return labels;
}

} // namespace

std::int64_t estimateTokens(std::int64_t bytes)
{
    return (bytes + 3) / 4;
}

void CallInstruments::record(const CallRecord& call)
{
    recordServerOperation(call);
    for (const Hop& hop : call.hops)
        recordClientOperation(call, hop);
    if (isToolCall(call))
        recordToolCall(call);
    if (call.method == QByteArrayView("tools/list") && !call.routedServer)
        m_registry.record(MetricId::ListAllServersCalls, {projectOf(call)}, 1, exemplarOf(call, call.spanId));
    recordGuardrails(call);
    if (call.outcome != Outcome::Ok)
        m_registry.record(MetricId::Errors, {literal(outcomeName(call.outcome))}, 1, exemplarOf(call, call.spanId));
    m_registry.record(MetricId::GatewayOverhead, {literal(boundedMethod(call.method))}, seconds(gatewayOverheadNs(call)),
                      exemplarOf(call, call.spanId));
}

void CallInstruments::recordToolCall(const CallRecord& call)
{
    const auto [server, tool] = callTarget(call);
    const ExemplarContext exemplar = exemplarOf(call, call.spanId);
    m_registry.record(MetricId::ToolCalls, {server, tool, projectOf(call)}, 1, exemplar);
    if (call.outcome == Outcome::Ok) {
        m_registry.record(MetricId::ToolCallSuccess, {server, tool}, 1, exemplar);
    } else if (call.outcome == Outcome::Blocked) {
        m_registry.record(MetricId::ToolCallBlocked, {server, tool, blockReason(call)}, 1, exemplar);
    } else {
        m_registry.record(MetricId::ToolCallFailure, {server, tool, failureType(call)}, 1, exemplar);
    }
    if (isBroken(call.outcome))
        m_registry.record(MetricId::ToolCallErrors, {server, failureType(call)}, 1, exemplar);
    if (!call.hops.isEmpty())
        m_registry.record(MetricId::ToolCallDuration, {server, tool}, seconds(call.durationNs), exemplar);
    if (call.arguments.length > 0)
        m_registry.record(MetricId::Tokens, {literal("input"), server, tool},
                          static_cast<double>(estimateTokens(call.arguments.length)));
    if (call.response.length > 0)
        m_registry.record(MetricId::Tokens, {literal("output"), server, tool},
                          static_cast<double>(estimateTokens(call.response.length)));
}

void CallInstruments::recordGuardrails(const CallRecord& call)
{
    if (call.guardrails.empty())
        return;
    const auto [server, tool] = callTarget(call);
    const ExemplarContext exemplar = exemplarOf(call, call.spanId);
    for (const GuardrailVerdict& verdict : call.guardrails) {
        if (verdict.violation.isEmpty())
            continue;
        m_registry.record(MetricId::GuardrailViolations, {verdict.violation, server, verdict.check}, 1, exemplar);
        m_registry.record(verdict.onOutput ? MetricId::OutputGuardrailViolations : MetricId::InputGuardrailViolations,
                          {verdict.violation, server}, 1, exemplar);
        if (verdict.check == QByteArrayView("relevancy"))
            m_registry.record(MetricId::RelevancyViolations, {server, tool}, 1, exemplar);
        else if (verdict.check == QByteArrayView("adherence"))
            m_registry.record(MetricId::AdherenceViolations, {server, tool}, 1, exemplar);
        else if (verdict.check == QByteArrayView("hallucination"))
            m_registry.record(MetricId::HallucinationViolations, {server, tool}, 1, exemplar);
        else if (verdict.check == QByteArrayView("pii") && verdict.action == QByteArrayView("redact"))
            m_registry.record(MetricId::PiiRedactions, {server, verdict.violation}, std::max(verdict.count, 1), exemplar);
    }
}

void CallInstruments::recordServerOperation(const CallRecord& call)
{
    // The tool by the client's words only once it is known to exist: a client must not be able to make series.
    const QByteArray target = call.routedServer || !call.hops.isEmpty() ? call.target : QByteArray();
    LabelValues labels = operationLabels(call, serverErrorType(call), target, call.rpcErrorCode,
                                         call.client ? QByteArrayView(call.client->protocolVersion) : QByteArrayView());
    appendTransport(labels, call.overHttp ? Transport::Http : Transport::Stdio);
    m_registry.record(MetricId::McpServerOperationDuration,
                      std::span<const QByteArray>(labels.constData(), static_cast<std::size_t>(labels.size())),
                      seconds(call.durationNs), exemplarOf(call, call.spanId));
}

void CallInstruments::recordClientOperation(const CallRecord& call, const Hop& hop)
{
    QByteArray errorType = hop.errorType;
    if (errorType.isEmpty() && hop.rpcErrorCode != 0)
        errorType = QByteArray::number(hop.rpcErrorCode);
    LabelValues labels = operationLabels(call, errorType, hop.target, hop.rpcErrorCode,
                                         hop.server ? QByteArrayView(hop.server->protocolVersion) : QByteArrayView());
    if (hop.server) {
        appendTransport(labels, hop.server->transport);
        labels.append(hop.server->address);
        labels.append(!hop.server->address.isEmpty() && hop.server->port != 0 ? QByteArray::number(hop.server->port)
                                                                              : QByteArray());
    }
    const ExemplarContext exemplar = exemplarOf(call, hop.spanId);
    m_registry.record(MetricId::McpClientOperationDuration,
                      std::span<const QByteArray>(labels.constData(), static_cast<std::size_t>(labels.size())),
                      seconds(hop.durationNs), exemplar);
    if (isToolCall(call) && hop.server)
        m_registry.record(MetricId::ToolLatency, {hop.server->name, hop.target}, seconds(hop.durationNs), exemplar);
}

} // namespace oriel::telemetry
