// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/byte_io.h"
#include "store/trace_segment.h"
#include "telemetry/call_record.h"
#include "telemetry/span_data.h"

#include <functional>
#include <unordered_map>

namespace oriel::store {

/// Turns records into rows of one segment. One encoder a segment; the writer's thread.
class TraceEncoder {
public:
    explicit TraceEncoder(StringTable& strings) : m_strings(strings) {}

    /// The row's body is valid until the next call of encode. `service` is the resource's name of the gateway's own spans.
    SegmentRow encode(const telemetry::CallRecord& call, QByteArrayView service);
    SegmentRow encode(const telemetry::SpanData& span);

private:
    void putText(QByteArrayView text);
    void putShape(const telemetry::Attributes& attributes);
    void putValue(const telemetry::AnyValue& value, int depth);
    void putContent(const telemetry::AnyValue& value, int depth);
    void putAttributes(const telemetry::Attributes& attributes, int depth = 0);
    void putSpanEnd(const telemetry::SpanData& span);
    void putHop(const telemetry::Hop& hop);
    void putCallMore(const telemetry::CallRecord& call, bool hasLink);
    std::uint32_t contextId(const std::shared_ptr<const telemetry::ClientContext>& client);
    std::uint32_t contextId(const std::shared_ptr<const telemetry::ServerContext>& server);
    std::uint32_t contextId(const std::shared_ptr<const telemetry::Resource>& resource);
    std::uint32_t contextId(const std::shared_ptr<const telemetry::Scope>& scope);
    std::uint32_t remember(std::shared_ptr<const void> object, const std::function<void()>& put);

    StringTable& m_strings;
    ByteWriter m_body;
    ByteWriter m_shape;
    /// Encoded shared objects by address; holding the object keeps its address from being used again.
    std::unordered_map<const void*, std::pair<std::shared_ptr<const void>, std::uint32_t>> m_contexts;
};

/// Turns rows of one segment back into records. Shared objects (clients, servers, resources) are made once for each decoder.
/// Damaged bodies yield empty fields, never a read outside the body. One thread at a time.
class TraceDecoder {
public:
    explicit TraceDecoder(const TraceSegment& segment) : m_segment(segment) {}

    /// Many rows will be read: texts are then shared between them, which costs a table of all strings once.
    void expectManyRows() { m_texts.resize(m_segment.strings().size()); }
    [[nodiscard]] telemetry::CallRecord call(std::uint32_t row);
    [[nodiscard]] telemetry::SpanData span(std::uint32_t row);
    /// The id of the record's own span, and the X-Request-ID of a call, without decoding the rest.
    [[nodiscard]] SpanId spanId(std::uint32_t row) const;
    [[nodiscard]] QByteArrayView requestId(std::uint32_t row) const;
    /// A question about the attribute of one key, asked of many records. Answers about interned strings and resources are
    /// remembered.
    struct AttributeTest {
        std::uint32_t keyString = 0; ///< the key's number in this segment; kFull: it is nowhere
        std::function<bool(const telemetry::AnyValue&)> accepts;
        std::function<bool(const telemetry::Resource&)> acceptsResource;
        std::vector<std::int32_t> positions; ///< by shape: −1 not in it, else one more than the key's position; 0: not looked up
        std::vector<std::int8_t> answers;    ///< by string of a text or a resource: 1 passes, −1 does not; 0: not asked
    };
    /// Whether an attribute of a span record, or of its resource, passes.
    bool passes(std::uint32_t row, AttributeTest& test);

private:
    QByteArrayView getText(ByteReader& in) const;
    QByteArray getBytes(ByteReader& in);
    QByteArray stringAt(std::uint32_t id);
    void skipValue(ByteReader& in, int depth);
    void skipContent(ByteReader& in, unsigned tag, int depth);
    telemetry::AnyValue getValue(ByteReader& in, int depth);
    telemetry::AnyValue getTagged(ByteReader& in, unsigned tag, int depth);
    telemetry::Attributes getAttributes(ByteReader& in, int depth = 0);
    telemetry::Attributes getShaped(ByteReader& in);
    struct Shape {
        std::vector<QByteArray> keys;
        std::vector<std::uint64_t> keyWords;
        std::vector<std::uint8_t> tags;
    };
    const Shape& shape(std::uint64_t id);
    std::int32_t positionIn(std::uint64_t shapeId, AttributeTest& test);
    telemetry::Hop getHop(ByteReader& in);
    std::shared_ptr<const telemetry::ClientContext> client(std::uint64_t id);
    std::shared_ptr<const telemetry::ServerContext> server(std::uint64_t id);
    std::shared_ptr<const telemetry::Resource> resource(std::uint64_t id);
    std::shared_ptr<const telemetry::Scope> scope(std::uint64_t id);

    const TraceSegment& m_segment;
    std::vector<QByteArray> m_texts;
    std::unordered_map<std::uint64_t, Shape> m_shapes;
    std::pair<std::uint64_t, const Shape*> m_lastShape{0, nullptr};
    std::unordered_map<std::uint64_t, std::shared_ptr<const telemetry::ClientContext>> m_clients;
    std::unordered_map<std::uint64_t, std::shared_ptr<const telemetry::ServerContext>> m_servers;
    std::unordered_map<std::uint64_t, std::shared_ptr<const telemetry::Resource>> m_resources;
    std::unordered_map<std::uint64_t, std::shared_ptr<const telemetry::Scope>> m_scopes;
};

/// How many spans a record stands for, from its body.
std::uint32_t spansOfBody(std::uint8_t flags, QByteArrayView body);

} // namespace oriel::store
