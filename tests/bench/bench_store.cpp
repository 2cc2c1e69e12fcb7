// SPDX-License-Identifier: GPL-3.0-or-later
// Measures the stores against the table "Q, R" of the product: spans, filters, audit rows and pages. Prints one line for each.
#include "base/random.h"
#include "store/audit_log.h"
#include "store/trace_store.h"
#include "telemetry/call_spans.h"

#include <QTemporaryDir>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <latch>

using namespace oriel;
using namespace oriel::store;
using namespace oriel::telemetry;

namespace {

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;

class Stopwatch {
public:
    [[nodiscard]] double seconds() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

/// The processor time of this thread: what work without waiting costs, however busy the machine is.
class CpuStopwatch {
public:
    [[nodiscard]] double seconds() const { return now() - m_start; }

private:
    static double now()
    {
#ifdef CLOCK_THREAD_CPUTIME_ID
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
#else
        return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
#endif
    }
    double m_start = now();
};

void report(const char* what, double value, const char* unit, double target, bool mostly)
{
    const bool good = mostly ? value <= target : value >= target;
    std::printf("%-52s %14.1f %-8s target %s %.0f  %s\n", what, value, unit, mostly ? "<=" : ">=", target,
                good ? "ok" : "MISSED");
    std::fflush(stdout);
}

/// The median of several runs, in milliseconds.
template <class Work> double medianMs(const Work& work)
{
    std::vector<double> times;
    for (int i = 0; i < 9; ++i) {
        const CpuStopwatch watch;
        work();
        times.push_back(watch.seconds() * 1e3);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

SpanData makeSpan(SeededRandom& random, const std::shared_ptr<const Resource>& resource, TraceId trace, SpanId parent, int n)
{
    static const std::vector<QByteArray> kNames = [] {
        std::vector<QByteArray> names;
        for (int i = 0; i < 200; ++i)
            names.push_back("operation " + QByteArray::number(i));
        return names;
    }();
    static const QByteArray kMethod = QByteArrayLiteral("http.request.method");
    SpanData span;
    span.traceId = trace;
    span.spanId = SpanId::generate(random);
    span.parentSpanId = parent;
    span.name = kNames[random.next64() % kNames.size()];
    span.kind = n % 2 == 0 ? SpanKind::Client : SpanKind::Internal;
    span.startUnixNs = kStart + static_cast<std::int64_t>(n) * 10'000;
    span.endUnixNs = span.startUnixNs + static_cast<std::int64_t>(random.next64() % 50'000'000);
    if (random.next64() % 50 == 0) {
        span.status = StatusCode::Error;
        span.statusMessage = QByteArrayLiteral("connection refused");
    }
    span.resource = resource;
    span.attributes = {{kMethod, QByteArrayLiteral("GET")},
                       {QByteArrayLiteral("http.route"), kNames[random.next64() % 20]},
                       {QByteArrayLiteral("http.response.status_code"), AnyValue(std::int64_t{200})},
                       {QByteArrayLiteral("server.address"), QByteArrayLiteral("127.0.0.1")},
                       {QByteArrayLiteral("server.port"), AnyValue(std::int64_t{8080})},
                       {QByteArrayLiteral("network.protocol.version"), QByteArrayLiteral("1.1")},
                       {QByteArrayLiteral("thread.id"), AnyValue(static_cast<std::int64_t>(random.next64() % 64))},
                       {QByteArrayLiteral("url.scheme"), QByteArrayLiteral("http")}};
    return span;
}

CallRecord makeCall(SeededRandom& random, const std::shared_ptr<const ClientContext>& client,
                    const std::shared_ptr<const ServerContext>& server, int n)
{
    CallRecord call;
    call.traceId = TraceId::generate(random);
    call.spanId = SpanId::generate(random);
    call.method = QByteArrayLiteral("tools/call");
    call.targetKind = TargetKind::Tool;
    call.target = QByteArrayLiteral("files__read_file");
    call.routedServer = server;
    call.routedTarget = QByteArrayLiteral("read_file");
    call.client = client;
    call.jsonrpcId = QByteArray::number(n);
    call.requestId = makeUlid(kStart, random);
    call.startUnixNs = kStart + n * 50'000LL;
    call.durationNs = 300'000 + static_cast<std::int64_t>(random.next64() % 50'000'000);
    call.outcome = random.next64() % 40 == 0 ? Outcome::ToolError : Outcome::Ok;
    for (std::size_t i = 0; i < kStageCount; ++i)
        call.stages[i] = {static_cast<std::int64_t>(i) * 3000, 2500};
    Hop hop;
    hop.spanId = SpanId::generate(random);
    hop.server = server;
    hop.target = call.routedTarget;
    hop.jsonrpcId = call.jsonrpcId;
    hop.offsetNs = 20'000;
    hop.durationNs = call.durationNs - 30'000;
    hop.firstByteOffsetNs = hop.durationNs;
    call.hops.append(hop);
    return call;
}

void measureSpans()
{
    SystemClock clock;
    TraceStoreOptions options;
    options.budgetBytes = 1LL << 30;
    TraceStore store(options, clock);
    SeededRandom random(1);
    std::vector<std::shared_ptr<const Resource>> resources;
    for (int i = 0; i < 8; ++i) {
        auto resource = std::make_shared<Resource>();
        resource->attributes = {{QByteArrayLiteral("service.name"), "service " + QByteArray::number(i)}};
        resources.push_back(resource);
    }
    constexpr int kSpans = 1'000'000;
    double seconds = 0;
    int made = 0;
    std::vector<SpanData> batch;
    while (made < kSpans) {
        batch.clear();
        for (int t = 0; t < 100; ++t) {
            const TraceId trace = TraceId::generate(random);
            SpanId parent;
            for (int s = 0; s < 10; ++s, ++made) {
                batch.push_back(makeSpan(random, resources[random.next64() % resources.size()], trace, parent, made));
                parent = batch.back().spanId;
            }
        }
        const CpuStopwatch watch;
        store.append(batch);
        seconds += watch.seconds();
    }
    report("spans appended a second (8 attributes)", kSpans / seconds, "1/s", 300'000, false);
    report("memory of a span", static_cast<double>(store.stats().memoryBytes) / kSpans, "bytes", 120, true);
    for (const char* text : {"service=\"service 3\"", "name=\"operation 7\" duration>10ms", "status=error", "operation 19",
                             "NOT status=error duration>45ms", "(service=\"service 3\" OR name=~7$) refused",
                             "attr.http.route=\"operation 3\"", "attr.http.response.status_code>=500"}) {
        TraceQuery query;
        query.filter = *Filter::parse(text);
        std::uint64_t matched = 0;
        const double ms = medianMs([&] { matched = store.query(query).totalMatched; });
        report((QByteArray("filter 1 M spans: ") + text).constData(), ms, "ms", 30, true);
        if (matched == 0 && !QByteArrayView(text).contains(">=500"))
            std::printf("  nothing matched\n");
    }
    report("page of 200 newest traces, no filter", medianMs([&] { (void)store.query({}); }), "ms", 30, true);
}

void measureBigTrace()
{
    SystemClock clock;
    TraceStoreOptions options;
    options.budgetBytes = 1LL << 30;
    TraceStore store(options, clock);
    SeededRandom random(2);
    auto resource = std::make_shared<Resource>();
    resource->attributes = {{QByteArrayLiteral("service.name"), QByteArrayLiteral("one")}};
    const TraceId trace = TraceId::generate(random);
    SpanId parent;
    for (int i = 0; i < 100'000; ++i) {
        SpanData span = makeSpan(random, resource, trace, parent, i);
        if (i % 10 == 0)
            parent = span.spanId;
        store.append(std::move(span));
    }
    report("read a trace of 100,000 spans", medianMs([&] { (void)store.trace(trace); }), "ms", 60, true);
}

void measureCalls()
{
    SystemClock clock;
    TraceStore store({}, clock);
    SeededRandom random(3);
    auto client = std::make_shared<ClientContext>();
    client->clientName = QByteArrayLiteral("bench");
    auto server = std::make_shared<ServerContext>();
    server->name = QByteArrayLiteral("files");
    constexpr int kCalls = 500'000;
    double seconds = 0;
    std::vector<CallRecord> batch;
    for (int made = 0; made < kCalls;) {
        batch.clear();
        for (int i = 0; i < 1000; ++i, ++made)
            batch.push_back(makeCall(random, client, server, made));
        const CpuStopwatch watch;
        for (CallRecord& call : batch)
            store.append(std::move(call));
        seconds += watch.seconds();
    }
    const TraceStoreStats stats = store.stats();
    report("calls appended a second (12 spans each)", kCalls / seconds, "1/s", 100'000, false);
    report("memory of a span of a call", static_cast<double>(stats.memoryBytes) / static_cast<double>(stats.spans), "bytes", 120,
           true);
    report("memory at the default budget", static_cast<double>(stats.memoryBytes) / (1 << 20), "MB", 64, true);
    std::printf("  %llu calls held in the budget\n", static_cast<unsigned long long>(stats.calls));
    AggregateQuery query;
    query.fromUnixNs = kStart;
    query.toUnixNs = kStart + kCalls * 50'000LL;
    query.stepNs = (query.toUnixNs - query.fromUnixNs) / 120;
    query.groupBy = GroupBy::Tool;
    report("aggregate over all calls, 120 buckets", medianMs([&] { (void)store.aggregate(query); }), "ms", 100, true);
    TraceQuery byAttribute;
    byAttribute.filter = *Filter::parse("attr.gateway.client.name=bench");
    const Stopwatch watch;
    (void)store.query(byAttribute);
    report("filter by an attribute of calls", watch.seconds() * 1e3, "ms", 1000, true);
}

AuditRow makeRow(SeededRandom& random, int n)
{
    static const QByteArray kArguments =
        R"({"path":"/home/someone/project/file.txt","encoding":"utf-8","comment":")" + QByteArray(200, 'a') + "\"}";
    static const QByteArray kResponse = R"({"content":[{"type":"text","text":")" + QByteArray(400, 'b') + "\"}]}";
    AuditRow row;
    row.id = makeUlid(kStart + n * 1'000'000LL, random);
    row.timeUnixNs = kStart + n * 1'000'000LL;
    row.client = QByteArrayLiteral("bench");
    row.user = QByteArrayLiteral("someone");
    row.project = QByteArrayLiteral("default");
    row.server = "server " + QByteArray::number(random.next64() % 10);
    row.tool = "tool " + QByteArray::number(random.next64() % 100);
    row.method = QByteArrayLiteral("tools/call");
    row.arguments = kArguments;
    row.response = kResponse;
    row.argumentsBytes = kArguments.size();
    row.responseBytes = kResponse.size();
    row.latencyNs = static_cast<std::int64_t>(random.next64() % 1'000'000'000);
    row.outcome = random.next64() % 100 == 0 ? Outcome::Timeout : Outcome::Ok;
    row.traceId = TraceId::generate(random);
    row.spanId = SpanId::generate(random);
    row.requestId = makeUlid(row.timeUnixNs, random);
    return row;
}

void measureAudit()
{
    QTemporaryDir dir;
    SystemClock clock;
    SeededRandom random(4);
    AuditOptions options;
    options.file = dir.filePath(QStringLiteral("audit.db"));
    options.chainKey = QByteArray(32, 'k');
    options.memoryBytes = 1LL << 30;
    AuditWriter writer(options, clock, random);
    if (const Status opened = writer.open(); !opened) {
        std::printf("%s\n", qPrintable(opened.error().toString()));
        return;
    }
    constexpr int kRows = 1'000'000;
    constexpr int kBatch = 50'000;
    double seconds = 0;
    for (int made = 0; made < kRows;) {
        std::vector<AuditRow> rows;
        for (int i = 0; i < kBatch; ++i, ++made)
            rows.push_back(makeRow(random, made));
        const Stopwatch watch;
        for (AuditRow& row : rows)
            writer.append(std::move(row));
        (void)writer.flush();
        seconds += watch.seconds();
    }
    report("audit rows a second, group mode, hash chain", kRows / seconds, "1/s", 50'000, false);
    std::printf("  %.1f us of processor time a row, all threads and making the rows included\n",
                static_cast<double>(std::clock()) / CLOCKS_PER_SEC / kRows * 1e6);

    writer.setMode(config::AuditMode::Strict);
    constexpr int kStrict = 20'000;
    constexpr int kInFlight = 16;
    const Stopwatch watch;
    for (int made = 0; made < kStrict;) {
        std::latch durable(kInFlight);
        for (int i = 0; i < kInFlight; ++i, ++made)
            writer.append(makeRow(random, kRows + made), [&](const Status&) { durable.count_down(); });
        durable.wait();
    }
    report("audit rows a second, strict mode, 16 in flight", kStrict / watch.seconds(), "1/s", 5'000, false);
    const Stopwatch alone;
    for (int made = 0; made < 2000; ++made) {
        std::latch durable(1);
        writer.append(makeRow(random, kRows + kStrict + made), [&](const Status&) { durable.count_down(); });
        durable.wait();
    }
    report("audit rows a second, strict mode, one at a time", 2000 / alone.seconds(), "1/s", 5'000, false);

    const Result<AuditReader> reader = AuditReader::open(options.file);
    if (!reader)
        return;
    const auto page = [&](const char* name, const AuditQuery& query) {
        report((QByteArray("audit page of 1 M rows: ") + name).constData(), medianMs([&] { (void)reader->page(query); }), "ms",
               50, true);
    };
    AuditQuery query;
    page("no filter", query);
    query.servers = {"server 3"};
    page("one server", query);
    query.failed = true;
    page("failures of one server", query);
    query.tools = {"tool 5"};
    page("failures of one tool of one server", query);
    query = {};
    query.minLatencyNs = 999'999'000;
    page("slow calls, few match", query);
    query = {};
    query.toUnixNs = kStart + 1'000'000'000LL;
    page("the oldest second", query);
    query = {};
    query.text = "tool 7";
    page("text in the tool", query);
    query.text = "no such text anywhere";
    page("text that nothing has (bounded)", query);
    query = {};
    query.requestId = "nothing";
    page("request id", query);
    const Stopwatch verifying;
    const AuditVerification verified = reader->verify(options.chainKey);
    std::printf("verify %llu rows: %.1f s, %s\n", static_cast<unsigned long long>(verified.checkedRows), verifying.seconds(),
                qPrintable(verified.message));
}

} // namespace

int main(int argc, char** argv)
{
    const QByteArray what = argc > 1 ? argv[1] : "all";
    if (what == "all" || what == "spans")
        measureSpans();
    if (what == "all" || what == "trace")
        measureBigTrace();
    if (what == "all" || what == "calls")
        measureCalls();
    if (what == "all" || what == "audit")
        measureAudit();
    return 0;
}
