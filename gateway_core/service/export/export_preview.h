// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "service/snapshots.h"
#include "store/audit_row.h"
#include "store/trace_store.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace oriel {
class Clock;
}

namespace oriel::service {

/// What decides how a call leaves for one destination.
struct ExportPreviewSettings {
    config::Destination destination;
    config::Telemetry telemetry;
    std::shared_ptr<const telemetry::Resource> resource; ///< Oriel's own
};

/// The calls of one stored trace, masked as they were stored.
struct RecentCalls {
    TraceId traceId;
    std::vector<telemetry::CallRecord> calls; ///< never empty
};

/// Of the newest trace with a call, among the newest 200; nothing when there is none. Any thread.
std::optional<RecentCalls> newestCalls(const store::TraceStore& traces, std::stop_token stop);

/// The calls as the destination gets them: by its sampler, rules, limits, aliases and resource attributes, in the encoding's JSON
/// form. `payloads`: the audit row of the first call, for a destination that takes arguments and results. A sampler that counts
/// begins anew. Fails as the export would: for a preset that cannot be filled in, a rule that is not understood. Any thread.
Result<ExportPreview> renderExport(const ExportPreviewSettings& settings, const RecentCalls& recent,
                                   const std::optional<store::AuditRow>& payloads, const Clock& clock);

} // namespace oriel::service
