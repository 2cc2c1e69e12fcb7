// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/line_splitter.h"

#include <algorithm>
#include <cstring>

namespace oriel::upstream {

namespace {

/// From here on a line that fills the buffer alone is handed over instead of copied.
constexpr qsizetype kHandOverBytes = 128 * 1024;
/// What an idle splitter keeps.
constexpr qsizetype kIdleCapacity = 256 * 1024;

} // namespace

LineSplitter::LineSplitter(qsizetype maxBytes, qsizetype keepBytes)
    : m_maxBytes(maxBytes),
      m_keepBytes(std::min(keepBytes, maxBytes))
{}

char* LineSplitter::reserve(qsizetype bytes)
{
    if (m_begin == m_end) {
        m_begin = m_scanned = m_end = 0;
        if (m_buffer.size() > kIdleCapacity) {
            m_buffer = QByteArray();
        }
    }
    if (m_buffer.size() - m_end < bytes && m_begin > 0) {
        std::memmove(m_buffer.data(), m_buffer.constData() + m_begin, static_cast<std::size_t>(m_end - m_begin));
        m_scanned -= m_begin;
        m_end -= m_begin;
        m_begin = 0;
    }
    if (m_buffer.size() - m_end < bytes) {
        m_buffer.resize(std::max(m_end + bytes, m_buffer.size() * 2));
    }
    return m_buffer.data() + m_end;
}

void LineSplitter::commit(qsizetype bytes)
{
    m_end += bytes;
}

std::optional<LineSplitter::Line> LineSplitter::next()
{
    if (m_scanned == m_end) {
        return std::nullopt;
    }
    const char* data = m_buffer.constData();
    const void* found = std::memchr(data + m_scanned, '\n', static_cast<std::size_t>(m_end - m_scanned));
    if (found == nullptr) {
        m_scanned = m_end;
        if (m_oversized || m_end - m_begin > m_maxBytes) {
            discardOversized();
        }
        return std::nullopt;
    }
    return take(static_cast<const char*>(found) - data);
}

std::optional<LineSplitter::Line> LineSplitter::takeRest()
{
    if (m_begin == m_end && !m_oversized) {
        return std::nullopt;
    }
    return take(m_end);
}

LineSplitter::Line LineSplitter::take(qsizetype lineEnd)
{
    Line line;
    const qsizetype lineBegin = m_begin;
    m_begin = m_scanned = std::min(lineEnd + 1, m_end);
    if (m_oversized || lineEnd - lineBegin > m_maxBytes) {
        const QByteArrayView rest = QByteArrayView(m_buffer).sliced(lineBegin, lineEnd - lineBegin);
        line.oversized = true;
        line.fullSize = m_head.size() + m_dropped + rest.size();
        line.bytes = m_oversized ? std::move(m_head) : rest.first(std::min(m_keepBytes, rest.size())).toByteArray();
        line.tail = (m_tail + rest.toByteArray()).right(m_keepBytes);
        m_head = m_tail = QByteArray();
        m_dropped = 0;
        m_oversized = false;
        return line;
    }
    qsizetype size = lineEnd - lineBegin;
    if (size > 0 && m_buffer.at(lineEnd - 1) == '\r') {
        --size;
    }
    line.fullSize = size;
    if (lineBegin == 0 && m_begin == m_end && size >= kHandOverBytes) {
        line.bytes = std::move(m_buffer);
        line.bytes.truncate(size);
        line.bytes.squeeze();
        m_buffer = QByteArray();
        m_begin = m_scanned = m_end = 0;
    } else {
        line.bytes = QByteArray(m_buffer.constData() + lineBegin, size);
    }
    return line;
}

void LineSplitter::discardOversized()
{
    const QByteArrayView all = QByteArrayView(m_buffer).sliced(m_begin, m_end - m_begin);
    qsizetype kept = 0;
    if (!m_oversized) {
        m_oversized = true;
        m_head = all.first(std::min(m_keepBytes, all.size())).toByteArray();
        kept = m_head.size();
    }
    m_dropped += all.size() - kept;
    m_tail = (m_tail + all.last(std::min(m_keepBytes, all.size())).toByteArray()).right(m_keepBytes);
    m_begin = m_scanned = m_end;
}

} // namespace oriel::upstream
