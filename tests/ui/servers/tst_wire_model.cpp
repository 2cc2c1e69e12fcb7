// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/servers/wire_model.h"
#include "ui/servers/wire_text.h"
#include "ui/widgets/cells.h"

#include <QAbstractItemModelTester>

using namespace oriel;
using namespace oriel::ui;
using telemetry::WireDirection;
using telemetry::WireKind;

namespace {

store::WireEntry entry(std::uint64_t id, WireKind kind = WireKind::Request,
                       WireDirection direction = WireDirection::GatewayToServer)
{
    store::WireEntry row;
    row.id = id;
    row.frame.kind = kind;
    row.frame.direction = direction;
    row.frame.server = QByteArrayLiteral("notes");
    row.frame.client = QByteArrayLiteral("cursor");
    row.frame.method = QByteArrayLiteral("tools/call");
    row.frame.rpcId = QByteArray::number(qulonglong(id));
    row.frame.payload = QByteArrayLiteral("{\"jsonrpc\":\"2.0\",\n \"id\":1}");
    row.payloadBytes = row.frame.payload.size();
    return row;
}

std::vector<store::WireEntry> entries(std::uint64_t from, std::uint64_t to)
{
    std::vector<store::WireEntry> rows;
    for (std::uint64_t id = from; id <= to; ++id)
        rows.push_back(entry(id));
    return rows;
}

} // namespace

class TestWireModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void framesStandInTheirOrderWhateverComesTwice()
    {
        WireModel model(100);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.append(entries(10, 14));
        model.append(entries(13, 16)); // the log was asked again
        model.prepend(entries(7, 11));
        QCOMPARE(model.rowCount(), 10);
        for (int row = 0; row < model.rowCount(); ++row)
            QCOMPARE(model.entryAt(row)->id, std::uint64_t(7 + row));
        QCOMPARE(model.rowOf(12), 5);
        QCOMPARE(model.rowOf(99), -1);
        QCOMPARE(model.firstId(), std::uint64_t(7));
        QCOMPARE(model.lastId(), std::uint64_t(16));
    }

    void theOldestGoWhenThereIsNoRoom()
    {
        WireModel model(5);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.append(entries(1, 4));
        model.append(entries(5, 7));
        QCOMPARE(model.rowCount(), 5);
        QCOMPARE(model.firstId(), std::uint64_t(3));
        QVERIFY(model.isFull());
        model.prepend(entries(1, 2));
        QCOMPARE(model.firstId(), std::uint64_t(3));
        model.append(entries(8, 40));
        QCOMPARE(model.rowCount(), 5);
        QCOMPARE(model.firstId(), std::uint64_t(36));
        model.clear();
        QCOMPARE(model.rowCount(), 0);
        QCOMPARE(model.lastId(), std::uint64_t(0));
    }

    void aRowTellsWhoSaidWhatToWhom()
    {
        WireModel model;
        model.append({entry(1), entry(2, WireKind::Error, WireDirection::ServerToGateway),
                      entry(3, WireKind::Request, WireDirection::ClientToGateway),
                      entry(4, WireKind::Stderr, WireDirection::ServerToGateway)});
        const auto cell = [&model](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(cell(0, WireModel::Peer), QStringLiteral("→ notes"));
        QCOMPARE(cell(1, WireModel::Peer), QStringLiteral("← notes"));
        QCOMPARE(cell(2, WireModel::Peer), QStringLiteral("← cursor"));
        QCOMPARE(cell(0, WireModel::Method), QStringLiteral("tools/call"));
        QCOMPARE(cell(0, WireModel::RpcId), QStringLiteral("1"));
        QCOMPARE(cell(0, WireModel::Size), QStringLiteral("26 B"));
        QCOMPARE(cell(0, WireModel::Preview), QStringLiteral("{\"jsonrpc\":\"2.0\", \"id\":1}"));
        QCOMPARE(cell(1, WireModel::Kind), QStringLiteral("error"));
        QCOMPARE(model.index(1, WireModel::Kind).data(CellRole::Tone).toInt(), int(Tone::Error));
        QCOMPARE(cell(3, WireModel::Kind), QStringLiteral("stderr"));
    }

    void aPreviewIsShortOnOneLineAndWhole()
    {
        QCOMPARE(previewOf(QByteArrayLiteral("a\n\n b\tc")), QStringLiteral("a b c"));
        const QString cut = previewOf(QByteArray(5000, 'x'), 100);
        QCOMPARE(cut.size(), 102);
        QVERIFY(cut.endsWith(QStringLiteral(" …")));
        QCOMPARE(previewOf(QByteArray()), QString());
    }

    void aFrameKnowsItsSpan()
    {
        telemetry::WireFrame frame;
        QCOMPARE(spanTarget(frame), QString());
        frame.traceId = *TraceId::fromHex(QByteArrayLiteral("0af7651916cd43dd8448eb211c80319c"));
        QCOMPARE(spanTarget(frame), QStringLiteral("0af7651916cd43dd8448eb211c80319c"));
        frame.spanId = *SpanId::fromHex(QByteArrayLiteral("b7ad6b7169203331"));
        QCOMPARE(spanTarget(frame), QStringLiteral("0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331"));
    }

    void everyKindBelongsToOneToggle()
    {
        QMap<int, int> seen;
        for (const KindGroup group : {KindGroup::Calls, KindGroup::Notifications, KindGroup::Output, KindGroup::Lifecycle}) {
            for (const WireKind kind : kindsOf(group))
                ++seen[int(kind)];
        }
        QCOMPARE(seen.size(), int(WireKind::Lifecycle) + 1);
        QCOMPARE(seen.values().count(1), seen.size());
    }
};

QTEST_MAIN(TestWireModel)
#include "tst_wire_model.moc"
