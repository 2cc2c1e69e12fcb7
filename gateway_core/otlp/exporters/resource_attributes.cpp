// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/resource_attributes.h"

#include "otlp/codec/decode.h"
#include "otlp/codec/encode.h"
#include "otlp/codec/protobuf_reader.h"
#include "otlp/codec/protobuf_writer.h"

#include <QSet>

namespace oriel::otlp {

namespace {

using protobuf::Reader;

void collectKeys(Reader resource, QSet<QByteArray>& keys)
{
    constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;
    while (resource.next(fields::resource::kAttributes, kBytes)) {
        Reader attribute = resource.get_message();
        while (attribute.next(fields::key_value::kKey, kBytes))
            keys.insert(protobuf::textOf(attribute));
    }
}

void appendAttributes(QByteArray& resource, const QMap<QString, QString>& attributes)
{
    QSet<QByteArray> present;
    collectKeys(protobuf::readerOf(resource), present);
    QByteArray more;
    ProtobufWriter writer(more);
    for (auto it = attributes.cbegin(); it != attributes.cend(); ++it) {
        const QByteArray key = it.key().toUtf8();
        if (present.contains(key))
            continue;
        const QByteArray text = it.value().toUtf8();
        ProtobufWriter attribute(writer, fields::resource::kAttributes);
        attribute.add_string(fields::key_value::kKey, key.constData(), static_cast<std::size_t>(key.size()));
        ProtobufWriter value(attribute, fields::key_value::kValue);
        value.add_string(fields::any_value::kString, text.constData(), static_cast<std::size_t>(text.size()));
    }
    resource += more;
}

/// A group of one resource, whose fields are all length-delimited. The resource stays one field: protobuf would merge two, but
/// not every decoder does.
void writeGroup(ProtobufWriter& writer, Reader group, const QMap<QString, QString>& attributes)
{
    QByteArray resource;
    for (Reader parts = group; parts.next(fields::resource_group::kResource, protozero::pbf_wire_type::length_delimited);) {
        const protozero::data_view view = parts.get_view();
        resource.append(view.data(), static_cast<qsizetype>(view.size()));
    }
    appendAttributes(resource, attributes);
    ProtobufWriter out(writer, fields::request::kResourceGroup);
    out.add_bytes(fields::resource_group::kResource, resource.constData(), static_cast<std::size_t>(resource.size()));
    while (group.next()) {
        const bool isOther = group.tag() != fields::resource_group::kResource;
        if (isOther && group.wire_type() == protozero::pbf_wire_type::length_delimited)
            out.add_bytes(group.tag(), group.get_view());
        else
            group.skip();
    }
}

Result<QByteArray> inProtobuf(const QByteArray& request, const QMap<QString, QString>& attributes)
{
    return protobuf::guarded<QByteArray>(request, [&](Reader reader, QByteArray& out) {
        ProtobufWriter writer(out);
        while (reader.next()) {
            if (reader.tag_and_type() == protobuf::bytes(fields::request::kResourceGroup))
                writeGroup(writer, reader.get_message(), attributes);
            else
                reader.skip();
        }
    });
}

Result<QByteArray> transcoded(const QByteArray& request, Signal signal, Encoding from, Encoding to)
{
    switch (signal) {
    case Signal::Traces:
        if (const auto decoded = decodeTraces(request, from))
            return encodeTraces(decoded->spans, to);
        break;
    case Signal::Metrics:
        if (const auto decoded = decodeMetrics(request, from))
            return encodeMetrics(decoded->metrics, to);
        break;
    case Signal::Logs:
        if (const auto decoded = decodeLogs(request, from))
            return encodeLogs(decoded->logs, to);
        break;
    }
    return fail(ErrorCode::Parse, QStringLiteral("the request is not valid OTLP"));
}

} // namespace

Result<QByteArray> withResourceAttributes(const QByteArray& request, Signal signal, Encoding encoding,
                                          const QMap<QString, QString>& attributes)
{
    if (attributes.isEmpty())
        return request;
    if (encoding == Encoding::Protobuf)
        return inProtobuf(request, attributes);
    const auto protobuf = transcoded(request, signal, encoding, Encoding::Protobuf);
    if (!protobuf)
        return fail(protobuf.error());
    const auto amended = inProtobuf(*protobuf, attributes);
    if (!amended)
        return fail(amended.error());
    return transcoded(*amended, signal, Encoding::Protobuf, encoding);
}

} // namespace oriel::otlp
