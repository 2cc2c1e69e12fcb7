// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json_writer.h"
#include "service/snapshots.h"

namespace oriel::service {

/// The members "circuit" of a server and "limits" of the status, as /api/v1/status gives them. Times are nanoseconds since 1970.
void writeCircuit(json::Writer& writer, const CircuitSnapshot& circuit);
void writeLimits(json::Writer& writer, const QList<LimitSnapshot>& limits);

} // namespace oriel::service
