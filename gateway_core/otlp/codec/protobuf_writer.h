// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <protozero/basic_pbf_writer.hpp>

/// Lets protozero write straight into a QByteArray.
namespace protozero {

template <> struct buffer_customization<QByteArray> {
    static std::size_t size(const QByteArray* buffer) { return static_cast<std::size_t>(buffer->size()); }
    static void append(QByteArray* buffer, const char* data, std::size_t count)
    {
        buffer->append(data, static_cast<qsizetype>(count));
    }
    static void append_zeros(QByteArray* buffer, std::size_t count) { buffer->append(static_cast<qsizetype>(count), '\0'); }
    static void resize(QByteArray* buffer, std::size_t size) { buffer->resize(static_cast<qsizetype>(size)); }
    static void reserve_additional(QByteArray* buffer, std::size_t size)
    {
        // Not reserve(): it would pin the capacity to exactly this much and make growth quadratic.
        static_cast<void>(buffer);
        static_cast<void>(size);
    }
    static void erase_range(QByteArray* buffer, std::size_t from, std::size_t to)
    {
        buffer->remove(static_cast<qsizetype>(from), static_cast<qsizetype>(to - from));
    }
    static char* at_pos(QByteArray* buffer, std::size_t position) { return buffer->data() + position; }
    static void push_back(QByteArray* buffer, char c) { buffer->append(c); }
};

} // namespace protozero

namespace oriel::otlp {
using ProtobufWriter = protozero::basic_pbf_writer<QByteArray>;
}
