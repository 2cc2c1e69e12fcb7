// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/resource_attributes.h"

#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/protobuf_reader.h"
#include "otlp/protobuf_writer.h"

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

/// Protobuf merges what stands twice, so the attributes go into a second `resource` behind the first.
void appendResource(ProtobufWriter& group, const QMap<QString, QString>& attributes, const QSet<QByteArray>& present)
{
    ProtobufWriter resource(group, fields::resource_group::kResource);
    for (auto it = attributes.cbegin(); it != attributes.cend(); ++it) {
        const QByteArray key = it.key().toUtf8();
        if (present.contains(key))
            continue;
        const QByteArray text = it.value().toUtf8();
        ProtobufWriter attribute(resource, fields::resource::kAttributes);
        attribute.add_string(fields::key_value::kKey, key.constData(), static_cast<std::size_t>(key.size()));
        ProtobufWriter value(attribute, fields::key_value::kValue);
        value.add_string(fields::any_value::kString, text.constData(), static_cast<std::size_t>(text.size()));
    }
}

Result<QByteArray> inProtobuf(const QByteArray& request, const QMap<QString, QString>& attributes)
{
    return protobuf::guarded<QByteArray>(request, [&](Reader reader, QByteArray& out) {
        ProtobufWriter writer(out);
        while (reader.next()) {
            if (reader.tag_and_type() != protobuf::bytes(fields::request::kResourceGroup)) {
                reader.skip();
                continue;
            }
            const protozero::data_view group = reader.get_view();
            QSet<QByteArray> present;
            Reader parts(group);
            while (parts.next(fields::resource_group::kResource, protozero::pbf_wire_type::length_delimited))
                collectKeys(parts.get_message(), present);
            QByteArray more;
            {
                ProtobufWriter appended(more);
                appendResource(appended, attributes, present);
            }
            const QByteArray whole = QByteArray(group.data(), static_cast<qsizetype>(group.size())) + more;
            writer.add_bytes(fields::request::kResourceGroup, whole.constData(), static_cast<std::size_t>(whole.size()));
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
