// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QtEndian>

#include <cstring>
#include <vector>

/// A protobuf reader of the tests' own, which shares nothing with the code that it checks.
namespace wire {

enum Type { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

struct Field {
    unsigned tag = 0;
    int type = -1;
    quint64 number = 0; ///< varint, fixed32 or fixed64
    QByteArray bytes;   ///< length-delimited
};

class Message {
public:
    explicit Message(const QByteArray& data)
    {
        qsizetype at = 0;
        while (m_valid && at < data.size()) {
            Field field;
            const quint64 key = varint(data, at);
            field.tag = static_cast<unsigned>(key >> 3U);
            field.type = static_cast<int>(key & 7U);
            if (field.type == Varint) {
                field.number = varint(data, at);
            } else if (field.type == Fixed64 && at + 8 <= data.size()) {
                field.number = qFromLittleEndian<quint64>(data.constData() + at);
                at += 8;
            } else if (field.type == Fixed32 && at + 4 <= data.size()) {
                field.number = qFromLittleEndian<quint32>(data.constData() + at);
                at += 4;
            } else if (field.type == Bytes) {
                const auto length = static_cast<qsizetype>(varint(data, at));
                m_valid = m_valid && length <= data.size() - at;
                field.bytes = data.mid(at, length);
                at += length;
            } else {
                m_valid = false;
            }
            m_fields.push_back(field);
        }
    }

    [[nodiscard]] bool isValid() const { return m_valid; }
    [[nodiscard]] std::vector<Field> all(unsigned tag) const
    {
        std::vector<Field> found;
        for (const Field& field : m_fields) {
            if (field.tag == tag)
                found.push_back(field);
        }
        return found;
    }
    /// The only field of this tag and wire type; type −1 when there is none or more than one.
    [[nodiscard]] Field one(unsigned tag, int type) const
    {
        const auto found = all(tag);
        return found.size() == 1 && found[0].type == type ? found[0] : Field();
    }
    [[nodiscard]] QByteArray bytes(unsigned tag) const { return one(tag, Bytes).bytes; }
    [[nodiscard]] Message message(unsigned tag) const { return Message(bytes(tag)); }
    [[nodiscard]] bool has(unsigned tag) const { return !all(tag).empty(); }
    [[nodiscard]] quint64 number(unsigned tag, int type) const
    {
        const Field field = one(tag, type);
        return field.type == type ? field.number : 0xdeadULL;
    }
    [[nodiscard]] double real(unsigned tag) const
    {
        const quint64 bits = number(tag, Fixed64);
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }

private:
    quint64 varint(const QByteArray& data, qsizetype& at)
    {
        quint64 value = 0;
        for (unsigned shift = 0; shift < 64 && at < data.size(); shift += 7) {
            const auto byte = static_cast<unsigned char>(data[at++]);
            value |= static_cast<quint64>(byte & 0x7fU) << shift;
            if ((byte & 0x80U) == 0)
                return value;
        }
        m_valid = false;
        return 0;
    }

    std::vector<Field> m_fields;
    bool m_valid = true;
};

} // namespace wire
