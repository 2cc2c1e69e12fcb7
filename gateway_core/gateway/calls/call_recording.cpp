// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/call_recording.h"

#include "base/decimal.h"
#include "base/json.h"
#include "telemetry/consistent_sampling.h"
#include "upstream/trace_context.h"

namespace oriel::gateway {

namespace {

telemetry::Payload payloadOf(const mcp::Message& message, mcp::Field field)
{
    const json::Span span = message.span(field);
    return span.isValid() ? telemetry::Payload{message.raw, span.begin, span.length} : telemetry::Payload{};
}

void adoptContext(telemetry::CallRecord& record, const downstream::Incoming& incoming, const telemetry::ContextPolicy& policy)
{
    const auto header = telemetry::extractContext({incoming.traceparent, incoming.tracestate, incoming.b3}, policy.propagators);
    const auto meta = upstream::readTraceContext(incoming.message, policy.propagators);
    const auto& parent = meta ? meta : header;
    if (!parent)
        return;
    const telemetry::TraceContext& context = parent->context;
    if (policy.foreignContextAsLink) {
        record.linkTraceId = context.traceId;
        record.linkSpanId = context.spanId;
        return;
    }
    record.parentSampled = context.isSampled();
    if (!context.isValid())
        return;
    record.traceId = context.traceId;
    record.parentSpanId = context.spanId;
    record.traceFlags = context.flags;
    record.traceState = telemetry::withoutInconsistentThreshold(parent->traceState, context.traceId, context.isSampled());
    if (meta && header && header->context.isValid()) {
        record.linkTraceId = header->context.traceId;
        record.linkSpanId = header->context.spanId;
    }
}

/// What is said of sampling to everybody behind us (T3).
void decideAtHead(telemetry::CallRecord& record, const telemetry::ContextPolicy& policy)
{
    const bool hasParent = record.parentSpanId.isValid() || !record.parentSampled;
    const telemetry::HeadDecision decision =
        policy.sampling.decide(record.traceId, record.traceState, hasParent ? std::optional(record.parentSampled) : std::nullopt);
    record.mayLeave = decision.mayLeave;
    record.traceFlags = policy.flagsOf(record.traceFlags, decision);
}

} // namespace

telemetry::TargetKind targetKindOf(mcp::MethodId method)
{
    switch (method) {
    case mcp::MethodId::ToolsCall:
        return telemetry::TargetKind::Tool;
    case mcp::MethodId::PromptsGet:
    case mcp::MethodId::CompletionComplete: // of a resource template when it has no ref.name
        return telemetry::TargetKind::Prompt;
    case mcp::MethodId::ResourcesRead:
    case mcp::MethodId::ResourcesSubscribe:
    case mcp::MethodId::ResourcesUnsubscribe:
        return telemetry::TargetKind::Resource;
    default:
        return telemetry::TargetKind::None;
    }
}

telemetry::CallRecord beginRecord(const downstream::Incoming& incoming, const telemetry::ContextPolicy& policy, Random& random)
{
    telemetry::CallRecord record;
    adoptContext(record, incoming, policy);
    if (!record.traceId.isValid()) {
        record.traceId = TraceId::generate(random);
        record.traceFlags = telemetry::kFlagRandom;
    }
    decideAtHead(record, policy);
    record.spanId = SpanId::generate(random);
    const mcp::Message& message = incoming.message;
    if (message.methodId != mcp::MethodId::Unknown) {
        const QByteArrayView name = mcp::methodName(message.methodId);
        record.method = QByteArray::fromRawData(name.data(), name.size());
    } else {
        QByteArray scratch;
        const QByteArrayView name = message.methodText(scratch);
        record.method = name.first(std::min<qsizetype>(64, name.size())).toByteArray();
    }
    record.targetKind = message.methodId == mcp::MethodId::CompletionComplete && !message.has(mcp::Field::RefName)
                            ? telemetry::TargetKind::Resource
                            : targetKindOf(message.methodId);
    if (record.targetKind != telemetry::TargetKind::None) {
        if (const auto field = message.targetField())
            record.target = message.text(*field);
    }
    record.jsonrpcId = message.id().toText();
    record.requestId = incoming.requestId;
    record.client = incoming.session->client;
    record.overHttp = incoming.reply == nullptr || incoming.reply->isHttp();
    record.httpStatus = record.overHttp ? 200 : 0;
    record.startUnixNs = incoming.startUnixNs;
    record.requestBytes = message.raw.size();
    record.stages[static_cast<std::size_t>(telemetry::Stage::Authenticate)] = incoming.authenticate;
    record.stages[static_cast<std::size_t>(telemetry::Stage::SessionGet)] = incoming.sessionGet;
    record.stages[static_cast<std::size_t>(telemetry::Stage::SessionInit)] = incoming.sessionInit;
    record.arguments =
        payloadOf(message, message.has(mcp::Field::ParamsArguments) ? mcp::Field::ParamsArguments : mcp::Field::Params);
    return record;
}

void recordAnswer(telemetry::CallRecord& record, const mcp::Message& answer, const QByteArray& frame)
{
    record.responseBytes = frame.size();
    if (answer.kind == mcp::Message::Kind::Error) {
        record.outcome = telemetry::Outcome::RpcError;
        record.rpcErrorCode = answer.errorCode;
        record.errorType = QByteArray::number(answer.errorCode);
        record.errorMessage = answer.text(mcp::Field::ErrorMessage).left(1024);
        record.response = payloadOf(answer, mcp::Field::Error);
        return;
    }
    record.response = payloadOf(answer, mcp::Field::Result);
    if (answer.resultIsError) {
        record.outcome = telemetry::Outcome::ToolError;
        record.errorType = QByteArrayLiteral("tool_error");
    }
}

void recordError(telemetry::CallRecord& record, telemetry::Outcome outcome, QByteArray errorType, int code, QByteArray message)
{
    record.outcome = outcome;
    record.errorType = std::move(errorType);
    record.rpcErrorCode = code;
    record.errorMessage = std::move(message);
}

telemetry::Hop makeHop(SpanId spanId, std::shared_ptr<const telemetry::ServerContext> server, QByteArray target,
                       std::int64_t startNs, upstream::CallToken token, const upstream::Reply& reply)
{
    telemetry::Hop hop;
    hop.spanId = spanId;
    hop.server = std::move(server);
    hop.target = std::move(target);
    hop.jsonrpcId = decimal(qint64(token.id));
    const upstream::CallTimings& times = reply.timings;
    const std::int64_t begin = times.sentNs != 0 ? times.sentNs : times.acceptedNs;
    hop.offsetNs = begin - startNs;
    hop.durationNs = times.doneNs - begin;
    if (times.firstByteNs != 0)
        hop.firstByteOffsetNs = times.firstByteNs - startNs;
    hop.errorType = reply.errorType();
    if (reply.kind != upstream::Reply::Kind::Response) {
        hop.errorMessage = reply.error.message.toUtf8();
    } else if (reply.message.kind == mcp::Message::Kind::Error) {
        hop.rpcErrorCode = reply.message.errorCode;
        hop.errorMessage = reply.message.text(mcp::Field::ErrorMessage).left(1024);
    }
    return hop;
}

} // namespace oriel::gateway
