// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/decoders.h"
#include "otlp/codec/fields.h"

#include <QByteArrayView>

#include <algorithm>
#include <array>
#include <cstring>
#include <protozero/pbf_reader.hpp>

/// Small readings of protobuf fields. All throw protozero's exceptions, which the decoders catch at their door.
namespace oriel::otlp::protobuf {

/// What the readings of one message share: what is left of its parts, and short texts that came before. Keys, names and many
/// values come again in every span, so most of them cost no memory of their own.
class MessageContext {
public:
    void enter(std::uint32_t parts)
    {
        m_isExhausted = m_partsLeft < parts;
        if (m_isExhausted)
            throw protozero::exception();
        m_partsLeft -= parts;
    }
    /// What was thrown last was for want of parts.
    [[nodiscard]] bool isExhausted() const { return m_isExhausted; }

    QByteArray text(const char* data, std::size_t size)
    {
        constexpr std::size_t kShort = 64;
        if (size == 0 || size > kShort)
            return validText(data, static_cast<qsizetype>(size));
        QByteArray& kept = m_texts[slotOf(data, size)];
        if (kept != QByteArrayView(data, static_cast<qsizetype>(size)))
            kept = validText(data, static_cast<qsizetype>(size));
        return kept;
    }

private:
    static constexpr int kSlotBits = 9;
    static std::size_t slotOf(const char* data, std::size_t size)
    {
        std::uint64_t head = 0;
        std::uint64_t tail = 0;
        const std::size_t part = std::min(size, sizeof head);
        std::memcpy(&head, data, part);
        std::memcpy(&tail, data + size - part, part);
        const std::uint64_t mixed = (head ^ (tail * 0x9e3779b97f4a7c15U) ^ size) * 0xff51afd7ed558ccdU;
        return static_cast<std::size_t>(mixed >> (64 - kSlotBits));
    }

    std::uint32_t m_partsLeft = kMaxParts;
    bool m_isExhausted = false;
    std::array<QByteArray, std::size_t{1} << kSlotBits> m_texts;
};

/// protozero's reader with what its message shares.
class Reader : public protozero::pbf_reader {
public:
    Reader() = default;
    Reader(protozero::data_view view, MessageContext* context) : pbf_reader(view), m_context(context) {}

    Reader get_message() { return part(1); }
    /// A message that becomes a span, log record or point.
    Reader get_item() { return part(kPartsAnItem); }
    /// As valid UTF-8.
    QByteArray get_text()
    {
        const protozero::data_view view = get_view();
        return m_context != nullptr ? m_context->text(view.data(), view.size())
                                    : validText(view.data(), static_cast<qsizetype>(view.size()));
    }

private:
    Reader part(std::uint32_t parts)
    {
        if (m_context != nullptr)
            m_context->enter(parts);
        return {get_view(), m_context};
    }

    MessageContext* m_context = nullptr;
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

inline Reader readerOf(QByteArrayView message, MessageContext* context = nullptr)
{
    return {protozero::data_view(message.data(), static_cast<std::size_t>(message.size())), context};
}

inline QByteArray textOf(Reader& reader)
{
    return reader.get_text();
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
    MessageContext context;
    try {
        T out;
        decode(readerOf(message, &context), out);
        return out;
    } catch (const protozero::exception& broken) {
        if (context.isExhausted())
            return fail(ErrorCode::TooLarge, QStringLiteral("the message has too many parts; send smaller batches"));
        return fail(ErrorCode::Parse,
                    QStringLiteral("the message is not valid protobuf: %1").arg(QString::fromLatin1(broken.what())));
    }
}

} // namespace oriel::otlp::protobuf
