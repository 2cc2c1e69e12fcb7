// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QFile>

#include <cstdint>
#include <functional>
#include <vector>

namespace oriel::store {

/// What a file of frames holds; written in its header.
enum class FrameFileKind : std::uint16_t { Traces = 1, Logs = 2, Series = 3 };

/// The range that a finished file covers, written as its last frame so that retention need not read the whole file.
struct FrameFileSummary {
    std::uint64_t rows = 0;
    std::int64_t oldestUnixNs = 0;
    std::int64_t newestUnixNs = 0;
};

/// An append-only file of frames: header, then [marker u32, length u32, CRC-32C u32, type u8, payload]. A frame is there whole or
/// not at all: a write that fails halfway is taken back. Used by one thread.
class FrameFileWriter {
public:
    FrameFileWriter() = default;
    /// Makes the file, which must not exist.
    Status create(const QString& path, FrameFileKind kind);
    [[nodiscard]] bool isOpen() const { return m_file.isOpen(); }
    [[nodiscard]] std::int64_t size() const { return m_size; }
    [[nodiscard]] QString path() const { return m_file.fileName(); }

    /// `type` from 1 to 254; 255 is the summary's.
    Status append(std::uint8_t type, QByteArrayView payload);
    /// Waits until everything is on the device.
    Status sync();
    /// Writes the summary, syncs and closes.
    Status finish(const FrameFileSummary& summary);
    void close() { m_file.close(); }

private:
    Status write(QByteArrayView bytes);
    QFile m_file;
    std::int64_t m_size = 0;
};

struct FrameReadResult {
    std::uint64_t frames = 0;
    std::uint64_t damagedFrames = 0; ///< gaps of bytes that were no valid frame, a torn end included
    std::int64_t goodBytes = 0;      ///< up to the end of the last good frame
    std::int64_t fileBytes = 0;
    bool tornTail = false; ///< the file ends with something that is no frame
    std::optional<FrameFileSummary> summary;
};

inline constexpr std::uint32_t kMaxFrameBytes = 64U * 1024U * 1024U;

/// Gives every good frame of a file to `frame` in order; false from it stops the reading. Damage is skipped to the next good
/// frame and counted. A file with a foreign or unknown header is ErrorCode::DataLoss.
Result<FrameReadResult> readFrames(const QString& path, FrameFileKind kind,
                                   const std::function<bool(std::uint8_t type, QByteArrayView payload)>& frame);

/// The summary of a finished file, without reading the rest of it; nothing when the file was not finished.
std::optional<FrameFileSummary> readFrameSummary(const QString& path);

/// One numbered file of a store: `<prefix>-<sequence>.seg`.
struct StoredFile {
    QString path;
    std::uint64_t sequence = 0;
    std::int64_t bytes = 0;
    std::int64_t modifiedUnixNs = 0;
};
/// By sequence. Files with other names are left out.
std::vector<StoredFile> listStoredFiles(const QString& directory, const QString& prefix);
QString storedFilePath(const QString& directory, const QString& prefix, std::uint64_t sequence);
/// Makes the directory, readable by its owner only.
Status makeStoreDirectory(const QString& directory);

} // namespace oriel::store
