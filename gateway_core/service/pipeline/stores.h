// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "config/model.h"
#include "store/audit_log.h"
#include "store/log_store.h"
#include "store/retention.h"
#include "store/series_store.h"
#include "store/trace_store.h"
#include "store/wire_log.h"

#include <optional>

namespace oriel::service {

/// The stores of one data directory, made together and opened together. Owned by the service; each store says which threads may
/// use it.
struct Stores {
    Stores(const QString& dataDir, const config::Config& configuration, const Clock& clock, Random& random, QByteArray chainKey,
           store::WireLog::Masker masker);

    /// The audit log to read; nothing while its first row is still on its way to a new file. Any thread.
    [[nodiscard]] Result<std::optional<store::AuditReader>> readAudit() const;

    /// Opens all; the first error, after all were tried. A store whose directory cannot be written works in memory.
    Status open();
    void close();

    store::TraceStore traces;
    store::LogStore logs;
    store::SeriesStore series;
    store::WireLog wire;
    store::AuditWriter audit;
    store::RetentionPolicy retention;
    QString auditPath;
};

} // namespace oriel::service
