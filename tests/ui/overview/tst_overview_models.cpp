// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/overview/overview_models.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"
#include "ui/widgets/sparkline.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QtTest>

using namespace oriel;
using namespace oriel::ui;

namespace {

service::ServerSnapshot server(const QString& name, service::ServerState state)
{
    service::ServerSnapshot snapshot;
    snapshot.config.name = name;
    snapshot.state = state;
    snapshot.pid = 4711;
    snapshot.tools = 14;
    snapshot.stateText = QStringLiteral("exited 1, restart in 12 s");
    return snapshot;
}

store::AggregateResult callsOf(const QByteArray& name, std::uint64_t calls, std::uint64_t errors)
{
    store::AggregateGroup group;
    group.key = name;
    group.total.calls = calls;
    group.total.errors = errors;
    group.total.p95Ns = 38e6;
    group.buckets.resize(3);
    group.buckets[1].calls = calls;
    store::AggregateResult result;
    result.groups = {group};
    return result;
}

store::TraceSummary failure(quint64 id, const QByteArray& tool)
{
    store::TraceSummary trace;
    trace.traceId = TraceId{id, id};
    trace.tool = tool;
    trace.firstError = "it broke";
    trace.startUnixNs = static_cast<std::int64_t>(id) * 1'000'000'000;
    return trace;
}

} // namespace

class TstOverviewModels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aServerWhoseCallsAreRefusedIsShownWithAWarning()
    {
        service::ServerSnapshot refusing = server(QStringLiteral("github"), service::ServerState::Ready);
        refusing.circuit.state = service::CircuitState::Open;
        refusing.circuit.text = QStringLiteral("calls refused since 10:50:00, tried again in 12 s");
        const QList<OverviewServer> rows = overviewServers({refusing}, {});
        QCOMPARE(rows.first().lamp, Lamp::Warning);
        QCOMPARE(rows.first().process, refusing.circuit.text);
        QVERIFY(needsAttention(refusing));
        refusing.circuit.state = service::CircuitState::Closed;
        QCOMPARE(overviewServers({refusing}, {}).first().lamp, Lamp::Good);
        QVERIFY(!needsAttention(refusing));
    }

    void aServersRowTellsItsStateAndItsCalls()
    {
        service::ServerSnapshot remote = server(QStringLiteral("remote"), service::ServerState::Ready);
        remote.config.transport = config::ServerTransport::StreamableHttp;
        remote.config.url = QStringLiteral("http://127.0.0.1:9010/mcp?key=secret");
        const QList<OverviewServer> rows =
            overviewServers({server(QStringLiteral("db"), service::ServerState::Ready),
                             server(QStringLiteral("notes"), service::ServerState::Backoff), remote},
                            callsOf("db", 200, 2));
        QCOMPARE(rows.size(), 3);
        QCOMPARE(rows[0].lamp, Lamp::Good);
        QCOMPARE(rows[0].process, QStringLiteral("pid 4711"));
        QCOMPARE(rows[0].calls, 200U);
        QCOMPARE(rows[0].tools, 14);
        QCOMPARE(rows[0].course, (QList<double>{0, 200, 0}));
        QCOMPARE(rows[1].lamp, Lamp::Error);
        QVERIFY(rows[1].processIsError);
        QCOMPARE(rows[1].process, QStringLiteral("exited 1, restart in 12 s"));
        QCOMPARE(rows[1].tools, -1);
        QCOMPARE(rows[2].process, QStringLiteral("127.0.0.1:9010")); // nothing of the path or the query
    }

    void aStateDoesNotRepeatTheServersName()
    {
        QCOMPARE(shortState(QStringLiteral("notes did not start: `uvx` was not found, restart in 3 s"), QStringLiteral("notes")),
                 QStringLiteral("uvx was not found, restart in 3 s"));
        QCOMPARE(shortState(QStringLiteral("waiting for its answer: 3 s"), QStringLiteral("notes")),
                 QStringLiteral("waiting for its answer: 3 s"));
        QCOMPARE(shortState(QStringLiteral("notes ended"), QStringLiteral("notes")), QStringLiteral("notes ended"));
        QCOMPARE(shortState(QStringLiteral("notes: it exited with 1"), QStringLiteral("notes")),
                 QStringLiteral("it exited with 1"));
        service::ServerSnapshot failed = server(QStringLiteral("notes"), service::ServerState::Failed);
        failed.stateText = QStringLiteral("notes did not start: `uvx` was not found");
        QCOMPARE(overviewServers({failed}, {}).first().process, QStringLiteral("uvx was not found"));
    }

    void cellsOfTheServerTable()
    {
        OverviewServersModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setServers(overviewServers({server(QStringLiteral("db"), service::ServerState::Ready),
                                          server(QStringLiteral("notes"), service::ServerState::Failed)},
                                         callsOf("db", 1000, 14)));
        QCOMPARE(model.rowCount(), 2);
        const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(text(0, OverviewServersModel::Name), QStringLiteral("db"));
        QCOMPARE(text(0, OverviewServersModel::Calls), formatCount(1000));
        QCOMPARE(text(0, OverviewServersModel::Success), QStringLiteral("98.6 %"));
        QCOMPARE(text(0, OverviewServersModel::P95), QStringLiteral("38.0 ms"));
        QCOMPARE(text(1, OverviewServersModel::Success), QStringLiteral("–"));
        QCOMPARE(text(1, OverviewServersModel::Tools), QStringLiteral("–"));
        QCOMPARE(model.index(1, OverviewServersModel::Process).data(CellRole::Tone).toInt(), int(Tone::Error));
        QVERIFY(model.index(0, OverviewServersModel::Calls).data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight);
        QCOMPARE(model.index(0, OverviewServersModel::Course).data(SparklineDelegate::SeriesRole).value<QList<double>>().size(),
                 3);
        QCOMPARE(model.index(1, OverviewServersModel::Name).data(Qt::AccessibleTextRole).toString(),
                 QStringLiteral("notes, failed"));
    }

    void rowsStayWhileNamesDo()
    {
        OverviewServersModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setServers(overviewServers(
            {server(QStringLiteral("a"), service::ServerState::Ready), server(QStringLiteral("b"), service::ServerState::Ready)},
            {}));
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.setServers(overviewServers(
            {server(QStringLiteral("a"), service::ServerState::Ready), server(QStringLiteral("b"), service::ServerState::Failed)},
            {}));
        QCOMPARE(reset.count(), 0);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(changed[0][0].toModelIndex().row(), 1);
        model.setServers(overviewServers({server(QStringLiteral("b"), service::ServerState::Failed)}, {}));
        QCOMPARE(reset.count(), 1);
        QCOMPARE(model.rowCount(), 1);
    }

    void onlyAServerWithADiagnosisNeedsAttention()
    {
        service::ServerSnapshot broken = server(QStringLiteral("notes"), service::ServerState::Failed);
        QVERIFY(!needsAttention(broken));
        broken.diagnosis.headline = QStringLiteral("notes did not start");
        QVERIFY(needsAttention(broken));
        broken.state = service::ServerState::Ready; // the words of the last failure are kept
        QVERIFY(!needsAttention(broken));
    }

    void failuresTellToolSentenceAndTime()
    {
        FailuresModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setFailures({}, QStringLiteral("__"));
        model.setFailures({failure(5, "db__query"), failure(4, "fs__write_file")}, QStringLiteral("__"));
        QCOMPARE(model.rowCount(), 2);
        const QModelIndex first = model.index(0, FailuresModel::Call);
        QCOMPARE(first.data().toString(), QStringLiteral("db__query"));
        QCOMPARE(first.data(CellRole::Note).toString(), QStringLiteral("it broke"));
        QCOMPARE(first.data(CellRole::Outcome).toBool(), false);
        QCOMPARE(first.data(FailuresModel::TraceRole).toString().size(), 32);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.setFailures({failure(5, "db__query"), failure(4, "fs__write_file")}, QStringLiteral("__"));
        QCOMPARE(changed.count(), 0);
        model.setFailures({failure(6, "db__query"), failure(5, "db__query")}, QStringLiteral("__"));
        QCOMPARE(changed.count(), 1);
        model.setFailures({failure(6, "db__query")}, QStringLiteral("__"));
        QCOMPARE(model.rowCount(), 1);
    }
};

QTEST_GUILESS_MAIN(TstOverviewModels)
#include "tst_overview_models.moc"
