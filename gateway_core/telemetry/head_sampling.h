// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/sampler.h"

#include <optional>
#include <span>
#include <vector>

namespace oriel::telemetry {

/// What is known of a trace's export when it begins.
struct HeadDecision {
    bool isSampled = true; ///< what a context that is passed on says
    bool mayLeave = true;  ///< false: nobody will take it, whatever becomes of it
};

/// What the samplers of all destinations say of a trace at its beginning (OpenTelemetry: trace/sdk.md, "Sampler"): always_on,
/// always_off and traceidratio, each also parent-based, are certain; the others see how a call ends, so until then a trace
/// may leave and its context says what its parent said. A value type; safe to read from any thread.
class HeadSampling {
public:
    HeadSampling() = default; ///< keeps everything
    explicit HeadSampling(std::span<const SamplerSettings> samplers);

    /// `parentSampled`: what the parent's context says; absent for a root.
    [[nodiscard]] HeadDecision decide(TraceId trace, QByteArrayView traceState, std::optional<bool> parentSampled) const;

private:
    enum class Root : std::uint8_t { Keep, Drop, Ratio, Later };
    struct Rule {
        Root root = Root::Keep;
        bool asksParent = false;
        std::uint64_t threshold = 0; ///< of Ratio
    };
    static Rule ruleOf(const SamplerSettings& sampler);
    std::vector<Rule> m_rules;
};

} // namespace oriel::telemetry
