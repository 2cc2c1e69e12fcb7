// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit_database.h"

#include "store/audit_schema.h"

#include <QFile>

#include <sqlite3.h>

#ifndef Q_OS_WIN
#include <fcntl.h>
#include <unistd.h>
#endif

namespace oriel::store {

namespace {

constexpr qsizetype kMaxCachedTexts = 20'000;

/// The database and its companions must never be readable by others, not even for a moment.
void makePrivate(const QString& file)
{
#ifndef Q_OS_WIN
    const int descriptor = ::open(QFile::encodeName(file).constData(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0)
        ::close(descriptor);
#endif
    QFile::setPermissions(file, QFileDevice::ReadOwner | QFileDevice::WriteOwner);
}

} // namespace

Status AuditDatabase::open(const QString& file, const QByteArray& key, int busyTimeoutMs)
{
    close();
    m_chain = std::make_unique<AuditChain>(key);
    makePrivate(file);
    if (const Status opened = m_database.open(file, false); !opened)
        return opened;
    sqlite3_busy_timeout(m_database.handle(), busyTimeoutMs);
    Status status = createAuditSchema(m_database);
    if (status)
        status = prepareStatements();
    if (status)
        status = loadChain();
    if (!status)
        close();
    return status;
}

void AuditDatabase::close()
{
    for (SqlStatement* statement : {&m_findText, &m_addText, &m_insert, &m_insertBody, &m_setMeta})
        *statement = {};
    m_texts.clear();
    m_database.close();
}

Status AuditDatabase::prepareStatements()
{
    const auto prepare = [this](SqlStatement& into, QByteArrayView sql) -> Status {
        Result<SqlStatement> made = m_database.prepare(sql);
        if (!made)
            return tl::unexpected(made.error());
        into = std::move(*made);
        return {};
    };
    Status status = prepare(m_findText, "SELECT id FROM audit_text WHERE text=?");
    if (status)
        status = prepare(m_addText, "INSERT INTO audit_text(text) VALUES(?)");
    if (status)
        status = prepare(m_insert, "INSERT OR IGNORE INTO audit VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    if (status)
        status = prepare(m_insertBody, "INSERT INTO audit_body VALUES(?,?,?,?)");
    if (status)
        status = prepare(m_setMeta, "INSERT OR REPLACE INTO audit_meta VALUES(?,?)");
    return status;
}

Status AuditDatabase::loadChain()
{
    m_lastSequence = 0;
    m_lastHash.clear();
    Result<SqlStatement> last = m_database.prepare("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
    if (!last)
        return tl::unexpected(last.error());
    const int code = last->step();
    if (code == SQLITE_ROW) {
        m_lastSequence = last->integer(0);
        m_lastHash = last->blob(1);
    } else if (code != SQLITE_DONE) {
        return fail(failure(QStringLiteral("The audit log cannot be read")));
    } else {
        // Everything was deleted by retention: numbers go on, they are never given twice.
        Result<SqlStatement> anchor = m_database.prepare("SELECT value FROM audit_meta WHERE name='anchor'");
        if (!anchor)
            return tl::unexpected(anchor.error());
        if (anchor->step() == SQLITE_ROW) {
            const QByteArray value = anchor->blob(0);
            m_lastSequence = value.left(20).toLongLong();
            m_lastHash = QByteArray::fromHex(value.mid(21, 64));
        }
    }
    return beginEpoch();
}

Status AuditDatabase::beginEpoch()
{
    const QByteArray keyId = m_chain->keyId();
    {
        Result<SqlStatement> current = m_database.prepare("SELECT key_id FROM audit_epoch ORDER BY first DESC LIMIT 1");
        if (!current)
            return tl::unexpected(current.error());
        if (current->step() == SQLITE_ROW && current->blob(0) == keyId)
            return {};
    }
    Result<SqlStatement> add = m_database.prepare("INSERT OR REPLACE INTO audit_epoch VALUES(?,?)");
    if (!add)
        return tl::unexpected(add.error());
    if (add->bind(1, m_lastSequence + 1).bindBlob(2, keyId).step() != SQLITE_DONE)
        return fail(failure(QStringLiteral("The audit log cannot be written")));
    return {};
}

Result<std::int64_t> AuditDatabase::textId(const QByteArray& text)
{
    if (const auto known = m_texts.constFind(text); known != m_texts.constEnd())
        return *known;
    m_findText.reset();
    int code = m_findText.bindText(1, text).step();
    std::int64_t id = code == SQLITE_ROW ? m_findText.integer(0) : 0;
    m_findText.reset();
    if (code == SQLITE_DONE) {
        code = m_addText.bindText(1, text).step();
        id = sqlite3_last_insert_rowid(m_database.handle());
        m_addText.reset();
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail(failure(QStringLiteral("The audit log cannot be written")));
    if (m_texts.size() >= kMaxCachedTexts)
        m_texts.clear();
    m_texts.insert(text, id);
    return id;
}

Result<bool> AuditDatabase::insert(AuditRow& row)
{
    row.sequence = m_lastSequence + 1;
    const QByteArray hash = m_chain->hasKey() ? m_chain->rowHash(m_lastHash, row) : QByteArray();
    m_insert.bind(1, row.sequence).bindText(2, row.id).bind(3, static_cast<int>(row.kind)).bind(4, row.timeUnixNs);
    int parameter = 5;
    for (const QByteArray* text : {&row.client, &row.user, &row.project, &row.server, &row.tool, &row.method}) {
        const Result<std::int64_t> id = textId(*text);
        if (!id)
            return tl::unexpected(id.error());
        m_insert.bind(parameter++, *id);
    }
    const Result<std::int64_t> errorType = textId(row.errorType);
    if (!errorType)
        return tl::unexpected(errorType.error());
    m_insert.bind(11, static_cast<int>(row.outcome))
        .bind(12, row.latencyNs)
        .bind(13, (row.replay ? 1 : 0) | (row.synthetic ? 2 : 0));
    m_insert.bind(14, *errorType).bindText(15, row.errorMessage, true);
    m_insert.bind(16, static_cast<std::int64_t>(row.traceId.high)).bind(17, static_cast<std::int64_t>(row.traceId.low));
    m_insert.bind(18, static_cast<std::int64_t>(row.spanId.value)).bindText(19, row.requestId, true);
    m_insert.bind(20, row.argumentsBytes).bind(21, row.responseBytes);
    if (hash.isEmpty())
        m_insert.bindNull(22);
    else
        m_insert.bindBlob(22, hash);
    const int code = m_insert.step();
    m_insert.reset();
    if (code != SQLITE_DONE)
        return fail(failure(QStringLiteral("The audit log cannot be written")));
    if (m_database.changes() == 0)
        return false;
    if (!row.arguments.isEmpty() || !row.response.isEmpty() || !row.guardrails.isEmpty()) {
        m_insertBody.bind(1, row.sequence).bindText(2, row.arguments, true).bindText(3, row.response, true);
        const int bodyCode = m_insertBody.bindText(4, row.guardrails, true).step();
        m_insertBody.reset();
        if (bodyCode != SQLITE_DONE)
            return fail(failure(QStringLiteral("The audit log cannot be written")));
    }
    m_lastSequence = row.sequence;
    m_lastHash = hash;
    return true;
}

Status AuditDatabase::storePosition(const char* name, const char* purpose, std::int64_t sequence, const QByteArray& hash)
{
    const QByteArray value = QByteArray::number(static_cast<qlonglong>(sequence)).rightJustified(20, '0') + ':' +
                             hash.toHex().leftJustified(64, '0') + ':' + m_chain->positionSeal(purpose, sequence, hash).toHex();
    const int code = m_setMeta.bindText(1, name).bindBlob(2, value).step();
    m_setMeta.reset();
    if (code != SQLITE_DONE)
        return fail(failure(QStringLiteral("The audit log cannot be written")));
    return {};
}

Result<AuditDatabase::Commit> AuditDatabase::write(std::span<AuditRow* const> rows)
{
    const std::int64_t sequenceBefore = m_lastSequence;
    const QByteArray hashBefore = m_lastHash;
    const auto undo = [&](Error error) -> Result<Commit> {
        if (sqlite3_get_autocommit(m_database.handle()) == 0)
            (void)m_database.run("ROLLBACK");
        m_lastSequence = sequenceBefore;
        m_lastHash = hashBefore;
        m_texts.clear(); // numbers given in the transaction are void
        return fail(std::move(error));
    };
    Commit commit;
    if (const Status begun = m_database.run("BEGIN IMMEDIATE"); !begun)
        return undo(begun.error());
    for (AuditRow* row : rows) {
        const Result<bool> inserted = insert(*row);
        if (!inserted)
            return undo(inserted.error());
        ++(*inserted ? commit.rows : commit.duplicates);
    }
    if (commit.rows > 0) {
        if (const Status head = storePosition("head", "head", m_lastSequence, m_lastHash); !head)
            return undo(head.error());
    }
    if (const Status committed = m_database.run("COMMIT"); !committed)
        return undo(committed.error());
    commit.lastSequence = m_lastSequence;
    return commit;
}

Result<std::uint64_t> AuditDatabase::deleteOldest(std::int64_t lastSequence, int limit)
{
    Result<SqlStatement> bound = m_database.prepare("SELECT seq, hash FROM audit WHERE seq<=? ORDER BY seq LIMIT 1 OFFSET ?");
    Result<SqlStatement> end = m_database.prepare("SELECT seq, hash FROM audit WHERE seq<=? ORDER BY seq DESC LIMIT 1");
    Result<SqlStatement> rows = m_database.prepare("DELETE FROM audit WHERE seq<=?");
    Result<SqlStatement> bodies = m_database.prepare("DELETE FROM audit_body WHERE seq<=?");
    for (const Result<SqlStatement>* statement : {&bound, &end, &rows, &bodies})
        if (!*statement)
            return tl::unexpected(statement->error());
    const auto undo = [&](Error error) -> Result<std::uint64_t> {
        for (Result<SqlStatement>* statement : {&bound, &end, &rows, &bodies})
            (*statement)->reset();
        if (sqlite3_get_autocommit(m_database.handle()) == 0)
            (void)m_database.run("ROLLBACK");
        return fail(std::move(error));
    };
    if (const Status begun = m_database.run("BEGIN IMMEDIATE"); !begun)
        return undo(begun.error());
    SqlStatement* position = &*bound;
    if (bound->bind(1, lastSequence).bind(2, limit - 1).step() != SQLITE_ROW) {
        position = &*end;
        if (end->bind(1, lastSequence).step() != SQLITE_ROW) {
            (void)m_database.run("ROLLBACK");
            return 0;
        }
    }
    const std::int64_t upTo = position->integer(0);
    const QByteArray hash = position->blob(1);
    bound->reset();
    end->reset();
    if (rows->bind(1, upTo).step() != SQLITE_DONE)
        return undo(failure(QStringLiteral("Audit rows cannot be deleted")));
    const auto gone = static_cast<std::uint64_t>(m_database.changes());
    if (bodies->bind(1, upTo).step() != SQLITE_DONE)
        return undo(failure(QStringLiteral("Audit rows cannot be deleted")));
    if (const Status anchored = storePosition("anchor", "anchor", upTo, hash); !anchored)
        return undo(anchored.error());
    rows->reset();
    bodies->reset();
    if (const Status committed = m_database.run("COMMIT"); !committed)
        return undo(committed.error());
    return gone;
}

Status AuditDatabase::checkpoint()
{
    if (const Status vacuumed = m_database.run("PRAGMA incremental_vacuum"); !vacuumed)
        return vacuumed;
    return m_database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

} // namespace oriel::store
