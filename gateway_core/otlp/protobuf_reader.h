// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/decoders.h"
#include "otlp/fields.h"

#include <QByteArrayView>

#include <protozero/pbf_reader.hpp>

/// Small readings of protobuf fields. All throw protozero's exceptions, which the decoders catch at their door.
namespace oriel::otlp::protobuf {

using Reader = protozero::pbf_reader;

constexpr std::uint32_t varint(fields::Tag tag)
{
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::varint);
}
constexpr std::uint32_t bytes(fields::Tag tag)
{
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::length_delimited);
}
constexpr std::uint32_t fixed32(fields::Tag tag)
{
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::fixed32);
}
constexpr std::uint32_t fixed64(fields::Tag tag)
{
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::fixed64);
}

inline Reader readerOf(QByteArrayView message)
{
    return Reader(protozero::data_view(message.data(), static_cast<std::size_t>(message.size())));
}

inline QByteArray textOf(Reader& reader)
{
    const protozero::data_view view = reader.get_view();
    return validText(view.data(), static_cast<qsizetype>(view.size()));
}

inline TraceId traceIdOf(Reader& reader)
{
    const protozero::data_view view = reader.get_view();
    return view.size() == 16 ? TraceId::fromBytes(reinterpret_cast<const unsigned char*>(view.data())) : TraceId{};
}

inline SpanId spanIdOf(Reader& reader)
{
    const protozero::data_view view = reader.get_view();
    return view.size() == 8 ? SpanId::fromBytes(reinterpret_cast<const unsigned char*>(view.data())) : SpanId{};
}

inline std::int64_t timeOf(Reader& reader)
{
    return static_cast<std::int64_t>(reader.get_fixed64());
}

/// Runs `decode` and turns what protozero throws at broken input into an error.
template <class T, class Decode> Result<T> guarded(QByteArrayView message, Decode decode)
{
    try {
        T out;
        decode(readerOf(message), out);
        return out;
    } catch (const protozero::exception& broken) {
        return fail(ErrorCode::Parse,
                    QStringLiteral("the message is not valid protobuf: %1").arg(QString::fromLatin1(broken.what())));
    }
}

} // namespace oriel::otlp::protobuf
