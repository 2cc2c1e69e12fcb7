// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/trace_context.h"

#include <array>

namespace oriel::upstream {

using mcp::Field;
using telemetry::Propagator;

void writeTraceContext(mcp::Rewrite& rewrite, const telemetry::TraceContext& context, const QByteArray& traceState,
                       telemetry::Propagators propagators)
{
    if (telemetry::has(propagators, Propagator::TraceContext)) {
        rewrite.setMeta(Field::MetaTraceparent, telemetry::formatTraceparent(context).view());
        if (traceState.isEmpty()) {
            rewrite.removeMeta(Field::MetaTracestate);
        } else {
            rewrite.setMeta(Field::MetaTracestate, traceState);
        }
    }
    const bool debug = (context.flags & telemetry::kFlagDebug) != 0;
    if (telemetry::has(propagators, Propagator::B3)) {
        rewrite.setMeta(Field::MetaB3, telemetry::formatB3({context, debug}));
    }
    if (telemetry::has(propagators, Propagator::B3Multi)) {
        rewrite.setMeta(Field::MetaB3TraceId, context.traceId.toHex());
        rewrite.setMeta(Field::MetaB3SpanId, context.spanId.toHex());
        rewrite.setMeta(debug ? Field::MetaB3Flags : Field::MetaB3Sampled, debug || context.isSampled() ? "1" : "0");
        rewrite.removeMeta(debug ? Field::MetaB3Sampled : Field::MetaB3Flags);
    }
}

std::optional<telemetry::ExtractedContext> readTraceContext(const mcp::Message& message, telemetry::Propagators propagators)
{
    QByteArray scratch;
    telemetry::ContextCarrier carrier;
    carrier.traceparent = message.text(Field::MetaTraceparent, scratch);
    const QByteArray tracestate = message.text(Field::MetaTracestate);
    carrier.tracestate = tracestate;
    if (!message.has(Field::MetaB3) && !message.has(Field::MetaB3TraceId)) {
        return carrier.traceparent.isEmpty() ? std::nullopt : telemetry::extractContext(carrier, propagators);
    }
    const std::array texts{message.text(Field::MetaB3), message.text(Field::MetaB3TraceId), message.text(Field::MetaB3SpanId),
                           message.text(Field::MetaB3Sampled), message.text(Field::MetaB3Flags)};
    carrier.b3 = texts[0];
    carrier.b3TraceId = texts[1];
    carrier.b3SpanId = texts[2];
    carrier.b3Sampled = texts[3];
    carrier.b3Flags = texts[4];
    return telemetry::extractContext(carrier, propagators);
}

} // namespace oriel::upstream
