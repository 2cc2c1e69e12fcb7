// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"
#include "store/filter.h"

#include <QString>
#include <QStringList>

namespace oriel::ui {

/// The shared filter (store::Filter's language) as the audit log understands it: one word or quoted words, `server=`, `tool=`,
/// `client=`, `status=`, `duration>`, `trace=<32 digits>`, `request.id=`, `attr.user.id=`, `attr.project.id=`, joined by AND.
/// What it cannot ask for is told, not guessed. A value.
class AuditFilter {
public:
    [[nodiscard]] static AuditFilter parse(const QString& text);

    /// Puts the filter into `query`; fields that have a value already keep only what both allow.
    void applyTo(store::AuditQuery& query) const;

    [[nodiscard]] bool isEmpty() const { return m_isEmpty; }
    [[nodiscard]] bool namesTrace() const { return m_query.traceId.has_value() || !m_query.requestId.isEmpty(); }
    /// Terms that are left out.
    [[nodiscard]] const QStringList& ignored() const { return m_ignored; }
    /// Why the text cannot be read at all; nothing of it is applied then.
    [[nodiscard]] const QString& error() const { return m_error; }

private:
    void take(const store::FilterNode& node);
    [[nodiscard]] bool takeCondition(const store::FilterCondition& condition);
    [[nodiscard]] bool takeStatus(const store::FilterCondition& condition);
    void ignore(const store::FilterCondition& condition);

    store::AuditQuery m_query;
    QStringList m_ignored;
    QString m_error;
    bool m_isEmpty = true;
};

/// The outcomes a word of `status=` means; nothing for a word that is none.
[[nodiscard]] std::vector<telemetry::Outcome> outcomesOfStatus(QByteArrayView word);

} // namespace oriel::ui
