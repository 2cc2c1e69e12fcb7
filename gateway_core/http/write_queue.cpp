// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/write_queue.h"

namespace oriel::http {

namespace {
constexpr qsizetype copyBelow = 16 * 1024;
constexpr qsizetype gatherUpTo = 64 * 1024;
constexpr qsizetype initialGather = 1024;
} // namespace

QByteArray& WriteQueue::gather()
{
    if (!m_lastGathers || m_segments.back().size() > gatherUpTo) {
        m_segments.emplace_back().reserve(initialGather);
        m_lastGathers = true;
    }
    m_gatherStart = m_segments.back().size();
    return m_segments.back();
}

void WriteQueue::gathered()
{
    m_bytes += m_segments.back().size() - m_gatherStart;
}

void WriteQueue::append(QByteArrayView small)
{
    gather().append(small);
    gathered();
}

void WriteQueue::append(const QByteArray& bytes)
{
    if (bytes.size() < copyBelow)
        return append(QByteArrayView(bytes));
    // An emptied gathering segment may stand in front; it must not be taken for the end of the queue.
    if (m_bytes == 0)
        m_segments.clear();
    m_sent = m_bytes == 0 ? 0 : m_sent;
    m_segments.push_back(bytes);
    m_lastGathers = false;
    m_bytes += bytes.size();
}

QByteArrayView WriteQueue::front() const
{
    return m_bytes == 0 ? QByteArrayView() : QByteArrayView(m_segments.front()).sliced(m_sent);
}

void WriteQueue::consume(qsizetype count)
{
    m_sent += count;
    m_bytes -= count;
    QByteArray& first = m_segments.front();
    if (m_sent < first.size())
        return;
    m_sent = 0;
    // The last gathering segment keeps its room for the next message.
    if (m_segments.size() == 1 && m_lastGathers && first.capacity() <= 2 * gatherUpTo) {
        first.resize(0);
        return;
    }
    m_segments.pop_front();
    if (m_segments.empty())
        m_lastGathers = false;
}

void WriteQueue::clear()
{
    m_segments.clear();
    m_sent = 0;
    m_bytes = 0;
    m_lastGathers = false;
}

} // namespace oriel::http
