// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "sample_traces.h"
#include "trace_shapes.h"
#include "ui/theme/oriel_style.h"
#include "ui/traces/waterfall_minimap.h"
#include "ui/traces/waterfall_view.h"

#include <QScrollBar>
#include <QWheelEvent>
#include <QtTest>

using namespace oriel;
using namespace oriel::ui;

namespace {

std::shared_ptr<const TraceDocument> documentOf(std::vector<telemetry::SpanData> spans, TraceId id = TraceId{1, 2})
{
    return TraceDocument::make(id, {store::TraceLookup::State::Found, std::move(spans), 0}, 0);
}

std::vector<telemetry::SpanData> randomSpans(std::uint32_t count, unsigned seed)
{
    std::vector<telemetry::SpanData> spans;
    const auto resource = samples::service("worker");
    for (const IndexInput& input : shapes::randomTree(count, seed)) {
        telemetry::SpanData& span = spans.emplace_back();
        span.spanId = input.id;
        span.parentSpanId = input.parent;
        span.startUnixNs = input.startNs + 1;
        span.endUnixNs = input.endNs + 1;
        span.name = "step " + QByteArray::number(input.name);
        span.status = input.error ? telemetry::StatusCode::Error : telemetry::StatusCode::Unset;
        span.resource = resource;
    }
    return spans;
}

QColor colorAt(WaterfallView& view, const QPointF& point)
{
    return view.viewport()->grab().toImage().pixelColor(point.toPoint());
}

} // namespace

class WaterfallViewTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        test::failOnUnexpectedWarnings();
        m_view = std::make_unique<WaterfallView>();
        m_view->resize(900, 400);
        m_view->setDocument(documentOf(samples::failedIssue(TraceId{1, 2}, 1'000)));
        m_view->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
    }
    void cleanup() { m_view.reset(); }

    void anEmptyViewPaintsNothingAndTakesEveryKey()
    {
        m_view->setDocument(nullptr);
        for (const char key : QByteArray("jkhl[]opwsadfzec.,"))
            QTest::keyClick(m_view.get(), key);
        for (const Qt::Key key : {Qt::Key_Down, Qt::Key_Home, Qt::Key_End, Qt::Key_Return, Qt::Key_Left, Qt::Key_PageDown})
            QTest::keyClick(m_view.get(), key);
        QVERIFY(!m_view->viewport()->grab().isNull());
        QCOMPARE(m_view->selectedRow(), TraceIndex::none);
    }

    void keysMoveAlongTheRows()
    {
        QSignalSpy selected(m_view.get(), &WaterfallView::rowSelected);
        QTest::keyClick(m_view.get(), 'j');
        QCOMPARE(m_view->selectedRow(), 0U);
        QTest::keyClick(m_view.get(), Qt::Key_Down);
        QCOMPARE(m_view->selectedRow(), 1U);
        QTest::keyClick(m_view.get(), 'k');
        QTest::keyClick(m_view.get(), Qt::Key_Up);
        QCOMPARE(m_view->selectedRow(), 0U);
        QTest::keyClick(m_view.get(), Qt::Key_End);
        QCOMPARE(m_view->selectedRow(), m_view->document()->index.size() - 1);
        QTest::keyClick(m_view.get(), Qt::Key_Home);
        QCOMPARE(m_view->selectedRow(), 0U);
        QCOMPARE(selected.size(), 5);
    }

    void foldingGoesByKeysAndTheSelectionStaysInSight()
    {
        const TraceIndex& index = m_view->document()->index;
        const std::uint32_t hop = index.rowOf(SpanId{7});
        m_view->selectRow(hop);
        QTest::keyClick(m_view.get(), 'h');
        QVERIFY(m_view->fold().isFolded(hop));
        QTest::keyClick(m_view.get(), 'h'); // folded already: up to the parent
        QCOMPARE(m_view->selectedRow(), 0U);
        m_view->selectRow(hop);
        QTest::keyClick(m_view.get(), Qt::Key_Right);
        QVERIFY(!m_view->fold().isFolded(hop));
        QTest::keyClick(m_view.get(), 'l');
        QCOMPARE(m_view->selectedRow(), hop + 1);
        QTest::keyClick(m_view.get(), '[');
        QCOMPARE(m_view->fold().rows().size(), 1U);
        QCOMPARE(m_view->selectedRow(), 0U);
        QTest::keyClick(m_view.get(), ']');
        QCOMPARE(m_view->fold().rows().size(), index.size());
    }

    void errorsAreFoundOneAfterTheOther()
    {
        const TraceIndex& index = m_view->document()->index;
        m_view->foldAll();
        QList<std::uint64_t> ids;
        for (int i = 0; i < 4; ++i) {
            QTest::keyClick(m_view.get(), 'e');
            ids.append(m_view->document()->span(m_view->selectedRow()).spanId.value);
        }
        QCOMPARE(ids, (QList<std::uint64_t>{8, 10, 11, 8}));
        QTest::keyClick(m_view.get(), Qt::Key_E, Qt::ShiftModifier);
        QCOMPARE(m_view->selectedRow(), index.rowOf(SpanId{11}));
    }

    void theWheelWithControlZoomsAtThePointer()
    {
        const WaterfallLayout before = m_view->layoutNow();
        const QPointF point(700, 100);
        const std::int64_t moment = before.nsOf(point.x());
        QWheelEvent event(point, m_view->viewport()->mapToGlobal(point), {}, {0, 120}, Qt::NoButton, Qt::ControlModifier,
                          Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(m_view->viewport(), &event);
        QVERIFY(m_view->window().span() < before.window.span());
        QVERIFY(std::abs(m_view->layoutNow().xOf(moment) - point.x()) < 1);
        QTest::keyClick(m_view.get(), 'f');
        QCOMPARE(m_view->window(), m_view->wholeTrace());
    }

    void aDragOnTheRulerChoosesATime()
    {
        const WaterfallLayout layout = m_view->layoutNow();
        const int from = static_cast<int>(layout.xOf(200'000'000));
        const int to = static_cast<int>(layout.xOf(600'000'000));
        QTest::mousePress(m_view->viewport(), Qt::LeftButton, {}, {from, 10});
        QTest::mouseMove(m_view->viewport(), {(from + to) / 2, 10});
        QTest::mouseMove(m_view->viewport(), {to, 10});
        QTest::mouseRelease(m_view->viewport(), Qt::LeftButton, {}, {to, 10});
        QVERIFY(std::abs(m_view->window().fromNs - 200'000'000) < 5'000'000);
        QVERIFY(std::abs(m_view->window().toNs - 600'000'000) < 5'000'000);
        QTest::mouseDClick(m_view->viewport(), Qt::LeftButton, {}, {to, 10});
        QCOMPARE(m_view->window(), m_view->wholeTrace());
    }

    void aClickSelectsAndTheChevronFolds()
    {
        const WaterfallLayout layout = m_view->layoutNow();
        QTest::mouseClick(m_view->viewport(), Qt::LeftButton, {}, {700, layout.topOf(2) + 10});
        QCOMPARE(m_view->selectedRow(), 2U);
        QTest::mouseClick(m_view->viewport(), Qt::LeftButton, {}, {layout.nameLeft(0) + 4, layout.topOf(0) + 12});
        QVERIFY(m_view->fold().isFolded(0));
    }

    void aFailedBarIsRedAndATinySpanIsThere()
    {
        const Theme& theme = themeOf(m_view.get());
        const TraceIndex& index = m_view->document()->index;
        const WaterfallLayout layout = m_view->layoutNow();
        const std::uint32_t failed = index.rowOf(SpanId{8});
        QCOMPARE(colorAt(*m_view, layout.barOf(index.start(failed), index.duration(failed), static_cast<int>(failed)).center()),
                 theme.error);
        const std::uint32_t tiny = index.rowOf(SpanId{6}); // three microseconds of 1.3 s
        const QColor at =
            colorAt(*m_view, layout.barOf(index.start(tiny), index.duration(tiny), static_cast<int>(tiny)).center());
        QVERIFY(contrastRatio(at, theme.panel) > 2);
    }

    void aNewerStateOfTheTraceKeepsWhatTheReaderDid()
    {
        std::vector<telemetry::SpanData> spans = samples::failedIssue(TraceId{1, 2}, 1'000);
        std::vector<telemetry::SpanData> first(spans.begin(), spans.begin() + 9);
        m_view->setDocument(documentOf(first, TraceId{1, 3}));
        m_view->selectSpan(SpanId{7});
        m_view->setFolded(m_view->selectedRow(), true);
        m_view->setDocument(documentOf(spans, TraceId{1, 3}));
        QCOMPARE(m_view->document()->span(m_view->selectedRow()).spanId, SpanId{7});
        QVERIFY(m_view->fold().isFolded(m_view->selectedRow()));
        QCOMPARE(m_view->window(), m_view->wholeTrace());
        m_view->setDocument(documentOf(spans, TraceId{1, 4}));
        QCOMPARE(m_view->selectedRow(), TraceIndex::none);
        QVERIFY(!m_view->fold().anyFolded());
    }

    void aLargeTraceScrollsByRows()
    {
        m_view->setDocument(documentOf(randomSpans(20'000, 5), TraceId{9, 9}));
        QCOMPARE(m_view->verticalScrollBar()->maximum(), 20'000 - m_view->layoutNow().rowsInView());
        m_view->selectRow(15'000);
        const int position = m_view->fold().positionOf(15'000);
        QVERIFY(position >= m_view->verticalScrollBar()->value());
        QVERIFY(position < m_view->verticalScrollBar()->value() + m_view->layoutNow().rowsInView());
        QVERIFY(!m_view->viewport()->grab().isNull());
    }

    void paintingAnyTraceAtAnyZoomWarnsOfNothing()
    {
        for (unsigned seed = 1; seed <= 6; ++seed) {
            m_view->setDocument(documentOf(randomSpans(seed * 30, seed), TraceId{9, seed}));
            for (int i = 0; i < 12; ++i) {
                QTest::keyClick(m_view.get(), i % 3 == 0 ? 'w' : (i % 3 == 1 ? 'd' : 'p'));
                QVERIFY(!m_view->viewport()->grab().isNull());
            }
        }
        m_view->resize(160, 60);
        QVERIFY(!m_view->viewport()->grab().isNull());
    }

    void theMinimapChoosesAndMovesTheWindow()
    {
        WaterfallMinimap map;
        map.resize(506, WaterfallMinimap::height); // 500 inside
        const auto document = m_view->document();
        map.setDocument(document);
        map.setWindow(m_view->wholeTrace());
        QSignalSpy wanted(&map, &WaterfallMinimap::windowRequested);
        QSignalSpy whole(&map, &WaterfallMinimap::wholeRequested);
        QVERIFY(!map.grab().isNull());
        QTest::mousePress(&map, Qt::LeftButton, {}, {103, 20});
        QTest::mouseMove(&map, {203, 20});
        QTest::mouseRelease(&map, Qt::LeftButton, {}, {203, 20});
        QVERIFY(!wanted.isEmpty());
        const std::int64_t span = m_view->wholeTrace().span();
        QVERIFY(std::abs(wanted.last()[0].toLongLong() - span / 5) < span / 100);
        QVERIFY(std::abs(wanted.last()[1].toLongLong() - span * 2 / 5) < span / 100);
        map.setWindow({span / 5, span * 2 / 5});
        wanted.clear();
        QTest::mousePress(&map, Qt::LeftButton, {}, {150, 20});
        QTest::mouseMove(&map, {250, 20});
        QTest::mouseRelease(&map, Qt::LeftButton, {}, {250, 20});
        QVERIFY(std::abs(wanted.last()[0].toLongLong() - span * 2 / 5) < span / 100);
        QTest::mouseDClick(&map, Qt::LeftButton, {}, {10, 20});
        QCOMPARE(whole.size(), 1);
    }

private:
    std::unique_ptr<WaterfallView> m_view;
};

QTEST_MAIN(WaterfallViewTest)
#include "tst_waterfall_view.moc"
