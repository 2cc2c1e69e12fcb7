// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/attribute_codec.h"
#include "store/trace_codec.h"
#include "store/trace_codec_tags.h"
#include "telemetry/call_spans.h"
#include "telemetry/semconv.h"

namespace oriel::store {

using namespace telemetry;
using namespace codec;

namespace {

/// Longer texts are rarely equal to another and are kept in the body.
constexpr qsizetype kLongestInterned = 2048;

QByteArrayView textOf(const Attributes& attributes, Attr key)
{
    const AnyValue* value = findAttribute(attributes, attributeName(key));
    const QByteArray* text = value != nullptr ? value->text() : nullptr;
    return text != nullptr ? QByteArrayView(*text) : QByteArrayView();
}

} // namespace

void TraceEncoder::putText(QByteArrayView text)
{
    if (text.size() <= kLongestInterned) {
        if (const std::uint32_t id = m_strings.intern(text); id != StringTable::kFull) {
            m_body.varint(static_cast<std::uint64_t>(id) << 1U);
            return;
        }
    }
    m_body.varint(static_cast<std::uint64_t>(text.size()) << 1U | 1U);
    m_body.raw(text);
}

namespace {

Tag tagOf(const AnyValue& value, int depth)
{
    switch (value.value.index()) {
    case 1:
        return Tag::Text;
    case 2:
        return std::get<bool>(value.value) ? Tag::True : Tag::False;
    case 3:
        return Tag::Integer;
    case 4:
        return Tag::Real;
    case 5:
        return Tag::Bytes;
    case 6:
        return depth < kMaxDepth ? Tag::Array : Tag::Empty;
    case 7:
        return depth < kMaxDepth ? Tag::Map : Tag::Empty;
    default:
        return Tag::Empty;
    }
}

} // namespace

void TraceEncoder::putContent(const AnyValue& value, int depth)
{
    switch (tagOf(value, depth)) {
    case Tag::Text:
        putText(std::get<QByteArray>(value.value));
        break;
    case Tag::Integer:
        m_body.zigzag(std::get<std::int64_t>(value.value));
        break;
    case Tag::Real:
        m_body.real(std::get<double>(value.value));
        break;
    case Tag::Bytes:
        m_body.text(std::get<BytesValue>(value.value).bytes);
        break;
    case Tag::Array: {
        const auto& array = std::get<std::shared_ptr<const ArrayValue>>(value.value);
        m_body.varint(array ? array->values.size() : 0);
        if (array)
            for (const AnyValue& item : array->values)
                putValue(item, depth + 1);
        break;
    }
    case Tag::Map: {
        static const Attributes kNone;
        const auto& list = std::get<std::shared_ptr<const KeyValueList>>(value.value);
        putAttributes(list ? list->values : kNone, depth + 1);
        break;
    }
    case Tag::Empty:
    case Tag::False:
    case Tag::True:
        break;
    }
}

void TraceEncoder::putValue(const AnyValue& value, int depth)
{
    m_body.byte(static_cast<std::uint8_t>(tagOf(value, depth)));
    putContent(value, depth);
}

/// The keys and types of a span's attributes are the same for all spans of one place in a program: they are kept once, as one
/// string.
void TraceEncoder::putShape(const Attributes& attributes)
{
    m_shape.clear();
    std::swap(m_shape, m_body);
    m_body.varint(attributes.size());
    for (const Attribute& attribute : attributes) {
        putText(attribute.key);
        m_body.byte(static_cast<std::uint8_t>(tagOf(attribute.value, 0)));
    }
    std::swap(m_shape, m_body);
    const std::uint32_t id = m_strings.intern(m_shape.view());
    m_body.varint(id == StringTable::kFull ? 0 : id);
    if (id == StringTable::kFull)
        return;
    for (const Attribute& attribute : attributes)
        putContent(attribute.value, 0);
}

void TraceEncoder::putAttributes(const Attributes& attributes, int depth)
{
    m_body.varint(attributes.size());
    for (const Attribute& attribute : attributes) {
        putText(attribute.key);
        putValue(attribute.value, depth);
    }
}

std::uint32_t TraceEncoder::remember(std::shared_ptr<const void> object, const std::function<void()>& put)
{
    if (!object)
        return 0;
    const auto known = m_contexts.find(object.get());
    if (known != m_contexts.end())
        return known->second.second;
    ByteWriter outer;
    std::swap(outer, m_body);
    put();
    std::swap(outer, m_body);
    const std::uint32_t id = m_strings.intern(outer.view());
    const std::uint32_t stored = id == StringTable::kFull ? 0 : id;
    if (m_contexts.size() > 4096) // one object a span: nothing to be gained by remembering
        m_contexts.clear();
    const void* address = object.get();
    m_contexts.emplace(address, std::pair(std::move(object), stored));
    return stored;
}

std::uint32_t TraceEncoder::contextId(const std::shared_ptr<const ClientContext>& client)
{
    return remember(client, [&] {
        for (const QByteArray* text :
             {&client->clientName, &client->clientVersion, &client->tokenName, &client->userId, &client->projectId,
              &client->tenantId, &client->sessionId, &client->protocolVersion, &client->address})
            m_body.text(*text);
        m_body.byte(static_cast<std::uint8_t>(client->transport));
        m_body.varint(client->port);
        m_body.zigzag(client->pid);
    });
}

std::uint32_t TraceEncoder::contextId(const std::shared_ptr<const ServerContext>& server)
{
    return remember(server, [&] {
        for (const QByteArray* text : {&server->name, &server->protocolVersion, &server->serverName, &server->serverVersion,
                                       &server->sessionId, &server->address})
            m_body.text(*text);
        m_body.byte(static_cast<std::uint8_t>(server->transport));
        m_body.varint(server->port);
        m_body.zigzag(server->pid);
    });
}

std::uint32_t TraceEncoder::contextId(const std::shared_ptr<const Resource>& resource)
{
    return remember(resource, [&] {
        m_body.text(resource->schemaUrl);
        m_body.varint(resource->droppedAttributes);
        putAttributes(resource->attributes);
        if (!resource->entityRefs.empty())
            putEntityRefs(m_body, resource->entityRefs);
    });
}

std::uint32_t TraceEncoder::contextId(const std::shared_ptr<const Scope>& scope)
{
    return remember(scope, [&] {
        m_body.text(scope->name);
        m_body.text(scope->version);
        m_body.text(scope->schemaUrl);
        m_body.varint(scope->droppedAttributes);
        putAttributes(scope->attributes);
    });
}

SegmentRow TraceEncoder::encode(const SpanData& span)
{
    SegmentRow row;
    row.traceId = span.traceId;
    row.startNs = span.startUnixNs;
    row.durationNs = span.endUnixNs > span.startUnixNs ? span.endUnixNs - span.startUnixNs : 0;
    const auto facet = [&row, this](Facet which, QByteArrayView text) {
        const std::uint32_t id = text.isEmpty() ? 0 : m_strings.intern(text);
        row.facets[static_cast<std::size_t>(which)] = id == StringTable::kFull ? 0 : id;
    };
    facet(Facet::Name, span.name);
    if (span.resource) {
        static const QByteArray kServiceName = QByteArrayLiteral("service.name");
        const AnyValue* service = findAttribute(span.resource->attributes, kServiceName);
        if (service != nullptr && service->text() != nullptr)
            facet(Facet::Service, *service->text());
    }
    facet(Facet::Server, textOf(span.attributes, Attr::GatewayServerName));
    facet(Facet::Client, textOf(span.attributes, Attr::GatewayClientName));
    facet(Facet::Method, textOf(span.attributes, Attr::McpMethodName));
    QByteArrayView tool = textOf(span.attributes, Attr::GenAiToolName);
    if (tool.isEmpty())
        tool = textOf(span.attributes, Attr::GenAiPromptName);
    facet(Facet::Tool, tool);
    if (span.status == StatusCode::Error) {
        row.flags |= flag::kError;
        facet(Facet::Error,
              span.statusMessage.isEmpty() ? textOf(span.attributes, Attr::ErrorType) : QByteArrayView(span.statusMessage));
    }
    if (span.endUnixNs == 0)
        row.flags |= flag::kRunning;
    if (!span.parentSpanId.isValid())
        row.flags |= flag::kRoot;
    if (span.kind == SpanKind::Server)
        row.flags |= flag::kServer;

    m_body.clear();
    m_body.fixed64(span.spanId.value);
    m_body.varint(contextId(span.resource)); // before the attributes: a filter looks at both and at nothing else
    putShape(span.attributes);
    putSpanEnd(span);
    row.body = m_body.view();
    return row;
}

void TraceEncoder::putSpanEnd(const SpanData& span)
{
    const bool hasMore = !span.events.empty() || !span.links.empty() || span.droppedAttributes != 0 || span.droppedEvents != 0 ||
                         span.droppedLinks != 0 || !span.traceState.isEmpty();
    const bool oddEnd = span.endUnixNs != 0 && span.endUnixNs < span.startUnixNs;
    m_body.byte(static_cast<std::uint8_t>(static_cast<unsigned>(span.kind) | static_cast<unsigned>(span.status) << 3U |
                                          (span.parentSpanId.isValid() ? kHasParent : 0U) | (hasMore ? kHasMore : 0U) |
                                          (oddEnd ? kHasOddEnd : 0U)));
    if (span.parentSpanId.isValid())
        m_body.fixed64(span.parentSpanId.value);
    m_body.varint(span.flags);
    putText(span.statusMessage);
    m_body.varint(contextId(span.scope));
    if (oddEnd)
        m_body.zigzag(span.endUnixNs);
    if (!hasMore)
        return;
    m_body.text(span.traceState);
    m_body.varint(span.droppedAttributes);
    m_body.varint(span.droppedEvents);
    m_body.varint(span.droppedLinks);
    m_body.varint(span.events.size());
    for (const SpanEvent& event : span.events) {
        m_body.zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(event.timeUnixNs) -
                                                static_cast<std::uint64_t>(span.startUnixNs)));
        putText(event.name);
        m_body.varint(event.droppedAttributes);
        putAttributes(event.attributes);
    }
    m_body.varint(span.links.size());
    for (const SpanLink& link : span.links) {
        m_body.fixed64(link.traceId.high);
        m_body.fixed64(link.traceId.low);
        m_body.fixed64(link.spanId.value);
        m_body.text(link.traceState);
        m_body.varint(link.flags);
        m_body.varint(link.droppedAttributes);
        putAttributes(link.attributes);
    }
}

void TraceEncoder::putHop(const Hop& hop)
{
    m_body.fixed64(hop.spanId.value);
    m_body.varint(contextId(hop.server));
    putText(hop.target);
    m_body.text(hop.jsonrpcId);
    m_body.zigzag(hop.offsetNs);
    m_body.zigzag(hop.durationNs);
    m_body.zigzag(hop.firstByteOffsetNs);
    const bool failed = !hop.errorType.isEmpty() || hop.rpcErrorCode != 0 || !hop.errorMessage.isEmpty();
    m_body.varint(static_cast<std::uint64_t>(hop.attempt) << 1U | (failed ? 1U : 0U));
    if (failed) {
        putText(hop.errorType);
        m_body.zigzag(hop.rpcErrorCode);
        putText(hop.errorMessage);
    }
}

SegmentRow TraceEncoder::encode(const CallRecord& call, QByteArrayView service)
{
    SegmentRow row;
    row.traceId = call.traceId;
    row.startNs = call.startUnixNs;
    row.durationNs = std::max<std::int64_t>(0, call.durationNs);
    row.outcome = call.outcome;
    row.spans = static_cast<std::uint32_t>(callSpanCount(call));
    row.flags = flag::kCall | flag::kServer;
    if (!call.parentSpanId.isValid())
        row.flags |= flag::kRoot;
    if (call.method == QByteArrayView("tools/call"))
        row.flags |= flag::kToolCall;
    const auto facet = [&row, this](Facet which, QByteArrayView text) {
        const std::uint32_t id = text.isEmpty() ? 0 : m_strings.intern(text);
        row.facets[static_cast<std::size_t>(which)] = id == StringTable::kFull ? 0 : id;
    };
    facet(Facet::Name, callSpanName(call.method, call.targetKind, call.target));
    facet(Facet::Service, service);
    const ServerContext* server = call.routedServer       ? call.routedServer.get()
                                  : call.hops.size() == 1 ? call.hops[0].server.get()
                                                          : nullptr;
    if (server != nullptr)
        facet(Facet::Server, server->name);
    QByteArrayView tool = call.routedTarget;
    if (tool.isEmpty() && !call.hops.isEmpty())
        tool = call.hops[0].target;
    facet(Facet::Tool, tool.isEmpty() ? QByteArrayView(call.target) : tool);
    facet(Facet::Method, call.method);
    if (call.client)
        facet(Facet::Client, call.client->clientName.isEmpty() ? call.client->tokenName : call.client->clientName);
    if (call.outcome != Outcome::Ok && call.outcome != Outcome::Cancelled) {
        row.flags |= flag::kError;
        facet(Facet::Error, !call.errorMessage.isEmpty() ? QByteArrayView(call.errorMessage)
                            : !call.errorType.isEmpty()  ? QByteArrayView(call.errorType)
                                                         : telemetry::outcomeName(call.outcome));
    }

    m_body.clear();
    m_body.varint(row.spans);
    m_body.fixed64(call.spanId.value);
    m_body.text(call.requestId);
    const bool hasLink = call.linkSpanId.isValid() || call.linkTraceId.isValid();
    const bool hasMore = hasLink || !call.traceState.isEmpty() || !call.events.empty() || !call.guardrails.empty() ||
                         !call.extraAttributes.empty();
    const bool failed = !call.errorType.isEmpty() || call.rpcErrorCode != 0 || !call.errorMessage.isEmpty();
    m_body.byte(static_cast<std::uint8_t>((call.parentSpanId.isValid() ? kCallHasParent : 0U) |
                                          (call.parentSampled ? kCallSampled : 0U) | (call.overHttp ? kCallOverHttp : 0U) |
                                          (call.replay ? kCallReplay : 0U) | (failed ? kCallFailed : 0U) |
                                          (hasMore ? kCallHasMore : 0U) | (hasLink ? kCallHasLink : 0U)));
    if (call.parentSpanId.isValid())
        m_body.fixed64(call.parentSpanId.value);
    m_body.byte(call.traceFlags);
    putText(call.method);
    m_body.byte(static_cast<std::uint8_t>(call.targetKind));
    putText(call.target);
    m_body.varint(contextId(call.routedServer));
    putText(call.routedTarget);
    m_body.text(call.jsonrpcId);
    m_body.varint(contextId(call.client));
    m_body.zigzag(call.httpStatus);
    m_body.zigzag(call.durationNs);
    m_body.zigzag(call.requestBytes);
    m_body.zigzag(call.responseBytes);
    if (failed) {
        putText(call.errorType);
        m_body.zigzag(call.rpcErrorCode);
        putText(call.errorMessage);
    }
    std::uint64_t ran = 0;
    for (std::size_t i = 0; i < kStageCount; ++i)
        ran |= call.stages[i].offsetNs >= 0 ? 1ULL << i : 0U;
    m_body.varint(ran);
    for (std::size_t i = 0; i < kStageCount; ++i) {
        if (call.stages[i].offsetNs < 0)
            continue;
        m_body.zigzag(call.stages[i].offsetNs);
        m_body.zigzag(call.stages[i].durationNs);
    }
    m_body.varint(static_cast<std::uint64_t>(call.hops.size()));
    for (const Hop& hop : call.hops)
        putHop(hop);
    if (hasMore)
        putCallMore(call, hasLink);
    row.body = m_body.view();
    return row;
}

void TraceEncoder::putCallMore(const CallRecord& call, bool hasLink)
{
    if (hasLink) {
        m_body.fixed64(call.linkTraceId.high);
        m_body.fixed64(call.linkTraceId.low);
        m_body.fixed64(call.linkSpanId.value);
    }
    m_body.text(call.traceState);
    m_body.varint(call.events.size());
    for (const CallEvent& event : call.events) {
        m_body.zigzag(event.offsetNs);
        putText(event.name);
        putAttributes(event.attributes);
    }
    m_body.varint(call.guardrails.size());
    for (const GuardrailVerdict& verdict : call.guardrails) {
        putText(verdict.check);
        m_body.byte(verdict.onOutput ? 1 : 0);
        m_body.zigzag(verdict.offsetNs);
        m_body.zigzag(verdict.durationNs);
        putText(verdict.violation);
        putText(verdict.action);
        m_body.zigzag(verdict.count);
    }
    putAttributes(call.extraAttributes);
}

} // namespace oriel::store
