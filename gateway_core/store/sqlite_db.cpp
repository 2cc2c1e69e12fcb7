// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite_db.h"

#include <QFile>

#include <sqlite3.h>
#include <utility>

namespace oriel::store {

SqlStatement::~SqlStatement()
{
    sqlite3_finalize(m_statement);
}

SqlStatement::SqlStatement(SqlStatement&& other) noexcept : m_statement(std::exchange(other.m_statement, nullptr)) {}

SqlStatement& SqlStatement::operator=(SqlStatement&& other) noexcept
{
    std::swap(m_statement, other.m_statement);
    return *this;
}

SqlStatement& SqlStatement::bind(int parameter, std::int64_t value)
{
    sqlite3_bind_int64(m_statement, parameter, value);
    return *this;
}

SqlStatement& SqlStatement::bindText(int parameter, QByteArrayView text, bool emptyIsNull)
{
    if (text.isEmpty() && emptyIsNull)
        return bindNull(parameter);
    sqlite3_bind_text64(m_statement, parameter, text.isEmpty() ? "" : text.data(), static_cast<sqlite3_uint64>(text.size()),
                        SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}

SqlStatement& SqlStatement::bindBlob(int parameter, QByteArrayView bytes)
{
    sqlite3_bind_blob64(m_statement, parameter, bytes.isEmpty() ? "" : bytes.data(), static_cast<sqlite3_uint64>(bytes.size()),
                        SQLITE_STATIC);
    return *this;
}

SqlStatement& SqlStatement::bindNull(int parameter)
{
    sqlite3_bind_null(m_statement, parameter);
    return *this;
}

int SqlStatement::step()
{
    return sqlite3_step(m_statement);
}

void SqlStatement::reset()
{
    sqlite3_reset(m_statement);
}

std::int64_t SqlStatement::integer(int column) const
{
    return sqlite3_column_int64(m_statement, column);
}

QByteArray SqlStatement::text(int column) const
{
    const auto* data = sqlite3_column_text(m_statement, column);
    return data == nullptr ? QByteArray()
                           : QByteArray(reinterpret_cast<const char*>(data), sqlite3_column_bytes(m_statement, column));
}

QByteArray SqlStatement::blob(int column) const
{
    const void* data = sqlite3_column_blob(m_statement, column);
    return data == nullptr ? QByteArray() : QByteArray(static_cast<const char*>(data), sqlite3_column_bytes(m_statement, column));
}

bool SqlStatement::isNull(int column) const
{
    return sqlite3_column_type(m_statement, column) == SQLITE_NULL;
}

std::int64_t SqlStatement::takeSteps()
{
    return sqlite3_stmt_status(m_statement, SQLITE_STMTSTATUS_VM_STEP, 1);
}

SqlDatabase::SqlDatabase(SqlDatabase&& other) noexcept : m_db(std::exchange(other.m_db, nullptr)), m_file(std::move(other.m_file))
{}

SqlDatabase& SqlDatabase::operator=(SqlDatabase&& other) noexcept
{
    std::swap(m_db, other.m_db);
    std::swap(m_file, other.m_file);
    return *this;
}

Status SqlDatabase::open(const QString& file, bool readOnly)
{
    close();
    m_file = file;
    const int flags = (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file.toUtf8().constData(), &m_db, flags, nullptr) != SQLITE_OK) {
        Error failure = error(QStringLiteral("The database cannot be opened"));
        if (readOnly && !QFile::exists(file))
            failure.code = ErrorCode::NotFound;
        close();
        return fail(std::move(failure));
    }
    sqlite3_extended_result_codes(m_db, 1);
    return {};
}

void SqlDatabase::close()
{
    sqlite3_close_v2(m_db);
    m_db = nullptr;
}

Status SqlDatabase::run(const char* sql)
{
    if (sqlite3_exec(m_db, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return fail(error(QStringLiteral("The database refused a command")));
    return {};
}

Result<SqlStatement> SqlDatabase::prepare(QByteArrayView sql) const
{
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(m_db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
        SQLITE_OK)
        return fail(error(QStringLiteral("The database refused a query")));
    return SqlStatement(statement);
}

Result<std::int64_t> SqlDatabase::number(const char* sql, std::int64_t otherwise) const
{
    Result<SqlStatement> statement = prepare(sql);
    if (!statement)
        return tl::unexpected(statement.error());
    const int code = statement->step();
    if (code == SQLITE_ROW)
        return statement->isNull(0) ? otherwise : statement->integer(0);
    if (code == SQLITE_DONE)
        return otherwise;
    return fail(error(QStringLiteral("The database did not answer")));
}

int SqlDatabase::changes() const
{
    return sqlite3_changes(m_db);
}

std::int64_t SqlDatabase::pageBytes() const
{
    return number("PRAGMA page_count").value_or(0) * number("PRAGMA page_size").value_or(0);
}

Error SqlDatabase::error(const QString& what) const
{
    const int code = m_db != nullptr ? sqlite3_errcode(m_db) & 0xFF : SQLITE_NOMEM;
    const QString detail = m_db != nullptr ? QString::fromUtf8(sqlite3_errmsg(m_db)) : QStringLiteral("out of memory");
    Error out{ErrorCode::Io, what + QStringLiteral(": ") + detail, m_file, {}};
    switch (code) {
    case SQLITE_FULL:
        out.code = ErrorCode::ResourceExhausted;
        out.remedy = QStringLiteral("Free space on the disk that holds the data directory.");
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        out.code = ErrorCode::Unavailable;
        out.remedy = QStringLiteral("Close the other program that has the database open.");
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        out.code = ErrorCode::DataLoss;
        break;
    case SQLITE_INTERRUPT:
        out.code = ErrorCode::Cancelled;
        break;
    case SQLITE_CANTOPEN:
        out.remedy = QStringLiteral("Check that the file is there and its permissions.");
        break;
    case SQLITE_PERM:
    case SQLITE_READONLY:
        out.code = ErrorCode::PermissionDenied;
        break;
    default:
        break;
    }
    return out;
}

} // namespace oriel::store
