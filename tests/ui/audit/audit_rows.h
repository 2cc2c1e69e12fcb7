// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"

namespace oriel::test {

inline store::AuditRow auditRow(std::int64_t sequence, QByteArray tool = "create_issue",
                                telemetry::Outcome outcome = telemetry::Outcome::Ok)
{
    store::AuditRow row;
    row.sequence = sequence;
    row.id = "row" + QByteArray::number(static_cast<qlonglong>(sequence));
    row.timeUnixNs = 1'700'000'000'000'000'000 + sequence * 1'000'000'000;
    row.client = "claude-code";
    row.server = "github";
    row.tool = std::move(tool);
    row.method = "tools/call";
    row.latencyNs = 4'200'000;
    row.outcome = outcome;
    return row;
}

} // namespace oriel::test
