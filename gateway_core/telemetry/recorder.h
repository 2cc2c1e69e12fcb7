// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "telemetry/call_record.h"
#include "telemetry/log_record.h"
#include "telemetry/metric_table.h"
#include "telemetry/span_data.h"
#include "telemetry/wire_frame.h"

#include <QVarLengthArray>

#include <functional>

namespace oriel::telemetry {

/// Label values in the order of the metric's row in the metric table.
using LabelValues = QVarLengthArray<QByteArray, 4>;

/// Tells once, on any thread, whether the audit row of a call is on the disk, or why it is not.
using Durable = std::function<void(const Status&)>;

/// The way out of the gateway thread for everything that was observed. Every function only appends to a bounded buffer that the
/// telemetry thread drains: no lock held while formatting, no disk, never blocking; what does not fit is dropped and counted. May
/// be called from any thread.
class Recorder {
public:
    virtual ~Recorder() = default;
    virtual void recordCall(CallRecord&& call) = 0;
    /// The same, at once and never dropped in silence: `durable` hears of it also when the record does not fit.
    virtual void recordCallDurably(CallRecord&& call, Durable durable) = 0;
    virtual void recordSpan(SpanData&& span) = 0;
    virtual void recordLog(LogRecord&& log) = 0;
    virtual void recordWire(WireFrame&& frame) = 0;
    /// Adds to a counter or up-down counter, or records a value in a histogram, as the table says of `metric`.
    virtual void recordMetric(MetricId metric, LabelValues labels, double value) = 0;
};

} // namespace oriel::telemetry
