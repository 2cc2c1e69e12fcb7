// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace oriel::upstream {

/// Cuts a byte stream into lines. Bytes are read straight into its buffer, each is scanned once, and a long line is handed over
/// without a copy. A line beyond the limit is not kept: only its head and tail are. Not thread-safe.
class LineSplitter {
public:
    struct Line {
        QByteArray bytes; ///< without its line end (LF or CRLF); of an oversized line the first `keepBytes`
        QByteArray tail;  ///< of an oversized line the last bytes, at most `keepBytes`
        qsizetype fullSize = 0;
        bool oversized = false;
    };

    /// Lines up to `maxBytes` are whole; of longer ones `keepBytes` are kept at either end.
    LineSplitter(qsizetype maxBytes, qsizetype keepBytes);

    /// Room for the next `bytes` of input; fill from the start and commit() what was filled.
    [[nodiscard]] char* reserve(qsizetype bytes);
    void commit(qsizetype bytes);
    /// The next complete line, in order.
    [[nodiscard]] std::optional<Line> next();
    /// The last line when the stream has ended without a line end; nothing if it ended with one.
    [[nodiscard]] std::optional<Line> takeRest();
    [[nodiscard]] qsizetype bufferedBytes() const { return m_end - m_begin; }

private:
    [[nodiscard]] Line take(qsizetype lineEnd);
    void discardOversized();

    qsizetype m_maxBytes;
    qsizetype m_keepBytes;
    QByteArray m_buffer;
    qsizetype m_begin = 0;   ///< of the current line
    qsizetype m_scanned = 0; ///< no LF between m_begin and here
    qsizetype m_end = 0;     ///< of the input
    QByteArray m_head;       ///< of an oversized line whose middle was dropped
    QByteArray m_tail;
    qsizetype m_dropped = 0; ///< bytes of it so far that are in neither buffer nor head
    bool m_oversized = false;
};

} // namespace oriel::upstream
