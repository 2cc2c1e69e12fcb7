// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/head_sampling.h"
#include "telemetry/propagators.h"

namespace oriel::telemetry {

/// How trace context crosses the gateway (T2), and what is said of sampling in it (T3).
struct ContextPolicy {
    bool foreignContextAsLink = false; ///< a peer's context becomes a link, and what it asks for a new trace
    bool passBaggage = false;
    Propagators propagators = kDefaultPropagators;
    bool isReceiving = true; ///< the receiver is on: peers are asked to record, since their spans come back
    HeadSampling sampling{};

    /// The W3C flags of what is passed on: those of `known` that stay, and sampled as the policy decides.
    [[nodiscard]] std::uint8_t flagsOf(std::uint8_t known, const HeadDecision& decision) const
    {
        const bool isSampled = isReceiving || decision.isSampled;
        return static_cast<std::uint8_t>(isSampled ? known | kFlagSampled : known & ~(kFlagSampled | kFlagDebug));
    }
    /// The same for a trace that begins here; its ids are random (W3C Trace Context Level 2).
    [[nodiscard]] std::uint8_t rootFlags(TraceId trace) const
    {
        return flagsOf(kFlagRandom, sampling.decide(trace, {}, std::nullopt));
    }
};

} // namespace oriel::telemetry
