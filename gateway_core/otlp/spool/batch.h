// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/signal.h"
#include "telemetry/semconv.h"

#include <QByteArray>

#include <cstdint>

namespace oriel::otlp {

/// One Export*ServiceRequest that waits, in OTLP protobuf, masked, with everything that any of its destinations wants. What one
/// of them does not want is taken out when it is sent there (derive.h).
struct Batch {
    Signal signal = Signal::Traces;
    QByteArray request;
    std::uint32_t items = 0;          ///< spans, points or records in it
    bool payloads = false;            ///< its spans carry arguments and results of calls (T5)
    telemetry::AliasSets aliases = 0; ///< its spans carry the other names of these sets (T6)
};

} // namespace oriel::otlp
