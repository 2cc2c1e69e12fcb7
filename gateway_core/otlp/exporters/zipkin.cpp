// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/zipkin.h"

#include "base/json_writer.h"

#include <QHostAddress>
#include <QUrl>

#include <array>

namespace oriel::otlp {

namespace {

using telemetry::AnyValue;
using telemetry::Attribute;
using telemetry::Attributes;
using telemetry::SpanData;
using telemetry::SpanKind;
using telemetry::StatusCode;

std::int64_t microseconds(std::int64_t ns)
{
    return ns / 1'000;
}

const char* kindOf(SpanKind kind)
{
    switch (kind) {
    case SpanKind::Client:
        return "CLIENT";
    case SpanKind::Server:
        return "SERVER";
    case SpanKind::Producer:
        return "PRODUCER";
    case SpanKind::Consumer:
        return "CONSUMER";
    case SpanKind::Internal:
    case SpanKind::Unspecified:
        break;
    }
    return nullptr;
}

/// Zipkin's tags are texts; lists and maps are their JSON.
QByteArray textOf(const AnyValue& value)
{
    if (const QByteArray* text = value.text())
        return *text;
    return telemetry::toJson(value);
}

QByteArray textOf(const Attributes& attributes, QByteArrayView key)
{
    const AnyValue* value = telemetry::findAttribute(attributes, key);
    return value != nullptr ? textOf(*value) : QByteArray();
}

struct Endpoint {
    QByteArray serviceName;
    QByteArray address; ///< an IP address
    int port = 0;
};

void writeEndpoint(json::Writer& writer, const char* name, const Endpoint& endpoint)
{
    writer.key(name).beginObject();
    if (!endpoint.serviceName.isEmpty())
        writer.member("serviceName", endpoint.serviceName);
    const QHostAddress address(QString::fromUtf8(endpoint.address));
    if (address.protocol() == QAbstractSocket::IPv4Protocol)
        writer.member("ipv4", address.toString());
    else if (address.protocol() == QAbstractSocket::IPv6Protocol)
        writer.member("ipv6", address.toString());
    if (endpoint.port > 0)
        writer.member("port", endpoint.port);
    writer.endObject();
}

/// The first attribute that names the peer wins: its service, its name, its address.
std::optional<Endpoint> remoteEndpointOf(const Attributes& attributes)
{
    constexpr std::array kNames{"peer.service",  "server.address",       "network.peer.address",
                                "net.peer.name", "server.socket.domain", "db.name"};
    Endpoint endpoint;
    for (const char* key : kNames) {
        if (endpoint.serviceName.isEmpty())
            endpoint.serviceName = textOf(attributes, key);
    }
    if (endpoint.serviceName.isEmpty())
        return std::nullopt;
    const QByteArray peer = textOf(attributes, "network.peer.address");
    endpoint.address = peer.isEmpty() ? textOf(attributes, "server.address") : peer;
    const QByteArray port = textOf(attributes, peer.isEmpty() ? "server.port" : "network.peer.port");
    const int number = port.toInt();
    endpoint.port = number > 0 && number <= 0xffff ? number : 0;
    return endpoint;
}

/// Tags that say something of their own. Any value of "error" means failure to Zipkin.
bool isReserved(const QByteArray& key)
{
    return key == "error" || key == "otel.status_code" || key.startsWith("otel.scope.") || key.startsWith("otel.dropped_");
}

void writeTags(json::Writer& writer, const SpanData& span)
{
    writer.key("tags").beginObject();
    const auto tag = [&](QByteArrayView name, const QByteArray& text) {
        if (!text.isEmpty())
            writer.member(name, text);
    };
    const bool failed = span.status == StatusCode::Error;
    for (const Attribute& attribute : span.attributes) {
        if (!isReserved(attribute.key))
            writer.member(attribute.key, textOf(attribute.value));
    }
    if (span.status != StatusCode::Unset)
        writer.member("otel.status_code", failed ? "ERROR" : "OK");
    if (failed)
        writer.member("error", span.statusMessage);
    if (span.scope) {
        tag("otel.scope.name", span.scope->name);
        tag("otel.scope.version", span.scope->version);
    }
    const auto dropped = [&](const char* name, std::uint32_t count) {
        if (count > 0)
            writer.member(name, QByteArray::number(count));
    };
    dropped("otel.dropped_attributes_count", span.droppedAttributes);
    dropped("otel.dropped_events_count", span.droppedEvents);
    dropped("otel.dropped_links_count", span.droppedLinks);
    writer.endObject();
}

void writeAnnotations(json::Writer& writer, const SpanData& span)
{
    if (span.events.empty())
        return;
    writer.key("annotations").beginArray();
    for (const telemetry::SpanEvent& event : span.events) {
        json::Writer attributes;
        attributes.beginObject();
        for (const Attribute& attribute : event.attributes)
            attributes.rawMember(attribute.key, telemetry::toJson(attribute.value));
        attributes.endObject();
        QByteArray text = event.name;
        if (!event.attributes.empty())
            text = json::quote(QByteArrayView(event.name)) + ": " + attributes.take();
        writer.beginObject().member("timestamp", microseconds(event.timeUnixNs)).member("value", text).endObject();
    }
    writer.endArray();
}

void writeSpan(json::Writer& writer, const SpanData& span)
{
    writer.beginObject();
    writer.member("traceId", span.traceId.toHex());
    writer.member("id", span.spanId.toHex());
    if (span.parentSpanId.isValid())
        writer.member("parentId", span.parentSpanId.toHex());
    writer.member("name", span.name);
    if (const char* kind = kindOf(span.kind))
        writer.member("kind", kind);
    if (span.startUnixNs > 0)
        writer.member("timestamp", microseconds(span.startUnixNs));
    // A duration of 0 would read as "not known", so the shortest one is a microsecond.
    if (span.endUnixNs >= span.startUnixNs)
        writer.member("duration", std::max<std::int64_t>(1, microseconds(span.endUnixNs - span.startUnixNs)));
    Endpoint local;
    if (span.resource)
        local.serviceName = textOf(span.resource->attributes, "service.name");
    if (local.serviceName.isEmpty())
        local.serviceName = "unknown_service";
    writeEndpoint(writer, "localEndpoint", local);
    const bool hasPeer = span.kind == SpanKind::Client || span.kind == SpanKind::Producer;
    if (const auto remote = hasPeer ? remoteEndpointOf(span.attributes) : std::nullopt)
        writeEndpoint(writer, "remoteEndpoint", *remote);
    writeAnnotations(writer, span);
    writeTags(writer, span);
    writer.endObject();
}

} // namespace

QByteArray zipkinSpans(std::span<const SpanData> spans)
{
    json::Writer writer;
    writer.beginArray();
    for (const SpanData& span : spans)
        writeSpan(writer, span);
    writer.endArray();
    return writer.take();
}

QString zipkinEndpoint(const QString& endpoint)
{
    QUrl url(endpoint);
    if (url.path().isEmpty() || url.path() == QLatin1StringView("/"))
        url.setPath(QStringLiteral("/api/v2/spans"));
    return url.toString();
}

} // namespace oriel::otlp
