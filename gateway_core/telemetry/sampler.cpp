// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/sampler.h"

#include "telemetry/consistent_sampling.h"
#include "telemetry/own_samplers.h"

#include <QStringList>

#include <array>

namespace oriel::telemetry {

namespace {

constexpr const char* kRatio = "the share of traces that is kept, from 0 to 1";
constexpr const char* kRate = "traces a second";

constexpr std::array kSamplers{
    SamplerRow{"always_on", "", 0},
    SamplerRow{"always_off", "", 0},
    SamplerRow{"traceidratio", kRatio, 1},
    SamplerRow{"parentbased_always_on", "", 0},
    SamplerRow{"parentbased_always_off", "", 0},
    SamplerRow{"parentbased_traceidratio", kRatio, 1},
    SamplerRow{"rate_limited", kRate, 1e6},
    SamplerRow{"adaptive", "traces a second of each operation", 1e6},
    SamplerRow{"keep_errors_and_slow", "the share of all other calls, from 0 to 1", 1},
};

class AlwaysSampler final : public Sampler {
public:
    explicit AlwaysSampler(bool on) : m_on(on) {}
    SamplingDecision decide(const SamplingInput&) override { return {m_on}; }
    [[nodiscard]] QByteArray description() const override
    {
        return m_on ? QByteArrayLiteral("AlwaysOnSampler") : QByteArrayLiteral("AlwaysOffSampler");
    }
    [[nodiscard]] bool isByTraceAlone() const override { return true; }

private:
    bool m_on;
};

/// Every process decides alike, and a higher ratio keeps all that a lower one keeps.
class RatioSampler final : public Sampler {
public:
    explicit RatioSampler(double ratio) : m_ratio(ratio) {}
    SamplingDecision decide(const SamplingInput& input) override { return decideByRatio(m_ratio, input); }
    [[nodiscard]] QByteArray description() const override
    {
        return "TraceIdRatioBased{" + QByteArray::number(m_ratio, 'f', 6) + '}';
    }
    [[nodiscard]] bool isByTraceAlone() const override { return true; }

private:
    double m_ratio;
};

class ParentBasedSampler final : public Sampler {
public:
    explicit ParentBasedSampler(std::shared_ptr<Sampler> root) : m_root(std::move(root)) {}
    SamplingDecision decide(const SamplingInput& input) override
    {
        if (input.hasParent)
            return {input.parentSampled, SamplingDecision::Threshold::KeepConsistent};
        return m_root->decide(input);
    }
    [[nodiscard]] QByteArray description() const override
    {
        return "ParentBased{root=" + m_root->description() +
               ",remoteParentSampled=AlwaysOnSampler,remoteParentNotSampled=AlwaysOffSampler,"
               "localParentSampled=AlwaysOnSampler,localParentNotSampled=AlwaysOffSampler}";
    }

private:
    std::shared_ptr<Sampler> m_root;
};

const SamplerRow* rowOf(QStringView name)
{
    for (const SamplerRow& row : kSamplers) {
        if (name.compare(QLatin1StringView(row.name), Qt::CaseInsensitive) == 0)
            return &row;
    }
    return nullptr;
}

std::shared_ptr<Sampler> make(QLatin1StringView name, const SamplerSettings& settings, const Clock& clock)
{
    constexpr QLatin1StringView kParentBased("parentbased_");
    if (name.startsWith(kParentBased))
        return std::make_shared<ParentBasedSampler>(make(name.sliced(kParentBased.size()), settings, clock));
    if (name == QLatin1StringView("always_on"))
        return std::make_shared<AlwaysSampler>(true);
    if (name == QLatin1StringView("always_off"))
        return std::make_shared<AlwaysSampler>(false);
    if (name == QLatin1StringView("traceidratio"))
        return std::make_shared<RatioSampler>(settings.arg);
    if (name == QLatin1StringView("rate_limited"))
        return std::make_shared<RateLimitedSampler>(settings.arg, clock);
    if (name == QLatin1StringView("adaptive"))
        return std::make_shared<AdaptiveSampler>(settings.arg, clock);
    return std::make_shared<ErrorsAndSlowSampler>(settings.arg, settings.slowNs);
}

} // namespace

QByteArray sampledTracestate(const QByteArray& traceState, TraceId trace, const SamplingDecision& decision)
{
    switch (decision.mode) {
    case SamplingDecision::Threshold::Set:
        return withThreshold(traceState, decision.threshold);
    case SamplingDecision::Threshold::KeepConsistent:
        return withoutInconsistentThreshold(traceState, trace, decision.isExported);
    case SamplingDecision::Threshold::Erase:
        break;
    }
    return traceState.isEmpty() ? traceState : withThreshold(traceState, std::nullopt);
}

SamplingDecision decideByRatio(double ratio, const SamplingInput& input)
{
    const auto threshold = thresholdOfRatio(ratio);
    if (!threshold || randomnessOf(input.traceId, input.traceState) < *threshold)
        return {};
    return {true, SamplingDecision::Threshold::Set, *threshold};
}

std::span<const SamplerRow> samplerTable()
{
    return kSamplers;
}

Result<std::shared_ptr<Sampler>> makeSampler(const SamplerSettings& settings, const Clock& clock)
{
    const SamplerRow* row = rowOf(settings.name);
    if (row == nullptr) {
        QStringList names;
        for (const SamplerRow& known : kSamplers)
            names.append(QString::fromLatin1(known.name));
        return fail(ErrorCode::InvalidArgument, QStringLiteral("there is no sampler \"%1\"").arg(settings.name),
                    QStringLiteral("sampler"), QStringLiteral("Use one of %1.").arg(names.join(QStringLiteral(", "))));
    }
    if (row->maximum > 0 && !(settings.arg >= 0.0 && settings.arg <= row->maximum)) {
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("%1 is not an argument of the sampler %2").arg(settings.arg).arg(QLatin1StringView(row->name)),
                    QStringLiteral("samplerArg"), QStringLiteral("Give %1, such as 0.1.").arg(QLatin1StringView(row->argument)));
    }
    return make(QLatin1StringView(row->name), settings, clock);
}

} // namespace oriel::telemetry
