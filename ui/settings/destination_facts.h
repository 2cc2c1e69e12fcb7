// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/widgets/key_value_table.h"

namespace oriel::ui {

/// What is known of a destination, in lines: how it is and what to do, what waits, what was lost and why, where it sends to.
/// Secrets never stand in it. `dataDirectory`: where the dead letters lie. Pure.
[[nodiscard]] QList<KeyValue> destinationFacts(const service::DestinationSnapshot& destination, const QString& dataDirectory,
                                               std::int64_t nowUnixNs);

} // namespace oriel::ui
