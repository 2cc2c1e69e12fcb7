// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"

#include <QByteArray>
#include <QByteArrayView>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace oriel::telemetry {

/// W3C trace flags that Oriel knows; all others are written as 0.
inline constexpr std::uint8_t kFlagSampled = 0x01;
inline constexpr std::uint8_t kFlagRandom = 0x02;
/// B3's debug flag inside Oriel; in no W3C text.
inline constexpr std::uint8_t kFlagDebug = 0x80;

/// What crosses a process boundary.
struct TraceContext {
    TraceId traceId;
    SpanId spanId;
    std::uint8_t flags = 0;

    [[nodiscard]] bool isValid() const { return traceId.isValid() && spanId.isValid(); }
    [[nodiscard]] bool isSampled() const { return (flags & kFlagSampled) != 0; }
    bool operator==(const TraceContext&) const = default;
};

/// Reads a `traceparent` (W3C Trace Context Level 2). Nothing when it is malformed; then `tracestate` must be ignored too.
/// Unknown flag bits are cleared. Allocates nothing.
std::optional<TraceContext> parseTraceparent(QByteArrayView text);

/// A `traceparent` of version 00: always 55 characters, kept in place.
struct TraceparentText {
    std::array<char, 55> characters;
    [[nodiscard]] QByteArrayView view() const { return {characters.data(), static_cast<qsizetype>(characters.size())}; }
    [[nodiscard]] QByteArray toByteArray() const { return {characters.data(), static_cast<qsizetype>(characters.size())}; }
};
TraceparentText formatTraceparent(const TraceContext& context);

enum class TracestateCheck : std::uint8_t {
    AsIs,    ///< may be passed on unchanged
    Rewrite, ///< valid, but has to go through normalizeTracestate() first: too many or too long, empty members, spaces,
             ///< duplicates
    Invalid, ///< to be dropped; the traceparent stays valid
};
/// Allocates nothing. Several headers are joined with `,` by the caller.
TracestateCheck checkTracestate(QByteArrayView text);

/// At most 32 members and 512 characters, first of duplicates kept; entries over 128 characters go first, then the right-most.
/// Empty when invalid.
QByteArray normalizeTracestate(QByteArrayView text);

/// `tracestate` with `key` set to `value` and moved to the front. An invalid key or value changes nothing.
QByteArray setTracestateMember(QByteArrayView text, QByteArrayView key, QByteArrayView value);
/// `tracestate` without `key`; the others stay in their order.
QByteArray removeTracestateMember(QByteArrayView text, QByteArrayView key);
/// The value of `key`; empty when absent.
QByteArrayView tracestateMember(QByteArrayView text, QByteArrayView key);

/// One member of a `baggage` header, decoded. `metadata` is what follows the first `;`, as received.
struct BaggageEntry {
    QByteArray key;
    QByteArray value; ///< percent-decoded; invalid UTF-8 became U+FFFD
    QByteArray metadata;
    bool operator==(const BaggageEntry&) const = default;
};

/// The members that are well formed, in their order; the last of duplicate keys wins.
std::vector<BaggageEntry> parseBaggage(QByteArrayView text);
/// At most 64 members and 8192 bytes, whole members only.
QByteArray formatBaggage(const std::vector<BaggageEntry>& entries);
/// True when the text can be passed on as received: every member well formed and within those limits. Allocates nothing.
bool isPassableBaggage(QByteArrayView text);

/// What a B3 carrier said. A lone `0` denies sampling and names no trace.
struct B3Context {
    TraceContext context;
    bool debug = false;
};
/// The single header `b3`.
std::optional<B3Context> parseB3(QByteArrayView single);
/// The headers X-B3-TraceId, X-B3-SpanId, X-B3-Sampled and X-B3-Flags; absent ones are empty.
std::optional<B3Context> parseB3Multi(QByteArrayView traceId, QByteArrayView spanId, QByteArrayView sampled,
                                      QByteArrayView flags);
QByteArray formatB3(const B3Context& context);

} // namespace oriel::telemetry
