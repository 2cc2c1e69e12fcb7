// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit_chain.h"
#include "store/audit_log.h"
#include "store/audit_reader_p.h"
#include "store/audit_schema.h"

#include <sqlite3.h>

namespace oriel::store {

namespace {

using State = AuditVerification::State;

/// A position as AuditDatabase stores it: sequence, hash and seal.
struct Position {
    bool isThere = false;
    std::int64_t sequence = 0;
    QByteArray hash;
    bool isSealed = false;
};

Result<Position> readPosition(const SqlDatabase& database, const char* name, const AuditChain& chain)
{
    Result<SqlStatement> statement = database.prepare("SELECT value FROM audit_meta WHERE name=?");
    if (!statement)
        return tl::unexpected(statement.error());
    Position position;
    if (statement->bindText(1, name).step() != SQLITE_ROW)
        return position;
    const QByteArray value = statement->blob(0);
    position.isThere = true;
    position.sequence = value.left(20).toLongLong();
    position.hash = QByteArray::fromHex(value.mid(21, 64));
    const QByteArray seal = QByteArray::fromHex(value.mid(86));
    position.isSealed = chain.hasKey() && seal == chain.positionSeal(name, position.sequence, position.hash);
    return position;
}

Result<std::vector<std::pair<std::int64_t, QByteArray>>> readEpochs(const SqlDatabase& database)
{
    Result<SqlStatement> statement = database.prepare("SELECT first, key_id FROM audit_epoch ORDER BY first");
    if (!statement)
        return tl::unexpected(statement.error());
    std::vector<std::pair<std::int64_t, QByteArray>> epochs;
    while (statement->step() == SQLITE_ROW)
        epochs.emplace_back(statement->integer(0), statement->blob(1));
    return epochs;
}

AuditVerification tampered(std::uint64_t checked, std::int64_t sequence, QString message)
{
    return {State::Tampered, checked, sequence, std::move(message)};
}

} // namespace

AuditVerification AuditReader::verify(const QByteArray& chainKey, const std::function<bool(std::uint64_t)>& progress) const
{
    AuditVerification result;
    const auto cannot = [&result](const QString& message) {
        result.state = State::CannotCheck;
        result.message = message;
        return result;
    };
    if (chainKey.isEmpty())
        return cannot(QStringLiteral("There is no key of the audit chain."));
    const AuditChain chain(chainKey);
    SqlDatabase& database = d->database;
    if (const Status begun = database.run("BEGIN"); !begun) // one snapshot: rows may come in meanwhile
        return cannot(begun.error().toString());
    struct End {
        SqlDatabase& database;
        ~End() { (void)database.run("ROLLBACK"); }
    } const end{database};

    const auto epochs = readEpochs(database);
    const Result<Position> anchor = readPosition(database, "anchor", chain);
    const Result<Position> head = readPosition(database, "head", chain);
    Result<SqlStatement> rows = database.prepare(auditSelect(true) + "ORDER BY a.seq");
    if (!epochs || !anchor || !head || !rows)
        return cannot(QStringLiteral("The audit log cannot be read."));
    const QByteArray keyId = chain.keyId();
    const auto keyIdOf = [&](std::int64_t sequence) {
        QByteArray id;
        for (const auto& [first, key] : *epochs)
            if (first <= sequence)
                id = key;
        return id;
    };
    if (anchor->isThere && !anchor->isSealed && keyIdOf(anchor->sequence) == keyId)
        return tampered(0, anchor->sequence, QStringLiteral("The record of what retention deleted was changed."));

    QByteArray previous = anchor->hash;
    std::int64_t sequence = anchor->sequence;
    std::uint64_t skipped = 0;
    int code = 0;
    while ((code = rows->step()) == SQLITE_ROW) {
        const AuditRow row = readAuditRow(*rows, true);
        const QByteArray hash = rows->blob(21);
        if (row.sequence != sequence + 1)
            return tampered(result.checkedRows, sequence + 1, QStringLiteral("Row %1 is missing.").arg(sequence + 1));
        sequence = row.sequence;
        if (keyIdOf(sequence) == keyId) {
            if (hash != chain.rowHash(previous, row))
                return tampered(result.checkedRows, sequence,
                                QStringLiteral("Row %1 or the one before it was changed.").arg(sequence));
            ++result.checkedRows;
        } else {
            ++skipped;
        }
        previous = hash;
        if (progress && (result.checkedRows + skipped) % 1000 == 0 && !progress(result.checkedRows + skipped))
            return cannot(QStringLiteral("The check was stopped after %1 rows.").arg(result.checkedRows));
    }
    if (code != SQLITE_DONE)
        return cannot(QStringLiteral("The audit log cannot be read to its end."));
    if (head->isThere && keyIdOf(head->sequence) == keyId) {
        if (!head->isSealed)
            return tampered(result.checkedRows, sequence, QStringLiteral("The record of the last row was changed."));
        if (head->sequence > sequence)
            return tampered(result.checkedRows, sequence + 1,
                            QStringLiteral("Rows %1 to %2 at the end are missing.").arg(sequence + 1).arg(head->sequence));
    } else if (!head->isThere && result.checkedRows > 0) {
        return tampered(result.checkedRows, sequence, QStringLiteral("The record of the last row is missing."));
    }
    if (skipped > 0)
        return cannot(QStringLiteral("%1 rows are intact; %2 were written with another key or with none.")
                          .arg(result.checkedRows)
                          .arg(skipped));
    result.state = State::Intact;
    result.message = QStringLiteral("All %1 rows are intact.").arg(result.checkedRows);
    return result;
}

} // namespace oriel::store
