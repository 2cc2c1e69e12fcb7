// SPDX-License-Identifier: GPL-3.0-or-later
#include "commands.h"
#include "store/audit_log.h"
#include "terminal.h"

#include <QDateTime>
#include <QFile>
#include <QSaveFile>

namespace oriel::app {

namespace {

store::AuditQuery queryOf(const Options& options)
{
    store::AuditQuery query;
    if (!options.server.isEmpty())
        query.servers.push_back(options.server.toUtf8());
    if (!options.tool.isEmpty())
        query.tools.push_back(options.tool.toUtf8());
    query.text = options.text.toUtf8();
    query.withPayloads = true;
    if (options.limit > 0)
        query.limit = options.limit;
    return query;
}

Result<store::AuditReader> openLog(const Options& options)
{
    return store::AuditReader::open(options.dataDir + QStringLiteral("/audit.db"));
}

} // namespace

int auditExport(const Options& options)
{
    const auto reader = openLog(options);
    if (!reader)
        return reportError(reader.error());
    const auto format = options.format == QLatin1String("csv") ? store::AuditFormat::Csv : store::AuditFormat::JsonLines;
    if (options.output.isEmpty()) {
        const auto rows = store::exportAudit(*reader, queryOf(options), format, writeOut);
        return rows ? Success : reportError(rows.error());
    }
    QSaveFile file(options.output);
    if (!file.open(QIODevice::WriteOnly))
        return reportError(
            {ErrorCode::Io, QStringLiteral("the file cannot be written: %1").arg(file.errorString()), options.output, {}});
    const auto rows = store::exportAudit(*reader, queryOf(options), format, [&file](QByteArrayView chunk) {
        return file.write(chunk.data(), chunk.size()) == chunk.size();
    });
    if (!rows)
        return reportError(rows.error());
    if (!file.commit())
        return reportError(
            {ErrorCode::Io, QStringLiteral("the file cannot be written: %1").arg(file.errorString()), options.output, {}});
    printError(QStringLiteral("%1 rows written to %2").arg(*rows).arg(options.output));
    return Success;
}

int auditSearch(const Options& options)
{
    const auto reader = openLog(options);
    if (!reader)
        return reportError(reader.error());
    store::AuditQuery query = queryOf(options);
    query.withPayloads = false;
    if (options.limit <= 0)
        query.limit = 50;
    const auto page = reader->page(query);
    if (!page)
        return reportError(page.error());
    for (const store::AuditRow& row : page->rows) {
        const QString time =
            QDateTime::fromMSecsSinceEpoch(row.timeUnixNs / 1'000'000).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz"));
        const QString mark = row.outcome == telemetry::Outcome::Ok ? QStringLiteral("ok") : QStringLiteral("FAILED");
        printLine(QStringLiteral("%1  %2  %3  %4/%5  %6 ms  %7  %8")
                      .arg(time, mark.leftJustified(6), QString::fromUtf8(row.client), QString::fromUtf8(row.server),
                           QString::fromUtf8(row.tool))
                      .arg(static_cast<double>(row.latencyNs) / 1e6, 0, 'f', 1)
                      .arg(QString::fromLatin1(row.traceId.toHex()), QString::fromUtf8(row.errorMessage)));
    }
    if (page->rows.empty())
        printError(QStringLiteral("no row matches"));
    return Success;
}

int auditVerify(const Options& options)
{
    const auto reader = openLog(options);
    if (!reader) {
        reportError(reader.error());
        return Usage;
    }
    QFile keyFile(options.dataDir + QStringLiteral("/audit.key"));
    const QByteArray key = keyFile.open(QIODevice::ReadOnly) ? QByteArray::fromHex(keyFile.read(256).trimmed()) : QByteArray();
    const store::AuditVerification found = reader->verify(key);
    printLine(found.message);
    switch (found.state) {
    case store::AuditVerification::State::Intact:
        return 0;
    case store::AuditVerification::State::Tampered:
        return 1;
    case store::AuditVerification::State::CannotCheck:
        break;
    }
    return 2;
}

} // namespace oriel::app
