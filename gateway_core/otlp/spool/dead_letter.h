// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/spool/batch.h"

#include <QString>

#include <cstdint>

namespace oriel::otlp {

/// Items that a destination refused for good.
struct DeadLetter {
    QString destination;
    QString reason; ///< the backend's words
    std::int64_t unixNs = 0;
    Batch batch;
};

/// Keeps what was refused for good, for people: `<directory>/dead-letter-<n>.jsonl`, one JSON object a line with `time`,
/// `destination`, `signal`, `items`, `reason` and `request`, the OTLP JSON of the items. Two files of at most `maxBytes / 2` each
/// take turns, so the oldest go. One thread.
class DeadLetterFile {
public:
    DeadLetterFile(QString directory, qint64 maxBytes) : m_directory(std::move(directory)), m_maxBytes(maxBytes) {}
    Status append(const DeadLetter& letter);

private:
    [[nodiscard]] QString path(int index) const;

    QString m_directory;
    qint64 m_maxBytes;
    int m_index = -1; ///< of the file that is written to; -1: not looked up yet
};

} // namespace oriel::otlp
