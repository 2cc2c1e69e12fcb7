// SPDX-License-Identifier: GPL-3.0-or-later
// Whatever a peer puts into its context headers: what is passed on is within the limits, is understood again, and is not changed
// a second time. The headers stand one a line: traceparent, tracestate, baggage, b3, and the four of b3multi.
#include "fuzz_support.h"
#include "telemetry/consistent_sampling.h"
#include "telemetry/propagators.h"

using namespace oriel;
using namespace oriel::telemetry;
using fuzz::require;

namespace {

constexpr Propagators kAll = 0x0f;

void checkTracestate(const QByteArray& passed, TraceId trace)
{
    require(passed.size() <= 512 && passed.count(',') < 32);
    require(normalizeTracestate(passed) == passed);
    const QByteArray marked = withThreshold(passed, 0x8000'0000'0000'00);
    if (const auto threshold = thresholdIn(marked))
        require(withThreshold(marked, threshold) == marked);
    require(!thresholdIn(withThreshold(passed, std::nullopt)).has_value());
    require(randomnessOf(trace, passed) < kRandomnessSpace);
    const QByteArray kept = withoutInconsistentThreshold(passed, trace, true);
    require(withoutInconsistentThreshold(kept, trace, true) == kept);
}

void checkContext(const ExtractedContext& found)
{
    require(found.denied || found.context.isValid());
    checkTracestate(found.traceState, found.context.traceId);
    if (!found.context.isValid())
        return;
    const auto again = parseTraceparent(formatTraceparent(found.context).view());
    require(again && again->traceId == found.context.traceId && again->spanId == found.context.spanId);
    for (const auto& [name, value] : b3Headers(found.context, kAll)) {
        if (name != "b3")
            continue;
        const auto single = parseB3(value);
        require(single && single->context.traceId == found.context.traceId);
        require(single->debug == ((found.context.flags & kFlagDebug) != 0));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QByteArray input(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    QByteArrayList lines = input.split('\n');
    lines.resize(std::max<qsizetype>(lines.size(), 8));
    if (const auto found = extractContext({lines[0], lines[1], lines[3], lines[4], lines[5], lines[6], lines[7]}, kAll))
        checkContext(*found);
    const QByteArray baggage = passableBaggage(lines[2]);
    require(baggage.size() <= 8192 && baggage.count(',') < 64);
    require(passableBaggage(baggage) == baggage);
    return 0;
}
