// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"
#include "store/retention.h"
#include "store/sqlite_db.h"

namespace oriel::store {

/// The tables of audit.db. Texts that repeat are numbered in `audit_text`, so rows and their indexes are small; payloads stand in
/// a table of their own, so a search does not read them.
Status createAuditSchema(SqlDatabase& database);

inline constexpr int kAuditSchemaVersion = 1;

/// The columns of one row as auditSelect() lists them.
AuditRow readAuditRow(const SqlStatement& statement, bool withPayloads);
/// SELECT … FROM …, to which WHERE and ORDER BY are added. The table of rows is named `a`, the one of payloads `b`.
QByteArray auditSelect(bool withPayloads);

/// The rows that retention takes: all up to a sequence, so that what stays is still one chain.
struct AuditRetentionRange {
    std::int64_t lastSequence = 0; ///< 0: nothing goes
    RetentionPreview preview;
};
Result<AuditRetentionRange> auditRetentionRange(const SqlDatabase& database, const RetentionLimits& limits);

} // namespace oriel::store
