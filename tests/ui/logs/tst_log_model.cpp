// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "log_records.h"
#include "ui/logs/log_detail.h"
#include "ui/logs/log_model.h"
#include "ui/logs/log_words.h"
#include "ui/widgets/cells.h"

#include <QAbstractItemModelTester>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSignalSpy>

using namespace oriel;
using namespace oriel::ui;
using telemetry::Severity;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

QString cell(const LogModel& model, int row, int column)
{
    return model.index(row, column).data().toString();
}

} // namespace

class TstLogModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void severitiesFallIntoSixLevels()
    {
        QCOMPARE(logLevelWord(logLevel(Severity::Trace)), QStringLiteral("trace"));
        QCOMPARE(logLevelWord(logLevel(static_cast<Severity>(4))), QStringLiteral("trace"));
        QCOMPARE(logLevelWord(logLevel(Severity::Debug)), QStringLiteral("debug"));
        QCOMPARE(logLevelWord(logLevel(Severity::Unspecified)), QStringLiteral("info"));
        QCOMPARE(logLevelWord(logLevel(Severity::Notice)), QStringLiteral("info"));
        QCOMPARE(logLevelWord(logLevel(Severity::Warn)), QStringLiteral("warn"));
        QCOMPARE(logLevelWord(logLevel(Severity::Alert)), QStringLiteral("error"));
        QCOMPARE(logLevelWord(logLevel(Severity::Fatal)), QStringLiteral("fatal"));
        QCOMPARE(logLevelWord(logLevel(static_cast<Severity>(250))), QStringLiteral("fatal"));
    }

    void coloursOfATerminalAndControlCharactersAreNotShown()
    {
        const LogLine line = logLine(
            test::logRecord("fs", Severity::Info, "\n\x1b[1;31mfailed\x1b[0m\tto open \x1b]0;title\x07it\nsecond\n\nthird\n"));
        QCOMPARE(line.text, QStringLiteral("failed to open it"));
        QCOMPARE(line.note, QStringLiteral("+2 lines"));
        QCOMPARE(logLine(test::logRecord("fs", Severity::Info, "cut short \x1b[3")).text, QStringLiteral("cut short"));
        QCOMPARE(logLine(test::logRecord("fs", Severity::Info, "\x1b")).text, QString());
        QCOMPARE(logLine(test::logRecord("fs", Severity::Info, QByteArray(1'000'000, 'x'))).text.size(), 2'000);
    }

    void aStructuredLineIsReadByItsMessage()
    {
        const LogLine line = logLine(
            test::logRecord("fs", Severity::Info, "{\"shard\":1,\"message\":\"burst\\nline\",\"ok\":true,\"path\":\"/a b\"}"));
        QCOMPARE(line.text, QStringLiteral("burst line"));
        QCOMPARE(line.note, QStringLiteral("shard=1 ok=true path=/a b"));
        QCOMPARE(logLine(test::logRecord("fs", Severity::Info, "{\"shard\":1}")).text, QStringLiteral("{\"shard\":1}"));
        QCOMPARE(logLine(test::logRecord("fs", Severity::Info, "{\"message\":\"cut")).text, QStringLiteral("{\"message\":\"cut"));
        QCOMPARE(logLine(test::logRecord("fs", Severity::Info, "{\"message\":{\"a\":1}}")).text,
                 QStringLiteral("{\"message\":{\"a\":1}}"));
    }

    void aLineIsShownWithItsLevelSourceAndTrace()
    {
        LogModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        telemetry::LogRecord record = test::logRecord("github", Severity::Error, "rate limited\nretry in 42 s");
        record.traceId = *TraceId::fromHex("4bf92f3577b34da6a3ce929d0e0e4736");
        model.reset({test::logEntry(7, record)});
        QCOMPARE(cell(model, 0, LogModel::Level), QStringLiteral("error"));
        QCOMPARE(model.index(0, LogModel::Level).data(CellRole::Tone).toInt(), int(Tone::Error));
        QVERIFY(!model.index(0, LogModel::Level).data(Qt::DecorationRole).isNull());
        QCOMPARE(cell(model, 0, LogModel::Source), QStringLiteral("github"));
        QCOMPARE(model.index(0, LogModel::Source).data(CellRole::Service).toString(), QStringLiteral("github"));
        QCOMPARE(cell(model, 0, LogModel::Text), QStringLiteral("rate limited"));
        QCOMPARE(model.index(0, LogModel::Text).data(CellRole::Note).toString(), QStringLiteral("+1 line"));
        QCOMPARE(cell(model, 0, LogModel::Trace), QStringLiteral("4bf92f35"));
        QVERIFY(cell(model, 0, LogModel::Time).endsWith(QStringLiteral(".000")));
    }

    void aTickIsOneInsert()
    {
        LogModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.reset(test::logEntries(1, 10));
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        QCOMPARE(model.append(test::logEntries(11, 500)), 0);
        QCOMPARE(inserted.count(), 1);
        QCOMPARE(inserted[0][1].toInt(), 10);
        QCOMPARE(inserted[0][2].toInt(), 509);
        QCOMPARE(cell(model, 509, LogModel::Text), QStringLiteral("line 510"));
    }

    void theWindowKeepsTheNewestLines()
    {
        LogModel model(nullptr, 100);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.reset(test::logEntries(1, 300));
        QCOMPARE(model.rowCount(), 100);
        QCOMPARE(cell(model, 0, LogModel::Text), QStringLiteral("line 201"));
        QCOMPARE(model.append(test::logEntries(301, 30)), 30);
        QCOMPARE(cell(model, 0, LogModel::Text), QStringLiteral("line 231"));
        QCOMPARE(model.append(test::logEntries(331, 1'000)), 100);
        QCOMPARE(model.rowCount(), 100);
        QCOMPARE(cell(model, 99, LogModel::Text), QStringLiteral("line 1330"));
        QVERIFY(model.isFull());
        QCOMPARE(model.prepend(test::logEntries(1, 5)), 0);
    }

    void olderLinesComeInFrontInTheirOrder()
    {
        LogModel model(nullptr, 30);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.reset(test::logEntries(101, 10));
        QCOMPARE(model.prepend(test::logEntries(91, 10)), 10);
        QCOMPARE(cell(model, 0, LogModel::Text), QStringLiteral("line 91"));
        QCOMPARE(cell(model, 10, LogModel::Text), QStringLiteral("line 101"));
        QCOMPARE(model.prepend(test::logEntries(51, 40)), 10); // only the newest find room
        QCOMPARE(cell(model, 0, LogModel::Text), QStringLiteral("line 81"));
        QCOMPARE(model.rowOfId(95), 14);
        QCOMPARE(model.rowOfId(5), -1);
    }

    void linesThatWereLostAreTold()
    {
        LogModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.reset(test::logEntries(1, 3));
        model.append(test::logEntries(1'004, 2), 1'000);
        QCOMPARE(model.rowCount(), 6);
        QVERIFY(model.row(3).isGap());
        QVERIFY(cell(model, 3, LogModel::Text).contains(QStringLiteral("lines were dropped")));
        QVERIFY(cell(model, 3, LogModel::Source).isEmpty());
        QCOMPARE(model.rowOfId(1'004), 4);
        model.append({}, 7);
        QVERIFY(model.row(6).isGap());
        QCOMPARE(model.rowOfId(1'005), 5);
    }

    void linesBeforeTheRangeAreDropped()
    {
        LogModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.reset(test::logEntries(1, 10, kStart));
        QCOMPARE(model.dropBefore(kStart), 0);
        QCOMPARE(model.dropBefore(kStart + 4 * kSecond), 4);
        QCOMPARE(cell(model, 0, LogModel::Text), QStringLiteral("line 5"));
        QCOMPARE(model.dropBefore(kStart + 100 * kSecond), 6);
        QCOMPARE(model.rowCount(), 0);
    }

    void aLineBecomesOneJsonObject()
    {
        telemetry::LogRecord record = test::logRecord("github", Severity::Critical, "it said \"no\"", kStart + 123);
        record.severityText = "critical";
        record.traceId = *TraceId::fromHex("4bf92f3577b34da6a3ce929d0e0e4736");
        record.attributes.push_back({"attempt", std::int64_t{3}});
        const QJsonObject object = QJsonDocument::fromJson(logJson(record)).object();
        QCOMPARE(object.value(QStringLiteral("time")).toString(), QStringLiteral("2023-11-14T22:13:20.000000123Z"));
        QCOMPARE(object.value(QStringLiteral("severity")).toString(), QStringLiteral("critical"));
        QCOMPARE(object.value(QStringLiteral("severityNumber")).toInt(), 18);
        QCOMPARE(object.value(QStringLiteral("body")).toString(), QStringLiteral("it said \"no\""));
        QCOMPARE(object.value(QStringLiteral("attributes")).toObject().value(QStringLiteral("attempt")).toInt(), 3);
        QCOMPARE(object.value(QStringLiteral("traceId")).toString(), QStringLiteral("4bf92f3577b34da6a3ce929d0e0e4736"));
        QVERIFY(!object.contains(QStringLiteral("spanId")));
    }

    void theDetailsOfferAFilterForWhatCanBeFiltered()
    {
        telemetry::LogRecord record = test::logRecord("github", Severity::Notice, "hello");
        record.severityText = "notice";
        record.attributes.push_back({"mcp.logger", QByteArray("http")});
        const QList<KeyValue> rows = LogDetail::rowsOf(record);
        const auto find = [&rows](const QString& key) {
            for (const KeyValue& row : rows) {
                if (row.key == key)
                    return row;
            }
            return KeyValue();
        };
        QCOMPARE(find(QStringLiteral("level")).value, QStringLiteral("info"));
        QCOMPARE(find(QStringLiteral("level")).note, QStringLiteral("notice"));
        QCOMPARE(find(QStringLiteral("source")).filterKey, QStringLiteral("source"));
        QCOMPARE(find(QStringLiteral("mcp.logger")).filterKey, QStringLiteral("attr.mcp.logger"));
        QVERIFY(find(QStringLiteral("time")).filterKey.isEmpty());
        QVERIFY(find(QStringLiteral("trace")).key.isEmpty());
    }
};

QTEST_MAIN(TstLogModel)
#include "tst_log_model.moc"
