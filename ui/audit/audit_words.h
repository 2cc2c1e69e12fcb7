// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"
#include "ui/widgets/key_value_table.h"

#include <QString>

namespace oriel::ui {

/// "ok", "tool error", "timed out", "blocked" …
[[nodiscard]] QString outcomeWord(telemetry::Outcome outcome);
/// What was called, as the list tells it: the tool; the method where there is none; for rows that are no calls what was done.
[[nodiscard]] QString auditSubject(const store::AuditRow& row);
/// The error in one line: its words, else its type, else the outcome; empty when all went well.
[[nodiscard]] QString auditError(const store::AuditRow& row);
/// "10:41:58.112" today, "Nov 19 10:41:58" on another day of this year, "2025-11-19 10:41" before.
[[nodiscard]] QString auditTime(std::int64_t unixNs, std::int64_t nowUnixNs);
/// The fields of the Summary tab; empty ones are left out. Lines that the filter language knows can be filtered by.
[[nodiscard]] QList<KeyValue> auditSummary(const store::AuditRow& row);
/// What a payload's tab says beneath it: "The first 64 KiB of 1.20 MiB are kept."; empty when it is whole.
[[nodiscard]] QString cutNote(const QByteArray& kept, std::int64_t wholeBytes);

} // namespace oriel::ui
