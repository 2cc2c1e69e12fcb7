// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/spool/batch.h"

#include <vector>

namespace oriel::otlp {

/// How one destination wants its requests.
struct RequestForm {
    Encoding encoding = Encoding::Protobuf;
    bool payloads = false;
    telemetry::AliasSets aliases = 0;
    int attributeBytes = 0; ///< of texts of spans' and logs' attributes, which are cut; 0: as long as they are
};

/// The request of `batch` as a destination wants it; the batch's own bytes where nothing has to change. Only what the batch says
/// that it carries is taken out, so attributes of the same names in received spans stay. Fails when the batch cannot be read.
/// Pure; any thread.
Result<QByteArray> deriveRequest(const Batch& batch, const RequestForm& form);

/// The batch in two halves of about as many items. Empty when it holds a single item or cannot be read. Pure; any thread.
std::vector<Batch> halves(const Batch& batch);

} // namespace oriel::otlp
