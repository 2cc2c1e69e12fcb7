// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/call_table.h"
#include "upstream_fixture.h"

#include <QTest>

using namespace oriel;
using namespace oriel::upstream;

class TestCallTable : public QObject {
    Q_OBJECT

    static PendingCall callUntil(std::int64_t warnNs, std::int64_t deadlineNs)
    {
        PendingCall call;
        call.warnNs = warnNs;
        call.deadlineNs = deadlineNs;
        return call;
    }

private Q_SLOTS:
    void eachCallIsWarnedOnceAndExpiresInTheOrderOfItsId()
    {
        CallTable table;
        table.insert(3, callUntil(80, 100));
        table.insert(1, callUntil(80, 100));
        table.insert(2, callUntil(800, 1000));
        QVERIFY(table.due(79).warn.empty());
        QCOMPARE(table.due(80).warn, (std::vector<std::int64_t>{1, 3}));
        QVERIFY(table.due(81).warn.empty());
        QVERIFY(table.due(99).expired.empty());
        QCOMPARE(table.due(100).expired, (std::vector<std::int64_t>{1, 3}));
        QVERIFY(table.find(2) != nullptr);
    }

    void aLateCheckStillWarnsBeforeTheEnd()
    {
        CallTable table;
        table.insert(1, callUntil(80, 100));
        const CallTable::Due due = table.due(5000);
        QCOMPARE(due.warn, (std::vector<std::int64_t>{1}));
        QCOMPARE(due.expired, (std::vector<std::int64_t>{1}));
    }

    void aCallThatWasTakenIsNeverDue()
    {
        CallTable table;
        table.insert(1, callUntil(80, 100));
        QVERIFY(table.take(1).has_value());
        QVERIFY(!table.take(1).has_value());
        const CallTable::Due due = table.due(1000);
        QVERIFY(due.warn.empty() && due.expired.empty());
        QVERIFY(table.isEmpty());
    }

    void aLaterCallWithAnEarlierDeadlineIsNotMissed()
    {
        CallTable table;
        table.insert(1, callUntil(8000, 10000));
        QVERIFY(table.due(10).expired.empty());
        table.insert(2, callUntil(80, 100));
        QCOMPARE(table.due(100).expired, (std::vector<std::int64_t>{2}));
    }

    void everyOperationIsCountedByItsTypeAndItsEnd()
    {
        using enum telemetry::MetricId;
        test::RecordingRecorder recorder;
        OperationMetrics metrics(recorder);
        const auto run = [&](OperationType type, OperationMetrics::End end) {
            metrics.begin(type);
            metrics.end(type, end, 2'000'000'000);
        };
        run(OperationType::ToolCall, OperationMetrics::End::Successful);
        run(OperationType::ToolCall, OperationMetrics::End::TimedOut);
        run(OperationType::Discovery, OperationMetrics::End::Cancelled);
        run(OperationType::Connectivity, OperationMetrics::End::Failed);
        metrics.warn(OperationType::ToolCall);
        QCOMPARE(recorder.sum(TimeoutOperations, "tool_call"), 2.0);
        QCOMPARE(recorder.sum(TimeoutOperationsSuccessful, "tool_call"), 1.0);
        QCOMPARE(recorder.sum(TimeoutOperationsTimedOut, "tool_call"), 1.0);
        QCOMPARE(recorder.sum(TimeoutEscalationWarn, "tool_call"), 1.0);
        QCOMPARE(recorder.sum(TimeoutEscalationTimeout, "tool_call"), 1.0);
        QCOMPARE(recorder.sum(TimeoutEscalationFail, "tool_call"), 1.0);
        QCOMPARE(recorder.sum(TimeoutOperationsCancelled, "discovery"), 1.0);
        QCOMPARE(recorder.sum(TimeoutOperations, "connectivity"), 1.0);
        QCOMPARE(recorder.sum(TimeoutOperationDuration, "tool_call"), 4.0);
        for (const char* type : {"tool_call", "discovery", "connectivity"}) {
            QCOMPARE(recorder.sum(TimeoutActiveOperations, type), 0.0);
        }
    }
};

QTEST_GUILESS_MAIN(TestCallTable)
#include "tst_call_table.moc"
