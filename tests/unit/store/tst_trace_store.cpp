// SPDX-License-Identifier: GPL-3.0-or-later
#include "records.h"
#include "store/trace_store.h"
#include "telemetry/call_spans.h"
#include "telemetry/semconv.h"

#include <QTest>

#include <set>
#include <thread>

using namespace oriel;
using namespace oriel::store;
using namespace oriel::telemetry;
using namespace oriel::test;

namespace {

Filter parsed(const char* text)
{
    auto filter = Filter::parse(text);
    if (!filter)
        qFatal("%s: %s", text, qPrintable(filter.error().message));
    return *filter;
}

QByteArrayList namesOf(const TracePage& page)
{
    QByteArrayList names;
    for (const TraceSummary& row : page.rows)
        names << row.rootName;
    return names;
}

/// The call without what the store does not keep.
void compareCalls(const CallRecord& a, const CallRecord& b)
{
    std::vector<SpanData> left;
    std::vector<SpanData> right;
    appendCallSpans(a, {}, left);
    appendCallSpans(b, {}, right);
    QCOMPARE(left.size(), right.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
        QCOMPARE(left[i].spanId, right[i].spanId);
        QCOMPARE(left[i].parentSpanId, right[i].parentSpanId);
        QCOMPARE(left[i].name, right[i].name);
        QCOMPARE(left[i].startUnixNs, right[i].startUnixNs);
        QCOMPARE(left[i].endUnixNs, right[i].endUnixNs);
        QCOMPARE(left[i].statusMessage, right[i].statusMessage);
        QVERIFY(left[i].attributes == right[i].attributes);
        QVERIFY(left[i].events == right[i].events);
        QVERIFY(left[i].links == right[i].links);
    }
    QCOMPARE(a.requestBytes, b.requestBytes);
    QCOMPARE(a.parentSampled, b.parentSampled);
    QCOMPARE(a.replay, b.replay);
    QCOMPARE(a.httpStatus, b.httpStatus);
}

} // namespace

class TraceStoreTest : public QObject {
    Q_OBJECT

    SystemClock m_clock;

    static TraceStoreOptions inMemory(std::int64_t budget = 64LL << 20)
    {
        TraceStoreOptions options;
        options.budgetBytes = budget;
        return options;
    }

private Q_SLOTS:
    void aCallComesBackAsItsSpans()
    {
        SeededRandom random(1);
        TraceStore store(inMemory(), m_clock);
        CallRecord call = makeCall(random, "files", "read_file", kStart, 5 * kMs, Outcome::ToolError);
        call.parentSpanId = SpanId::generate(random);
        call.traceState = "a=b";
        call.linkTraceId = TraceId::generate(random);
        call.linkSpanId = SpanId::generate(random);
        call.requestBytes = 1234;
        call.replay = true;
        call.httpStatus = 200;
        call.events.push_back({3000, "progress", {{"step", AnyValue(std::int64_t{1})}}});
        call.guardrails.push_back({"secret", true, 100, 200, "secret", "redact", 2});
        call.extraAttributes.push_back({"extra", AnyValue(1.5)});
        const CallRecord copy = call;
        store.append(std::move(call));

        const TraceLookup lookup = store.trace(copy.traceId);
        QCOMPARE(lookup.state, TraceLookup::State::Found);
        QCOMPARE(lookup.spans.size(), callSpanCount(copy));
        QCOMPARE(lookup.spans.front().spanId, copy.spanId);
        const auto back = store.callForTrace(copy.traceId);
        QVERIFY(back.has_value());
        compareCalls(*back, copy);
        QVERIFY(store.callForTrace(copy.traceId, copy.hops[0].spanId).has_value());
        QVERIFY(!store.callForTrace(copy.traceId, SpanId{99}).has_value());
        QCOMPARE(store.traceForRequest(copy.requestId), std::optional(copy.traceId));
        QCOMPARE(store.trace(TraceId{1, 2}).state, TraceLookup::State::NotFound);
    }

    void theSummaryOfACallNamesServerToolClientAndError()
    {
        SeededRandom random(2);
        TraceStore store(inMemory(), m_clock);
        CallRecord call = makeCall(random, "files", "read_file", kStart, 5 * kMs, Outcome::ToolError);
        const TraceId id = call.traceId;
        const std::size_t spans = callSpanCount(call);
        store.append(std::move(call));
        const auto summary = store.summary(id);
        QVERIFY(summary.has_value());
        QCOMPARE(summary->rootName, QByteArray("tools/call files__read_file"));
        QCOMPARE(summary->server, QByteArray("files"));
        QCOMPARE(summary->tool, QByteArray("read_file"));
        QCOMPARE(summary->client, QByteArray("tester"));
        QCOMPARE(summary->method, QByteArray("tools/call"));
        QCOMPARE(summary->services, std::vector<QByteArray>{"oriel"});
        QCOMPARE(summary->firstError, QByteArray("the file is not there"));
        QCOMPARE(summary->errorCount, 1U);
        QCOMPARE(summary->spanCount, static_cast<std::uint32_t>(spans));
        QCOMPARE(summary->durationNs, 5 * kMs);
        QCOMPARE(summary->outcome, Outcome::ToolError);
        QVERIFY(summary->isCall && !summary->live && !summary->rootMissing);
        QCOMPARE(summary->revision, store.lastId());
    }

    void aSpanComesBackUnchanged()
    {
        SeededRandom random(3);
        TraceStore store(inMemory(), m_clock);
        auto list = std::make_shared<KeyValueList>();
        list->values = {{"inner", AnyValue(QByteArray("deep"))}};
        auto array = std::make_shared<ArrayValue>();
        array->values = {AnyValue(true), AnyValue(std::shared_ptr<const KeyValueList>(list)), AnyValue()};
        SpanData span = makeSpan(random, TraceId::generate(random), "GET /items", kStart, 3 * kMs, SpanId::generate(random));
        span.kind = SpanKind::Client;
        span.status = StatusCode::Error;
        span.statusMessage = "refused";
        span.traceState = "k=v";
        span.flags = 0x301;
        span.attributes.push_back({"list", AnyValue(std::shared_ptr<const ArrayValue>(array))});
        span.attributes.push_back({"bytes", AnyValue(BytesValue{QByteArray("\0\1", 2)})});
        span.attributes.push_back({"real", AnyValue(-0.25)});
        span.attributes.push_back({"flag", AnyValue(false)});
        span.attributes.push_back({"long", AnyValue(QByteArray(5000, 'x'))});
        span.events.push_back({kStart + kMs, "exception", {{"type", AnyValue(QByteArray("IOError"))}}, 3});
        span.links.push_back({TraceId::generate(random), SpanId::generate(random), "s=t", {{"why", AnyValue(1)}}, 1, 2});
        span.droppedAttributes = 4;
        span.droppedEvents = 5;
        span.droppedLinks = 6;
        auto scope = std::make_shared<Scope>();
        scope->name = "lib";
        scope->version = "1.2";
        scope->schemaUrl = "https://scope";
        scope->droppedAttributes = 2;
        scope->attributes = {{"room", QByteArray("hall")}};
        span.scope = scope;
        auto resource = std::make_shared<Resource>(*span.resource);
        resource->schemaUrl = "https://resource";
        resource->droppedAttributes = 1;
        resource->entityRefs = {{"https://entity", "service", {"service.name", "service.namespace"}, {"service.version"}},
                                {{}, "host", {"host.id"}, {}}};
        span.resource = resource;
        const SpanData copy = span;
        store.append(std::move(span));
        const TraceLookup lookup = store.trace(copy.traceId);
        QCOMPARE(lookup.spans.size(), std::size_t(1));
        const SpanData& back = lookup.spans.front();
        QCOMPARE(back.spanId, copy.spanId);
        QCOMPARE(back.parentSpanId, copy.parentSpanId);
        QCOMPARE(back.name, copy.name);
        QCOMPARE(back.endUnixNs, copy.endUnixNs);
        QCOMPARE(back.kind, copy.kind);
        QCOMPARE(back.status, copy.status);
        QCOMPARE(back.statusMessage, copy.statusMessage);
        QCOMPARE(back.flags, copy.flags);
        QCOMPARE(back.traceState, copy.traceState);
        QVERIFY(back.attributes == copy.attributes);
        QVERIFY(back.events == copy.events);
        QVERIFY(back.links == copy.links);
        QCOMPARE(back.droppedLinks, 6U);
        QVERIFY(*back.resource == *copy.resource);
        QVERIFY(*back.scope == *copy.scope);
    }

    void aSpanThatEndsBeforeItStartsKeepsItsTimes()
    {
        SeededRandom random(4);
        TraceStore store(inMemory(), m_clock);
        SpanData span = makeSpan(random, TraceId::generate(random), "skewed", kStart, 0);
        span.endUnixNs = kStart - 500;
        const TraceId id = span.traceId;
        store.append(std::move(span));
        QCOMPARE(store.trace(id).spans.front().endUnixNs, kStart - 500);
        QCOMPARE(store.summary(id)->durationNs, 0);
    }

    void aRunningSpanMakesItsTraceLiveUntilItEnds()
    {
        SeededRandom random(5);
        TraceStore store(inMemory(), m_clock);
        SpanData span = makeSpan(random, TraceId::generate(random), "work", kStart, 0);
        span.endUnixNs = 0;
        SpanData finished = span;
        finished.endUnixNs = kStart + kMs;
        const TraceId id = span.traceId;
        store.append(std::move(span));
        QVERIFY(store.summary(id)->live);
        QCOMPARE(store.trace(id).spans.front().endUnixNs, 0);
        QCOMPARE(store.query({.filter = parsed("status=running")}).totalMatched, 1U);
        store.append(std::move(finished));
        QVERIFY(!store.summary(id)->live);
        QCOMPARE(store.summary(id)->spanCount, 1U);
        QCOMPARE(store.trace(id).spans.size(), std::size_t(1));
        QCOMPARE(store.trace(id).spans.front().endUnixNs, kStart + kMs);
    }

    void spansOfOneTraceFromCallAndServerAreOneTrace()
    {
        SeededRandom random(6);
        TraceStore store(inMemory(), m_clock);
        CallRecord call = makeCall(random, "files", "read_file", kStart, 5 * kMs);
        const TraceId id = call.traceId;
        const SpanId hop = call.hops[0].spanId;
        // The server's own span arrives before the call is finished.
        store.append(makeSpan(random, id, "read", kStart + kMs, kMs, hop));
        QVERIFY(store.summary(id)->rootMissing);
        QCOMPARE(store.summary(id)->rootName, QByteArray("read"));
        store.append(std::move(call));
        const auto summary = store.summary(id);
        QCOMPARE(summary->rootName, QByteArray("tools/call files__read_file"));
        QCOMPARE(summary->rootService, QByteArray("oriel"));
        QCOMPARE(summary->services.size(), std::size_t(2));
        QVERIFY(!summary->rootMissing);
        QCOMPARE(summary->startUnixNs, kStart);
        QCOMPARE(summary->durationNs, 5 * kMs);
        QCOMPARE(store.query({}).totalMatched, 1U);
    }

    void filtersAnswerFromTheColumns_data()
    {
        QTest::addColumn<QByteArray>("filter");
        QTest::addColumn<QByteArrayList>("expected");
        const QByteArray a("tools/call files__read_file");
        const QByteArray b("tools/call files__write_file");
        const QByteArray c("tools/call web__fetch");
        const QByteArray d("GET /items");
        const auto row = [](const char* filter, const QByteArrayList& expected) {
            QTest::newRow(filter) << QByteArray(filter) << expected;
        };
        row("", {d, c, b, a});
        row("server=files", {b, a});
        row("server!=files", {d, c});
        row("NOT server=files,web", {d});
        row("tool=~^(read|fetch)", {c, a});
        row("tool!~^(read|fetch)", {d, b});
        row("status=error", {b});
        row("status=tool_error", {b});
        row("status=ok server=files", {a});
        row("duration>20ms", {c, b});
        row("duration>=20ms", {d, c, b});
        row("duration<20ms", {a});
        row("duration=20ms", {d});
        row("name=\"GET /items\"", {d});
        row("service=backend", {d});
        row("service=oriel", {c, b, a});
        row("client=tester tool=fetch", {c});
        row("method=tools/call NOT server=web", {b, a});
        row("FETCH", {c});
        row("\"not there\"", {b});
        row("fetch OR items", {d, c});
        row("(fetch OR items) AND duration>25ms", {c});
        row("attr.http.route=/items/:id", {d});
        row("attr.http.response.status_code=200", {d});
        row("attr.http.response.status_code>=500", {});
        row("attr.http.response.status_code<201", {d});
        row("attr.host.name=box", {d});
        row("attr.mcp.session.id=session-1 server=web", {c});
        row("attr.no.such=1", {});
        row("attr.jsonrpc.request.id=7 server=files", {b, a});
        row("attr.gateway.server.name=web", {c});
        row("attr.error.type=~.", {b});
        row("server=nobody", {});
        row("NOT server=nobody", {d, c, b, a});
        row("NOT status=error AND server=files", {a});
    }
    void filtersAnswerFromTheColumns()
    {
        QFETCH(QByteArray, filter);
        QFETCH(QByteArrayList, expected);
        SeededRandom random(7);
        TraceStore store(inMemory(), m_clock);
        store.append(makeCall(random, "files", "read_file", kStart, 10 * kMs));
        store.append(makeCall(random, "files", "write_file", kStart + 1 * kMs, 30 * kMs, Outcome::ToolError));
        store.append(makeCall(random, "web", "fetch", kStart + 2 * kMs, 40 * kMs));
        store.append(makeSpan(random, TraceId::generate(random), "GET /items", kStart + 3 * kMs, 20 * kMs));
        QCOMPARE(namesOf(store.query({.filter = parsed(filter.constData())})), expected);
    }

    void conditionsJoinedByAndHoldOnOneSpan()
    {
        SeededRandom random(8);
        TraceStore store(inMemory(), m_clock);
        const TraceId id = TraceId::generate(random);
        SpanData slow = makeSpan(random, id, "slow", kStart, 100 * kMs);
        store.append(makeSpan(random, id, "quick", kStart, kMs, slow.spanId));
        store.append(std::move(slow));
        QCOMPARE(store.query({.filter = parsed("name=slow duration>50ms")}).totalMatched, 1U);
        QCOMPARE(store.query({.filter = parsed("name=quick duration>50ms")}).totalMatched, 0U);
        QCOMPARE(store.query({.filter = parsed("NOT name=quick")}).totalMatched, 0U);
        QCOMPARE(store.query({.filter = parsed("name=slow NOT name=other")}).totalMatched, 1U);
    }

    void aTraceIsFoundByTheBeginningOfItsId()
    {
        SeededRandom random(9);
        TraceStore store(inMemory(), m_clock);
        TraceId id;
        for (int i = 0; i < 50; ++i) {
            CallRecord call = makeCall(random, "s", "t", kStart + i, kMs);
            id = call.traceId;
            store.append(std::move(call));
        }
        for (const int digits : {1, 8, 16, 17, 31, 32}) {
            const QByteArray filter = "trace=" + id.toHex().first(digits);
            const TracePage page = store.query({.filter = parsed(filter.constData())});
            QVERIFY(std::any_of(page.rows.begin(), page.rows.end(), [&](const TraceSummary& row) { return row.traceId == id; }));
            if (digits >= 16)
                QCOMPARE(page.totalMatched, 1U);
        }
    }

    void pagesJoinWithoutGapOrRepetitionInEveryOrder()
    {
        SeededRandom random(10);
        TraceStore store(inMemory(16LL << 20), m_clock); // several segments
        std::set<QByteArray> all;
        for (int i = 0; i < 10'000; ++i) {
            CallRecord call = makeCall(random, "s", "t", kStart + static_cast<std::int64_t>(random.next64() % 100),
                                       kMs + static_cast<std::int64_t>(random.next64() % 5) * kMs);
            all.insert(call.traceId.toHex());
            store.append(std::move(call));
        }
        for (const TraceOrder order : {TraceOrder::Start, TraceOrder::Duration, TraceOrder::SpanCount}) {
            for (const bool newestFirst : {true, false}) {
                std::set<QByteArray> seen;
                TraceQuery query{.order = order, .newestFirst = newestFirst, .limit = 999};
                std::int64_t last = newestFirst ? kEndOfTime : kBeginningOfTime;
                for (;;) {
                    const TracePage page = store.query(query);
                    for (const TraceSummary& row : page.rows) {
                        QVERIFY(seen.insert(row.traceId.toHex()).second);
                        const std::int64_t key = order == TraceOrder::Start      ? row.startUnixNs
                                                 : order == TraceOrder::Duration ? row.durationNs
                                                                                 : row.spanCount;
                        QVERIFY(newestFirst ? key <= last : key >= last);
                        last = key;
                    }
                    if (!page.next)
                        break;
                    query.after = page.next;
                }
                QVERIFY(seen == all);
            }
        }
    }

    void timeBoundsSelectTracesByTheirStart()
    {
        SeededRandom random(11);
        TraceStore store(inMemory(), m_clock);
        for (int i = 0; i < 10; ++i)
            store.append(makeCall(random, "s", "t", kStart + i * kMs, kMs));
        TraceQuery query;
        query.fromUnixNs = kStart + 3 * kMs;
        query.toUnixNs = kStart + 6 * kMs;
        QCOMPARE(store.query(query).totalMatched, 3U);
    }

    void sinceTellsEachChangedTraceOnce()
    {
        SeededRandom random(12);
        TraceStore store(inMemory(), m_clock);
        QCOMPARE(store.lastId(), 0U);
        const TraceId id = TraceId::generate(random);
        store.append(makeSpan(random, id, "one", kStart, kMs));
        store.append(makeCall(random, "s", "t", kStart, kMs));
        const std::uint64_t before = store.lastId();
        QCOMPARE(before, 2U);
        QVERIFY(store.since(before).rows.empty());
        store.append(makeSpan(random, id, "two", kStart, kMs));
        store.append(makeSpan(random, id, "three", kStart, kMs));
        const TracePage page = store.since(before);
        QCOMPARE(page.rows.size(), std::size_t(1));
        QCOMPARE(page.rows.front().spanCount, 3U);
        QCOMPARE(page.revision, 4U);
        const TracePage cut = store.since(0, 1);
        QCOMPARE(cut.rows.size(), std::size_t(1));
        QCOMPARE(cut.revision, 1U);
        QCOMPARE(store.since(cut.revision).rows.size(), std::size_t(2));
    }

    void theBudgetHoldsAndWhatWasEvictedIsTold()
    {
        SeededRandom random(13);
        constexpr std::int64_t kBudget = 4LL << 20;
        TraceStore store(inMemory(kBudget), m_clock);
        const CallRecord first = makeCall(random, "s", "t", kStart, kMs);
        CallRecord copy = first;
        store.append(std::move(copy));
        CallRecord last;
        for (int i = 1; i < 30'000; ++i) {
            last = makeCall(random, "s", "t", kStart + i * kMs, kMs);
            copy = last;
            store.append(std::move(copy));
        }
        const TraceStoreStats stats = store.stats();
        QVERIFY2(stats.memoryBytes <= kBudget + (1 << 20),
                 QByteArray::number(static_cast<qlonglong>(stats.memoryBytes)).constData());
        QVERIFY(stats.evictedSpans > 0);
        QCOMPARE(stats.appended, 30'000U);
        const TraceLookup gone = store.trace(first.traceId);
        QCOMPARE(gone.state, TraceLookup::State::Evicted);
        QVERIFY(gone.evictedAtUnixNs > 0);
        QCOMPARE(store.trace(last.traceId).state, TraceLookup::State::Found);
        QVERIFY(store.query({}).droppedBeforeUnixNs > kStart);
    }

    void aTraceOverManySegmentsIsOneRowWithAllItsSpans()
    {
        SeededRandom random(14);
        TraceStore store(inMemory(16LL << 20), m_clock);
        const TraceId id = TraceId::generate(random);
        SpanData root = makeSpan(random, id, "root", kStart, 1000 * kMs);
        const SpanId rootId = root.spanId;
        store.append(std::move(root));
        for (int i = 0; i < 60; ++i) {
            store.append(makeSpan(random, id, "child", kStart + i * kMs, kMs, rootId));
            for (int j = 0; j < 400; ++j)
                store.append(makeCall(random, "s", "t", kStart + i * kMs, kMs));
        }
        QCOMPARE(store.stats().evictedSpans, 0U);
        QCOMPARE(store.trace(id).spans.size(), std::size_t(61));
        const TracePage page = store.query({.filter = parsed("name=child")});
        QCOMPARE(page.totalMatched, 1U);
        QCOMPARE(page.rows.front().rootName, QByteArray("root"));
        QCOMPARE(page.rows.front().spanCount, 61U);
        QCOMPARE(page.rows.front().durationNs, 1000 * kMs);
        QCOMPARE(store.query({.filter = parsed("NOT name=child")}).totalMatched, 60U * 400U);
    }

    void spansAreSortedByTimeWithParentsFirst()
    {
        SeededRandom random(15);
        TraceStore store(inMemory(), m_clock);
        const TraceId id = TraceId::generate(random);
        std::vector<SpanData> spans;
        SpanId parent;
        for (int i = 0; i < 200; ++i) { // a chain of equal times
            spans.push_back(makeSpan(random, id, "link", kStart, kMs, parent));
            parent = spans.back().spanId;
        }
        const std::vector<SpanData> chain = spans;
        std::reverse(spans.begin(), spans.end());
        store.append(spans);
        const TraceLookup lookup = store.trace(id);
        QCOMPARE(lookup.spans.size(), chain.size());
        for (std::size_t i = 0; i < chain.size(); ++i)
            QCOMPARE(lookup.spans[i].spanId, chain[i].spanId);
    }

    void aCycleOfParentsLosesNoSpan()
    {
        SeededRandom random(16);
        TraceStore store(inMemory(), m_clock);
        const TraceId id = TraceId::generate(random);
        SpanData a = makeSpan(random, id, "a", kStart, kMs);
        SpanData b = makeSpan(random, id, "b", kStart, kMs, a.spanId);
        a.parentSpanId = b.spanId;
        store.append(std::move(a));
        store.append(std::move(b));
        QCOMPARE(store.trace(id).spans.size(), std::size_t(2));
    }

    void aResentSpanStaysOnce()
    {
        SeededRandom random(17);
        TraceStore store(inMemory(), m_clock);
        const SpanData span = makeSpan(random, TraceId::generate(random), "again", kStart, kMs);
        for (int i = 0; i < 3; ++i) {
            SpanData copy = span;
            store.append(std::move(copy));
        }
        SpanData server = span;
        server.kind = SpanKind::Server; // shares the id with its client, as Zipkin's do
        store.append(std::move(server));
        QCOMPARE(store.trace(span.traceId).spans.size(), std::size_t(2));
    }

    void aggregatesCountCallsErrorsAndQuantiles()
    {
        SeededRandom random(18);
        TraceStore store(inMemory(), m_clock);
        for (int i = 1; i <= 100; ++i)
            store.append(makeCall(random, "files", i % 2 == 0 ? "read" : "write", kStart + (i % 10) * kMs, i * kMs,
                                  i % 10 == 0 ? Outcome::Timeout : Outcome::Ok));
        store.append(makeSpan(random, TraceId::generate(random), "foreign", kStart, kMs));
        AggregateQuery query{.fromUnixNs = kStart, .toUnixNs = kStart + 10 * kMs, .stepNs = kMs, .groupBy = GroupBy::Server};
        const AggregateResult byServer = store.aggregate(query);
        QCOMPARE(byServer.groups.size(), std::size_t(1));
        const AggregateGroup& group = byServer.groups.front();
        QCOMPARE(group.key, QByteArray("files"));
        QCOMPARE(group.total.calls, 100U);
        QCOMPARE(group.total.errors, 10U);
        QCOMPARE(group.total.p50Ns, 50.0 * kMs);
        QCOMPARE(group.total.p95Ns, 95.0 * kMs);
        QCOMPARE(group.total.p99Ns, 99.0 * kMs);
        QCOMPARE(group.total.maxNs, 100.0 * kMs);
        QCOMPARE(group.buckets.size(), std::size_t(10));
        for (const AggregateBucket& bucket : group.buckets)
            QCOMPARE(bucket.calls, 10U);
        QCOMPARE(group.buckets[0].errors, 10U);
        QCOMPARE(group.lastError, QByteArray("the file is not there"));
        query.groupBy = GroupBy::Tool;
        query.filter = parsed("tool=read");
        const AggregateResult byTool = store.aggregate(query);
        QCOMPARE(byTool.groups.size(), std::size_t(1));
        QCOMPARE(byTool.groups.front().key, QByteArray("read"));
        QCOMPARE(byTool.groups.front().server, QByteArray("files"));
        QCOMPARE(byTool.groups.front().total.calls, 50U);
    }

    void theScatterKeepsErrorsAndTheSlowestWhenItThins()
    {
        SeededRandom random(19);
        TraceStore store(inMemory(), m_clock);
        TraceId slowest;
        TraceId wrong;
        for (int i = 0; i < 1000; ++i) {
            CallRecord call = makeCall(random, "s", "t", kStart + i * kMs, i == 500 ? 900 * kMs : kMs,
                                       i == 700 ? Outcome::Timeout : Outcome::Ok);
            if (i == 500)
                slowest = call.traceId;
            if (i == 700)
                wrong = call.traceId;
            store.append(std::move(call));
        }
        QCOMPARE(store.latencyPoints(kBeginningOfTime, kEndOfTime, 5000).size(), std::size_t(1000));
        const std::vector<LatencyPoint> points = store.latencyPoints(kBeginningOfTime, kEndOfTime, 50);
        QVERIFY(points.size() <= 50 && points.size() >= 25);
        QVERIFY(std::is_sorted(points.begin(), points.end(),
                               [](const auto& a, const auto& b) { return a.startUnixNs < b.startUnixNs; }));
        for (const TraceId& id : {slowest, wrong})
            QVERIFY(std::any_of(points.begin(), points.end(), [&](const LatencyPoint& point) { return point.traceId == id; }));
    }

    void completionKnowsWhatIsThere()
    {
        SeededRandom random(20);
        TraceStore store(inMemory(), m_clock);
        store.append(makeCall(random, "files", "read_file", kStart, kMs));
        store.append(makeCall(random, "web", "fetch", kStart, kMs));
        store.append(makeSpan(random, TraceId::generate(random), "GET", kStart, kMs));
        QCOMPARE(store.fieldValues(FilterField::Server, {}, {}, 10), (std::vector<QByteArray>{"files", "web"}));
        QCOMPARE(store.fieldValues(FilterField::Tool, {}, "RE", 10), std::vector<QByteArray>{"read_file"});
        const std::vector<QByteArray> keys = store.attributeKeys("http.", 10);
        QCOMPARE(keys.size(), std::size_t(2));
        QCOMPARE(store.fieldValues(FilterField::Attribute, "http.response.status_code", {}, 10), std::vector<QByteArray>{"200"});
    }

    void aQueryCanBeStopped()
    {
        SeededRandom random(21);
        TraceStore store(inMemory(), m_clock);
        for (int i = 0; i < 100; ++i)
            store.append(makeCall(random, "s", "t", kStart, kMs));
        std::stop_source source;
        source.request_stop();
        QVERIFY(store.query({.filter = parsed("server=s")}, source.get_token()).cancelled);
        QVERIFY(store.aggregate({.fromUnixNs = 0, .toUnixNs = kEndOfTime}, source.get_token()).cancelled);
    }

    void randomSpansAndCallsAllComeBack()
    {
        SeededRandom random(22);
        TraceStore store(inMemory(32LL << 20), m_clock);
        std::map<QByteArray, std::size_t> expected;
        std::vector<TraceId> ids;
        for (int i = 0; i < 200; ++i)
            ids.push_back(TraceId::generate(random));
        for (int i = 0; i < 20'000; ++i) {
            const TraceId id = ids[random.next64() % ids.size()];
            if (random.next64() % 3 == 0) {
                CallRecord call = makeCall(random, "s" + QByteArray::number(random.next64() % 5), "t", kStart + i, kMs);
                call.traceId = id;
                expected[id.toHex()] += callSpanCount(call);
                store.append(std::move(call));
            } else {
                SpanData span = makeSpan(random, id, "n" + QByteArray::number(random.next64() % 50), kStart + i, kMs,
                                         SpanId::generate(random));
                span.attributes.push_back({"unique", QByteArray::number(random.next64())});
                ++expected[id.toHex()];
                store.append(std::move(span));
            }
        }
        for (const TraceId& id : ids) {
            const TraceLookup lookup = store.trace(id);
            QCOMPARE(lookup.spans.size(), expected[id.toHex()]);
            QCOMPARE(store.summary(id)->spanCount, expected[id.toHex()]);
            QVERIFY(std::is_sorted(lookup.spans.begin(), lookup.spans.end(),
                                   [](const SpanData& a, const SpanData& b) { return a.startUnixNs < b.startUnixNs; }));
        }
    }

    void eightReadersSeeWholeRecordsWhileOneThreadWrites()
    {
        TraceStore store(inMemory(8LL << 20), m_clock);
        std::atomic<bool> stop{false};
        std::atomic<int> wrong{0};
        std::atomic<std::uint64_t> reads{0};
        std::vector<std::thread> readers;
        const Filter byServer = parsed("server=s1 duration<1s");
        const Filter byAttribute = parsed("attr.http.route=/items/:id NOT name=n1");
        for (int i = 0; i < 8; ++i) {
            readers.emplace_back([&, i] {
                std::uint64_t since = 0;
                while (!stop) {
                    const TracePage page = store.query({.filter = i % 2 == 0 ? byServer : byAttribute, .limit = 20});
                    for (const TraceSummary& row : page.rows) {
                        if (row.spanCount == 0 || row.rootName.isEmpty())
                            ++wrong;
                        const TraceLookup lookup = store.trace(row.traceId);
                        for (const SpanData& span : lookup.spans)
                            if (span.traceId != row.traceId || !span.spanId.isValid() || span.name.isEmpty())
                                ++wrong;
                    }
                    const TracePage news = store.since(since, 50);
                    if (news.revision < since)
                        ++wrong;
                    since = news.revision;
                    (void)store.aggregate({.fromUnixNs = kStart, .toUnixNs = kStart + kMs, .groupBy = GroupBy::Tool});
                    (void)store.stats();
                    ++reads;
                }
            });
        }
        SeededRandom random(23);
        int written = 0;
        while (reads < 200 || written < 20'000) {
            store.append(makeCall(random, "s" + QByteArray::number(written % 3), "t", kStart + written, kMs));
            store.append(
                makeSpan(random, TraceId::generate(random), "n" + QByteArray::number(written % 4), kStart + written, kMs));
            ++written;
        }
        stop = true;
        for (std::thread& reader : readers)
            reader.join();
        QCOMPARE(wrong.load(), 0);
        QCOMPARE(store.stats().appended, static_cast<std::uint64_t>(written) * 2);
    }
};

QTEST_GUILESS_MAIN(TraceStoreTest)
#include "tst_trace_store.moc"
