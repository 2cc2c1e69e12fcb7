// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit_reader_p.h"
#include "store/audit_schema.h"

#include <algorithm>
#include <sqlite3.h>

namespace oriel::store {

namespace {

/// Work of one page, in SQLite's instructions: the bound of a search that finds little.
constexpr std::int64_t kPageSteps = 1'500'000;
constexpr std::int64_t kTextPageSteps = 400'000; ///< each compares a payload
constexpr std::int64_t kFirstWindow = 20'000;
constexpr std::int64_t kLargestWindow = 320'000;
constexpr int kNeighbours = 20'000;
constexpr int kMostOfOneId = 10'000;

QByteArray likePattern(QByteArrayView text)
{
    QByteArray out = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '%';
}

QByteArray numberList(const std::vector<std::int64_t>& numbers)
{
    QByteArray out;
    for (const std::int64_t number : numbers)
        out += (out.isEmpty() ? "" : ",") + QByteArray::number(static_cast<qlonglong>(number));
    return out;
}

/// Interrupts a connection while a stop is asked for. A flag, not sqlite3_interrupt: that would also stop a later query.
class StopHandler {
public:
    StopHandler(sqlite3* database, const std::stop_token& stop) : m_database(database), m_stop(stop)
    {
        if (stop.stop_possible())
            sqlite3_progress_handler(database, 4000, &StopHandler::check, this);
    }
    ~StopHandler() { sqlite3_progress_handler(m_database, 0, nullptr, nullptr); }
    StopHandler(const StopHandler&) = delete;
    StopHandler& operator=(const StopHandler&) = delete;

private:
    static int check(void* self) { return static_cast<StopHandler*>(self)->m_stop.stop_requested() ? 1 : 0; }
    sqlite3* m_database;
    const std::stop_token& m_stop;
};

} // namespace

Status AuditReader::Private::addTexts(AuditWhere& where, const char* column, const std::vector<QByteArray>& texts) const
{
    if (texts.empty())
        return {};
    const Result<std::vector<std::int64_t>> ids = textIds(texts);
    if (!ids)
        return tl::unexpected(ids.error());
    where.isEmpty = where.isEmpty || ids->empty();
    if (!ids->empty())
        where.add(QByteArray("a.") + column + " IN (" + numberList(*ids) + ")");
    return {};
}

Status AuditReader::Private::addSearch(AuditWhere& where, const QByteArray& text) const
{
    if (text.isEmpty())
        return {};
    const QByteArray pattern = likePattern(text);
    Result<SqlStatement> names = database.prepare("SELECT id FROM audit_text WHERE text LIKE ? ESCAPE '\\' LIMIT 1000");
    if (!names)
        return tl::unexpected(names.error());
    std::vector<std::int64_t> ids;
    names->bindText(1, pattern);
    while (names->step() == SQLITE_ROW)
        ids.push_back(names->integer(0));
    const QByteArray list = numberList(ids);
    where.add("(a.tool IN (" + list + ") OR a.server IN (" + list + ") OR a.error_type IN (" + list +
              ") OR a.error LIKE ? ESCAPE '\\' OR EXISTS(SELECT 1 FROM audit_body s WHERE s.seq=a.seq AND s.arguments LIKE ? "
              "ESCAPE '\\'))");
    where.values.emplace_back(pattern);
    where.values.emplace_back(pattern);
    where.readsBodies = true;
    return {};
}

/// Times grow with sequences, but not strictly: the neighbours in time of a bound tell how far rows are out of order.
Status AuditReader::Private::addTimes(AuditWhere& where, const AuditQuery& query) const
{
    const auto bound = [&](QByteArrayView sql, std::int64_t time, std::int64_t& sequence) -> Status {
        Result<SqlStatement> statement = database.prepare(sql);
        if (!statement)
            return tl::unexpected(statement.error());
        if (statement->bind(1, time).bind(2, kNeighbours).step() != SQLITE_ROW)
            return fail(database.error(QStringLiteral("The audit log cannot be read")));
        if (statement->isNull(0))
            where.isEmpty = true;
        else
            sequence = statement->integer(0);
        return {};
    };
    if (query.fromUnixNs != kBeginningOfTime) {
        where.add("a.time>=?", query.fromUnixNs);
        const Status status = bound("SELECT min(seq) FROM (SELECT seq FROM audit WHERE time>=? ORDER BY time LIMIT ?)",
                                    query.fromUnixNs, where.first);
        if (!status)
            return status;
    }
    if (query.toUnixNs != kEndOfTime) {
        where.add("a.time<?", query.toUnixNs);
        return bound("SELECT max(seq) FROM (SELECT seq FROM audit WHERE time<? ORDER BY time DESC LIMIT ?)", query.toUnixNs,
                     where.last);
    }
    return {};
}

Result<std::vector<std::int64_t>>
AuditReader::Private::lookUp(QByteArrayView column, const std::variant<std::int64_t, QByteArray>& value, int limit) const
{
    std::vector<std::int64_t> out;
    const Result<std::int64_t> first = database.number("SELECT min(seq) FROM audit");
    const Result<std::int64_t> last = database.number("SELECT max(seq) FROM audit");
    Result<SqlStatement> find = database.prepare("SELECT seq FROM audit WHERE (seq >> 13)=? AND " + column.toByteArray() +
                                                 "=? AND " + column.toByteArray() + " IS NOT NULL ORDER BY seq DESC");
    if (!first || !last || !find)
        return tl::unexpected(!find ? find.error() : !first ? first.error() : last.error());
    for (std::int64_t block = *last >> 13; block >= *first >> 13 && static_cast<int>(out.size()) < limit; --block) {
        find->bind(1, block);
        if (const auto* number = std::get_if<std::int64_t>(&value))
            find->bind(2, *number);
        else
            find->bindText(2, std::get<QByteArray>(value));
        int code = 0;
        while ((code = find->step()) == SQLITE_ROW)
            out.push_back(find->integer(0));
        if (code != SQLITE_DONE)
            return fail(database.error(QStringLiteral("The audit log cannot be read")));
        find->reset();
    }
    return out;
}

Result<AuditWhere> AuditReader::Private::whereOf(const AuditQuery& query) const
{
    AuditWhere where;
    std::vector<QByteArray> user;
    std::vector<QByteArray> project;
    if (!query.user.isEmpty())
        user.push_back(query.user);
    if (!query.project.isEmpty())
        project.push_back(query.project);
    for (const auto& [column, texts] :
         {std::pair("server", &query.servers), std::pair("tool", &query.tools), std::pair("client", &query.clients),
          std::pair("user", static_cast<const std::vector<QByteArray>*>(&user)),
          std::pair("project", static_cast<const std::vector<QByteArray>*>(&project))})
        if (const Status status = addTexts(where, column, *texts); !status)
            return tl::unexpected(status.error());
    if (!query.outcomes.empty()) {
        std::vector<std::int64_t> outcomes;
        for (const telemetry::Outcome outcome : query.outcomes)
            outcomes.push_back(static_cast<std::int64_t>(outcome));
        where.add("a.outcome IN (" + numberList(outcomes) + ")");
    }
    if (query.failed)
        where.add(*query.failed ? "a.outcome<>0" : "a.outcome=0");
    if (!query.kinds.empty()) {
        std::vector<std::int64_t> kinds;
        for (const AuditKind kind : query.kinds)
            kinds.push_back(static_cast<std::int64_t>(kind));
        where.add("a.kind IN (" + numberList(kinds) + ")");
    }
    const auto among = [&](const Result<std::vector<std::int64_t>>& sequences) -> Status {
        if (!sequences)
            return tl::unexpected(sequences.error());
        where.isEmpty = where.isEmpty || sequences->empty();
        where.add("a.seq IN (" + numberList(*sequences) + ")");
        return {};
    };
    if (query.traceId) {
        where.add("a.trace_high=?", static_cast<std::int64_t>(query.traceId->high));
        if (const Status status = among(lookUp("trace_low", static_cast<std::int64_t>(query.traceId->low), kMostOfOneId));
            !status)
            return tl::unexpected(status.error());
    }
    if (!query.requestId.isEmpty())
        if (const Status status = among(lookUp("request", query.requestId, kMostOfOneId)); !status)
            return tl::unexpected(status.error());
    if (query.minLatencyNs > 0)
        where.add("a.latency>=?", query.minLatencyNs);
    if (const Status status = addSearch(where, query.text); !status)
        return tl::unexpected(status.error());
    if (const Status status = addTimes(where, query); !status)
        return tl::unexpected(status.error());
    return where;
}

AuditReader::AuditReader() : d(std::make_unique<Private>()) {}
AuditReader::~AuditReader() = default;
AuditReader::AuditReader(AuditReader&&) noexcept = default;
AuditReader& AuditReader::operator=(AuditReader&&) noexcept = default;

Result<AuditReader> AuditReader::open(const QString& file)
{
    AuditReader reader;
    if (const Status opened = reader.d->database.open(file, true); !opened)
        return tl::unexpected(opened.error());
    sqlite3_busy_timeout(reader.d->database.handle(), 2000);
    if (const Status set = reader.d->database.run("PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192");
        !set)
        return tl::unexpected(set.error());
    const Result<std::int64_t> version = reader.d->database.number("PRAGMA user_version");
    if (!version)
        return tl::unexpected(version.error());
    if (*version != kAuditSchemaVersion)
        return fail(ErrorCode::Unsupported, QStringLiteral("This is no audit log of this version"), file);
    return reader;
}

Result<AuditPage> AuditReader::page(const AuditQuery& query, std::stop_token stop) const
{
    AuditPage page;
    const Result<AuditWhere> where = d->whereOf(query);
    if (!where)
        return tl::unexpected(where.error());
    const Result<std::int64_t> first = d->database.number("SELECT min(seq) FROM audit");
    const Result<std::int64_t> last = d->database.number("SELECT max(seq) FROM audit");
    if (!first || !last)
        return tl::unexpected(!first ? first.error() : last.error());
    if (where->isEmpty || *last == 0)
        return page;
    QByteArray sql = auditSelect(query.withPayloads) + where->sql + (where->sql.isEmpty() ? " WHERE " : " AND ");
    sql +=
        query.newestFirst ? "a.seq BETWEEN ? AND ? ORDER BY a.seq DESC LIMIT ?" : "a.seq BETWEEN ? AND ? ORDER BY a.seq LIMIT ?";
    Result<SqlStatement> statement = d->database.prepare(sql);
    if (!statement)
        return tl::unexpected(statement.error());
    const StopHandler handler(d->database.handle(), stop);
    const int limit = std::clamp(query.limit, 1, 10'000);
    std::int64_t window = kFirstWindow;
    std::int64_t low = std::max(*first, where->first);
    std::int64_t high = std::min(*last, where->last);
    if (query.afterSequence > 0 && query.newestFirst)
        high = std::min(high, query.afterSequence - 1);
    else
        low = std::max(low, query.afterSequence + 1);
    std::int64_t stepsLeft = where->readsBodies ? kTextPageSteps : kPageSteps;
    const int parameter = where->bindTo(*statement);
    while (low <= high) {
        const std::int64_t from = query.newestFirst ? std::max(low, high - window + 1) : low;
        const std::int64_t to = query.newestFirst ? high : std::min(high, low + window - 1);
        // One more than wanted tells whether there is a next page.
        const auto wanted = limit + 1 - static_cast<int>(page.rows.size());
        statement->bind(parameter, from).bind(parameter + 1, to).bind(parameter + 2, wanted);
        int code = 0;
        while ((code = statement->step()) == SQLITE_ROW)
            page.rows.push_back(readAuditRow(*statement, query.withPayloads));
        if (code != SQLITE_DONE) {
            if (stop.stop_requested()) {
                page.cancelled = true;
                return page;
            }
            return fail(d->database.error(QStringLiteral("The audit log cannot be searched")));
        }
        statement->reset();
        if (static_cast<int>(page.rows.size()) > limit) {
            page.rows.pop_back();
            page.next = page.rows.back().sequence;
            return page;
        }
        (query.newestFirst ? high : low) = query.newestFirst ? from - 1 : to + 1;
        stepsLeft -= statement->takeSteps();
        if (stepsLeft <= 0 && low <= high) {
            page.scanBounded = true;
            page.next = query.newestFirst ? from : to;
            return page;
        }
        window = std::min(window * 2, where->readsBodies ? kFirstWindow : kLargestWindow);
    }
    return page;
}

Result<AuditReader::Count> AuditReader::count(const AuditQuery& query, std::uint64_t bound, std::stop_token stop) const
{
    Count count;
    const Result<AuditWhere> where = d->whereOf(query);
    if (!where)
        return tl::unexpected(where.error());
    if (where->isEmpty)
        return count;
    AuditWhere bounded = *where;
    bounded.add("a.seq BETWEEN ? AND ?");
    bounded.values.emplace_back(where->first);
    bounded.values.emplace_back(where->last);
    Result<SqlStatement> statement =
        d->database.prepare("SELECT count(*) FROM (SELECT 1 FROM audit a" + bounded.sql + " LIMIT ?)");
    if (!statement)
        return tl::unexpected(statement.error());
    const StopHandler handler(d->database.handle(), stop);
    const int parameter = bounded.bindTo(*statement);
    if (statement->bind(parameter, static_cast<std::int64_t>(bound) + 1).step() != SQLITE_ROW)
        return fail(d->database.error(QStringLiteral("The audit log cannot be searched")));
    const auto rows = static_cast<std::uint64_t>(statement->integer(0));
    return Count{std::min(rows, bound), rows > bound};
}

Result<std::optional<AuditRow>> AuditReader::row(const QByteArray& id) const
{
    Result<SqlStatement> statement = d->database.prepare(auditSelect(true) + "WHERE a.id=?");
    if (!statement)
        return tl::unexpected(statement.error());
    const int code = statement->bindText(1, id).step();
    if (code == SQLITE_ROW)
        return readAuditRow(*statement, true);
    if (code == SQLITE_DONE)
        return std::nullopt;
    return fail(d->database.error(QStringLiteral("The audit log cannot be read")));
}

Result<std::optional<AuditRow>> AuditReader::rowForTrace(const TraceId& traceId, SpanId spanId) const
{
    const Result<std::vector<std::int64_t>> sequences =
        d->lookUp("trace_low", static_cast<std::int64_t>(traceId.low), kMostOfOneId);
    if (!sequences)
        return tl::unexpected(sequences.error());
    Result<SqlStatement> statement = d->database.prepare(auditSelect(true) + "WHERE a.seq=?");
    if (!statement)
        return tl::unexpected(statement.error());
    for (auto sequence = sequences->rbegin(); sequence != sequences->rend(); ++sequence) {
        if (statement->bind(1, *sequence).step() == SQLITE_ROW) {
            AuditRow row = readAuditRow(*statement, true);
            if (row.traceId == traceId && (!spanId.isValid() || row.spanId == spanId))
                return row;
        }
        statement->reset();
    }
    return std::nullopt;
}

Result<std::int64_t> AuditReader::lastSequence() const
{
    return d->database.number("SELECT max(seq) FROM audit");
}

Result<std::vector<QByteArray>> AuditReader::Private::distinct(const char* column, const QByteArray& server, int limit) const
{
    // A loose index scan: one seek a value, however many rows have it.
    const QByteArray name(column);
    QByteArray sql =
        "WITH RECURSIVE v(x) AS (SELECT min(" + name + ") FROM audit UNION ALL SELECT (SELECT min(" + name +
        ") FROM audit WHERE " + name +
        ">v.x) FROM v WHERE v.x IS NOT NULL LIMIT 5000) SELECT t.text FROM v JOIN audit_text t ON t.id=v.x WHERE t.text<>''";
    if (!server.isEmpty())
        sql +=
            " AND EXISTS(SELECT 1 FROM audit a WHERE a." + name + "=v.x AND a.server=(SELECT id FROM audit_text WHERE text=?2))";
    Result<SqlStatement> statement = database.prepare(sql + " ORDER BY t.text LIMIT ?1");
    if (!statement)
        return tl::unexpected(statement.error());
    statement->bind(1, limit);
    if (!server.isEmpty())
        statement->bindText(2, server);
    std::vector<QByteArray> out;
    int code = 0;
    while ((code = statement->step()) == SQLITE_ROW)
        out.push_back(statement->text(0));
    if (code != SQLITE_DONE)
        return fail(database.error(QStringLiteral("The audit log cannot be read")));
    return out;
}

Result<std::vector<QByteArray>> AuditReader::servers(int limit) const
{
    return d->distinct("server", {}, limit);
}
Result<std::vector<QByteArray>> AuditReader::tools(const QByteArray& server, int limit) const
{
    return d->distinct("tool", server, limit);
}
Result<std::vector<QByteArray>> AuditReader::clients(int limit) const
{
    return d->distinct("client", {}, limit);
}

Result<RetentionPreview> AuditReader::previewRetention(const RetentionLimits& limits) const
{
    const Result<AuditRetentionRange> range = auditRetentionRange(d->database, limits);
    if (!range)
        return tl::unexpected(range.error());
    return range->preview;
}

} // namespace oriel::store
