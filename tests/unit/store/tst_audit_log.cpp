// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "records.h"
#include "store/audit_log.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <future>
#include <semaphore>
#include <sqlite3.h>

using namespace oriel;
using namespace oriel::store;
using namespace oriel::telemetry;
using namespace oriel::test;

namespace {

AuditRow makeRow(SeededRandom& random, int n)
{
    AuditRow row;
    row.id = makeUlid(kStart + n * kMs, random);
    row.timeUnixNs = kStart + n * kMs;
    row.client = n % 2 == 0 ? "alpha" : "beta";
    row.user = "someone";
    row.project = "default";
    row.server = "server" + QByteArray::number(n % 5);
    row.tool = "tool" + QByteArray::number(n % 7);
    row.method = "tools/call";
    row.arguments = "{\"path\":\"/file " + QByteArray::number(n) + "\"}";
    row.response = R"({"content":[]})";
    row.argumentsBytes = row.arguments.size();
    row.responseBytes = 100'000;
    row.latencyNs = n * kMs;
    row.outcome = n % 10 == 0 ? Outcome::Timeout : Outcome::Ok;
    if (row.outcome != Outcome::Ok) {
        row.errorType = "timeout";
        row.errorMessage = "took too long: " + QByteArray::number(n);
    }
    row.traceId = {7, static_cast<std::uint64_t>(n + 1)};
    row.spanId = {static_cast<std::uint64_t>(n + 1)};
    row.requestId = "req-" + QByteArray::number(n);
    row.guardrails = n % 3 == 0 ? QByteArray(R"([{"check":"secret"}])") : QByteArray();
    row.replay = n % 4 == 0;
    row.synthetic = n % 6 == 0;
    return row;
}

void execute(const QString& file, const char* sql)
{
    sqlite3* database = nullptr;
    QCOMPARE(sqlite3_open(file.toUtf8().constData(), &database), SQLITE_OK);
    char* message = nullptr;
    QVERIFY2(sqlite3_exec(database, sql, nullptr, nullptr, &message) == SQLITE_OK, message);
    sqlite3_close(database);
}

} // namespace

class AuditLogTest : public QObject {
    Q_OBJECT

    SystemClock m_clock;
    SeededRandom m_random{1};
    const QByteArray m_key = QByteArray(32, 'k');

    AuditOptions in(const QTemporaryDir& dir, config::AuditMode mode = config::AuditMode::Group) const
    {
        AuditOptions options;
        options.file = dir.filePath(QStringLiteral("audit.db"));
        options.mode = mode;
        options.chainKey = m_key;
        options.ballastBytes = 0;
        return options;
    }
    std::vector<AuditRow> fill(const AuditOptions& options, int rows)
    {
        std::vector<AuditRow> written;
        AuditWriter writer(options, m_clock, m_random);
        [&] {
            QVERIFY(writer.open().has_value());
            for (int i = 0; i < rows; ++i) {
                written.push_back(makeRow(m_random, i));
                AuditRow copy = written.back();
                writer.append(std::move(copy));
                written.back().sequence = i + 1;
            }
            QVERIFY(writer.close().has_value());
        }();
        return written;
    }

private Q_SLOTS:
    void rowsComeBackUnchangedAlsoWhenNoWriterRuns()
    {
        QTemporaryDir dir;
        const std::vector<AuditRow> written = fill(in(dir), 300);
        const auto reader = AuditReader::open(in(dir).file);
        QVERIFY2(reader.has_value(), reader ? "" : qPrintable(reader.error().toString()));
        AuditQuery query;
        query.newestFirst = false;
        query.limit = 1000;
        query.withPayloads = true;
        const auto page = reader->page(query);
        QVERIFY(page.has_value());
        QCOMPARE(page->rows.size(), written.size());
        for (std::size_t i = 0; i < written.size(); ++i)
            QVERIFY(page->rows[i] == written[i]);
        QVERIFY(*reader->row(written[42].id) == written[42]);
        QCOMPARE(reader->rowForTrace({7, 43})->value().sequence, 43);
        QVERIFY(!reader->rowForTrace({7, 43}, SpanId{99})->has_value());
        QVERIFY(!reader->row("nothing")->has_value());
        query.withPayloads = false;
        QVERIFY(reader->page(query)->rows.front().arguments.isEmpty());
    }

    void theFilesAreReadableByTheOwnerOnly()
    {
        QTemporaryDir dir;
        AuditWriter writer(in(dir), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        writer.append(makeRow(m_random, 1));
        QVERIFY(writer.flush().has_value());
        const QStringList names = QDir(dir.path()).entryList(QDir::Files);
        QVERIFY(names.contains(QStringLiteral("audit.db-wal")));
        for (const QString& name : names)
            QVERIFY(!(QFile::permissions(dir.filePath(name)) & (QFileDevice::ReadGroup | QFileDevice::ReadOther)));
    }

    void groupRowsAreCommittedByThemselves()
    {
        QTemporaryDir dir;
        AuditWriter writer(in(dir), m_clock, m_random);
        std::atomic<std::int64_t> last{0};
        writer.onCommitted = [&](std::int64_t sequence) { last = sequence; };
        QVERIFY(writer.open().has_value());
        for (int i = 0; i < 10; ++i)
            writer.append(makeRow(m_random, i));
        QTRY_COMPARE(last.load(), 10);
        QCOMPARE(writer.state().committed, 10U);
        QCOMPARE(writer.state().pending, 0U);
        // A reader sees them while the writer has the file open.
        QCOMPARE(*AuditReader::open(in(dir).file)->lastSequence(), 10);
    }

    void rowsAreWrittenBeforeAndBehindAReleaseOfMemory()
    {
        QTemporaryDir dir;
        AuditWriter writer(in(dir), m_clock, m_random);
        writer.releaseMemory(); // not open: nothing to give back
        QVERIFY(writer.open().has_value());
        for (int i = 0; i < 100; ++i) {
            writer.append(makeRow(m_random, i));
            if (i % 10 == 0)
                writer.releaseMemory();
        }
        QVERIFY(writer.flush().has_value());
        const auto reader = AuditReader::open(in(dir).file);
        QVERIFY(reader.has_value());
        QCOMPARE(reader->lastSequence().value_or(0), std::int64_t(100));
        QVERIFY(writer.close().has_value());
    }
    void aStrictRowIsDurableWhenItsCallbackComes()
    {
        QTemporaryDir dir;
        AuditWriter writer(in(dir, config::AuditMode::Strict), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        for (int i = 0; i < 20; ++i) {
            std::promise<bool> done;
            const AuditRow row = makeRow(m_random, i);
            AuditRow copy = row;
            writer.append(std::move(copy), [&](const Status& status) { done.set_value(status.has_value()); });
            QVERIFY(done.get_future().get());
            QVERIFY(AuditReader::open(in(dir).file)->row(row.id)->has_value());
        }
    }

    void theSameRowTwiceIsWrittenOnce()
    {
        QTemporaryDir dir;
        AuditWriter writer(in(dir), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        const AuditRow row = makeRow(m_random, 1);
        for (int i = 0; i < 3; ++i) {
            AuditRow copy = row;
            writer.append(std::move(copy));
            QVERIFY(writer.flush().has_value());
        }
        writer.append(makeRow(m_random, 2));
        QVERIFY(writer.flush().has_value());
        QCOMPARE(writer.state().committed, 2U);
        QCOMPARE(writer.state().duplicates, 2U);
        const auto reader = AuditReader::open(in(dir).file);
        QCOMPARE(*reader->lastSequence(), 2);
        QCOMPARE(reader->verify(m_key).state, AuditVerification::State::Intact);
    }

    void rowsWithoutAnIdGetOne()
    {
        QTemporaryDir dir;
        AuditWriter writer(in(dir), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        for (int i = 0; i < 2; ++i) {
            AuditRow row = makeRow(m_random, i);
            row.id.clear();
            writer.append(std::move(row));
        }
        QVERIFY(writer.flush().has_value());
        QCOMPARE(writer.state().committed, 2U);
    }

    void everyFilterNarrowsThePage()
    {
        QTemporaryDir dir;
        fill(in(dir), 700);
        const auto reader = AuditReader::open(in(dir).file);
        QVERIFY(reader.has_value());
        const auto count = [&](const AuditQuery& query) {
            AuditQuery all = query;
            all.limit = 1000;
            const auto page = reader->page(all);
            const auto counted = reader->count(query);
            return page && counted && counted->rows == page->rows.size() ? static_cast<int>(page->rows.size()) : -1;
        };
        AuditQuery query;
        QCOMPARE(count(query), 700);
        query.servers = {"server1"};
        QCOMPARE(count(query), 140);
        query.servers = {"server1", "server2", "nobody"};
        QCOMPARE(count(query), 280);
        query.servers = {"nobody"};
        QCOMPARE(count(query), 0);
        query = {};
        query.tools = {"tool3"};
        QCOMPARE(count(query), 100);
        query = {};
        query.clients = {"alpha"};
        query.failed = true;
        QCOMPARE(count(query), 70);
        query.failed = false;
        QCOMPARE(count(query), 280);
        query = {};
        query.outcomes = {Outcome::Timeout, Outcome::Blocked};
        QCOMPARE(count(query), 70);
        query = {};
        query.kinds = {AuditKind::Retention};
        QCOMPARE(count(query), 0);
        query = {};
        query.user = "someone";
        query.project = "default";
        QCOMPARE(count(query), 700);
        query = {};
        query.traceId = TraceId{7, 10};
        QCOMPARE(count(query), 1);
        query.traceId = TraceId{8, 10};
        QCOMPARE(count(query), 0);
        query = {};
        query.requestId = "req-699";
        QCOMPARE(count(query), 1);
        query = {};
        query.minLatencyNs = 600 * kMs;
        QCOMPARE(count(query), 100);
        query = {};
        query.fromUnixNs = kStart + 100 * kMs;
        query.toUnixNs = kStart + 150 * kMs;
        QCOMPARE(count(query), 50);
        query = {};
        query.text = "TOOL3";
        QCOMPARE(count(query), 100);
        query.text = "/file 69";
        QCOMPARE(count(query), 11);
        query.text = "too long: 50";
        QCOMPARE(count(query), 2); // 50 and 500
        query.text = "100%_";
        QCOMPARE(count(query), 0); // no wildcards
        query.text = "'; DROP TABLE audit; --";
        QCOMPARE(count(query), 0);
    }

    void pagesJoinInBothDirections()
    {
        QTemporaryDir dir;
        fill(in(dir), 500);
        const auto reader = AuditReader::open(in(dir).file);
        for (const bool newestFirst : {true, false}) {
            AuditQuery query;
            query.newestFirst = newestFirst;
            query.clients = {"alpha"};
            query.limit = 60;
            std::vector<std::int64_t> seen;
            for (;;) {
                const auto page = reader->page(query);
                QVERIFY(page.has_value());
                for (const AuditRow& row : page->rows)
                    seen.push_back(row.sequence);
                if (page->next == 0)
                    break;
                query.afterSequence = page->next;
            }
            QCOMPARE(seen.size(), std::size_t(250));
            QVERIFY(newestFirst ? std::is_sorted(seen.rbegin(), seen.rend()) : std::is_sorted(seen.begin(), seen.end()));
        }
        QCOMPARE(reader->count({}, 100)->rows, 100U);
        QVERIFY(reader->count({}, 100)->atLeast);
        QCOMPARE(reader->servers()->size(), std::size_t(5));
        QCOMPARE(reader->tools()->size(), std::size_t(7));
        QCOMPARE(*reader->clients(), (std::vector<QByteArray>{"alpha", "beta"}));
        QCOMPARE(reader->tools("nobody")->size(), std::size_t(0));
    }

    void aQueryCanBeStopped()
    {
        QTemporaryDir dir;
        fill(in(dir), 5000);
        const auto reader = AuditReader::open(in(dir).file);
        AuditQuery query;
        query.text = "no such text";
        std::stop_source source;
        source.request_stop();
        const auto page = reader->page(query, source.get_token());
        QVERIFY(page.has_value());
        QVERIFY(page->cancelled);
        QVERIFY(reader->page(query)->rows.empty());
    }

    void anUntouchedChainIsIntact()
    {
        QTemporaryDir dir;
        fill(in(dir), 100);
        fill(in(dir), 100); // a second run goes on with the chain
        const auto reader = AuditReader::open(in(dir).file);
        const AuditVerification result = reader->verify(m_key);
        QCOMPARE(result.state, AuditVerification::State::Intact);
        QCOMPARE(result.checkedRows, 200U);
        QCOMPARE(reader->verify(QByteArray(32, 'x')).state, AuditVerification::State::CannotCheck);
        QCOMPARE(reader->verify({}).state, AuditVerification::State::CannotCheck);
        QCOMPARE(reader->verify(m_key, [](std::uint64_t) { return true; }).state, AuditVerification::State::Intact);
    }

    void everyChangeBreaksTheChainWhereItWasMade_data()
    {
        QTest::addColumn<QByteArray>("change");
        QTest::addColumn<int>("row");
        QTest::newRow("a number") << QByteArray("UPDATE audit SET latency=latency+1 WHERE seq=50") << 50;
        QTest::newRow("the outcome") << QByteArray("UPDATE audit SET outcome=0 WHERE seq=41") << 41;
        QTest::newRow("the client") << QByteArray("UPDATE audit SET client=server WHERE seq=7") << 7;
        QTest::newRow("the arguments") << QByteArray("UPDATE audit_body SET arguments='{}' WHERE seq=20") << 20;
        QTest::newRow("the payload is gone") << QByteArray("DELETE FROM audit_body WHERE seq=20") << 20;
        QTest::newRow("a hash") << QByteArray("UPDATE audit SET hash=zeroblob(32) WHERE seq=30") << 30;
        QTest::newRow("a row is gone") << QByteArray("DELETE FROM audit WHERE seq=33") << 33;
        QTest::newRow("the first row is gone") << QByteArray("DELETE FROM audit WHERE seq=1") << 1;
        QTest::newRow("the last rows are gone") << QByteArray("DELETE FROM audit WHERE seq>90") << 91;
        QTest::newRow("a name of many rows") << QByteArray("UPDATE audit_text SET text='other' WHERE text='server4'") << 5;
        QTest::newRow("two rows swapped") << QByteArray(
                                                 "UPDATE audit SET seq=-1 WHERE seq=10; UPDATE audit SET seq=10 WHERE seq=11;"
                                                 "UPDATE audit SET seq=11 WHERE seq=-1")
                                          << 10;
    }
    void everyChangeBreaksTheChainWhereItWasMade()
    {
        QFETCH(QByteArray, change);
        QFETCH(int, row);
        QTemporaryDir dir;
        fill(in(dir), 100);
        execute(in(dir).file, change.constData());
        const AuditVerification result = AuditReader::open(in(dir).file)->verify(m_key);
        QCOMPARE(result.state, AuditVerification::State::Tampered);
        QCOMPARE(result.firstBadSequence, row);
        QVERIFY(!result.message.isEmpty());
    }

    void rowsWrittenWithoutAKeyCannotBeChecked()
    {
        QTemporaryDir dir;
        AuditOptions options = in(dir);
        options.chainKey.clear();
        fill(options, 10);
        fill(in(dir), 10);
        const AuditVerification result = AuditReader::open(options.file)->verify(m_key);
        QCOMPARE(result.state, AuditVerification::State::CannotCheck);
        QCOMPARE(result.checkedRows, 10U);
        execute(options.file, "UPDATE audit SET latency=1 WHERE seq=15");
        QCOMPARE(AuditReader::open(options.file)->verify(m_key).state, AuditVerification::State::Tampered);
    }

    void retentionDeletesTheOldestIsAuditedAndKeepsTheChain()
    {
        QTemporaryDir dir;
        fill(in(dir), 12'000);
        AuditWriter writer(in(dir), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        const RetentionLimits limits{.keepAfterUnixNs = kStart + 9000 * kMs};
        const auto preview = writer.previewRetention(limits);
        QVERIFY(preview.has_value());
        QCOMPARE(preview->rows, 9000U);
        QCOMPARE(preview->oldestUnixNs, kStart);
        QCOMPARE(preview->newestUnixNs, kStart + 8999 * kMs);
        QVERIFY(preview->bytes > 0);
        QCOMPARE(preview->remainingRows, 3000U);
        const auto applied = writer.applyRetention(limits);
        QVERIFY(applied.has_value());
        QCOMPARE(applied->rows, 9000U);
        const auto reader = AuditReader::open(in(dir).file);
        AuditQuery query;
        query.kinds = {AuditKind::Retention};
        query.withPayloads = true;
        const auto page = reader->page(query);
        QCOMPARE(page->rows.size(), std::size_t(1));
        json::Document document;
        QVERIFY(document.parse(page->rows.front().arguments).has_value());
        QCOMPARE(document.root().find("rows").asInt64(), std::optional<std::int64_t>(9000));
        const AuditVerification verified = reader->verify(m_key);
        QVERIFY2(verified.state == AuditVerification::State::Intact, qPrintable(verified.message));
        QCOMPARE(verified.checkedRows, 3001U);
        QCOMPARE(writer.applyRetention(limits)->rows, 0U);
        QCOMPARE(*reader->lastSequence(), 12'001);
        // Everything may go; numbers are never given again.
        QVERIFY(writer.applyRetention({.keepAfterUnixNs = kEndOfTime})->rows > 0);
        QVERIFY(writer.close().has_value());
        execute(in(dir).file, "DELETE FROM audit_meta WHERE name='anchor'");
        QCOMPARE(AuditReader::open(in(dir).file)->verify(m_key).state, AuditVerification::State::Tampered);
    }

    void retentionBySizeKeepsTheNewest()
    {
        QTemporaryDir dir;
        fill(in(dir), 5000);
        AuditWriter writer(in(dir), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        const std::int64_t before = writer.previewRetention({})->remainingBytes;
        const auto applied = writer.applyRetention({.maxBytes = before / 2});
        QVERIFY(applied.has_value());
        QVERIFY(applied->rows > 1500 && applied->rows < 3500);
        QVERIFY(writer.previewRetention({})->remainingBytes < before * 3 / 4);
        QCOMPARE(AuditReader::open(in(dir).file)->verify(m_key).state, AuditVerification::State::Intact);
    }

    void exportsAreCompleteAndSafe()
    {
        QTemporaryDir dir;
        const std::vector<AuditRow> written = fill(in(dir), 1200);
        const auto reader = AuditReader::open(in(dir).file);
        QByteArray lines;
        const auto sink = [&](QByteArrayView chunk) {
            lines += chunk;
            return true;
        };
        QCOMPARE(exportAudit(*reader, {}, AuditFormat::JsonLines, sink).value(), 1200U);
        const QByteArrayList rows = lines.trimmed().split('\n');
        QCOMPARE(rows.size(), 1200);
        json::Document document;
        QVERIFY(document.parse(rows.at(10)).has_value());
        QCOMPARE(document.root().find("id").asUtf8(), written[10].id);
        QCOMPARE(document.root().find("arguments").find("path").asUtf8(), QByteArray("/file 10"));
        QCOMPARE(document.root().find("outcome").asUtf8(), QByteArray("timeout"));
        QCOMPARE(document.root().find("time").asUtf8(), QByteArray("2023-11-14T22:13:20.010000000Z"));
        lines.clear();
        AuditQuery query;
        query.servers = {"server2"};
        QCOMPARE(exportAudit(*reader, query, AuditFormat::Csv, sink).value(), 240U);
        QCOMPARE(lines.trimmed().split('\n').size(), 241);
        QVERIFY(lines.startsWith("sequence,id,"));
        int chunks = 0;
        const auto stopped = exportAudit(*reader, {}, AuditFormat::JsonLines, [&](QByteArrayView) { return ++chunks < 2; });
        QVERIFY(!stopped.has_value());
        QCOMPARE(stopped.error().code, ErrorCode::Cancelled);
    }

    void csvCellsAreQuotedAndNeverAFormula()
    {
        AuditRow row;
        row.tool = "=HYPERLINK(\"http://x\")";
        row.server = "-1+2";
        row.user = "@sum";
        row.errorMessage = "two\nlines, and \"quotes\"";
        const QByteArray line = toCsvLine(row);
        QVERIFY(line.contains(",\"'=HYPERLINK(\"\"http://x\"\")\","));
        QVERIFY(line.contains(",\"'-1+2\","));
        QVERIFY(line.contains(",\"'@sum\","));
        QVERIFY(line.contains(",\"two\nlines, and \"\"quotes\"\"\","));
        // A payload that was cut is no JSON any more and stays text.
        row.arguments = "{\"cut\":\"in the mid";
        json::Document document;
        QVERIFY(document.parse(toJsonLine(row)).has_value());
    }

    void aFileThatIsNoDatabaseIsMovedAside()
    {
        QTemporaryDir dir;
        QFile file(in(dir).file);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(10'000, 'z'));
        file.close();
        AuditWriter writer(in(dir), m_clock, m_random);
        QVERIFY(writer.open().has_value());
        QCOMPARE(writer.state().error.code, ErrorCode::DataLoss);
        writer.append(makeRow(m_random, 1));
        QVERIFY(writer.flush().has_value());
        QCOMPARE(QDir(dir.path()).entryList({QStringLiteral("audit.db.corrupt-*")}).size(), 1);
    }

    void aDatabaseOfANewerVersionIsLeftAlone()
    {
        QTemporaryDir dir;
        fill(in(dir), 1);
        execute(in(dir).file, "PRAGMA user_version=99");
        AuditWriter writer(in(dir), m_clock, m_random);
        const Status opened = writer.open();
        QVERIFY(!opened.has_value());
        QCOMPARE(opened.error().code, ErrorCode::Unsupported);
        QVERIFY(!AuditReader::open(in(dir).file).has_value());
    }

    void rowsWaitForADatabaseThatOpensLate()
    {
        QTemporaryDir dir;
        const AuditOptions options = in(dir);
        QVERIFY(QDir().mkpath(options.file)); // a directory in its place: also root cannot open it
        QFile reserve(options.file + QStringLiteral(".reserve"));
        QVERIFY(reserve.open(QIODevice::WriteOnly));
        reserve.close();
        std::promise<Status> written;
        std::atomic<int> failures{0};
        std::counting_semaphore<> recovered(0);
        AuditWriter writer(options, m_clock, m_random);
        writer.onStateChanged = [&](const AuditState& state) {
            if (state.health == AuditState::Health::Ok)
                recovered.release();
            else
                ++failures;
        };
        const Status opened = writer.open();
        QVERIFY(!opened.has_value());
        QCOMPARE(opened.error().code, ErrorCode::Io);
        QCOMPARE(writer.state().health, AuditState::Health::Retrying);
        QCOMPARE(writer.state().error.code, ErrorCode::Io);

        const AuditRow row = makeRow(m_random, 1);
        AuditRow copy = row;
        writer.append(std::move(copy), [&](const Status& status) { written.set_value(status); });
        const Status flushed = writer.flush();
        QVERIFY(!flushed.has_value());
        QCOMPARE(flushed.error().code, ErrorCode::Io);
        QCOMPARE(writer.state().health, AuditState::Health::Retrying);
        QCOMPARE(writer.state().pending, 1U);
        QCOMPARE(writer.state().refused, 0U);
        QCOMPARE(failures.load(), 1);
        QVERIFY(!reserve.exists()); // given back, as for any write that fails

        QVERIFY(QDir().rmdir(options.file));
        QVERIFY(written.get_future().get().has_value());
        recovered.acquire();
        QCOMPARE(writer.state().health, AuditState::Health::Ok);
        QCOMPARE(writer.state().pending, 0U);
        QVERIFY(AuditReader::open(options.file)->row(row.id)->has_value());
    }

    void aDatabaseThatWasLockedAtTheStartIsOpenedBeforeARowComes()
    {
        QTemporaryDir dir;
        const AuditOptions options = in(dir);
        sqlite3* other = nullptr;
        QCOMPARE(sqlite3_open(options.file.toUtf8().constData(), &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
        std::counting_semaphore<> recovered(0);
        AuditWriter writer(options, m_clock, m_random);
        writer.onStateChanged = [&](const AuditState& state) {
            if (state.health == AuditState::Health::Ok)
                recovered.release();
        };
        const Status opened = writer.open();
        QVERIFY(!opened.has_value());
        QCOMPARE(opened.error().code, ErrorCode::Unavailable);
        QCOMPARE(writer.state().health, AuditState::Health::Retrying);
        QVERIFY(!writer.state().error.remedy.isEmpty());

        QCOMPARE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(other);
        recovered.acquire();
        QCOMPARE(writer.state().health, AuditState::Health::Ok);
        writer.append(makeRow(m_random, 1));
        QVERIFY(writer.flush().has_value());
        QVERIFY(writer.close().has_value());
    }

    void readingWhatIsNotThereIsAnError()
    {
        QTemporaryDir dir;
        const auto reader = AuditReader::open(in(dir).file);
        QVERIFY(!reader.has_value());
        QCOMPARE(reader.error().code, ErrorCode::NotFound);
        QVERIFY(!QFile::exists(in(dir).file));
    }

    void aClosedWriterRefusesRows()
    {
        QTemporaryDir dir;
        AuditWriter writer(in(dir), m_clock, m_random);
        std::optional<bool> good;
        writer.append(makeRow(m_random, 1), [&](const Status& status) { good = status.has_value(); });
        QCOMPARE(good, std::optional(false));
        QVERIFY(!writer.flush().has_value());
    }
};

QTEST_GUILESS_MAIN(AuditLogTest)
#include "tst_audit_log.moc"
