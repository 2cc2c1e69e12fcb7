// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/sse.h"

#include <algorithm>
#include <cstring>

namespace oriel::http {

namespace {

constexpr unsigned char byteOrderMark[] = {0xef, 0xbb, 0xbf};
constexpr qsizetype maxRetryDigits = 9;
constexpr qsizetype firstStretchBytes = 64;

/// The first CR or LF; -1 when there is none. Both are looked for in one stretch after the other, so that a far LF costs nothing
/// where CRs end the lines; the stretches grow, so that a long line is found with few calls.
qsizetype findLineEnd(QByteArrayView text)
{
    qsizetype stretch = firstStretchBytes;
    for (qsizetype from = 0; from < text.size(); from += stretch, stretch *= 2) {
        const char* begin = text.data() + from;
        auto size = static_cast<std::size_t>(std::min(stretch, text.size() - from));
        const auto* lf = static_cast<const char*>(std::memchr(begin, '\n', size));
        if (lf)
            size = static_cast<std::size_t>(lf - begin);
        const auto* cr = static_cast<const char*>(std::memchr(begin, '\r', size));
        if (cr || lf)
            return (cr ? cr : lf) - text.data();
    }
    return -1;
}

bool isOneLine(QByteArrayView text)
{
    return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; });
}

void appendField(QByteArray& out, QByteArrayView name, QByteArrayView value)
{
    out.append(name);
    out.append(": ", 2);
    out.append(value);
    out.append('\n');
}

void appendLines(QByteArray& out, QByteArrayView name, QByteArrayView text)
{
    while (true) {
        const qsizetype end = text.isEmpty() ? -1 : findLineEnd(text);
        appendField(out, name, end < 0 ? text : text.first(end));
        if (end < 0)
            return;
        const bool crLf = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
        text = text.sliced(end + (crLf ? 2 : 1));
    }
}

} // namespace

SseParser::SseParser() : SseParser(Limits{}) {}
SseParser::SseParser(Limits limits) : m_limits(limits) {}

Status SseParser::feed(QByteArrayView bytes)
{
    const auto tooLarge = [this](const char* what, qsizetype limit) {
        m_failed = true;
        return fail(ErrorCode::TooLarge,
                    QStringLiteral("%1 of the event stream is longer than %2 bytes").arg(QLatin1StringView(what)).arg(limit));
    };
    if (m_failed)
        return tooLarge("An earlier event", m_limits.maxEventBytes);

    while (!bytes.isEmpty()) {
        if (m_bomSeen >= 0) {
            if (static_cast<unsigned char>(bytes.front()) == byteOrderMark[m_bomSeen]) {
                bytes = bytes.sliced(1);
                m_bomSeen = m_bomSeen == 2 ? -1 : m_bomSeen + 1;
                continue;
            }
            m_line.append(QByteArrayView(byteOrderMark, m_bomSeen));
            m_bomSeen = -1;
        }
        if (m_skipLf) {
            m_skipLf = false;
            if (bytes.front() == '\n') {
                bytes = bytes.sliced(1);
                continue;
            }
        }
        const qsizetype end = findLineEnd(bytes);
        const QByteArrayView piece = end < 0 ? bytes : bytes.first(end);
        if (m_line.size() + piece.size() > m_limits.maxEventBytes)
            return tooLarge("A line", m_limits.maxEventBytes);
        if (end < 0) {
            m_line.append(piece);
            return {};
        }
        m_skipLf = bytes[end] == '\r';
        bytes = bytes.sliced(end + 1);
        Status taken;
        if (m_line.isEmpty()) {
            taken = takeLine(piece);
        } else {
            m_line.append(piece);
            taken = takeLine(m_line);
            m_line.resize(0);
        }
        if (!taken) {
            m_failed = true;
            return taken;
        }
    }
    return {};
}

Status SseParser::takeLine(QByteArrayView line)
{
    if (line.isEmpty()) {
        dispatch();
        return {};
    }
    const qsizetype colon = line.indexOf(':');
    if (colon == 0)
        return {};
    if (colon < 0)
        return takeField(line, QByteArrayView(""));
    QByteArrayView value = line.sliced(colon + 1);
    if (value.startsWith(' '))
        value = value.sliced(1);
    return takeField(line.first(colon), value);
}

Status SseParser::takeField(QByteArrayView name, QByteArrayView value)
{
    if (name == "data") {
        if (m_event.data.size() + value.size() + 1 > m_limits.maxEventBytes)
            return fail(ErrorCode::TooLarge,
                        QStringLiteral("An event of the stream is longer than %1 bytes").arg(m_limits.maxEventBytes));
        if (m_hasData)
            m_event.data.append('\n');
        m_event.data.append(value);
        m_hasData = true;
        return {};
    }
    if (name == "event" || name == "id") {
        if (value.size() > m_limits.maxFieldBytes)
            return fail(ErrorCode::TooLarge,
                        QStringLiteral("An event's id or type is longer than %1 bytes").arg(m_limits.maxFieldBytes));
        if (name == "event") {
            m_event.event = value.toByteArray();
        } else if (!value.contains('\0')) {
            m_event.id = value.toByteArray();
            m_event.hasId = true;
        }
        return {};
    }
    if (name == "retry" && !value.isEmpty() && value.size() <= maxRetryDigits &&
        std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
        m_retry = std::chrono::milliseconds(value.toLongLong());
    return {};
}

void SseParser::dispatch()
{
    if (m_event.hasId)
        m_lastEventId = m_event.id;
    if (m_hasData) {
        m_event.id = m_lastEventId;
        m_ready.push_back(std::move(m_event));
    }
    m_event = {};
    m_hasData = false;
}

std::optional<SseEvent> SseParser::next()
{
    if (m_nextReady == m_ready.size()) {
        m_ready.clear();
        m_nextReady = 0;
        return std::nullopt;
    }
    return std::move(m_ready[m_nextReady++]);
}

bool SseParser::isMidEvent() const
{
    return m_bomSeen > 0 || !m_line.isEmpty() || m_hasData || m_event.hasId || !m_event.event.isEmpty();
}

QByteArray sseEvent(QByteArrayView data, QByteArrayView id, QByteArrayView event)
{
    QByteArray out;
    out.reserve(data.size() + id.size() + event.size() + 32);
    if (!event.isEmpty() && isOneLine(event))
        appendField(out, "event", event);
    if (!id.isEmpty() && isOneLine(id) && !id.contains('\0'))
        appendField(out, "id", id);
    appendLines(out, "data", data);
    out.append('\n');
    return out;
}

QByteArray ssePrimingEvent(QByteArrayView id, std::optional<std::chrono::milliseconds> retry)
{
    QByteArray out;
    if (retry)
        appendField(out, "retry", QByteArray::number(static_cast<qlonglong>(retry->count())));
    out.append(sseEvent({}, id));
    return out;
}

QByteArray sseComment(QByteArrayView text)
{
    QByteArray out;
    appendLines(out, {}, text);
    out.append('\n');
    return out;
}

QByteArray sseRetry(std::chrono::milliseconds delay)
{
    QByteArray out;
    appendField(out, "retry", QByteArray::number(static_cast<qlonglong>(delay.count())));
    out.append('\n');
    return out;
}

} // namespace oriel::http
