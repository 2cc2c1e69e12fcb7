// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "base/result.h"

#include <QByteArray>
#include <QString>

#include <memory>
#include <span>

namespace oriel {
class Clock;
}

namespace oriel::telemetry {

/// What a sampler may look at. Sampling decides at export, per destination, when a call is over; the local store keeps
/// everything.
struct SamplingInput {
    TraceId traceId;
    bool hasParent = false;
    bool parentIsRemote = true;
    bool parentSampled = true;
    QByteArrayView traceState{};
    QByteArrayView operation{}; ///< low-cardinality name, as that of the SERVER span
    bool isError = false;
    std::int64_t durationNs = 0;
};

struct SamplingDecision {
    /// What becomes of the threshold in `ot=th`.
    enum class Threshold : std::uint8_t {
        Erase,          ///< the decision was not by probability
        KeepConsistent, ///< somebody before us decided; theirs stays when it can be true
        Set,            ///< by `threshold`
    };
    bool isExported = false;
    Threshold mode = Threshold::Erase;
    std::uint64_t threshold = 0;
};

/// The tracestate of what is exported under a decision.
QByteArray sampledTracestate(const QByteArray& traceState, TraceId trace, const SamplingDecision& decision);

/// Decides whether a finished trace goes to a destination. Exporter thread; some remember what they saw.
class Sampler {
public:
    virtual ~Sampler() = default;
    [[nodiscard]] virtual SamplingDecision decide(const SamplingInput& input) = 0;
    /// As the OpenTelemetry specification spells it: "AlwaysOnSampler", "TraceIdRatioBased{0.000100}" …
    [[nodiscard]] virtual QByteArray description() const = 0;
    /// Does the decision follow from the trace id (and tracestate) alone? Else spans of a trace follow what was decided of its
    /// call.
    [[nodiscard]] virtual bool isByTraceAlone() const { return false; }
    /// Does it have to see how the call ended? Spans that come before their call wait for it.
    [[nodiscard]] virtual bool looksAtOutcome() const { return false; }
};

struct SamplerSettings {
    /// A name of samplerTable(); case does not matter.
    QString name = QStringLiteral("parentbased_always_on");
    double arg = 1.0;        ///< as the table says
    std::int64_t slowNs = 0; ///< keep_errors_and_slow: calls that take longer are kept; 0: longer than the operation's p99
    bool operator==(const SamplerSettings&) const = default;
};

struct SamplerRow {
    const char* name;     ///< as OTEL_TRACES_SAMPLER and the settings spell it
    const char* argument; ///< what `arg` means; empty: nothing
    double maximum;       ///< of `arg`
};
/// always_on, always_off and traceidratio, each also with parentbased_ before it, are the specification's; rate_limited, adaptive
/// and keep_errors_and_slow are Oriel's own and do not ask the parent.
std::span<const SamplerRow> samplerTable();

Result<std::shared_ptr<Sampler>> makeSampler(const SamplerSettings& settings, const Clock& clock);

} // namespace oriel::telemetry
