// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <chrono>
#include <optional>
#include <vector>

namespace oriel::http {

struct SseEvent {
    QByteArray id;      ///< the stream's last event id as of this event; empty when none was ever set
    QByteArray event;   ///< empty means "message"
    QByteArray data;    ///< lines joined by LF
    bool hasId = false; ///< this event itself carried an `id` field
};

/// Reads an event stream (HTML Standard §9.2.6) from pieces cut anywhere: CR, LF and CRLF lines, a byte order mark, comments. An
/// event without a data field yields nothing, but its id and retry count. Not thread-safe.
class SseParser {
public:
    struct Limits {
        qsizetype maxEventBytes = 64 * 1024 * 1024; ///< one line, or all data of one event
        qsizetype maxFieldBytes = 4096;             ///< id or event type
    };
    SseParser();
    explicit SseParser(Limits limits);

    /// Takes the next bytes. TooLarge when a limit is passed; the parser then stays failed.
    Status feed(QByteArrayView bytes);
    /// The next complete event, in order.
    [[nodiscard]] std::optional<SseEvent> next();

    [[nodiscard]] const QByteArray& lastEventId() const { return m_lastEventId; }
    /// The last valid `retry`.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const { return m_retry; }
    /// True while bytes of an unfinished event are held: a stream that ends now has lost them.
    [[nodiscard]] bool isMidEvent() const;

private:
    Status takeLine(QByteArrayView line);
    Status takeField(QByteArrayView name, QByteArrayView value);
    void dispatch();

    Limits m_limits;
    QByteArray m_line; ///< an unfinished line
    SseEvent m_event;
    bool m_hasData = false;
    QByteArray m_lastEventId;
    std::optional<std::chrono::milliseconds> m_retry;
    std::vector<SseEvent> m_ready;
    std::size_t m_nextReady = 0;
    qsizetype m_bomSeen = 0; ///< bytes of a leading mark matched so far; -1 when past it
    bool m_skipLf = false;
    bool m_failed = false;
};

/// Formats one event. Line ends in `data` split it into several data fields; `id` and `event` must not hold CR or LF, an id no
/// NUL either; they are left out if they do.
[[nodiscard]] QByteArray sseEvent(QByteArrayView data, QByteArrayView id = {}, QByteArrayView event = {});
/// An event with an id and empty data, the first of a resumable stream (MCP 2025-11-25, Streamable HTTP); `retry` tells when to
/// return.
[[nodiscard]] QByteArray ssePrimingEvent(QByteArrayView id, std::optional<std::chrono::milliseconds> retry = {});
/// A comment: keeps idle connections open and is seen by no application.
[[nodiscard]] QByteArray sseComment(QByteArrayView text = {});
[[nodiscard]] QByteArray sseRetry(std::chrono::milliseconds delay);

} // namespace oriel::http
