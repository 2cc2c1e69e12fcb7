// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/propagation.h"

#include <QStringList>

#include <utility>

namespace oriel::telemetry {

/// The propagators of OTEL_PROPAGATORS that Oriel has.
enum class Propagator : std::uint8_t { TraceContext = 1, Baggage = 2, B3 = 4, B3Multi = 8 };
using Propagators = std::uint8_t; ///< Propagator values or-ed together
inline constexpr Propagators kDefaultPropagators =
    static_cast<Propagators>(Propagator::TraceContext) | static_cast<Propagators>(Propagator::Baggage);

[[nodiscard]] constexpr bool has(Propagators set, Propagator one)
{
    return (set & static_cast<Propagators>(one)) != 0;
}
/// "tracecontext", "baggage", "b3", "b3multi"; other names count for nothing.
Propagators propagatorsByName(const QStringList& names);

/// What a carrier (the headers of a request, or `params._meta` with the same names unprefixed) says of its trace. Views; empty:
/// absent.
struct ContextCarrier {
    QByteArrayView traceparent{};
    QByteArrayView tracestate{};
    QByteArrayView b3{};
    QByteArrayView b3TraceId{};
    QByteArrayView b3SpanId{};
    QByteArrayView b3Sampled{};
    QByteArrayView b3Flags{};
};

struct ExtractedContext {
    TraceContext context;  ///< may be invalid when all that was said is that the trace is not wanted
    QByteArray traceState; ///< as it may be passed on
    bool denied = false;   ///< B3's lone `0`
};
/// The context of the first propagator that finds a valid one: tracecontext, then `b3`, then the headers of b3multi. B3's debug
/// flag becomes kFlagDebug.
std::optional<ExtractedContext> extractContext(const ContextCarrier& carrier, Propagators propagators);

/// The B3 headers of a context, as the set asks for: `b3`, and X-B3-TraceId, X-B3-SpanId, X-B3-Sampled or X-B3-Flags. Parent
/// ids are never sent.
std::vector<std::pair<QByteArray, QByteArray>> b3Headers(const TraceContext& context, Propagators propagators);

/// A `baggage` text as it may be passed on: as it is when it is within the limits, else what fits of it, whole members only.
QByteArray passableBaggage(QByteArrayView text);

} // namespace oriel::telemetry
