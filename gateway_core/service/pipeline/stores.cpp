// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/stores.h"

namespace oriel::service {

namespace {

constexpr std::int64_t kWireBudgetBytes = 16LL * 1024 * 1024;
constexpr std::size_t kWireFrames = 50'000;

store::TraceStoreOptions traceOptions(const QString& dataDir, const config::Retention& retention)
{
    store::TraceStoreOptions options;
    options.budgetBytes = retention.spanBudgetBytes;
    options.directory = dataDir + QStringLiteral("/traces");
    return options;
}

store::LogStoreOptions logOptions(const QString& dataDir)
{
    store::LogStoreOptions options;
    options.directory = dataDir + QStringLiteral("/logs");
    return options;
}

store::SeriesStoreOptions seriesOptions(const QString& dataDir)
{
    store::SeriesStoreOptions options;
    options.directory = dataDir + QStringLiteral("/metrics");
    return options;
}

store::AuditOptions auditOptions(const QString& file, const config::Audit& audit, QByteArray chainKey)
{
    store::AuditOptions options;
    options.file = file;
    options.mode = audit.mode;
    options.chainKey = std::move(chainKey);
    return options;
}

} // namespace

Stores::Stores(const QString& dataDir, const config::Config& configuration, const Clock& clock, Random& random,
               QByteArray chainKey, store::WireLog::Masker masker)
    : traces(traceOptions(dataDir, configuration.retention), clock),
      logs(logOptions(dataDir), clock),
      series(seriesOptions(dataDir), clock),
      wire(kWireBudgetBytes, kWireFrames, std::move(masker)),
      audit(auditOptions(dataDir + QStringLiteral("/audit.db"), configuration.audit, std::move(chainKey)), clock, random),
      retention(clock, configuration.retention),
      auditPath(dataDir + QStringLiteral("/audit.db"))
{
    retention.add(traces);
    retention.add(logs);
    retention.add(series);
    retention.add(audit);
}

Status Stores::open()
{
    Status first;
    for (const Status& opened : {traces.open(), logs.open(), series.open(), audit.open()}) {
        if (!opened && first)
            first = opened;
    }
    return first;
}

Result<std::optional<store::AuditReader>> Stores::readAudit() const
{
    auto reader = store::AuditReader::open(auditPath);
    if (reader)
        return std::optional<store::AuditReader>(std::move(*reader));
    const store::AuditState state = audit.state();
    if (state.committed == 0 && state.health == store::AuditState::Health::Ok)
        return std::optional<store::AuditReader>();
    return fail(reader.error());
}

void Stores::close()
{
    (void)audit.close();
    traces.close();
    logs.close();
    series.close();
}

} // namespace oriel::service
