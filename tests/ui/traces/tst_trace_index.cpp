// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/resource.h"
#include "trace_shapes.h"
#include "ui/traces/trace_document.h"
#include "ui/traces/trace_fold.h"
#include "ui/traces/trace_index.h"

#include <QtTest>

#include <map>
#include <set>

using namespace oriel;
using namespace oriel::ui;
using namespace oriel::ui::shapes;

namespace {

std::shared_ptr<const TraceIndex> shared(const std::vector<IndexInput>& spans)
{
    return std::make_shared<const TraceIndex>(TraceIndex::build(spans));
}

/// Time in which no child runs, counted the slow way over the points where something begins or ends.
std::int64_t slowSelfTime(const TraceIndex& index, std::uint32_t row)
{
    std::vector<std::uint32_t> children;
    std::set<std::int64_t> points{index.start(row), index.end(row)};
    for (std::uint32_t at = 0; at < index.size(); ++at) {
        if (index.parent(at) != row)
            continue;
        children.push_back(at);
        points.insert(std::clamp(index.start(at), index.start(row), index.end(row)));
        points.insert(std::clamp(index.end(at), index.start(row), index.end(row)));
    }
    std::int64_t self = 0;
    for (auto point = points.begin(); std::next(point) != points.end(); ++point) {
        const std::int64_t from = *point;
        const bool busy = std::any_of(children.begin(), children.end(),
                                      [&](std::uint32_t child) { return index.start(child) <= from && index.end(child) > from; });
        self += busy ? 0 : *std::next(point) - from;
    }
    return self;
}

void checkLayout(const std::vector<IndexInput>& spans, const TraceIndex& index)
{
    QCOMPARE(index.size(), static_cast<std::uint32_t>(spans.size()));
    std::vector<std::uint32_t> open; // the chain of ancestors whose subtrees are not yet complete
    std::set<std::uint32_t> sources;
    for (std::uint32_t row = 0; row < index.size(); ++row) {
        sources.insert(index.source(row));
        QCOMPARE(index.rowOfSource(index.source(row)), row);
        while (!open.empty() && row >= open.back() + index.subtree(open.back()))
            open.pop_back();
        QCOMPARE(index.parent(row), open.empty() ? TraceIndex::none : open.back());
        QCOMPARE(index.depth(row), static_cast<std::uint32_t>(open.size()));
        QVERIFY(row + index.subtree(row) <= index.size());
        const IndexInput& span = spans[index.source(row)];
        QCOMPARE(index.start(row) + index.traceStartNs(), span.startNs);
        const std::uint32_t next = index.sibling(row);
        if (next != TraceIndex::none) {
            QVERIFY(index.start(next) >= index.start(row));
            QCOMPARE(index.sibling(next, true), row);
        }
        if (index.parent(row) != TraceIndex::none)
            QCOMPARE(spans[index.source(index.parent(row))].id, span.parent);
        open.push_back(row);
    }
    QCOMPARE(sources.size(), spans.size());
}

/// The segments cover the root once and completely, each inside its span.
void checkPath(const TraceIndex& index, std::uint32_t root)
{
    const CriticalPath path = criticalPath(index, root);
    std::vector<CriticalSegment> byTime = path.segments;
    std::sort(byTime.begin(), byTime.end(), [](const auto& a, const auto& b) { return a.fromNs < b.fromNs; });
    std::int64_t at = index.start(root);
    for (const CriticalSegment& segment : byTime) {
        QCOMPARE(segment.fromNs, at);
        QVERIFY(segment.toNs > segment.fromNs);
        QVERIFY(segment.fromNs >= index.start(segment.row));
        QVERIFY(segment.toNs <= index.end(segment.row));
        at = segment.toNs;
        const CriticalSegment* cover = path.coverOf(segment.row);
        QVERIFY(cover != nullptr);
        QVERIFY(cover->fromNs <= segment.fromNs && cover->toNs >= segment.toNs);
    }
    QCOMPARE(at, index.end(root));
}

telemetry::SpanData gatewaySpan(std::uint64_t id, std::uint64_t parent, telemetry::SpanKind kind, std::int64_t start,
                                std::int64_t end)
{
    static const std::shared_ptr<const telemetry::Scope> scope = telemetry::orielScope();
    telemetry::SpanData span;
    span.spanId = spanId(id);
    span.parentSpanId = spanId(parent);
    span.kind = kind;
    span.startUnixNs = start;
    span.endUnixNs = end;
    span.scope = scope;
    return span;
}

} // namespace

class TraceIndexTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anEmptyTraceHasNoRows()
    {
        const TraceIndex index = TraceIndex::build({});
        QVERIFY(index.isEmpty());
        QCOMPARE(index.mainRoot(), TraceIndex::none);
        QCOMPARE(index.rowOf(spanId(7)), TraceIndex::none);
        QCOMPARE(index.nextError(0), TraceIndex::none);
        QVERIFY(criticalPath(index, 0).segments.empty());
        QVERIFY(!gatewaySplit(index).isValid());
    }

    void everySpanStandsBeforeItsDescendantsAndAfterItsEarlierSiblings_data()
    {
        QTest::addColumn<unsigned>("seed");
        QTest::addColumn<unsigned>("count");
        for (unsigned seed = 1; seed <= 30; ++seed)
            QTest::addRow("random tree %u", seed) << seed << seed * 13;
    }
    void everySpanStandsBeforeItsDescendantsAndAfterItsEarlierSiblings()
    {
        QFETCH(unsigned, seed);
        QFETCH(unsigned, count);
        const std::vector<IndexInput> spans = randomTree(count, seed);
        const TraceIndex index = TraceIndex::build(spans);
        checkLayout(spans, index);
        for (const IndexInput& span : spans)
            QCOMPARE(spans[index.source(index.rowOf(span.id))].id, span.id);
    }

    void selfTimeIsWhatNoChildCovers()
    {
        for (unsigned seed = 1; seed <= 20; ++seed) {
            const TraceIndex index = TraceIndex::build(randomTree(120, seed));
            for (std::uint32_t row = 0; row < index.size(); ++row)
                QCOMPARE(index.selfTime(row), slowSelfTime(index, row));
        }
    }

    void theCriticalPathCoversItsRootOnceAndCompletely()
    {
        for (unsigned seed = 1; seed <= 40; ++seed) {
            const TraceIndex index = TraceIndex::build(randomTree(seed * 20, seed));
            checkPath(index, 0);
        }
    }

    void theCriticalPathGoesThroughTheChildThatEndedLast()
    {
        // The root waits for 3, which began when 2 was over; 4 was over long before.
        const TraceIndex index =
            TraceIndex::build(std::vector{span(1, 0, 0, 100), span(2, 1, 10, 40), span(3, 1, 45, 90), span(4, 1, 12, 30)});
        const CriticalPath path = criticalPath(index, 0);
        const std::uint32_t two = index.rowOf(spanId(2));
        const std::uint32_t three = index.rowOf(spanId(3));
        QVERIFY(path.coverOf(index.rowOf(spanId(4))) == nullptr);
        QCOMPARE(path.segmentsOf(two).size(), 1U);
        QCOMPARE(path.segmentsOf(two)[0], (CriticalSegment{two, 10, 40}));
        QCOMPARE(path.segmentsOf(three)[0], (CriticalSegment{three, 45, 90}));
        const auto own = path.segmentsOf(0);
        QCOMPARE(own.size(), 3U);
        QCOMPARE(own[0], (CriticalSegment{0, 0, 10}));
        QCOMPARE(own[1], (CriticalSegment{0, 40, 45}));
        QCOMPARE(own[2], (CriticalSegment{0, 90, 100}));
    }

    void aChildThatOutlivesItsParentCountsOnlyUpToItsEnd()
    {
        const TraceIndex index = TraceIndex::build(std::vector{span(1, 0, 0, 100), span(2, 1, 60, 500)});
        checkPath(index, 0);
        QCOMPARE(index.selfTime(0), 60);
        QCOMPARE(index.traceDurationNs(), 500);
        const CriticalSegment* cover = criticalPath(index, 0).coverOf(1);
        QVERIFY(cover == nullptr || cover->toNs == 100);
    }

    void aChainOfTenThousandIsWalkedWithoutRecursion()
    {
        const std::vector<IndexInput> spans = deep(10'000);
        const TraceIndex index = TraceIndex::build(spans);
        QCOMPARE(index.maxDepth(), 9'999U);
        QCOMPARE(index.subtree(0), 10'000U);
        QCOMPARE(index.selfTime(0), 2);
        checkPath(index, 0);
        TraceFold fold(std::make_shared<const TraceIndex>(index));
        fold.foldAll();
        QCOMPARE(fold.rows().size(), 1U);
        QVERIFY(fold.reveal(9'999));
        QCOMPARE(fold.rows().size(), 10'000U);
    }

    void oneParentWithManyChildrenStaysLinear()
    {
        const TraceIndex index = TraceIndex::build(wide(100'000));
        QCOMPARE(index.size(), 100'001U);
        QCOMPARE(index.selfTime(0), 100'000 * 2 + 10);
        checkPath(index, 0);
    }

    void anOrphanBecomesARootAndIsMarked()
    {
        const TraceIndex index = TraceIndex::build(std::vector{span(1, 0, 0, 10), span(2, 77, 5, 9), span(3, 2, 6, 8)});
        const std::uint32_t orphan = index.rowOf(spanId(2));
        QCOMPARE(index.parent(orphan), TraceIndex::none);
        QVERIFY(index.has(orphan, TraceIndex::Orphan));
        QVERIFY(!index.has(0, TraceIndex::Orphan));
        QCOMPARE(index.parent(index.rowOf(spanId(3))), orphan);
        QCOMPARE(index.promotedCount(), 1U);
    }

    void aCircleOfParentsIsCutAtItsEarliestSpan()
    {
        const std::vector<IndexInput> spans{span(1, 3, 20, 30), span(2, 1, 10, 30), span(3, 2, 15, 18), span(4, 3, 16, 17),
                                            span(5, 5, 1, 2)};
        const TraceIndex index = TraceIndex::build(spans);
        QCOMPARE(index.size(), 5U);
        const std::uint32_t cut = index.rowOf(spanId(2));
        QVERIFY(index.has(cut, TraceIndex::Cycle));
        QCOMPARE(index.parent(cut), TraceIndex::none);
        QCOMPARE(index.subtree(cut), 4U);
        const std::uint32_t own = index.rowOf(spanId(5));
        QVERIFY(index.has(own, TraceIndex::Cycle));
        QCOMPARE(index.promotedCount(), 2U);
        checkPath(index, cut);
    }

    void twoSpansWithOneIdAreBothShownAndTheFirstHasTheChildren()
    {
        const TraceIndex index =
            TraceIndex::build(std::vector{span(1, 0, 0, 10), span(2, 1, 1, 5), span(2, 1, 2, 6), span(3, 2, 2, 3)});
        QCOMPARE(index.size(), 4U);
        QCOMPARE(index.source(index.parent(index.rowOf(spanId(3)))), 1U);
        QCOMPARE(index.source(index.rowOf(spanId(2))), 1U);
    }

    void aFailureIsSeenOnEveryAncestor()
    {
        std::vector<IndexInput> spans{span(1, 0, 0, 10), span(2, 1, 1, 5), span(3, 2, 2, 3), span(4, 1, 6, 7)};
        spans[2].error = true;
        const TraceIndex index = TraceIndex::build(spans);
        QVERIFY(index.has(0, TraceIndex::DescendantError));
        QVERIFY(!index.has(0, TraceIndex::OwnError));
        QVERIFY(index.has(index.rowOf(spanId(2)), TraceIndex::DescendantError));
        QVERIFY(!index.has(index.rowOf(spanId(4)), TraceIndex::DescendantError));
        QCOMPARE(index.errorCount(), 1U);
        const std::uint32_t failed = index.rowOf(spanId(3));
        QVERIFY(index.has(failed, TraceIndex::OwnError) && !index.has(failed, TraceIndex::DescendantError));
        QCOMPARE(index.nextError(0), failed);
        QCOMPARE(index.nextError(failed), failed);
        QCOMPARE(index.nextError(0, true), failed);
    }

    void foldingHidesASubtreeAndRevealingBringsItBack()
    {
        const auto index =
            shared({span(1, 0, 0, 100), span(2, 1, 10, 40), span(3, 2, 15, 30), span(4, 1, 50, 90), span(5, 4, 55, 60)});
        TraceFold fold(index);
        QCOMPARE(fold.rows(), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
        QVERIFY(fold.setFolded(1, true));
        QVERIFY(!fold.setFolded(1, true));
        QVERIFY(!fold.setFolded(2, true)); // a leaf
        QCOMPARE(fold.rows(), (std::vector<std::uint32_t>{0, 1, 3, 4}));
        QCOMPARE(fold.positionOf(2), 1); // stands for its folded ancestor
        QCOMPARE(fold.positionOf(3), 2);
        QVERIFY(fold.reveal(2));
        QCOMPARE(fold.rows().size(), 5U);
        fold.foldLevel();
        QCOMPARE(fold.rows(), (std::vector<std::uint32_t>{0, 1, 3}));
        fold.foldLevel();
        QCOMPARE(fold.rows(), (std::vector<std::uint32_t>{0}));
        fold.unfoldLevel();
        QCOMPARE(fold.rows(), (std::vector<std::uint32_t>{0, 1, 3}));
        fold.unfoldAll();
        QCOMPARE(fold.rows().size(), 5U);
        QVERIFY(!fold.anyFolded());
    }

    void visibleRowsAreThoseWithoutAFoldedAncestor()
    {
        for (unsigned seed = 1; seed <= 20; ++seed) {
            const auto index = shared(randomTree(200, seed));
            TraceFold fold(index);
            std::mt19937 random(seed);
            for (int i = 0; i < 15; ++i)
                fold.setFolded(static_cast<std::uint32_t>(random() % 200), true);
            std::vector<std::uint32_t> expected;
            for (std::uint32_t row = 0; row < index->size(); ++row) {
                bool hidden = false;
                for (std::uint32_t above = index->parent(row); above != TraceIndex::none; above = index->parent(above))
                    hidden = hidden || fold.isFolded(above);
                if (!hidden)
                    expected.push_back(row);
            }
            QCOMPARE(fold.rows(), expected);
        }
    }

    void theSplitCountsTheUnionOfHopsCutToTheCall()
    {
        using telemetry::SpanKind;
        store::TraceLookup lookup;
        lookup.state = store::TraceLookup::State::Found;
        lookup.spans = {gatewaySpan(1, 0, SpanKind::Server, 1'000, 2'000), gatewaySpan(2, 1, SpanKind::Internal, 1'050, 1'950),
                        gatewaySpan(3, 2, SpanKind::Client, 1'100, 1'400), gatewaySpan(4, 2, SpanKind::Client, 1'300, 1'600),
                        gatewaySpan(5, 2, SpanKind::Client, 1'900, 2'100)};
        const auto document = TraceDocument::make(TraceId{1, 2}, lookup, 0);
        QCOMPARE(document->split.totalNs, 1'000);
        QCOMPARE(document->split.upstreamNs, 600);
        QCOMPARE(document->split.gatewayNs(), 400);
    }

    void aTraceWithoutGatewayHasNoSplit()
    {
        store::TraceLookup lookup;
        lookup.spans = {gatewaySpan(1, 0, telemetry::SpanKind::Server, 0, 10)};
        lookup.spans[0].scope = nullptr;
        QVERIFY(!TraceDocument::make(TraceId{1, 2}, lookup, 0)->split.isValid());
    }

    void aRunningSpanLastsUntilNow()
    {
        store::TraceLookup lookup;
        lookup.spans = {gatewaySpan(1, 0, telemetry::SpanKind::Server, 1'000, 0)};
        const auto document = TraceDocument::make(TraceId{1, 2}, lookup, 5'000);
        QCOMPARE(document->index.duration(0), 4'000);
        QVERIFY(document->index.has(0, TraceIndex::Running));
        QCOMPARE(document->index.runningCount(), 1U);
    }

    void statisticsAddUpByNameAndService()
    {
        store::TraceLookup lookup;
        lookup.spans = {gatewaySpan(1, 0, telemetry::SpanKind::Server, 0, 100)};
        lookup.spans[0].name = "root";
        for (std::uint64_t i = 0; i < 20; ++i) {
            lookup.spans.push_back(gatewaySpan(10 + i, 1, telemetry::SpanKind::Internal, 0, static_cast<std::int64_t>(i) + 1));
            lookup.spans.back().name = "step";
        }
        lookup.spans[5].status = telemetry::StatusCode::Error;
        const auto document = TraceDocument::make(TraceId{1, 2}, lookup, 0);
        const std::vector<NameStatistics> rows = document->statistics();
        QCOMPARE(rows.size(), 2U);
        QCOMPARE(document->names[static_cast<qsizetype>(rows[0].name)], QStringLiteral("step"));
        QCOMPARE(rows[0].count, 20U);
        QCOMPARE(rows[0].errors, 1U);
        QCOMPARE(rows[0].totalNs, 210);
        QCOMPARE(rows[0].p50Ns, 10);
        QCOMPARE(rows[0].p95Ns, 19);
        QCOMPARE(document->index.duration(rows[0].slowestRow), 20);
        QCOMPARE(rows[1].selfNs, 80);
    }
};

QTEST_GUILESS_MAIN(TraceIndexTest)
#include "tst_trace_index.moc"
