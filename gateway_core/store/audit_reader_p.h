// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_log.h"
#include "store/sqlite_db.h"

#include <sqlite3.h>
#include <variant>

namespace oriel::store {

/// WHERE of a query with the values to bind, in order.
struct AuditWhere {
    QByteArray sql;
    std::vector<std::variant<std::int64_t, QByteArray>> values;
    bool isEmpty = false;   ///< a name that no row has: nothing matches
    std::int64_t first = 0; ///< rows of [first, last] only
    std::int64_t last = kEndOfTime;
    bool readsBodies = false;

    void add(QByteArrayView condition) { sql += (sql.isEmpty() ? " WHERE " : " AND ") + condition.toByteArray(); }
    void add(QByteArrayView condition, std::int64_t value)
    {
        add(condition);
        values.emplace_back(value);
    }
    void add(QByteArrayView condition, const QByteArray& value)
    {
        add(condition);
        values.emplace_back(value);
    }
    int bindTo(SqlStatement& statement) const
    {
        int parameter = 1;
        for (const auto& value : values) {
            if (const auto* number = std::get_if<std::int64_t>(&value))
                statement.bind(parameter++, *number);
            else
                statement.bindText(parameter++, std::get<QByteArray>(value));
        }
        return parameter;
    }
};

struct AuditReader::Private {
    SqlDatabase database;

    Result<std::vector<std::int64_t>> textIds(const std::vector<QByteArray>& texts) const
    {
        std::vector<std::int64_t> ids;
        Result<SqlStatement> find = database.prepare("SELECT id FROM audit_text WHERE text=?");
        if (!find)
            return tl::unexpected(find.error());
        for (const QByteArray& text : texts) {
            if (find->bindText(1, text).step() == SQLITE_ROW)
                ids.push_back(find->integer(0));
            find->reset();
        }
        return ids;
    }
    Result<AuditWhere> whereOf(const AuditQuery& query) const;
    Status addTexts(AuditWhere& where, const char* column, const std::vector<QByteArray>& texts) const;
    Status addSearch(AuditWhere& where, const QByteArray& text) const;
    /// Sequences, newest first, of rows whose random id (a column of a block index) has the value; at most `limit`.
    Result<std::vector<std::int64_t>> lookUp(QByteArrayView column, const std::variant<std::int64_t, QByteArray>& value,
                                             int limit) const;
    Status addTimes(AuditWhere& where, const AuditQuery& query) const;
    Result<std::vector<QByteArray>> distinct(const char* column, const QByteArray& server, int limit) const;
};

} // namespace oriel::store
