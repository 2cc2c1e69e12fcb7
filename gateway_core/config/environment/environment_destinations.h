// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/environment/variable_reader.h"

namespace oriel::config {

/// Adds what the exporter variables define: `env` for the signals that go the general way, `env-<signal>` for one with a way of
/// its own, `env-console`, `env-jaeger`. A name that is taken gets `-env`. Internal to config/.
void applyEnvironmentDestinations(VariableReader& reader, QList<Destination>& destinations);

} // namespace oriel::config
