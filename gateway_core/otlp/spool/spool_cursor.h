// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/codec/signal.h"

#include <QFile>
#include <QString>

#include <array>
#include <cstdint>
#include <map>
#include <optional>

namespace oriel::otlp {

/// Why items never reached their destination.
enum class Loss : std::uint8_t {
    Rejected, ///< taken out by the backend: partial success
    Refused,  ///< the backend will not have them; a copy is in the dead-letter file
    Full,     ///< pushed out by newer ones: telemetry.spool.maxBytes, or memory while the disk is full
    Expired,  ///< older than telemetry.spool.maxAge, or than its destination takes
    Damaged,  ///< no longer readable on the disk
    Cleared,  ///< somebody emptied the queue
};
inline constexpr std::size_t kLossCount = 6;
/// "rejected", "refused", "spool_full", "expired", "damaged", "cleared": as in metrics and the API.
const char* lossName(Loss loss);

using LossCounts = std::array<std::uint64_t, kLossCount>;

/// How far one destination is with one signal, and what became of the items so far.
struct LaneCursor {
    std::uint64_t next = 0; ///< records with smaller numbers are answered for
    std::uint64_t sent = 0; ///< items
    LossCounts lost{};      ///< items
    bool operator==(const LaneCursor&) const = default;
};

/// Sequence numbers, by signal.
using LaneSequences = std::array<std::uint64_t, kSignalCount>;

struct DestinationCursor {
    QString name;
    std::array<LaneCursor, kSignalCount> lanes;
    /// Items that waited on the disk when this was written: what a segment that cannot be read holds at least.
    std::array<std::uint64_t, kSignalCount> waiting{};
    /// Segments that could not be read when their turn came: in them, records with smaller numbers than these are answered for,
    /// whatever `next` says. At most CursorFile::kMaxPassed.
    std::map<std::uint64_t, LaneSequences> passed;
    bool operator==(const DestinationCursor&) const = default;
};

/// The cursor of one destination on disk: two blocks, written in turn and in place, so that one of them is always whole and a
/// full disk hinders nothing. One thread.
class CursorFile {
public:
    /// Names are cut off here.
    static constexpr qsizetype kMaxNameBytes = 1024;
    static constexpr std::size_t kMaxPassed = 16;

    static QString path(const QString& directory, int slot); ///< `<directory>/cursor-<slot>.bin`
    /// Opens it, or makes it with zeros. The cursor is nothing when it is new or neither block is whole. Fails, and changes
    /// nothing, when it cannot be opened or read.
    Result<std::optional<DestinationCursor>> open(const QString& directory, int slot);
    Status write(const DestinationCursor& cursor);
    Status sync();
    void remove();

private:
    QFile m_file;
    std::uint64_t m_generation = 0;
};

} // namespace oriel::otlp
