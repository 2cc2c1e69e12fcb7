// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/spool_cursor.h"

#include "base/byte_io.h"
#include "base/crc32c.h"
#include "otlp/spool/spool_segment.h"

namespace oriel::otlp {

namespace {

constexpr std::uint32_t kMagic = 0x5255434FU; // "OCUR"
constexpr std::uint32_t kVersion = 1;
constexpr qsizetype kBlockBytes = 2048;

QByteArray encodeBlock(const DestinationCursor& cursor, std::uint64_t generation)
{
    ByteWriter out;
    out.fixed32(kMagic);
    out.fixed32(kVersion);
    out.fixed64(generation);
    for (const LaneCursor& lane : cursor.lanes) {
        out.fixed64(lane.next);
        out.fixed64(lane.sent);
        for (const std::uint64_t count : lane.lost)
            out.fixed64(count);
    }
    out.text(cursor.name.toUtf8().first(std::min(cursor.name.toUtf8().size(), CursorFile::kMaxNameBytes)));
    for (const std::uint64_t items : cursor.waiting)
        out.fixed64(items);
    out.fixed32(static_cast<std::uint32_t>(std::min(cursor.passed.size(), CursorFile::kMaxPassed)));
    std::size_t written = 0;
    for (const auto& [segment, next] : cursor.passed) {
        if (written++ == CursorFile::kMaxPassed)
            break;
        out.fixed64(segment);
        for (const std::uint64_t sequence : next)
            out.fixed64(sequence);
    }
    QByteArray block = out.view().toByteArray();
    block.resize(kBlockBytes - 4, '\0');
    ByteWriter crc;
    crc.fixed32(crc32c(block));
    return block + crc.view().toByteArray();
}

struct Block {
    DestinationCursor cursor;
    std::uint64_t generation = 0;
};

std::optional<Block> decodeBlock(QByteArrayView bytes)
{
    if (bytes.size() != kBlockBytes)
        return std::nullopt;
    ByteReader check(bytes.last(4));
    ByteReader in(bytes);
    if (in.fixed32() != kMagic || in.fixed32() != kVersion || check.fixed32() != crc32c(bytes.first(kBlockBytes - 4)))
        return std::nullopt;
    Block block;
    block.generation = in.fixed64();
    for (LaneCursor& lane : block.cursor.lanes) {
        lane.next = in.fixed64();
        lane.sent = in.fixed64();
        for (std::uint64_t& count : lane.lost)
            count = in.fixed64();
    }
    block.cursor.name = QString::fromUtf8(in.text());
    // Zeros in the blocks of versions that did not write this.
    for (std::uint64_t& items : block.cursor.waiting)
        items = in.fixed64();
    const std::uint32_t passed = in.fixed32();
    for (std::uint32_t i = 0; i < passed && !in.failed(); ++i) {
        LaneSequences& next = block.cursor.passed[in.fixed64()];
        for (std::uint64_t& sequence : next)
            sequence = in.fixed64();
    }
    return in.failed() ? std::nullopt : std::optional(block);
}

} // namespace

const char* lossName(Loss loss)
{
    switch (loss) {
    case Loss::Rejected:
        return "rejected";
    case Loss::Refused:
        return "refused";
    case Loss::Full:
        return "spool_full";
    case Loss::Expired:
        return "expired";
    case Loss::Damaged:
        return "damaged";
    case Loss::Cleared:
        return "cleared";
    }
    return "rejected";
}

QString CursorFile::path(const QString& directory, int slot)
{
    return QStringLiteral("%1/cursor-%2.bin").arg(directory).arg(slot, 2, 10, QLatin1Char('0'));
}

Result<std::optional<DestinationCursor>> CursorFile::open(const QString& directory, int slot)
{
    m_file.close();
    m_file.setFileName(path(directory, slot));
    m_generation = 0;
    if (!m_file.open(QIODevice::ReadWrite | QIODevice::Unbuffered))
        return fail(ErrorCode::Io, QStringLiteral("The cursor cannot be opened: %1").arg(m_file.errorString()), m_file.fileName(),
                    QStringLiteral("Check the permissions of the data directory."));
    m_file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    const QByteArray content = m_file.read(2 * kBlockBytes);
    if (content.size() < std::min<qint64>(m_file.size(), 2 * kBlockBytes))
        return fail(ErrorCode::Io, QStringLiteral("The cursor cannot be read: %1").arg(m_file.errorString()), m_file.fileName(),
                    QStringLiteral("Check the disk of the data directory."));
    std::optional<DestinationCursor> newest;
    for (qsizetype at = 0; at + kBlockBytes <= content.size(); at += kBlockBytes) {
        if (const auto block = decodeBlock(QByteArrayView(content).sliced(at, kBlockBytes));
            block && (!newest || block->generation > m_generation)) {
            newest = block->cursor;
            m_generation = block->generation;
        }
    }
    // Both blocks take their place on the disk now, while there is some.
    if (content.size() < 2 * kBlockBytes) {
        m_file.seek(content.size());
        (void)m_file.write(QByteArray(2 * kBlockBytes - content.size(), '\0'));
    }
    return newest;
}

Status CursorFile::write(const DestinationCursor& cursor)
{
    const std::uint64_t generation = m_generation + 1;
    const QByteArray block = encodeBlock(cursor, generation);
    if (!m_file.seek(generation % 2 == 0 ? kBlockBytes : 0) || m_file.write(block) != block.size())
        return fail(ErrorCode::Io, QStringLiteral("The cursor cannot be written: %1").arg(m_file.errorString()),
                    m_file.fileName());
    m_generation = generation;
    return {};
}

Status CursorFile::sync()
{
    return syncFile(m_file);
}

void CursorFile::remove()
{
    m_file.close();
    m_file.remove();
}

} // namespace oriel::otlp
