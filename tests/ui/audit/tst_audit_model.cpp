// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit_rows.h"
#include "gui_test.h"
#include "ui/audit/audit_detail.h"
#include "ui/audit/audit_export.h"
#include "ui/audit/audit_model.h"
#include "ui/audit/audit_words.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/segmented.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QDateTime>
#include <QPromise>
#include <QSignalSpy>

using namespace oriel;
using namespace oriel::ui;
using telemetry::Outcome;

namespace {

constexpr std::int64_t kNow = 1'700'000'500'000'000'000;

/// Newest first: sequences `last` … `first`.
std::vector<store::AuditRow> rows(std::int64_t first, std::int64_t last)
{
    std::vector<store::AuditRow> list;
    for (std::int64_t sequence = last; sequence >= first; --sequence)
        list.push_back(test::auditRow(sequence));
    return list;
}

QString valueOf(const QList<KeyValue>& rows, const QString& key)
{
    for (const KeyValue& row : rows) {
        if (row.key == key)
            return row.value;
    }
    return {};
}

} // namespace

class TstAuditModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QApplication::setStyle(new OrielStyle(Theme::dark())); }
    void init() { test::failOnUnexpectedWarnings(); }

    void pagesJoinWithoutAGap()
    {
        AuditModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.reset(rows(11, 20), kNow);
        model.append(rows(1, 10));
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        QCOMPARE(model.prepend(rows(21, 25), kNow), 0);
        QCOMPARE(inserted.count(), 1);
        QCOMPARE(model.rowCount(), 25);
        for (int row = 0; row < 25; ++row)
            QCOMPARE(model.row(row).sequence, std::int64_t{25 - row});
        QCOMPARE(model.rowOfSequence(7), 18);
        QCOMPARE(model.rowOfSequence(26), -1);
        QCOMPARE(model.rowOfId("row25"), 0);
        QCOMPARE(model.rowOfId("row0"), -1);
        QCOMPARE(model.newestSequence(), std::int64_t{25});
        QCOMPARE(model.oldestSequence(), std::int64_t{1});
        model.append({});
        model.prepend({}, kNow);
        QCOMPARE(inserted.count(), 1);
    }

    void theOldestRowsGoWhenThereAreTooMany()
    {
        AuditModel model(nullptr, 10);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.reset(rows(1, 8), kNow);
        QCOMPARE(model.prepend(rows(9, 13), kNow), 3);
        QCOMPARE(model.rowCount(), 10);
        QCOMPARE(model.newestSequence(), std::int64_t{13});
        QCOMPARE(model.oldestSequence(), std::int64_t{4});
    }

    void aRowTellsTheCallWithoutAClick()
    {
        AuditModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        store::AuditRow row = test::auditRow(1, "create_issue", Outcome::Timeout);
        row.latencyNs = 1'310'000'000;
        row.errorMessage = "upstream timeout\nafter 3 attempts";
        model.reset({row}, kNow);
        const auto cell = [&model](int column, int role = Qt::DisplayRole) { return model.index(0, column).data(role); };
        QCOMPARE(cell(AuditModel::Subject).toString(), QStringLiteral("create_issue"));
        QCOMPARE(cell(AuditModel::Subject, CellRole::Outcome).toBool(), false);
        QCOMPARE(cell(AuditModel::Subject, CellRole::Service).toString(), QStringLiteral("github"));
        QCOMPARE(cell(AuditModel::Latency, DurationBarDelegate::DurationRole).toLongLong(), 1'310'000'000LL);
        QCOMPARE(cell(AuditModel::Latency, DurationBarDelegate::ErrorRole).toBool(), true);
        QCOMPARE(cell(AuditModel::Error).toString(), QStringLiteral("upstream timeout after 3 attempts"));
        QCOMPARE(model.longestNs(), std::int64_t{1'310'000'000});
    }

    void whatIsNoCallHasNeitherOutcomeNorLatency()
    {
        AuditModel model;
        store::AuditRow row;
        row.sequence = 1;
        row.kind = store::AuditKind::Export;
        row.method = "audit exported, 12 rows";
        model.reset({row}, kNow);
        QCOMPARE(model.index(0, AuditModel::Subject).data().toString(), QStringLiteral("audit exported, 12 rows"));
        QVERIFY(!model.index(0, AuditModel::Subject).data(CellRole::Outcome).isValid());
        QVERIFY(!model.index(0, AuditModel::Latency).data(DurationBarDelegate::DurationRole).isValid());
        QVERIFY(auditError(row).isEmpty());
    }

    void errorsAreToldByWordsTypeOrOutcome()
    {
        store::AuditRow row = test::auditRow(1, "x", Outcome::Blocked);
        QCOMPARE(auditError(row), QStringLiteral("blocked"));
        row.errorType = "secret";
        QCOMPARE(auditError(row), QStringLiteral("blocked · secret"));
        row.errorMessage = "a key was found in the arguments";
        QCOMPARE(auditError(row), QStringLiteral("secret a key was found in the arguments"));
        row.errorMessage = "Secret found";
        QCOMPARE(auditError(row), QStringLiteral("Secret found"));
    }

    void timesOfOtherDaysCarryTheDay()
    {
        const auto ns = [](const QDateTime& at) { return at.toMSecsSinceEpoch() * 1'000'000; };
        const std::int64_t now = ns(QDateTime(QDate(2026, 11, 20), QTime(12, 0)));
        QCOMPARE(auditTime(ns(QDateTime(QDate(2026, 11, 20), QTime(10, 41, 58, 112))), now), QStringLiteral("10:41:58.112"));
        QCOMPARE(auditTime(ns(QDateTime(QDate(2026, 11, 19), QTime(10, 41, 58))), now), QStringLiteral("Nov 19 10:41:58"));
        QCOMPARE(auditTime(ns(QDateTime(QDate(2025, 11, 19), QTime(10, 41, 58))), now), QStringLiteral("2025-11-19 10:41"));
    }

    void theSummaryLeavesOutWhatIsNotKnownAndTellsGuardrails()
    {
        store::AuditRow row = test::auditRow(5);
        row.traceId = *TraceId::fromHex("4bf92f3577b34da6a3ce929d0e0e4736");
        row.guardrails = R"([{"check":"pii","on":"input","violation":false,"action":"observe","count":0},)"
                         R"({"check":"secrets","on":"output","violation":true,"action":"redact","count":2}])";
        const QList<KeyValue> fields = auditSummary(row);
        QCOMPARE(valueOf(fields, QStringLiteral("outcome")), QStringLiteral("ok"));
        QCOMPARE(valueOf(fields, QStringLiteral("latency")), QStringLiteral("4.20 ms"));
        QCOMPARE(valueOf(fields, QStringLiteral("guardrail pii")), QStringLiteral("passed"));
        QCOMPARE(valueOf(fields, QStringLiteral("guardrail secrets")), QStringLiteral("redact"));
        QCOMPARE(valueOf(fields, QStringLiteral("trace")), QStringLiteral("4bf92f3577b34da6a3ce929d0e0e4736"));
        QVERIFY(valueOf(fields, QStringLiteral("user")).isEmpty());
        row.guardrails = "not json";
        QVERIFY(valueOf(auditSummary(row), QStringLiteral("guardrail pii")).isEmpty());
    }

    void theDetailsTellWhatIsMaskedAndWhatWasCut()
    {
        AuditDetail detail;
        detail.resize(420, 700);
        store::AuditRow row = test::auditRow(1);
        row.arguments = R"({"title":"x","token":"[masked:github-token]","other":"[masked:key]"})";
        row.argumentsBytes = row.arguments.size();
        row.response = QByteArray("{\"text\":\"") + QByteArray(1'000, 'a');
        row.responseBytes = 1'200'000;
        detail.setRow(row);
        detail.show();
        QCOMPARE(detail.noteOf(AuditDetail::Arguments), QStringLiteral("2 masked values"));
        QCOMPARE(detail.argumentsView()->maskCount(), qsizetype{2});
        QVERIFY(detail.argumentsView()->lineCount() > 3); // indented
        QVERIFY(detail.noteOf(AuditDetail::Response).startsWith(QStringLiteral("The first 1009 B of 1.14 MiB")));
        QVERIFY(detail.rawView()->text().startsWith(QStringLiteral("{\"sequence\":1,")));
        QVERIFY(!detail.rawView()->text().contains(QLatin1Char('\n')));
        row.arguments.clear();
        row.argumentsBytes = 0;
        row.response.clear();
        detail.setRow(row);
        QCOMPARE(detail.noteOf(AuditDetail::Arguments), QStringLiteral("The call had no arguments."));
        QCOMPARE(detail.noteOf(AuditDetail::Response), QStringLiteral("1.14 MiB went through; nothing of it is kept."));
        row.kind = store::AuditKind::Retention;
        detail.setRow(row);
        QVERIFY(!detail.tabs()->tabBar()->isTabVisible(AuditDetail::Arguments));
        detail.clear();
        QVERIFY(!detail.row());
    }

    void anExportShowsHowFarItIsAndCanBeStopped()
    {
        AuditExportStrip strip;
        QSignalSpy stopped(&strip, &AuditExportStrip::cancelled);
        QSignalSpy exported(&strip, &AuditExportStrip::exported);
        QPromise<Result<quint64>> promise;
        promise.start();
        strip.watch(promise.future(), QStringLiteral("/somewhere/audit.csv"));
        QVERIFY(!strip.isHidden());
        QVERIFY(strip.isRunning());
        strip.cancel();
        QVERIFY(promise.isCanceled());
        promise.finish();
        QTRY_COMPARE(stopped.count(), 1);
        QVERIFY(strip.isHidden());
        QCOMPARE(exported.count(), 0);
    }

    void aFailedExportSaysWhy()
    {
        AuditExportStrip strip;
        QSignalSpy failed(&strip, &AuditExportStrip::failed);
        QPromise<Result<quint64>> promise;
        promise.start();
        strip.watch(promise.future(), QStringLiteral("/somewhere/audit.csv"));
        promise.addResult(Result<quint64>(
            fail(ErrorCode::Io, QStringLiteral("No space left on device."), QString(), QStringLiteral("Choose another disk."))));
        promise.finish();
        QTRY_COMPARE(failed.count(), 1);
        QVERIFY(failed[0][0].toString().contains(QStringLiteral("audit.csv")));
        QCOMPARE(failed[0][1].toString(), QStringLiteral("No space left on device. Choose another disk."));
    }

    void theSuggestedFileCarriesTheDay()
    {
        const std::int64_t noon = QDateTime(QDate(2026, 11, 20), QTime(12, 0)).toMSecsSinceEpoch() * 1'000'000;
        QVERIFY(suggestedExportPath(false, noon).endsWith(QStringLiteral("/audit-2026-11-20.jsonl")));
        QVERIFY(suggestedExportPath(true, noon).endsWith(QStringLiteral("/audit-2026-11-20.csv")));
    }
};

QTEST_MAIN(TstAuditModel)
#include "tst_audit_model.moc"
