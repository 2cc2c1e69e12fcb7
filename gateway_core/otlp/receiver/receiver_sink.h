// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/encode.h"

#include <vector>

namespace oriel::otlp {

/// Where the receiver puts what it has decoded: a bounded hand-over, so that a store which cannot keep up is told to the sender
/// instead of losing data silently. Called from several threads of the receiver at a time. Outlives the receiver.
class ReceiverSink {
public:
    virtual ~ReceiverSink() = default;
    /// False: what comes now would be refused, so it need not be decoded.
    [[nodiscard]] virtual bool hasRoom() const = 0;
    // Each takes all or, giving false, nothing. `bytes`: the size of the message that it came in.
    [[nodiscard]] virtual bool takeSpans(std::vector<telemetry::SpanData>&& spans, qsizetype bytes) = 0;
    [[nodiscard]] virtual bool takeMetrics(std::vector<ScopedMetrics>&& metrics, qsizetype bytes) = 0;
    [[nodiscard]] virtual bool takeLogs(std::vector<telemetry::LogRecord>&& logs, qsizetype bytes) = 0;
};

} // namespace oriel::otlp
