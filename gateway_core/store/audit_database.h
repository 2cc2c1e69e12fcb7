// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_chain.h"
#include "store/audit_row.h"
#include "store/sqlite_db.h"

#include <QHash>

#include <memory>
#include <span>
#include <vector>

namespace oriel::store {

/// The writing side of audit.db: one connection, one thread (the audit writer's).
class AuditDatabase {
public:
    AuditDatabase() = default;

    /// Opens or makes the file, readable by its owner only. `key` empty: rows get no hash.
    Status open(const QString& file, const QByteArray& key, int busyTimeoutMs);
    void close();
    [[nodiscard]] bool isOpen() const { return m_database.isOpen(); }

    struct Commit {
        std::uint64_t rows = 0;
        std::uint64_t duplicates = 0;
        std::int64_t lastSequence = 0;
    };
    /// Writes the rows in one transaction, durable when it returns; on failure none of them is written. Rows whose id is there
    /// already are left out. Sequences are given to those written.
    Result<Commit> write(std::span<AuditRow* const> rows);
    /// Deletes at most `limit` of the oldest rows up to `lastSequence` and moves the chain's beginning. Returns how many went.
    Result<std::uint64_t> deleteOldest(std::int64_t lastSequence, int limit);
    /// Moves what the write-ahead log holds into the database and gives free pages back.
    Status checkpoint();
    [[nodiscard]] const SqlDatabase& database() const { return m_database; }
    /// Empties the page cache.
    void releaseMemory() { (void)m_database.run("PRAGMA shrink_memory"); }
    [[nodiscard]] std::int64_t lastSequence() const { return m_lastSequence; }

private:
    Status prepareStatements();
    Status loadChain();
    Status beginEpoch();
    Result<std::int64_t> textId(const QByteArray& text);
    Result<bool> insert(AuditRow& row);
    Status storePosition(const char* name, const char* purpose, std::int64_t sequence, const QByteArray& hash);
    Error failure(const QString& what) const { return m_database.error(what); }

    SqlDatabase m_database;
    std::unique_ptr<AuditChain> m_chain;
    QByteArray m_lastHash;
    std::int64_t m_lastSequence = 0;
    QHash<QByteArray, std::int64_t> m_texts;
    SqlStatement m_findText;
    SqlStatement m_addText;
    SqlStatement m_insert;
    SqlStatement m_insertBody;
    SqlStatement m_setMeta;
};

} // namespace oriel::store
