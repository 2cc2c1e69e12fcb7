// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/call_recording.h"

#include "base/json.h"
#include "telemetry/consistent_sampling.h"

namespace oriel::gateway {

namespace {

telemetry::Payload payloadOf(const mcp::Message& message, mcp::Field field)
{
    const json::Span span = message.span(field);
    return span.isValid() ? telemetry::Payload{message.raw, span.begin, span.length} : telemetry::Payload{};
}

/// `params._meta` as a carrier; the texts must outlive what is read from them.
std::optional<telemetry::ExtractedContext> contextInMeta(const mcp::Message& message, telemetry::Propagators propagators)
{
    QByteArray scratch;
    telemetry::ContextCarrier carrier;
    carrier.traceparent = message.text(mcp::Field::MetaTraceparent, scratch);
    const QByteArray tracestate = message.text(mcp::Field::MetaTracestate);
    carrier.tracestate = tracestate;
    if (!message.has(mcp::Field::MetaB3) && !message.has(mcp::Field::MetaB3TraceId))
        return carrier.traceparent.isEmpty() ? std::nullopt : telemetry::extractContext(carrier, propagators);
    const std::array texts{message.text(mcp::Field::MetaB3), message.text(mcp::Field::MetaB3TraceId),
                           message.text(mcp::Field::MetaB3SpanId), message.text(mcp::Field::MetaB3Sampled),
                           message.text(mcp::Field::MetaB3Flags)};
    carrier.b3 = texts[0];
    carrier.b3TraceId = texts[1];
    carrier.b3SpanId = texts[2];
    carrier.b3Sampled = texts[3];
    carrier.b3Flags = texts[4];
    return telemetry::extractContext(carrier, propagators);
}

void adoptContext(telemetry::CallRecord& record, const downstream::Incoming& incoming, const ContextPolicy& policy)
{
    const auto header = telemetry::extractContext({incoming.traceparent, incoming.tracestate, incoming.b3}, policy.propagators);
    const auto meta = contextInMeta(incoming.message, policy.propagators);
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
    // The local store keeps every call, so contexts that are passed on are marked sampled.
    record.traceFlags = static_cast<std::uint8_t>(context.flags | telemetry::kFlagSampled);
    record.traceState = telemetry::withoutInconsistentThreshold(parent->traceState, context.traceId, context.isSampled());
    if (meta && header && header->context.isValid()) {
        record.linkTraceId = header->context.traceId;
        record.linkSpanId = header->context.spanId;
    }
}

} // namespace

telemetry::TargetKind targetKindOf(mcp::MethodId method)
{
    switch (method) {
    case mcp::MethodId::ToolsCall:
        return telemetry::TargetKind::Tool;
    case mcp::MethodId::PromptsGet:
        return telemetry::TargetKind::Prompt;
    case mcp::MethodId::ResourcesRead:
    case mcp::MethodId::ResourcesSubscribe:
    case mcp::MethodId::ResourcesUnsubscribe:
        return telemetry::TargetKind::Resource;
    default:
        return telemetry::TargetKind::None;
    }
}

telemetry::CallRecord beginRecord(const downstream::Incoming& incoming, const ContextPolicy& policy, Random& random)
{
    telemetry::CallRecord record;
    adoptContext(record, incoming, policy);
    if (!record.traceId.isValid()) {
        record.traceId = TraceId::generate(random);
        record.traceFlags = telemetry::kFlagSampled | telemetry::kFlagRandom;
    }
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
    record.targetKind = targetKindOf(message.methodId);
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
    using Kind = upstream::Reply::Kind;
    telemetry::Hop hop;
    hop.spanId = spanId;
    hop.server = std::move(server);
    hop.target = std::move(target);
    hop.jsonrpcId = QByteArray::number(qint64(token.id));
    const upstream::CallTimings& times = reply.timings;
    const std::int64_t begin = times.sentNs != 0 ? times.sentNs : times.acceptedNs;
    hop.offsetNs = begin - startNs;
    hop.durationNs = times.doneNs - begin;
    if (times.firstByteNs != 0)
        hop.firstByteOffsetNs = times.firstByteNs - startNs;
    if (reply.kind == Kind::Response) {
        if (reply.message.kind == mcp::Message::Kind::Error) {
            hop.rpcErrorCode = reply.message.errorCode;
            hop.errorType = QByteArray::number(reply.message.errorCode);
            hop.errorMessage = reply.message.text(mcp::Field::ErrorMessage).left(1024);
        } else if (reply.message.resultIsError) {
            hop.errorType = QByteArrayLiteral("tool_error");
        }
        return hop;
    }
    hop.errorType = reply.kind == Kind::Timeout      ? QByteArrayLiteral("timeout")
                    : reply.kind == Kind::Cancelled  ? QByteArrayLiteral("cancelled")
                    : reply.httpStatus != 0          ? QByteArray::number(reply.httpStatus)
                    : reply.kind == Kind::Overloaded ? QByteArrayLiteral("overloaded")
                                                     : QByteArrayLiteral("unavailable");
    hop.errorMessage = reply.error.message.toUtf8();
    return hop;
}

} // namespace oriel::gateway
