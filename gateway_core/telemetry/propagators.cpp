// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/propagators.h"

namespace oriel::telemetry {

namespace {

QByteArray usableTracestate(QByteArrayView text)
{
    switch (checkTracestate(text)) {
    case TracestateCheck::AsIs:
        return text.toByteArray();
    case TracestateCheck::Rewrite:
        return normalizeTracestate(text);
    case TracestateCheck::Invalid:
        break;
    }
    return {};
}

std::optional<ExtractedContext> fromB3(const std::optional<B3Context>& b3)
{
    if (!b3)
        return std::nullopt;
    ExtractedContext extracted{b3->context, {}, !b3->context.isValid() && !b3->context.isSampled()};
    if (b3->debug)
        extracted.context.flags |= kFlagDebug;
    return extracted.context.isValid() || extracted.denied ? std::optional(extracted) : std::nullopt;
}

} // namespace

Propagators propagatorsByName(const QStringList& names)
{
    Propagators set = 0;
    const auto add = [&](QLatin1StringView name, Propagator propagator) {
        if (names.contains(name, Qt::CaseInsensitive))
            set |= static_cast<Propagators>(propagator);
    };
    add(QLatin1StringView("tracecontext"), Propagator::TraceContext);
    add(QLatin1StringView("baggage"), Propagator::Baggage);
    add(QLatin1StringView("b3"), Propagator::B3);
    add(QLatin1StringView("b3multi"), Propagator::B3Multi);
    return set;
}

std::optional<ExtractedContext> extractContext(const ContextCarrier& carrier, Propagators propagators)
{
    if (has(propagators, Propagator::TraceContext)) {
        if (const auto context = parseTraceparent(carrier.traceparent))
            return ExtractedContext{*context, usableTracestate(carrier.tracestate), false};
    }
    const bool anyB3 = has(propagators, Propagator::B3) || has(propagators, Propagator::B3Multi);
    if (anyB3 && !carrier.b3.isEmpty()) {
        if (auto extracted = fromB3(parseB3(carrier.b3)))
            return extracted;
    }
    const bool saysB3 = !carrier.b3TraceId.isEmpty() || !carrier.b3Sampled.isEmpty();
    return anyB3 && saysB3 ? fromB3(parseB3Multi(carrier.b3TraceId, carrier.b3SpanId, carrier.b3Sampled, carrier.b3Flags))
                           : std::nullopt;
}

std::vector<std::pair<QByteArray, QByteArray>> b3Headers(const TraceContext& context, Propagators propagators)
{
    std::vector<std::pair<QByteArray, QByteArray>> headers;
    const bool debug = (context.flags & kFlagDebug) != 0;
    if (has(propagators, Propagator::B3))
        headers.emplace_back(QByteArrayLiteral("b3"), formatB3({context, debug}));
    if (has(propagators, Propagator::B3Multi)) {
        headers.emplace_back(QByteArrayLiteral("X-B3-TraceId"), context.traceId.toHex());
        headers.emplace_back(QByteArrayLiteral("X-B3-SpanId"), context.spanId.toHex());
        if (debug)
            headers.emplace_back(QByteArrayLiteral("X-B3-Flags"), QByteArrayLiteral("1"));
        else
            headers.emplace_back(QByteArrayLiteral("X-B3-Sampled"), QByteArray(1, context.isSampled() ? '1' : '0'));
    }
    return headers;
}

QByteArray passableBaggage(QByteArrayView text)
{
    return text.isEmpty() || isPassableBaggage(text) ? text.toByteArray() : formatBaggage(parseBaggage(text));
}

} // namespace oriel::telemetry
