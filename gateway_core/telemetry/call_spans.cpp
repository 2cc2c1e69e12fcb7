// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/call_spans.h"

#include "telemetry/propagation.h"
#include "telemetry/span_attributes.h"

#include <algorithm>

namespace oriel::telemetry {

namespace {

bool isToolCall(const CallRecord& call)
{
    return call.targetKind == TargetKind::Tool && call.method == QByteArrayView("tools/call");
}

bool contains(const StageTiming& outer, std::int64_t offsetNs, std::int64_t durationNs)
{
    return outer.offsetNs >= 0 && offsetNs >= outer.offsetNs && offsetNs + durationNs <= outer.offsetNs + outer.durationNs;
}

class Builder {
public:
    Builder(const CallRecord& call, const CallSpanOptions& options, std::vector<SpanData>& out)
        : m_call(call),
          m_options(options),
          m_out(out),
          m_target(callTarget(call))
    {}

    void build()
    {
        // Growing by half at least: an exact reservation for every call would move all spans once a call.
        const std::size_t needed = m_out.size() + callSpanCount(m_call);
        if (needed > m_out.capacity())
            m_out.reserve(std::max(needed, m_out.capacity() + m_out.capacity() / 2));
        addServerSpan();
        for (std::size_t i = 0; i < kStageCount; ++i) {
            if (m_call.stages[i].offsetNs >= 0)
                addStage(static_cast<Stage>(i));
        }
        for (std::size_t i = 0; i < m_call.guardrails.size(); ++i)
            addGuardrail(i);
        for (const Hop& hop : m_call.hops)
            addHop(hop);
    }

private:
    [[nodiscard]] const StageTiming& stage(Stage id) const { return m_call.stages[static_cast<std::size_t>(id)]; }
    [[nodiscard]] bool wants(AliasSet set) const { return (m_options.aliases & static_cast<AliasSets>(set)) != 0; }

    SpanData& addSpan(SpanId id, SpanId parent, SpanKind kind, QByteArray name, std::int64_t offsetNs, std::int64_t durationNs)
    {
        SpanData& span = m_out.emplace_back();
        span.traceId = m_call.traceId;
        span.spanId = id;
        span.parentSpanId = parent;
        span.traceState = m_call.traceState;
        span.flags = (m_call.traceFlags & (kFlagSampled | kFlagRandom)) | (parent.isValid() ? kHasIsRemote : 0U);
        span.kind = kind;
        span.name = std::move(name);
        span.startUnixNs = m_call.startUnixNs + offsetNs;
        span.endUnixNs = span.startUnixNs + std::max<std::int64_t>(durationNs, 0);
        span.resource = m_options.resource;
        span.scope = m_options.scope;
        return span;
    }

    void addStageAlias(AttributeList& attributes, Stage id) const
    {
        for (const AliasSetRow& row : aliasSetTable()) {
            const QByteArrayView name = wants(row.set) ? stageAlias(id, row.set) : QByteArrayView();
            if (!name.isEmpty()) {
                attributes.literal(Attr::GatewaySpanAlias, name);
                return;
            }
        }
    }

    void addFormerNames(SpanData& span) const
    {
        if (!wants(AliasSet::Oriel))
            return;
        AttributeList attributes(span.attributes, formerNames().size());
        for (const FormerName& row : formerNames()) {
            if (const AnyValue* value = findAttribute(span.attributes, attributeName(row.attribute)))
                attributes.alias(row.name, *value);
        }
    }

    void addServerSpan()
    {
        SpanData& span = addSpan(m_call.spanId, m_call.parentSpanId, SpanKind::Server,
                                 callSpanName(m_call.method, m_call.targetKind, m_call.target), 0, m_call.durationNs);
        if (m_call.parentSpanId.isValid())
            span.flags |= kIsRemote;
        if (m_call.linkSpanId.isValid() && m_call.linkTraceId.isValid())
            span.links.push_back({m_call.linkTraceId, m_call.linkSpanId, {}, {}, kHasIsRemote | kIsRemote, 0});

        AttributeList attributes(span.attributes, 26 + m_call.extraAttributes.size());
        attributes.text(Attr::McpMethodName, m_call.method);
        if (m_call.targetKind != TargetKind::None)
            attributes.text(targetAttribute(m_call.targetKind), m_call.target);
        if (isToolCall(m_call))
            attributes.literal(Attr::GenAiOperationName, "execute_tool");
        attributes.text(Attr::JsonrpcRequestId, m_call.jsonrpcId);
        setStatus(span, attributes, serverErrorType(m_call), m_call.rpcErrorCode, m_call.errorMessage);
        setTransport(attributes, m_call.overHttp ? Transport::Http : Transport::Stdio);
        if (m_call.client)
            setClient(attributes, *m_call.client);
        attributes.text(Attr::GatewayRequestId, m_call.requestId);
        if (m_target.server != QByteArrayView("unknown"))
            attributes.text(Attr::GatewayServerName, m_target.server);
        attributes.literal(Attr::GatewayOutcome, outcomeName(m_call.outcome));
        attributes.set(Attr::GatewayOverhead, static_cast<double>(gatewayOverheadNs(m_call)) * 1e-9);
        if (m_call.replay)
            attributes.set(Attr::GatewayReplay, true);
        setPayloads(attributes);
        if (m_options.aliases != 0)
            setAliases(attributes, m_call.durationNs);
        for (const Attribute& extra : m_call.extraAttributes)
            span.attributes.push_back(extra);
        addFormerNames(span);

        span.events.reserve(m_call.events.size());
        for (const CallEvent& event : m_call.events)
            span.events.push_back({m_call.startUnixNs + event.offsetNs, event.name, event.attributes, 0});
    }

    /// With its structure, as the conventions want it; as text where that was cut away.
    static AnyValue payload(QByteArrayView json)
    {
        auto value = fromJson(json);
        return value ? std::move(*value) : AnyValue(json.toByteArray());
    }

    void setPayloads(AttributeList& attributes) const
    {
        if (!m_options.payloads)
            return;
        if (isToolCall(m_call)) {
            if (!m_options.arguments.isEmpty())
                attributes.set(Attr::GenAiToolCallArguments, payload(m_options.arguments));
            // An error is told by the status; it is no result.
            if (!m_options.result.isEmpty() && m_call.rpcErrorCode == 0 && m_call.outcome != Outcome::RpcError)
                attributes.set(Attr::GenAiToolCallResult, payload(m_options.result));
        } else if (m_call.method == QByteArrayView("prompts/get") && !m_options.arguments.isEmpty()) {
            const AnyValue arguments = payload(m_options.arguments);
            const auto* list = std::get_if<std::shared_ptr<const KeyValueList>>(&arguments.value);
            // Without an object of arguments the payload is the whole of the parameters.
            const AnyValue* name = list != nullptr ? findAttribute((*list)->values, "name") : nullptr;
            if (list != nullptr && (name == nullptr || name->text() == nullptr || *name->text() != m_call.target)) {
                for (const Attribute& entry : (*list)->values)
                    attributes.named(attributeName(Attr::GenAiPromptVariable) + '.' + entry.key,
                                     entry.value.text() != nullptr ? *entry.value.text() : toJson(entry.value));
            }
        }
    }

    void setAliases(AttributeList& attributes, std::int64_t durationNs) const
    {
        const bool failed = m_call.outcome != Outcome::Ok;
        const QByteArray errorType = serverErrorType(m_call);
        addStageAlias(attributes, Stage::Count);
        if (wants(AliasSet::Enkrypt)) {
            attributes.alias("server_name", m_target.server);
            if (isToolCall(m_call))
                attributes.alias("tool_name", m_target.target);
            attributes.alias("user_id", m_call.client ? m_call.client->userId : QByteArray());
            attributes.alias("project_id", projectId());
            attributes.alias("custom_id", m_call.requestId);
            attributes.alias("duration_ms", static_cast<std::int64_t>(durationNs / 1'000'000));
            attributes.alias("success", !failed);
            if (!errorType.isEmpty())
                attributes.alias("error_type", errorType);
        }
        if (wants(AliasSet::Kuadrant)) {
            attributes.alias("mcp.server", m_target.server);
            attributes.alias("mcp.route", isToolCall(m_call) ? literal("tool-call") : literal("broker"));
            if (failed)
                attributes.alias("error_source", m_call.hops.isEmpty() ? literal("gateway") : literal("server"));
            attributes.alias("http.path", literal("/mcp"));
            attributes.alias("http.request_id", m_call.requestId);
        }
        if (wants(AliasSet::Decorator)) {
            attributes.alias("mcp.server", m_target.server);
            if (isToolCall(m_call))
                attributes.alias("mcp.tool", m_target.target);
            attributes.alias("mcp.status", failed ? literal("error") : literal("success"));
        }
        if (wants(AliasSet::ContextForge)) {
            if (isToolCall(m_call))
                attributes.alias("tool.name", m_target.target);
            attributes.alias("http.url", literal("/mcp"));
        }
        if ((wants(AliasSet::Kuadrant) || wants(AliasSet::ContextForge)) && m_call.overHttp) {
            attributes.alias("http.method", literal("POST"));
            if (m_call.httpStatus != 0)
                attributes.alias("http.status_code", static_cast<std::int64_t>(m_call.httpStatus));
        }
    }

    [[nodiscard]] QByteArray projectId() const
    {
        return m_call.client && !m_call.client->projectId.isEmpty() ? m_call.client->projectId : literal("default");
    }

    [[nodiscard]] SpanId stageParent(Stage id) const
    {
        const StageTiming& timing = stage(id);
        const auto within = [&](Stage outer) { return contains(stage(outer), timing.offsetNs, timing.durationNs); };
        if (id == Stage::CacheGet) {
            for (const Stage outer : {Stage::Authenticate, Stage::Route, Stage::Discover, Stage::Forward}) {
                if (within(outer))
                    return stageSpanId(m_call.spanId, outer);
            }
        }
        if ((id == Stage::Discover || id == Stage::Queue) && within(Stage::Forward))
            return stageSpanId(m_call.spanId, Stage::Forward);
        if ((id == Stage::SessionGet || id == Stage::SessionStore) && within(Stage::SessionInit))
            return stageSpanId(m_call.spanId, Stage::SessionInit);
        return m_call.spanId;
    }

    void addStage(Stage id)
    {
        const StageTiming& timing = stage(id);
        SpanData& span = addSpan(stageSpanId(m_call.spanId, id), stageParent(id), SpanKind::Internal, literal(stageName(id)),
                                 timing.offsetNs, timing.durationNs);
        if (m_options.aliases != 0) {
            AttributeList attributes(span.attributes, 1);
            addStageAlias(attributes, id);
        }
    }

    void addGuardrail(std::size_t index)
    {
        const GuardrailVerdict& verdict = m_call.guardrails[index];
        const Stage outer = verdict.onOutput ? Stage::GuardrailsOutput : Stage::GuardrailsInput;
        const SpanId parent = stage(outer).offsetNs >= 0 ? stageSpanId(m_call.spanId, outer) : m_call.spanId;
        SpanData& span = addSpan(guardrailSpanId(m_call.spanId, index), parent, SpanKind::Internal, "guardrail." + verdict.check,
                                 verdict.offsetNs, verdict.durationNs);
        AttributeList attributes(span.attributes, 5);
        attributes.text(Attr::GuardrailCheck, verdict.check);
        attributes.literal(Attr::GuardrailDirection, verdict.onOutput ? "output" : "input");
        if (verdict.violation.isEmpty())
            return;
        attributes.text(Attr::GuardrailViolation, verdict.violation);
        attributes.text(Attr::GuardrailAction, verdict.action);
        attributes.set(Attr::GuardrailFindings, static_cast<std::int64_t>(verdict.count));
    }

    [[nodiscard]] SpanId hopParent(const Hop& hop) const
    {
        for (const Stage outer : {Stage::Discover, Stage::Forward}) {
            if (contains(stage(outer), hop.offsetNs, hop.durationNs))
                return stageSpanId(m_call.spanId, outer);
        }
        return stage(Stage::Forward).offsetNs >= 0 ? stageSpanId(m_call.spanId, Stage::Forward) : m_call.spanId;
    }

    void addHop(const Hop& hop)
    {
        SpanData& span = addSpan(hop.spanId, hopParent(hop), SpanKind::Client,
                                 callSpanName(m_call.method, m_call.targetKind, hop.target), hop.offsetNs, hop.durationNs);
        AttributeList attributes(span.attributes, 20);
        attributes.text(Attr::McpMethodName, m_call.method);
        if (m_call.targetKind != TargetKind::None)
            attributes.text(targetAttribute(m_call.targetKind), hop.target);
        if (isToolCall(m_call))
            attributes.literal(Attr::GenAiOperationName, "execute_tool");
        attributes.text(Attr::JsonrpcRequestId, hop.jsonrpcId);
        QByteArray errorType = hop.errorType;
        if (errorType.isEmpty() && hop.rpcErrorCode != 0)
            errorType = QByteArray::number(hop.rpcErrorCode);
        setStatus(span, attributes, errorType, hop.rpcErrorCode, hop.errorMessage);
        if (hop.server)
            setServer(attributes, *hop.server);
        if (hop.attempt != 0)
            setAttempt(attributes, hop);
        if (hop.firstByteOffsetNs >= 0)
            span.events.push_back({m_call.startUnixNs + hop.firstByteOffsetNs, literal("first_byte"), {}, 0});
        if (wants(AliasSet::Enkrypt) && isToolCall(m_call))
            attributes.alias("gateway.span.alias", literal("call_tool"));
        if ((wants(AliasSet::Kuadrant) || wants(AliasSet::Decorator)) && hop.server)
            attributes.alias("mcp.server", hop.server->name);
        addFormerNames(span);
    }

    static void setAttempt(AttributeList& attributes, const Hop& hop)
    {
        attributes.set(Attr::GatewayAttempt, static_cast<std::int64_t>(hop.attempt));
        if (hop.server && hop.server->transport != Transport::Stdio)
            attributes.set(Attr::HttpRequestResendCount, static_cast<std::int64_t>(hop.attempt));
    }

    const CallRecord& m_call;
    const CallSpanOptions& m_options;
    std::vector<SpanData>& m_out;
    CallTarget m_target;
};

} // namespace

void appendCallSpans(const CallRecord& call, const CallSpanOptions& options, std::vector<SpanData>& out)
{
    Builder(call, options, out).build();
}

std::size_t callSpanCount(const CallRecord& call)
{
    const auto stages =
        std::count_if(call.stages.begin(), call.stages.end(), [](const StageTiming& timing) { return timing.offsetNs >= 0; });
    return 1 + static_cast<std::size_t>(stages) + call.guardrails.size() + static_cast<std::size_t>(call.hops.size());
}

std::int64_t gatewayOverheadNs(const CallRecord& call)
{
    QVarLengthArray<std::pair<std::int64_t, std::int64_t>, 8> busy;
    for (const Hop& hop : call.hops) {
        const std::int64_t begin = std::clamp<std::int64_t>(hop.offsetNs, 0, call.durationNs);
        busy.append({begin, std::clamp<std::int64_t>(hop.offsetNs + hop.durationNs, begin, call.durationNs)});
    }
    std::sort(busy.begin(), busy.end());
    std::int64_t waited = 0;
    std::int64_t reached = 0;
    for (const auto& [begin, end] : busy) {
        waited += std::max<std::int64_t>(0, end - std::max(begin, reached));
        reached = std::max(reached, end);
    }
    return call.durationNs - waited;
}

QByteArray callSpanName(QByteArrayView method, TargetKind kind, QByteArrayView target)
{
    if ((kind != TargetKind::Tool && kind != TargetKind::Prompt) || target.isEmpty())
        return method.toByteArray();
    QByteArray name;
    name.reserve(method.size() + 1 + target.size());
    name.append(method).append(' ').append(target);
    return name;
}

QByteArray serverErrorType(const CallRecord& call)
{
    if (call.outcome == Outcome::Ok)
        return {};
    // Whatever the reason, when a JSON-RPC error was answered its code is what the conventions ask for; gateway.outcome tells
    // the reason.
    if (call.rpcErrorCode != 0 && call.outcome != Outcome::ToolError)
        return blamesTheCaller(call.rpcErrorCode) ? QByteArray() : QByteArray::number(call.rpcErrorCode);
    return call.errorType.isEmpty() ? literal(outcomeName(call.outcome)) : call.errorType;
}

QByteArrayView outcomeName(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Ok:
        return "ok";
    case Outcome::ToolError:
        return "tool_error";
    case Outcome::RpcError:
        return "rpc_error";
    case Outcome::Timeout:
        return "timeout";
    case Outcome::Cancelled:
        return "cancelled";
    case Outcome::Blocked:
        return "blocked";
    case Outcome::Rejected:
        return "rejected";
    case Outcome::Unavailable:
        return "unavailable";
    }
    return "ok";
}

CallTarget callTarget(const CallRecord& call)
{
    const QByteArray unknown = literal("unknown");
    if (call.routedServer)
        return {call.routedServer->name, call.routedTarget.isEmpty() ? unknown : call.routedTarget};
    if (!call.hops.isEmpty() && call.hops.front().server)
        return {call.hops.front().server->name, call.hops.front().target.isEmpty() ? unknown : call.hops.front().target};
    return {unknown, unknown};
}

} // namespace oriel::telemetry
