// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit_schema.h"

#include <algorithm>
#include <sqlite3.h>

namespace oriel::store {

namespace {

/// Trace and request ids are random: one index over all rows would touch a page of its own for each new row. By blocks of 8,192
/// rows only the newest block's pages change; a search looks into every block.
constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS audit_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit_text(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS audit(
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL, kind INTEGER NOT NULL, time INTEGER NOT NULL,
  client INTEGER NOT NULL, user INTEGER NOT NULL, project INTEGER NOT NULL,
  server INTEGER NOT NULL, tool INTEGER NOT NULL, method INTEGER NOT NULL,
  outcome INTEGER NOT NULL, latency INTEGER NOT NULL, flags INTEGER NOT NULL,
  error_type INTEGER NOT NULL, error TEXT, trace_high INTEGER NOT NULL, trace_low INTEGER NOT NULL, span INTEGER NOT NULL,
  request TEXT, arguments_bytes INTEGER NOT NULL, response_bytes INTEGER NOT NULL, hash BLOB);
CREATE TABLE IF NOT EXISTS audit_body(seq INTEGER PRIMARY KEY, arguments TEXT, response TEXT, guardrails TEXT);
CREATE TABLE IF NOT EXISTS audit_epoch(first INTEGER PRIMARY KEY, key_id BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS audit_by_id ON audit(id);
CREATE INDEX IF NOT EXISTS audit_by_time ON audit(time);
CREATE INDEX IF NOT EXISTS audit_by_server ON audit(server);
CREATE INDEX IF NOT EXISTS audit_by_tool ON audit(tool);
CREATE INDEX IF NOT EXISTS audit_by_client ON audit(client);
CREATE INDEX IF NOT EXISTS audit_by_trace ON audit(seq >> 13, trace_low);
CREATE INDEX IF NOT EXISTS audit_by_request ON audit(seq >> 13, request) WHERE request IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_failed ON audit(outcome) WHERE outcome <> 0;
)sql";

} // namespace

QByteArrayView auditKindName(AuditKind kind)
{
    switch (kind) {
    case AuditKind::Call:
        return "call";
    case AuditKind::Retention:
        return "retention";
    case AuditKind::Config:
        return "config";
    case AuditKind::Export:
        return "export";
    case AuditKind::Approval:
        return "approval";
    case AuditKind::Credential:
        return "credential";
    case AuditKind::Lifecycle:
        return "lifecycle";
    }
    return "call";
}

Status createAuditSchema(SqlDatabase& database)
{
    const Result<std::int64_t> version = database.number("PRAGMA user_version");
    if (!version)
        return tl::unexpected(version.error());
    if (*version > kAuditSchemaVersion)
        return fail(ErrorCode::Unsupported,
                    QStringLiteral("The audit log was written by a newer Oriel (schema %1)").arg(*version), {},
                    QStringLiteral("Use that version, or start with another data directory."));
    if (*version == 0) {
        // Before the first table: both cannot be changed later without rewriting the file.
        if (const Status status = database.run("PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL"); !status)
            return status;
    }
    const char* settings =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864;"
        "PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
        "PRAGMA cache_size=-8192; PRAGMA fullfsync=1; PRAGMA checkpoint_fullfsync=1";
    if (const Status status = database.run(settings); !status)
        return status;
    if (*version == kAuditSchemaVersion)
        return database.run("SELECT seq FROM audit ORDER BY seq DESC LIMIT 1; SELECT seq FROM audit_body LIMIT 1");
    if (const Status status = database.run("BEGIN IMMEDIATE"); !status)
        return status;
    Status status = database.run(kSchema);
    if (status)
        status = database.run("PRAGMA user_version=1");
    if (status)
        status = database.run("COMMIT");
    if (!status)
        (void)database.run("ROLLBACK");
    return status;
}

QByteArray auditSelect(bool withPayloads)
{
    QByteArray sql =
        "SELECT a.seq, a.id, a.kind, a.time, (SELECT text FROM audit_text WHERE id=a.client),"
        " (SELECT text FROM audit_text WHERE id=a.user), (SELECT text FROM audit_text WHERE id=a.project),"
        " (SELECT text FROM audit_text WHERE id=a.server), (SELECT text FROM audit_text WHERE id=a.tool),"
        " (SELECT text FROM audit_text WHERE id=a.method), a.outcome, a.latency, a.flags,"
        " (SELECT text FROM audit_text WHERE id=a.error_type), a.error, a.trace_high, a.trace_low, a.span, a.request,"
        " a.arguments_bytes, a.response_bytes, a.hash";
    if (withPayloads)
        return sql + ", b.arguments, b.response, b.guardrails FROM audit a LEFT JOIN audit_body b ON b.seq=a.seq ";
    return sql + " FROM audit a ";
}

AuditRow readAuditRow(const SqlStatement& statement, bool withPayloads)
{
    AuditRow row;
    int column = 0;
    row.sequence = statement.integer(column++);
    row.id = statement.text(column++);
    row.kind =
        static_cast<AuditKind>(std::clamp<std::int64_t>(statement.integer(column++), 0, static_cast<int>(AuditKind::Lifecycle)));
    row.timeUnixNs = statement.integer(column++);
    for (QByteArray* text : {&row.client, &row.user, &row.project, &row.server, &row.tool, &row.method})
        *text = statement.text(column++);
    row.outcome = static_cast<telemetry::Outcome>(
        std::clamp<std::int64_t>(statement.integer(column++), 0, static_cast<int>(telemetry::Outcome::Unavailable)));
    row.latencyNs = statement.integer(column++);
    const std::int64_t flags = statement.integer(column++);
    row.replay = (flags & 1) != 0;
    row.synthetic = (flags & 2) != 0;
    row.errorType = statement.text(column++);
    row.errorMessage = statement.text(column++);
    row.traceId.high = static_cast<std::uint64_t>(statement.integer(column++));
    row.traceId.low = static_cast<std::uint64_t>(statement.integer(column++));
    row.spanId.value = static_cast<std::uint64_t>(statement.integer(column++));
    row.requestId = statement.text(column++);
    row.argumentsBytes = statement.integer(column++);
    row.responseBytes = statement.integer(column++);
    ++column; // the hash
    if (withPayloads) {
        row.arguments = statement.text(column++);
        row.response = statement.text(column++);
        row.guardrails = statement.text(column++);
    }
    return row;
}

Result<AuditRetentionRange> auditRetentionRange(const SqlDatabase& database, const RetentionLimits& limits)
{
    AuditRetentionRange range;
    range.preview.store = QStringLiteral("audit");
    const Result<std::int64_t> rows = database.number("SELECT count(*) FROM audit");
    const Result<std::int64_t> last = database.number("SELECT max(seq) FROM audit");
    if (!rows || !last)
        return tl::unexpected(!rows ? rows.error() : last.error());
    const std::int64_t bytes = database.pageBytes();
    if (limits.keepAfterUnixNs > 0) {
        Result<SqlStatement> first = database.prepare("SELECT min(seq) FROM audit WHERE time>=?");
        if (!first)
            return tl::unexpected(first.error());
        if (first->bind(1, limits.keepAfterUnixNs).step() != SQLITE_ROW)
            return fail(database.error(QStringLiteral("The audit log cannot be read")));
        range.lastSequence = first->isNull(0) ? *last : first->integer(0) - 1;
    }
    if (limits.maxBytes > 0 && bytes > limits.maxBytes && *rows > 0) {
        const std::int64_t excess = (bytes - limits.maxBytes) / std::max<std::int64_t>(1, bytes / *rows);
        Result<SqlStatement> nth = database.prepare("SELECT seq FROM audit ORDER BY seq LIMIT 1 OFFSET ?");
        if (!nth)
            return tl::unexpected(nth.error());
        if (nth->bind(1, std::clamp<std::int64_t>(excess, 0, *rows - 1)).step() == SQLITE_ROW)
            range.lastSequence = std::max(range.lastSequence, nth->integer(0) - 1);
    }
    Result<SqlStatement> count = database.prepare("SELECT count(*), min(time), max(time) FROM audit WHERE seq<=?");
    if (!count)
        return tl::unexpected(count.error());
    if (count->bind(1, range.lastSequence).step() != SQLITE_ROW)
        return fail(database.error(QStringLiteral("The audit log cannot be read")));
    const std::int64_t gone = count->integer(0);
    if (gone == 0)
        range.lastSequence = 0;
    range.preview.rows = static_cast<std::uint64_t>(gone);
    range.preview.bytes = *rows > 0 ? bytes / *rows * gone : 0;
    range.preview.oldestUnixNs = count->integer(1);
    range.preview.newestUnixNs = count->integer(2);
    range.preview.remainingRows = static_cast<std::uint64_t>(*rows - gone);
    range.preview.remainingBytes = bytes - range.preview.bytes;
    return range;
}

} // namespace oriel::store
