// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/spool_record.h"

#include "base/byte_io.h"
#include "base/crc32c.h"

#include <algorithm>

namespace oriel::otlp {

namespace {

constexpr std::uint32_t kSegmentMagic = 0x5053524FU; // "ORSP"
constexpr std::uint32_t kHeadMarker = 0x4345524FU;   // "OREC"
constexpr std::uint32_t kTailMarker = 0x4941544FU;   // "OTAI"
constexpr qsizetype kMarkerBytes = 4;
constexpr qsizetype kHeaderCopyBytes = kSegmentHeaderBytes / 2;
constexpr std::uint8_t kPayloadsFlag = 1;

QByteArray encodeHead(const RecordHead& head, std::uint32_t marker, std::uint32_t salt)
{
    ByteWriter out;
    out.fixed32(marker);
    out.fixed64(head.sequence);
    out.fixed64(static_cast<std::uint64_t>(head.unixNs));
    out.fixed64(head.audience);
    out.fixed32(head.bytes);
    out.fixed32(head.requestCrc);
    out.fixed32(head.items);
    out.byte(static_cast<std::uint8_t>(head.signal));
    out.byte(head.payloads ? kPayloadsFlag : 0);
    out.byte(head.aliases);
    out.byte(0);
    out.fixed32(crc32c(out.view(), salt));
    return out.view().toByteArray();
}

std::optional<RecordHead> decodeHeadOf(QByteArrayView bytes, std::uint32_t marker, std::uint32_t salt)
{
    if (bytes.size() < kRecordHeadBytes)
        return std::nullopt;
    const QByteArrayView covered = bytes.first(kRecordHeadBytes - 4);
    ByteReader in(bytes.first(kRecordHeadBytes));
    if (in.fixed32() != marker)
        return std::nullopt;
    RecordHead head;
    head.sequence = in.fixed64();
    head.unixNs = static_cast<std::int64_t>(in.fixed64());
    head.audience = in.fixed64();
    head.bytes = in.fixed32();
    head.requestCrc = in.fixed32();
    head.items = in.fixed32();
    const std::uint8_t signal = in.byte();
    head.payloads = (in.byte() & kPayloadsFlag) != 0;
    head.aliases = in.byte();
    (void)in.byte();
    if (in.fixed32() != crc32c(covered, salt) || signal >= kSignalCount || head.bytes > kMaxSpooledRequestBytes)
        return std::nullopt;
    head.signal = static_cast<Signal>(signal);
    return head;
}

std::optional<FoundRecord> fromHead(QByteArrayView segment, qsizetype at, std::uint32_t salt)
{
    const auto head = decodeHeadOf(segment.sliced(at), kHeadMarker, salt);
    if (!head)
        return std::nullopt;
    FoundRecord found;
    found.head = *head;
    found.requestAt = at + kRecordHeadBytes;
    const qsizetype requestEnd = found.requestAt + static_cast<qsizetype>(head->bytes);
    found.torn = requestEnd > segment.size();
    found.end = std::min(requestEnd + kRecordHeadBytes, segment.size());
    return found;
}

/// Reads a record by the copy of its head, when the head itself, somewhere from `from` on, is damaged.
std::optional<FoundRecord> fromTail(QByteArrayView segment, qsizetype at, qsizetype from, std::uint32_t salt)
{
    const auto head = decodeHeadOf(segment.sliced(at), kTailMarker, salt);
    if (!head || at - static_cast<qsizetype>(head->bytes) < from)
        return std::nullopt;
    FoundRecord found;
    found.head = *head;
    found.requestAt = at - static_cast<qsizetype>(head->bytes);
    found.end = at + kRecordHeadBytes;
    return found;
}

} // namespace

QByteArray encodeSegmentHeader(const SegmentHeader& header)
{
    ByteWriter out;
    out.fixed32(kSegmentMagic);
    out.fixed32(header.version);
    out.fixed64(header.number);
    out.fixed32(header.salt);
    out.fixed32(crc32c(out.view()));
    return out.view().toByteArray().repeated(2);
}

std::optional<SegmentHeader> decodeSegmentHeader(QByteArrayView bytes)
{
    for (qsizetype at = 0; at + kHeaderCopyBytes <= std::min(bytes.size(), kSegmentHeaderBytes); at += kHeaderCopyBytes) {
        const QByteArrayView copy = bytes.sliced(at, kHeaderCopyBytes);
        ByteReader in(copy);
        const std::uint32_t magic = in.fixed32();
        SegmentHeader header;
        header.version = in.fixed32();
        header.number = in.fixed64();
        header.salt = in.fixed32();
        if (magic == kSegmentMagic && in.fixed32() == crc32c(copy.first(kHeaderCopyBytes - 4)))
            return header;
    }
    return std::nullopt;
}

QByteArray encodeRecord(RecordHead head, QByteArrayView request, std::uint32_t salt)
{
    head.bytes = static_cast<std::uint32_t>(request.size());
    head.requestCrc = crc32c(request, salt);
    QByteArray record;
    record.reserve(request.size() + 2 * kRecordHeadBytes);
    record.append(encodeHead(head, kHeadMarker, salt));
    record.append(request);
    record.append(encodeHead(head, kTailMarker, salt));
    return record;
}

std::optional<RecordHead> decodeHead(QByteArrayView bytes, std::uint32_t salt)
{
    return decodeHeadOf(bytes, kHeadMarker, salt);
}

bool isRequestWhole(const RecordHead& head, QByteArrayView request, std::uint32_t salt)
{
    return request.size() == static_cast<qsizetype>(head.bytes) && crc32c(request, salt) == head.requestCrc;
}

std::optional<FoundRecord> findRecord(QByteArrayView segment, qsizetype at, std::uint32_t salt)
{
    if (at >= segment.size())
        return std::nullopt;
    if (auto found = fromHead(segment, at, salt))
        return found;
    for (qsizetype next = at + 1; next + kRecordHeadBytes <= segment.size(); ++next) {
        next = segment.indexOf('O', next);
        if (next < 0 || next + kMarkerBytes > segment.size())
            break;
        auto found = fromHead(segment, next, salt);
        if (!found)
            found = fromTail(segment, next, at + kRecordHeadBytes, salt);
        if (found) {
            // Only the head was damaged when its copy leads back to where it stood.
            found->skipped = found->requestAt != at + kRecordHeadBytes;
            return found;
        }
    }
    return std::nullopt;
}

} // namespace oriel::otlp
