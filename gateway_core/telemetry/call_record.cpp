// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/call_record.h"

namespace oriel::telemetry {

namespace {

constexpr std::array<const char*, kStageCount> kStageNames{
    "gateway.authenticate",      "gateway.session.init", "gateway.session.get",
    "gateway.session.store",     "gateway.cache.get",    "gateway.route",
    "gateway.guardrails.input",  "gateway.forward",      "gateway.discover",
    "gateway.guardrails.output", "gateway.queue",
};

/// A bijection of 64 bits (SplitMix64's finalizer): different inputs under one parent never collide.
std::uint64_t mixed(std::uint64_t word)
{
    word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    word = (word ^ (word >> 27U)) * 0x94d049bb133111ebULL;
    return word ^ (word >> 31U);
}

SpanId derived(SpanId parent, std::uint64_t index)
{
    const std::uint64_t word = mixed(parent.value + 0x9e3779b97f4a7c15ULL * (index + 1));
    return {word != 0 ? word : parent.value ^ 1U};
}

} // namespace

QByteArrayView stageName(Stage stage)
{
    const auto index = static_cast<std::size_t>(stage);
    return index < kStageCount ? QByteArrayView(kStageNames[index]) : QByteArrayView();
}

SpanId stageSpanId(SpanId serverSpan, Stage stage)
{
    return derived(serverSpan, static_cast<std::uint64_t>(stage));
}

SpanId guardrailSpanId(SpanId serverSpan, std::size_t index)
{
    return derived(serverSpan, kStageCount + index);
}

} // namespace oriel::telemetry
