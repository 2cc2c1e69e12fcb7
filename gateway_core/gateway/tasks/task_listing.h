// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/gateway.h"

namespace oriel::gateway {

/// A task as tasks/get of 2026-07-28 shows it, where its server is older: `outcomeKey` is "result", "error" or empty, `outcome`
/// its JSON text.
[[nodiscard]] QByteArray detailedTask(const Task& task, QByteArrayView outcomeKey, QByteArrayView outcome);

struct Gateway::TaskListing {
    downstream::Incoming incoming;
    telemetry::CallRecord record;
    Tasks::Page page;
};

} // namespace oriel::gateway
