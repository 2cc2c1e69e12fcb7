// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"
#include "telemetry/context_policy.h"

namespace oriel::gateway {

/// What a configuration makes of contexts that are passed on. The samplers are those of the destinations that take traces; with
/// none, the general one.
[[nodiscard]] telemetry::ContextPolicy contextPolicyOf(const config::Config& configuration);

} // namespace oriel::gateway
