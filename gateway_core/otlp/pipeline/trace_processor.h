// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "otlp/pipeline/export_call.h"
#include "telemetry/call_spans.h"
#include "telemetry/limits.h"
#include "telemetry/log_record.h"
#include "telemetry/sampler.h"
#include "telemetry/span_processor.h"

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace oriel::otlp {

/// What the settings of a destination and of telemetry as a whole make of traces and logs: the sampler, then the rules of the
/// processors, then the limits. Destinations that ask for the same share one, so that a sampler with a memory is asked once for
/// each trace. Exporter thread.
class TraceProcessor {
public:
    struct Settings {
        telemetry::SamplerSettings sampler;
        QStringList processors;
        telemetry::SpanLimits spanLimits;
        telemetry::SpanLimits logLimits;
        bool operator==(const Settings&) const = default;
    };
    static Settings settingsOf(const config::Destination& destination, const config::Telemetry& telemetry);
    /// Fails with a sentence for the user when the sampler or a rule makes no sense.
    static Result<std::shared_ptr<TraceProcessor>> make(Settings settings, const Clock& clock);

    [[nodiscard]] const Settings& settings() const { return m_settings; }

    /// What of one flush leaves.
    struct Selection {
        struct Call {
            const ExportCall* item = nullptr;
            telemetry::SamplingDecision decision;
        };
        std::vector<Call> calls;
        std::vector<telemetry::SpanData> spans; ///< that no call is expanded to
    };
    /// All spans of a trace share the decision of its calls. With a sampler that has to see how a call ended, spans that come
    /// first wait for it, up to kHold; `decideAll` leaves none waiting.
    Selection select(std::span<const ExportCall> calls, std::span<const telemetry::SpanData> spans, bool decideAll = false);
    [[nodiscard]] bool isHolding() const { return !m_held.empty(); }

    /// The calls of the selection as spans, and its other spans, rules and limits applied. `options` without arguments and
    /// result.
    void expandCalls(const Selection& selection, const telemetry::CallSpanOptions& options,
                     std::vector<telemetry::SpanData>& out) const;
    void expandOthers(const Selection& selection, const telemetry::CallSpanOptions& options,
                      std::vector<telemetry::SpanData>& out) const;
    /// The same for logs, which are not sampled.
    [[nodiscard]] std::vector<telemetry::LogRecord> process(std::span<const telemetry::LogRecord> logs) const;

    static constexpr std::int64_t kHoldNs = 10'000'000'000;
    static constexpr std::size_t kMaxHeld = 8'192;
    static constexpr std::size_t kRememberedTraces = 16'384;

private:
    struct Held {
        telemetry::SpanData span;
        std::int64_t sinceNs = 0;
    };
    TraceProcessor(Settings settings, std::shared_ptr<telemetry::Sampler> sampler, telemetry::ProcessorChain chain,
                   const Clock& clock);
    telemetry::SamplingDecision decide(const telemetry::CallRecord& call);
    void remember(TraceId trace, const telemetry::SamplingDecision& decision);
    /// False: it has to wait.
    bool place(const telemetry::SpanData& span, bool mustDecide, Selection& selection);

    Settings m_settings;
    std::shared_ptr<telemetry::Sampler> m_sampler;
    telemetry::ProcessorChain m_chain;
    const Clock& m_clock;
    std::unordered_map<TraceId, telemetry::SamplingDecision> m_decided;
    std::deque<TraceId> m_order;
    std::deque<Held> m_held;
};

} // namespace oriel::otlp
