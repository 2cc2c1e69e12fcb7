// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/mcp_operation.h"

#include "telemetry/span_attributes.h"

#include <algorithm>

namespace oriel::telemetry {

namespace {

/// error.type by the rules of the side (facts: which codes are errors).
QByteArray errorTypeOf(SpanKind kind, const OperationEnd& end)
{
    if (end.rpcErrorCode == 0)
        return end.errorType;
    return kind == SpanKind::Server && blamesTheCaller(end.rpcErrorCode) ? QByteArray() : QByteArray::number(end.rpcErrorCode);
}

Transport transportOf(const McpOperation& operation)
{
    if (operation.server)
        return operation.server->transport;
    return operation.isClientOverHttp ? Transport::Http : Transport::Stdio;
}

void setPeer(AttributeList& attributes, const McpOperation& operation)
{
    const bool isSent = operation.kind == SpanKind::Client;
    if (operation.server && isSent) {
        setServer(attributes, *operation.server);
        return;
    }
    setTransport(attributes, transportOf(operation));
    if (operation.client && !isSent) {
        setClient(attributes, *operation.client);
    } else if (operation.client) {
        // Without addresses: the client connected to the gateway, it listens nowhere.
        attributes.text(Attr::McpProtocolVersion, operation.client->protocolVersion);
        attributes.text(Attr::McpSessionId, operation.client->sessionId);
        attributes.text(Attr::GatewayClientName,
                        operation.client->clientName.isEmpty() ? operation.client->tokenName : operation.client->clientName);
    } else if (operation.server) {
        attributes.text(Attr::McpProtocolVersion, operation.server->protocolVersion);
        attributes.text(Attr::McpSessionId, operation.server->sessionId);
        attributes.text(Attr::GatewayServerName, operation.server->name);
    }
}

/// In the order of the rows of both histograms.
LabelValues labelsOf(const McpOperation& operation, const QByteArray& errorType, int rpcCode)
{
    const bool isPipe = transportOf(operation) == Transport::Stdio;
    const QByteArray version = operation.server   ? operation.server->protocolVersion
                               : operation.client ? operation.client->protocolVersion
                                                  : QByteArray();
    LabelValues labels{literal(boundedMethod(operation.method)),
                       errorType,
                       {}, // tool
                       {}, // prompt
                       rpcCode != 0 ? QByteArray::number(rpcCode) : QByteArray(),
                       {}, // gen_ai.operation.name
                       literal(boundedProtocolVersion(version)),
                       isPipe ? QByteArray() : literal("http"),
                       isPipe ? QByteArray() : literal("1.1"),
                       literal(isPipe ? "pipe" : "tcp")};
    if (operation.kind == SpanKind::Client) {
        const bool hasAddress = operation.server && !operation.server->address.isEmpty();
        labels.append(hasAddress ? operation.server->address : QByteArray());
        labels.append(hasAddress && operation.server->port != 0 ? QByteArray::number(operation.server->port) : QByteArray());
    }
    return labels;
}

} // namespace

void recordOperation(Recorder& recorder, const McpOperation& operation, const OperationEnd& end)
{
    const std::int64_t durationNs = std::max<std::int64_t>(0, end.ns - operation.startNs);
    const QByteArray errorType = errorTypeOf(operation.kind, end);
    recorder.recordMetric(operation.kind == SpanKind::Server ? MetricId::McpServerOperationDuration
                                                             : MetricId::McpClientOperationDuration,
                          labelsOf(operation, errorType, end.rpcErrorCode), static_cast<double>(durationNs) * 1e-9);

    SpanData span;
    span.traceId = operation.traceId;
    span.spanId = operation.spanId;
    span.parentSpanId = operation.parentSpanId;
    span.traceState = operation.traceState;
    span.flags =
        (operation.traceFlags & (kFlagSampled | kFlagRandom)) | kHasIsRemote | (operation.isParentRemote ? kIsRemote : 0U);
    if (!operation.parentSpanId.isValid())
        span.flags &= ~(kHasIsRemote | kIsRemote);
    span.parentSampled = operation.parentSampled;
    span.name = operation.method;
    span.kind = operation.kind;
    span.startUnixNs = operation.startUnixNs;
    span.endUnixNs = operation.startUnixNs + durationNs;
    if (operation.link)
        span.links.push_back(*operation.link);
    AttributeList attributes(span.attributes, 16);
    attributes.text(Attr::McpMethodName, operation.method);
    attributes.text(Attr::JsonrpcRequestId, operation.jsonrpcId);
    setStatus(span, attributes, errorType, end.rpcErrorCode, end.errorMessage);
    setPeer(attributes, operation);
    recorder.recordSpan(std::move(span));
}

} // namespace oriel::telemetry
