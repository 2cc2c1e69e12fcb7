// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "otlp/spool/batch.h"

#include <chrono>
#include <vector>

namespace oriel::otlp {

/// How one destination wants its requests.
struct RequestForm {
    Encoding encoding = Encoding::Protobuf;
    bool payloads = false;
    telemetry::AliasSets aliases = 0;
    config::ItemLimits limits = {}; ///< what is beyond them is cut or left out
    std::chrono::hours maxAhead{0}; ///< of the clock (byClock()); 0: any. deriveRequest() does not look at it
};

/// How an effective destination wants requests of one signal.
RequestForm requestForm(const config::Destination& destination, Signal signal, Encoding encoding);

/// The request of `batch` as a destination wants it; the batch's own bytes where nothing has to change. Only what the batch says
/// that it carries is taken out, so attributes of the same names in received spans stay. TooLarge where an item of it cannot be
/// brought within the limits; Parse when the batch cannot be read. Pure; any thread.
Result<QByteArray> deriveRequest(const Batch& batch, const RequestForm& form);

/// The batch in two halves of about as many items. Empty when it holds a single item or cannot be read. Pure; any thread.
std::vector<Batch> halves(const Batch& batch);

} // namespace oriel::otlp
