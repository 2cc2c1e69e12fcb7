// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/attribute_codec.h"
#include "store/trace_codec.h"
#include "store/trace_codec_tags.h"

#include <algorithm>

namespace oriel::store {

using namespace telemetry;
using namespace codec;

std::uint32_t spansOfBody(std::uint8_t flags, QByteArrayView body)
{
    if ((flags & flag::kCall) == 0)
        return 1;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(ByteReader(body).varint(), 1, 100'000));
}

QByteArrayView TraceDecoder::getText(ByteReader& in) const
{
    const std::uint64_t word = in.varint();
    if ((word & 1U) != 0)
        return in.raw(word >> 1U);
    return m_segment.strings().at(static_cast<std::uint32_t>(std::min<std::uint64_t>(word >> 1U, StringTable::kFull)));
}

QByteArray TraceDecoder::getBytes(ByteReader& in)
{
    const std::uint64_t word = in.varint();
    if ((word & 1U) != 0)
        return in.raw(word >> 1U).toByteArray();
    return stringAt(static_cast<std::uint32_t>(std::min<std::uint64_t>(word >> 1U, StringTable::kFull)));
}

QByteArray TraceDecoder::stringAt(std::uint32_t id)
{
    if (id >= m_texts.size())
        return m_segment.strings().at(id).toByteArray();
    QByteArray& text = m_texts[id];
    if (text.isNull())
        text = m_segment.strings().at(id).toByteArray();
    return text;
}

AnyValue TraceDecoder::getValue(ByteReader& in, int depth)
{
    return getTagged(in, in.byte(), depth);
}

AnyValue TraceDecoder::getTagged(ByteReader& in, unsigned tag, int depth)
{
    switch (static_cast<Tag>(tag)) {
    case Tag::Text:
        return AnyValue(getBytes(in));
    case Tag::False:
        return AnyValue(false);
    case Tag::True:
        return AnyValue(true);
    case Tag::Integer:
        return AnyValue(in.zigzag());
    case Tag::Real:
        return AnyValue(in.real());
    case Tag::Bytes:
        return AnyValue(BytesValue{in.text().toByteArray()});
    case Tag::Array: {
        auto array = std::make_shared<ArrayValue>();
        const std::size_t count = depth < kMaxDepth ? in.count() : 0;
        for (std::size_t i = 0; i < count && !in.failed(); ++i)
            array->values.push_back(getValue(in, depth + 1));
        return AnyValue(std::shared_ptr<const ArrayValue>(std::move(array)));
    }
    case Tag::Map: {
        auto list = std::make_shared<KeyValueList>();
        if (depth < kMaxDepth)
            list->values = getAttributes(in, depth + 1);
        return AnyValue(std::shared_ptr<const KeyValueList>(std::move(list)));
    }
    case Tag::Empty:
        break;
    }
    return {};
}

Attributes TraceDecoder::getAttributes(ByteReader& in, int depth)
{
    Attributes out;
    const std::size_t count = in.count(2);
    out.reserve(count);
    for (std::size_t i = 0; i < count && !in.failed(); ++i) {
        QByteArray key = getBytes(in);
        out.push_back({std::move(key), getValue(in, depth)});
    }
    return out;
}

SpanId TraceDecoder::spanId(std::uint32_t row) const
{
    ByteReader in(m_segment.body(row));
    if ((m_segment.chunk(row).flags[row % TraceSegment::kChunk] & flag::kCall) != 0)
        in.varint();
    return {in.fixed64()};
}

QByteArrayView TraceDecoder::requestId(std::uint32_t row) const
{
    if ((m_segment.chunk(row).flags[row % TraceSegment::kChunk] & flag::kCall) == 0)
        return {};
    ByteReader in(m_segment.body(row));
    in.varint();
    in.fixed64();
    return in.text();
}

const TraceDecoder::Shape& TraceDecoder::shape(std::uint64_t id)
{
    if (m_lastShape.second != nullptr && m_lastShape.first == id)
        return *m_lastShape.second;
    auto [known, isNew] = m_shapes.try_emplace(id);
    if (isNew && id != 0) {
        ByteReader in(m_segment.strings().at(static_cast<std::uint32_t>(std::min<std::uint64_t>(id, StringTable::kFull))));
        Shape& made = known->second;
        for (std::size_t left = in.count(2); left > 0 && !in.failed(); --left) {
            ByteReader ahead = in;
            made.keyWords.push_back(ahead.varint());
            made.keys.push_back(getBytes(in));
            made.tags.push_back(in.byte());
        }
    }
    m_lastShape = {id, &known->second}; // nodes of the map do not move
    return known->second;
}

Attributes TraceDecoder::getShaped(ByteReader& in)
{
    const Shape& known = shape(in.varint());
    Attributes out;
    out.reserve(known.keys.size());
    for (std::size_t i = 0; i < known.keys.size() && !in.failed(); ++i)
        out.push_back({known.keys[i], getTagged(in, known.tags[i], 0)});
    return out;
}

void TraceDecoder::skipValue(ByteReader& in, int depth)
{
    skipContent(in, in.byte(), depth);
}

void TraceDecoder::skipContent(ByteReader& in, unsigned tag, int depth)
{
    const auto skipText = [&in] {
        const std::uint64_t word = in.varint();
        if ((word & 1U) != 0)
            in.raw(word >> 1U);
    };
    switch (static_cast<Tag>(tag)) {
    case Tag::Text:
        skipText();
        break;
    case Tag::Integer:
        in.varint();
        break;
    case Tag::Real:
        in.fixed64();
        break;
    case Tag::Bytes:
        in.text();
        break;
    case Tag::Array:
        if (depth < kMaxDepth)
            for (std::size_t left = in.count(); left > 0 && !in.failed(); --left)
                skipValue(in, depth + 1);
        break;
    case Tag::Map:
        if (depth < kMaxDepth)
            for (std::size_t left = in.count(2); left > 0 && !in.failed(); --left) {
                skipText();
                skipValue(in, depth + 1);
            }
        break;
    case Tag::Empty:
    case Tag::True:
    case Tag::False:
        break;
    }
}

std::int32_t TraceDecoder::positionIn(std::uint64_t shapeId, AttributeTest& test)
{
    if (shapeId >= test.positions.size())
        test.positions.resize(std::max<std::size_t>(shapeId + 1, m_segment.strings().size()));
    std::int32_t& position = test.positions[shapeId];
    if (position == 0) {
        const std::vector<std::uint64_t>& words = shape(shapeId).keyWords;
        const auto found = std::find(words.begin(), words.end(), static_cast<std::uint64_t>(test.keyString) << 1U);
        position = found == words.end() ? -1 : static_cast<std::int32_t>(found - words.begin()) + 1;
    }
    return position < 0 ? -1 : position - 1;
}

bool TraceDecoder::passes(std::uint32_t row, AttributeTest& test)
{
    ByteReader in(m_segment.body(row));
    in.fixed64();
    const std::uint64_t resourceId = in.varint();
    const std::uint64_t shapeId = in.varint();
    const std::uint32_t strings = m_segment.strings().size();
    if (in.failed() || shapeId >= strings || resourceId >= strings)
        return false;
    if (test.answers.size() < strings)
        test.answers.resize(strings);
    if (resourceId != 0) {
        std::int8_t& answer = test.answers[resourceId]; // no string is both a resource and a text
        if (answer == 0)
            answer = test.acceptsResource(*resource(resourceId)) ? 1 : -1;
        if (answer > 0)
            return true;
    }
    const std::int32_t wanted = test.keyString == StringTable::kFull ? -1 : positionIn(shapeId, test);
    if (wanted < 0)
        return false;
    const Shape& known = shape(shapeId);
    for (std::int32_t i = 0; i < wanted; ++i)
        skipContent(in, known.tags[static_cast<std::size_t>(i)], 0);
    const std::uint8_t tag = known.tags[static_cast<std::size_t>(wanted)];
    if (static_cast<Tag>(tag) == Tag::Text) {
        ByteReader ahead = in;
        const std::uint64_t word = ahead.varint();
        if ((word & 1U) == 0 && word >> 1U < strings) {
            std::int8_t& answer = test.answers[word >> 1U];
            if (answer == 0)
                answer =
                    test.accepts(AnyValue(m_segment.strings().at(static_cast<std::uint32_t>(word >> 1U)).toByteArray())) ? 1 : -1;
            return answer > 0;
        }
    }
    return test.accepts(getTagged(in, tag, 0));
}

SpanData TraceDecoder::span(std::uint32_t row)
{
    const TraceSegment::Chunk& chunk = m_segment.chunk(row);
    const std::uint32_t at = row % TraceSegment::kChunk;
    SpanData span;
    span.traceId = m_segment.trace(chunk.trace[at]).id;
    span.startUnixNs = chunk.start[at];
    span.endUnixNs = (chunk.flags[at] & flag::kRunning) != 0 ? 0 : span.startUnixNs + chunk.duration[at];
    const std::uint32_t name = m_segment.facetString(Facet::Name, chunk.facets[static_cast<std::size_t>(Facet::Name)][at]);
    span.name = stringAt(name);
    ByteReader in(m_segment.body(row));
    span.spanId.value = in.fixed64();
    span.resource = resource(in.varint());
    span.attributes = getShaped(in);
    const unsigned bits = in.byte();
    span.kind = static_cast<SpanKind>(std::min(bits & 7U, 5U));
    span.status = static_cast<StatusCode>(std::min(bits >> 3U & 3U, 2U));
    if ((bits & kHasParent) != 0)
        span.parentSpanId.value = in.fixed64();
    span.flags = static_cast<std::uint32_t>(in.varint());
    span.statusMessage = getBytes(in);
    span.scope = scope(in.varint());
    if ((bits & kHasOddEnd) != 0)
        span.endUnixNs = in.zigzag();
    if ((bits & kHasMore) == 0)
        return span;
    span.traceState = in.text().toByteArray();
    span.droppedAttributes = static_cast<std::uint32_t>(in.varint());
    span.droppedEvents = static_cast<std::uint32_t>(in.varint());
    span.droppedLinks = static_cast<std::uint32_t>(in.varint());
    const std::size_t events = in.count(4);
    for (std::size_t i = 0; i < events && !in.failed(); ++i) {
        SpanEvent event;
        event.timeUnixNs =
            static_cast<std::int64_t>(static_cast<std::uint64_t>(span.startUnixNs) + static_cast<std::uint64_t>(in.zigzag()));
        event.name = getBytes(in);
        event.droppedAttributes = static_cast<std::uint32_t>(in.varint());
        event.attributes = getAttributes(in);
        span.events.push_back(std::move(event));
    }
    const std::size_t links = in.count(27);
    for (std::size_t i = 0; i < links && !in.failed(); ++i) {
        SpanLink link;
        link.traceId.high = in.fixed64();
        link.traceId.low = in.fixed64();
        link.spanId.value = in.fixed64();
        link.traceState = in.text().toByteArray();
        link.flags = static_cast<std::uint32_t>(in.varint());
        link.droppedAttributes = static_cast<std::uint32_t>(in.varint());
        link.attributes = getAttributes(in);
        span.links.push_back(std::move(link));
    }
    return span;
}

Hop TraceDecoder::getHop(ByteReader& in)
{
    Hop hop;
    hop.spanId.value = in.fixed64();
    hop.server = server(in.varint());
    hop.target = getBytes(in);
    hop.jsonrpcId = in.text().toByteArray();
    hop.offsetNs = in.zigzag();
    hop.durationNs = in.zigzag();
    hop.firstByteOffsetNs = in.zigzag();
    const std::uint64_t word = in.varint();
    hop.attempt = static_cast<quint16>(word >> 1U);
    if ((word & 1U) != 0) {
        hop.errorType = getBytes(in);
        hop.rpcErrorCode = static_cast<int>(in.zigzag());
        hop.errorMessage = getBytes(in);
    }
    return hop;
}

CallRecord TraceDecoder::call(std::uint32_t row)
{
    const TraceSegment::Chunk& chunk = m_segment.chunk(row);
    const std::uint32_t at = row % TraceSegment::kChunk;
    CallRecord call;
    call.traceId = m_segment.trace(chunk.trace[at]).id;
    call.startUnixNs = chunk.start[at];
    call.outcome = static_cast<Outcome>(chunk.outcome[at]);
    ByteReader in(m_segment.body(row));
    in.varint();
    call.spanId.value = in.fixed64();
    call.requestId = in.text().toByteArray();
    const unsigned bits = in.byte();
    if ((bits & kCallHasParent) != 0)
        call.parentSpanId.value = in.fixed64();
    call.parentSampled = (bits & kCallSampled) != 0;
    call.overHttp = (bits & kCallOverHttp) != 0;
    call.replay = (bits & kCallReplay) != 0;
    call.traceFlags = in.byte();
    call.method = getBytes(in);
    call.targetKind = static_cast<TargetKind>(std::min<unsigned>(in.byte(), static_cast<unsigned>(TargetKind::Resource)));
    call.target = getBytes(in);
    call.routedServer = server(in.varint());
    call.routedTarget = getBytes(in);
    call.jsonrpcId = in.text().toByteArray();
    call.client = client(in.varint());
    call.httpStatus = static_cast<int>(in.zigzag());
    call.durationNs = in.zigzag();
    call.requestBytes = in.zigzag();
    call.responseBytes = in.zigzag();
    if ((bits & kCallFailed) != 0) {
        call.errorType = getBytes(in);
        call.rpcErrorCode = static_cast<int>(in.zigzag());
        call.errorMessage = getBytes(in);
    }
    const std::uint64_t ran = in.varint();
    for (std::size_t i = 0; i < kStageCount; ++i) {
        if ((ran >> i & 1U) == 0)
            continue;
        call.stages[i].offsetNs = in.zigzag();
        call.stages[i].durationNs = in.zigzag();
    }
    const std::size_t hops = in.count(14);
    for (std::size_t i = 0; i < hops && !in.failed(); ++i)
        call.hops.append(getHop(in));
    if ((bits & kCallHasMore) == 0)
        return call;
    if ((bits & kCallHasLink) != 0) {
        call.linkTraceId.high = in.fixed64();
        call.linkTraceId.low = in.fixed64();
        call.linkSpanId.value = in.fixed64();
    }
    call.traceState = in.text().toByteArray();
    const std::size_t events = in.count(3);
    for (std::size_t i = 0; i < events && !in.failed(); ++i) {
        CallEvent event;
        event.offsetNs = in.zigzag();
        event.name = getBytes(in);
        event.attributes = getAttributes(in);
        call.events.push_back(std::move(event));
    }
    const std::size_t verdicts = in.count(7);
    for (std::size_t i = 0; i < verdicts && !in.failed(); ++i) {
        GuardrailVerdict verdict;
        verdict.check = getBytes(in);
        verdict.onOutput = in.byte() != 0;
        verdict.offsetNs = in.zigzag();
        verdict.durationNs = in.zigzag();
        verdict.violation = getBytes(in);
        verdict.action = getBytes(in);
        verdict.count = static_cast<int>(in.zigzag());
        call.guardrails.push_back(std::move(verdict));
    }
    call.extraAttributes = getAttributes(in);
    return call;
}

std::shared_ptr<const ClientContext> TraceDecoder::client(std::uint64_t id)
{
    if (id == 0)
        return {};
    std::shared_ptr<const ClientContext>& known = m_clients[id];
    if (known)
        return known;
    ByteReader in(m_segment.strings().at(static_cast<std::uint32_t>(id)));
    auto made = std::make_shared<ClientContext>();
    for (QByteArray* text : {&made->clientName, &made->clientVersion, &made->tokenName, &made->userId, &made->projectId,
                             &made->tenantId, &made->sessionId, &made->protocolVersion, &made->address})
        *text = in.text().toByteArray();
    made->transport = static_cast<Transport>(std::min<unsigned>(in.byte(), static_cast<unsigned>(Transport::Sse)));
    made->port = static_cast<quint16>(in.varint());
    made->pid = in.zigzag();
    known = std::move(made);
    return known;
}

std::shared_ptr<const ServerContext> TraceDecoder::server(std::uint64_t id)
{
    if (id == 0)
        return {};
    std::shared_ptr<const ServerContext>& known = m_servers[id];
    if (known)
        return known;
    ByteReader in(m_segment.strings().at(static_cast<std::uint32_t>(id)));
    auto made = std::make_shared<ServerContext>();
    for (QByteArray* text :
         {&made->name, &made->protocolVersion, &made->serverName, &made->serverVersion, &made->sessionId, &made->address})
        *text = in.text().toByteArray();
    made->transport = static_cast<Transport>(std::min<unsigned>(in.byte(), static_cast<unsigned>(Transport::Sse)));
    made->port = static_cast<quint16>(in.varint());
    made->pid = in.zigzag();
    known = std::move(made);
    return known;
}

std::shared_ptr<const Resource> TraceDecoder::resource(std::uint64_t id)
{
    if (id == 0)
        return {};
    std::shared_ptr<const Resource>& known = m_resources[id];
    if (known)
        return known;
    ByteReader in(m_segment.strings().at(static_cast<std::uint32_t>(id)));
    auto made = std::make_shared<Resource>();
    made->schemaUrl = in.text().toByteArray();
    made->droppedAttributes = static_cast<std::uint32_t>(in.varint());
    made->attributes = getAttributes(in);
    if (!in.atEnd())
        made->entityRefs = getEntityRefs(in);
    known = std::move(made);
    return known;
}

std::shared_ptr<const Scope> TraceDecoder::scope(std::uint64_t id)
{
    if (id == 0)
        return {};
    std::shared_ptr<const Scope>& known = m_scopes[id];
    if (known)
        return known;
    ByteReader in(m_segment.strings().at(static_cast<std::uint32_t>(id)));
    auto made = std::make_shared<Scope>();
    made->name = in.text().toByteArray();
    made->version = in.text().toByteArray();
    made->schemaUrl = in.text().toByteArray();
    made->droppedAttributes = static_cast<std::uint32_t>(in.varint());
    made->attributes = getAttributes(in);
    known = std::move(made);
    return known;
}

} // namespace oriel::store
