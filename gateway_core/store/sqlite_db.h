// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>
#include <memory>

struct sqlite3;
struct sqlite3_stmt;

namespace oriel::store {

/// A prepared statement. Columns and parameters count as SQLite counts them: columns from 0, parameters from 1. Used by one
/// thread.
class SqlStatement {
public:
    SqlStatement() = default;
    explicit SqlStatement(sqlite3_stmt* statement) : m_statement(statement) {}
    ~SqlStatement();
    SqlStatement(SqlStatement&& other) noexcept;
    SqlStatement& operator=(SqlStatement&& other) noexcept;

    [[nodiscard]] bool isValid() const { return m_statement != nullptr; }
    SqlStatement& bind(int parameter, std::int64_t value);
    /// Bytes must outlive the step. Bound as text; null for an empty one when `emptyIsNull`.
    SqlStatement& bindText(int parameter, QByteArrayView text, bool emptyIsNull = false);
    SqlStatement& bindBlob(int parameter, QByteArrayView bytes);
    SqlStatement& bindNull(int parameter);

    /// SQLite's result code: SQLITE_ROW, SQLITE_DONE or an error.
    int step();
    /// Ready for the next execution; parameters stay bound.
    void reset();
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] QByteArray text(int column) const;
    [[nodiscard]] QByteArray blob(int column) const;
    [[nodiscard]] bool isNull(int column) const;
    /// Instructions executed since the last call: a measure of work that does not depend on the machine.
    std::int64_t takeSteps();

private:
    sqlite3_stmt* m_statement = nullptr;
};

/// One connection. Used by one thread at a time.
class SqlDatabase {
public:
    SqlDatabase() = default;
    ~SqlDatabase() { close(); }
    SqlDatabase(SqlDatabase&& other) noexcept;
    SqlDatabase& operator=(SqlDatabase&& other) noexcept;

    Status open(const QString& file, bool readOnly);
    void close();
    [[nodiscard]] bool isOpen() const { return m_db != nullptr; }
    [[nodiscard]] sqlite3* handle() const { return m_db; }
    Status run(const char* sql);
    Result<SqlStatement> prepare(QByteArrayView sql) const;
    /// The first column of the first row; `otherwise` when there is none.
    Result<std::int64_t> number(const char* sql, std::int64_t otherwise = 0) const;
    [[nodiscard]] int changes() const;
    [[nodiscard]] std::int64_t pageBytes() const; ///< pages × page size

    /// The error of the last call as ours: disk full is ResourceExhausted, locked is Unavailable, corrupt is DataLoss,
    /// interrupted is Cancelled.
    [[nodiscard]] Error error(const QString& what) const;

private:
    sqlite3* m_db = nullptr;
    QString m_file;
};

} // namespace oriel::store
