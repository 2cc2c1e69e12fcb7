// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/calls/context_policy.h"

namespace oriel::gateway {

telemetry::ContextPolicy contextPolicyOf(const config::Config& configuration)
{
    const config::Telemetry& settings = configuration.telemetry;
    telemetry::ContextPolicy policy;
    policy.foreignContextAsLink = settings.foreignContextAsLink;
    policy.propagators = telemetry::propagatorsByName(settings.propagators);
    policy.passBaggage = settings.passBaggage && telemetry::has(policy.propagators, telemetry::Propagator::Baggage);
    policy.isReceiving = configuration.receiver.enabled;
    const telemetry::SamplerSettings general{settings.sampler, settings.samplerArg, 0};
    std::vector<telemetry::SamplerSettings> samplers;
    for (const config::Destination& destination : settings.destinations) {
        if (settings.exportDisabled || !destination.enabled || !destination.traces)
            continue;
        const telemetry::SamplerSettings own{destination.sampler, destination.samplerArg, 0};
        samplers.push_back(destination.sampler.isEmpty() ? general : own);
    }
    if (samplers.empty())
        samplers.push_back(general);
    policy.sampling = telemetry::HeadSampling(samplers);
    return policy;
}

} // namespace oriel::gateway
