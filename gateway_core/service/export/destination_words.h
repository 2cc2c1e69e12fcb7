// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/pipeline/export_pipeline.h"
#include "otlp/spool/spool_log.h"
#include "service/snapshots.h"

namespace oriel::service {

/// Fills in how the destination is and says it in words: state, health, brief, stateText and remedy, besides what `status`
/// counts. Pure.
void describeDestination(DestinationSnapshot& snapshot, const otlp::DestinationStatus& status, std::int64_t nowUnixNs);

/// What the spool held when Oriel started, in sentences. `directory` is where what could not be read was set aside. Pure.
[[nodiscard]] SpoolReport describeRecovery(const otlp::SpoolRecovery& recovery, const QString& directory);

} // namespace oriel::service
