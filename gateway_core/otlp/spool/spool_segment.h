// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/spool/spool_record.h"

#include <QFile>

#include <vector>

namespace oriel::otlp {

/// Where a segment of this number lies: `<directory>/spool-<number>.seg`.
QString segmentPath(const QString& directory, std::uint64_t number);
/// Numbers of the segments of a directory, ascending.
std::vector<std::uint64_t> listSegments(const QString& directory);

/// Is it known that the file is not there? A directory that cannot be searched tells nothing.
bool isSegmentGone(const QString& directory, std::uint64_t number);

/// Waits until a file's bytes are on the device.
Status syncFile(QFile& file);

/// Appends records to a new segment. A record is in the file whole or not at all: what a write leaves behind when it fails is
/// taken back. One thread.
class SegmentWriter {
public:
    Status create(const QString& directory, const SegmentHeader& header);
    [[nodiscard]] bool isOpen() const { return m_file.isOpen(); }
    [[nodiscard]] std::int64_t size() const { return m_size; }
    [[nodiscard]] std::uint32_t salt() const { return m_header.salt; }
    /// Returns where the record begins. After a failure that could not be taken back the writer is closed.
    Result<std::int64_t> append(const RecordHead& head, QByteArrayView request);
    Status sync();
    void close() { m_file.close(); }

private:
    Status write(QByteArrayView bytes);
    QFile m_file;
    SegmentHeader m_header;
    std::int64_t m_size = 0;
};

/// Reads a segment, which may be growing. One thread.
class SegmentReader {
public:
    /// ErrorCode::Io when it cannot be opened or read, ResourceExhausted when too many files are open, DataLoss when its header
    /// is unreadable, Unsupported when a later version wrote it.
    Status open(const QString& directory, std::uint64_t number);
    [[nodiscard]] std::int64_t size() const { return m_file.size(); }
    /// The record at `at` or the next behind damage; offsets are those of the file. Nothing for a torn one: who wrote it was told
    /// that it is not in the file. Reads heads only where nothing is damaged.
    std::optional<FoundRecord> find(std::int64_t at);
    /// The request of a record; nothing when it is damaged.
    std::optional<QByteArray> request(const FoundRecord& record);
    /// Did the disk refuse to give something since open()? What was not found may be there then.
    [[nodiscard]] bool failed() const { return m_failed; }
    /// The same with the reason.
    [[nodiscard]] Status status() const;

private:
    QByteArray read(std::int64_t at, std::int64_t bytes);

    QFile m_file;
    SegmentHeader m_header;
    bool m_failed = false;
};

} // namespace oriel::otlp
