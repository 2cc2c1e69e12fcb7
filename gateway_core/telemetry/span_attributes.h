// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/call_record.h"
#include "telemetry/semconv.h"
#include "telemetry/span_data.h"

#include <string>

namespace oriel::telemetry {

/// The bytes are static, so nothing is copied.
inline QByteArray literal(QByteArrayView text)
{
    return QByteArray::fromRawData(text.data(), text.size());
}

/// Appends attributes and leaves out what is empty.
class AttributeList {
public:
    AttributeList(Attributes& out, std::size_t expected) : m_out(out) { m_out.reserve(m_out.size() + expected); }

    void set(Attr key, AnyValue value) { m_out.push_back({attributeName(key), std::move(value)}); }
    void text(Attr key, const QByteArray& value)
    {
        if (!value.isEmpty())
            set(key, value);
    }
    void named(QByteArray key, AnyValue value) { m_out.push_back({std::move(key), std::move(value)}); }
    /// For literals: the bytes are not copied.
    void literal(Attr key, QByteArrayView value) { set(key, QByteArray::fromRawData(value.data(), value.size())); }
    void alias(const char* key, AnyValue value)
    {
        QByteArray name = QByteArray::fromRawData(key, static_cast<qsizetype>(std::char_traits<char>::length(key)));
        // Two sets share names; a key may stand only once.
        if (findAttribute(m_out, name) == nullptr)
            m_out.push_back({std::move(name), std::move(value)});
    }

private:
    Attributes& m_out;
};

// What spans of every kind say of the conventions (facts: OTel MCP conventions, spans).

/// gen_ai.tool.name, gen_ai.prompt.name or mcp.resource.uri.
Attr targetAttribute(TargetKind kind);
/// network.*; everything that is no pipe is HTTP/1.1.
void setTransport(AttributeList& attributes, Transport transport);
/// rpc.response.status_code where there is a code; error.type and the status Error together, or neither.
void setStatus(SpanData& span, AttributeList& attributes, const QByteArray& errorType, int rpcCode, const QByteArray& message);
/// The client of the request, on the side that received it.
void setClient(AttributeList& attributes, const ClientContext& client);
/// The server of the request, on the side that sent it.
void setServer(AttributeList& attributes, const ServerContext& server);
/// JSON-RPC codes that are no error on the side that answered with them.
bool blamesTheCaller(int rpcCode);

} // namespace oriel::telemetry
