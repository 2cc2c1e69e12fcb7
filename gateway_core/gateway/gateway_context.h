// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "config/model.h"
#include "gateway/calls/call_recording.h"
#include "telemetry/recorder.h"

#include <QByteArray>

#include <algorithm>
#include <chrono>

namespace oriel::gateway {

/// What all parts of the gateway share. Owned by Gateway, which alone changes it, and outlives the parts. Gateway thread only.
struct GatewayContext {
    const Clock& clock;
    Random& random;
    telemetry::Recorder& recorder;
    QByteArray instance;                  ///< of this Oriel, among others (federation)
    QByteArray version;                   ///< of this Oriel
    std::int64_t heldForNs = 0;           ///< how long a call waits for its client's input
    config::Config config = {};           ///< the one in force
    telemetry::ContextPolicy policy = {}; ///< of that configuration
    bool isShuttingDown = false;          ///< nothing new is begun

    [[nodiscard]] std::int64_t now() const { return clock.monotonicNs(); }
    /// What a timer is to be set to for a deadline of `now()`'s clock: rounded up, so that it does not fire before.
    [[nodiscard]] std::chrono::milliseconds timeUntil(std::int64_t deadlineNs) const
    {
        return std::chrono::ceil<std::chrono::milliseconds>(
            std::chrono::nanoseconds(std::max<std::int64_t>(0, deadlineNs - now())));
    }
};

} // namespace oriel::gateway
