// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/head_sampling.h"

#include "telemetry/consistent_sampling.h"

namespace oriel::telemetry {

HeadSampling::Rule HeadSampling::ruleOf(const SamplerSettings& sampler)
{
    Rule rule;
    QStringView name(sampler.name);
    constexpr QLatin1StringView kParentBased("parentbased_");
    if (name.startsWith(kParentBased, Qt::CaseInsensitive)) {
        rule.asksParent = true;
        name = name.sliced(kParentBased.size());
    }
    if (name.compare(QLatin1StringView("always_on"), Qt::CaseInsensitive) == 0)
        return rule;
    if (name.compare(QLatin1StringView("always_off"), Qt::CaseInsensitive) == 0) {
        rule.root = Root::Drop;
        return rule;
    }
    if (name.compare(QLatin1StringView("traceidratio"), Qt::CaseInsensitive) != 0) {
        rule.root = Root::Later;
        return rule;
    }
    const auto threshold = thresholdOfRatio(sampler.arg);
    rule.root = threshold ? Root::Ratio : Root::Drop;
    rule.threshold = threshold.value_or(0);
    return rule;
}

HeadSampling::HeadSampling(std::span<const SamplerSettings> samplers)
{
    for (const SamplerSettings& sampler : samplers)
        m_rules.push_back(ruleOf(sampler));
}

HeadDecision HeadSampling::decide(TraceId trace, QByteArrayView traceState, std::optional<bool> parentSampled) const
{
    if (m_rules.empty())
        return {};
    HeadDecision decision{false, false};
    for (const Rule& rule : m_rules) {
        if (rule.root == Root::Later) {
            decision.mayLeave = true;
            decision.isSampled = decision.isSampled || parentSampled.value_or(true);
            continue;
        }
        const bool isKept = rule.asksParent && parentSampled ? *parentSampled
                            : rule.root == Root::Ratio       ? randomnessOf(trace, traceState) >= rule.threshold
                                                             : rule.root == Root::Keep;
        decision.isSampled = decision.isSampled || isKept;
        decision.mayLeave = decision.mayLeave || isKept;
        if (decision.isSampled)
            break;
    }
    return decision;
}

} // namespace oriel::telemetry
