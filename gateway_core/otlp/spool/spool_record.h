// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/spool/batch.h"

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>
#include <optional>

namespace oriel::otlp {

/// The bytes of the export spool's segment files. Everything is little-endian.
///
/// Segment: a header, twice; then records. Header: magic "ORSP", version u32, segment number u64, salt u32, CRC-32C u32.
/// Record: head, the request, and the head again under another marker. Head: marker "OREC" (behind: "OTAI"), sequence number u64,
/// unix nanoseconds i64, audience u64, request bytes u32, their CRC-32C u32, items u32, signal u8, flags u8 (1: payloads), alias
/// sets u8, zero u8, CRC-32C of the head u32. All CRCs go on from the salt, so that nothing in a request can pose as a record.
/// A damaged head costs nothing, as its copy tells the same; a damaged request costs its record, and the head tells exactly what.

inline constexpr qsizetype kSegmentHeaderBytes = 48;
inline constexpr qsizetype kRecordHeadBytes = 48;
inline constexpr std::uint32_t kSpoolVersion = 1;
/// The largest request that is kept; more than OTLP lets anybody send (64 MiB).
inline constexpr std::uint32_t kMaxSpooledRequestBytes = 64U * 1024U * 1024U;

struct SegmentHeader {
    std::uint64_t number = 0;
    std::uint32_t salt = 0;
    std::uint32_t version = kSpoolVersion;
};
QByteArray encodeSegmentHeader(const SegmentHeader& header);
/// From the first kSegmentHeaderBytes; nothing when neither copy is whole.
std::optional<SegmentHeader> decodeSegmentHeader(QByteArrayView bytes);

struct RecordHead {
    std::uint64_t sequence = 0;
    std::int64_t unixNs = 0;
    std::uint64_t audience = 0; ///< one bit for each destination that it was meant for
    std::uint32_t bytes = 0;    ///< of the request
    std::uint32_t requestCrc = 0;
    std::uint32_t items = 0;
    Signal signal = Signal::Traces;
    bool payloads = false;
    telemetry::AliasSets aliases = 0;
};
/// Head, request and head; fills in bytes and CRC of `head`.
QByteArray encodeRecord(RecordHead head, QByteArrayView request, std::uint32_t salt);
/// The head in the first bytes; nothing when it is none or damaged.
std::optional<RecordHead> decodeHead(QByteArrayView bytes, std::uint32_t salt);
bool isRequestWhole(const RecordHead& head, QByteArrayView request, std::uint32_t salt);

struct FoundRecord {
    RecordHead head;
    qsizetype requestAt = 0;
    qsizetype end = 0;    ///< where the next record begins
    bool skipped = false; ///< bytes before it were no record
    bool torn = false;    ///< the segment ends inside it; its request is not all there
};
/// The record at `at` of a segment's bytes, or the first behind damage; nothing when there is none any more.
std::optional<FoundRecord> findRecord(QByteArrayView segment, qsizetype at, std::uint32_t salt);

} // namespace oriel::otlp
