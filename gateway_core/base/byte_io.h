// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

namespace oriel {

/// Appends numbers and text in a compact form: varints (LEB128), zigzag for signed numbers, little-endian fixed words.
class ByteWriter {
public:
    void clear() { m_out.clear(); }
    [[nodiscard]] const std::string& bytes() const { return m_out; }
    [[nodiscard]] QByteArrayView view() const { return {m_out.data(), static_cast<qsizetype>(m_out.size())}; }
    [[nodiscard]] std::size_t size() const { return m_out.size(); }

    void byte(std::uint8_t value) { m_out.push_back(static_cast<char>(value)); }
    void varint(std::uint64_t value)
    {
        while (value >= 0x80U) {
            m_out.push_back(static_cast<char>(value | 0x80U));
            value >>= 7U;
        }
        m_out.push_back(static_cast<char>(value));
    }
    void zigzag(std::int64_t value)
    {
        varint((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void fixed64(std::uint64_t value) { fixed(value); }
    void fixed32(std::uint32_t value) { fixed(value); }
    void real(double value) { fixed64(std::bit_cast<std::uint64_t>(value)); }
    void text(QByteArrayView value)
    {
        varint(static_cast<std::uint64_t>(value.size()));
        raw(value);
    }
    void raw(QByteArrayView value) { m_out.append(value.data(), static_cast<std::size_t>(value.size())); }

private:
    template <class T> void fixed(T value)
    {
        char buffer[sizeof(T)];
        for (std::size_t i = 0; i < sizeof(T); ++i)
            buffer[i] = static_cast<char>(static_cast<unsigned char>(value >> (8U * i)));
        m_out.append(buffer, sizeof(T));
    }
    std::string m_out;
};

/// Reads what ByteWriter wrote. Reading past the end yields zeros and sets failed(): damaged bytes never lead outside the buffer.
class ByteReader {
public:
    explicit ByteReader(QByteArrayView bytes)
        : m_at(reinterpret_cast<const unsigned char*>(bytes.data())),
          m_end(m_at + bytes.size())
    {}
    [[nodiscard]] bool failed() const { return m_failed; }
    [[nodiscard]] bool atEnd() const { return m_at == m_end; }
    [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(m_end - m_at); }

    std::uint8_t byte()
    {
        if (m_at == m_end) {
            m_failed = true;
            return 0;
        }
        return *m_at++;
    }
    std::uint64_t varint()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64U; shift += 7U) {
            const std::uint8_t part = byte();
            value |= static_cast<std::uint64_t>(part & 0x7FU) << shift;
            if ((part & 0x80U) == 0)
                return value;
        }
        m_failed = true;
        return 0;
    }
    std::int64_t zigzag()
    {
        const std::uint64_t word = varint();
        return static_cast<std::int64_t>(word >> 1U) ^ -static_cast<std::int64_t>(word & 1U);
    }
    std::uint64_t fixed64() { return fixed<std::uint64_t>(); }
    std::uint32_t fixed32() { return fixed<std::uint32_t>(); }
    double real() { return std::bit_cast<double>(fixed64()); }
    QByteArrayView text() { return raw(varint()); }
    QByteArrayView raw(std::uint64_t size)
    {
        if (size > remaining()) {
            m_failed = true;
            m_at = m_end;
            return {};
        }
        const QByteArrayView out(m_at, static_cast<qsizetype>(size));
        m_at += size;
        return out;
    }
    /// A count of things that take at least `minimumBytes` each: a damaged count fails instead of reserving memory.
    std::size_t count(std::size_t minimumBytes = 1)
    {
        const std::uint64_t value = varint();
        if (value * minimumBytes > remaining() || value > remaining()) {
            m_failed = true;
            m_at = m_end;
            return 0;
        }
        return static_cast<std::size_t>(value);
    }

private:
    template <class T> T fixed()
    {
        if (remaining() < sizeof(T)) {
            m_failed = true;
            m_at = m_end;
            return 0;
        }
        T value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            value |= static_cast<T>(m_at[i]) << (8U * i);
        m_at += sizeof(T);
        return value;
    }
    const unsigned char* m_at;
    const unsigned char* m_end;
    bool m_failed = false;
};

} // namespace oriel
