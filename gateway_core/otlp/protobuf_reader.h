// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/decoders.h"
#include "otlp/fields.h"

#include <QByteArrayView>

#include <protozero/pbf_reader.hpp>

/// Small readings of protobuf fields. All throw protozero's exceptions, which the decoders catch at their door.
namespace oriel::otlp::protobuf {

/// A message has more parts than memory is given for.
struct TooManyParts : protozero::exception {
    [[nodiscard]] const char* what() const noexcept override { return "it has too many parts"; }
};

/// protozero's reader, which counts the parts of the whole message as they are entered.
class Reader : public protozero::pbf_reader {
public:
    Reader() = default;
    Reader(protozero::data_view view, std::uint32_t* partsLeft) : pbf_reader(view), m_partsLeft(partsLeft) {}

    Reader get_message() { return part(1); }
    /// A message that becomes a span, log record or point.
    Reader get_item() { return part(kPartsAnItem); }

private:
    Reader part(std::uint32_t parts)
    {
        if (m_partsLeft != nullptr) {
            if (*m_partsLeft < parts)
                throw TooManyParts();
            *m_partsLeft -= parts;
        }
        return {get_view(), m_partsLeft};
    }

    std::uint32_t* m_partsLeft = nullptr;
};

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

inline Reader readerOf(QByteArrayView message, std::uint32_t* partsLeft)
{
    return {protozero::data_view(message.data(), static_cast<std::size_t>(message.size())), partsLeft};
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
    std::uint32_t partsLeft = kMaxParts;
    try {
        T out;
        decode(readerOf(message, &partsLeft), out);
        return out;
    } catch (const TooManyParts& many) {
        return fail(
            ErrorCode::TooLarge,
            QStringLiteral("the message cannot be taken: %1; send smaller batches").arg(QString::fromLatin1(many.what())));
    } catch (const protozero::exception& broken) {
        return fail(ErrorCode::Parse,
                    QStringLiteral("the message is not valid protobuf: %1").arg(QString::fromLatin1(broken.what())));
    }
}

} // namespace oriel::otlp::protobuf
