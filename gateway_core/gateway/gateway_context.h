// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "config/model.h"
#include "gateway/calls/call_recording.h"
#include "telemetry/recorder.h"

#include <QByteArray>

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
};

} // namespace oriel::gateway
