// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/call_record.h"

#include <QByteArray>

#include <memory>

namespace oriel::otlp {

/// A finished call on its way out, masked: `call` holds no unmasked text in its names and messages, and of its payloads only
/// these are used.
struct ExportCall {
    std::shared_ptr<const telemetry::CallRecord> call;
    QByteArray arguments; ///< masked JSON; empty: none
    QByteArray result;    ///< masked JSON; empty: none
};

} // namespace oriel::otlp
