// SPDX-License-Identifier: GPL-3.0-or-later
#include "records.h"
#include "store/wire_log.h"

#include <QTest>

#include <thread>

using namespace oriel;
using namespace oriel::store;
using namespace oriel::telemetry;
using namespace oriel::test;

namespace {

WireFrame makeFrame(int n, WireDirection direction = WireDirection::GatewayToServer, WireKind kind = WireKind::Request)
{
    WireFrame frame;
    frame.timeUnixNs = kStart + n;
    frame.direction = direction;
    frame.kind = kind;
    frame.server = n % 2 == 0 ? "files" : "web";
    frame.client = "tester";
    frame.method = "tools/call";
    frame.rpcId = QByteArray::number(n);
    frame.payload = R"({"jsonrpc":"2.0","secret":"hidden","n":)" + QByteArray::number(n) + "}";
    frame.traceId = {1, static_cast<std::uint64_t>(n + 1)};
    return frame;
}

QByteArray masked(const QByteArray& payload)
{
    QByteArray out = payload;
    return out.replace("hidden", "[masked:test]");
}

} // namespace

class WireLogTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void framesComeBackInOrderAndMasked()
    {
        WireLog log(1 << 20, 1000, masked);
        for (int i = 0; i < 10; ++i)
            log.append(makeFrame(i));
        const WirePage page = log.query({});
        QCOMPARE(page.rows.size(), std::size_t(10));
        QCOMPARE(page.lastId, log.lastId());
        for (std::size_t i = 0; i < page.rows.size(); ++i) {
            QCOMPARE(page.rows[i].id, i + 1);
            QVERIFY(!page.rows[i].frame.payload.contains("hidden"));
            QVERIFY(page.rows[i].frame.payload.contains("[masked:test]"));
        }
        QVERIFY(!log.frame(3)->frame.payload.contains("hidden"));
        QVERIFY(!log.frame(11).has_value());
    }

    void filtersNarrowThePageAndNeverSeeWhatIsMasked()
    {
        WireLog log(1 << 20, 1000, masked);
        for (int i = 0; i < 100; ++i)
            log.append(makeFrame(i, i % 4 == 0 ? WireDirection::ServerToGateway : WireDirection::GatewayToServer,
                                 i % 10 == 0 ? WireKind::Stderr : WireKind::Request));
        WireQuery query;
        query.server = "web";
        QCOMPARE(log.query(query).rows.size(), std::size_t(50));
        query = {};
        query.direction = WireDirection::ServerToGateway;
        QCOMPARE(log.query(query).rows.size(), std::size_t(25));
        query = {};
        query.kinds = {WireKind::Stderr, WireKind::StrayOutput};
        QCOMPARE(log.query(query).rows.size(), std::size_t(10));
        query = {};
        query.traceId = TraceId{1, 8};
        QCOMPARE(log.query(query).rows.size(), std::size_t(1));
        query = {};
        query.text = "\"N\":4";
        QCOMPARE(log.query(query).rows.size(), std::size_t(11));
        query.text = "hidden";
        QVERIFY(log.query(query).rows.empty());
        query = {};
        query.method = "ping";
        QVERIFY(log.query(query).rows.empty());
        query = {};
        query.client = "tester";
        query.newestFirst = true;
        query.limit = 3;
        const WirePage page = log.query(query);
        QVERIFY(page.more);
        QCOMPARE(page.rows.front().id, 100U);
        query.beforeId = page.rows.back().id;
        QCOMPARE(log.query(query).rows.front().id, 97U);
    }

    void theFramesOfOneCallOfOneEraAndOfOneIdAreFound()
    {
        WireLog log(1 << 20, 1000, masked);
        for (int i = 0; i < 20; ++i) {
            WireFrame frame = makeFrame(i);
            frame.traceId = {1, 1};
            frame.callSpanId = SpanId{static_cast<std::uint64_t>(i / 4 + 1)};
            frame.era = i % 2 == 0 ? WireEra::Modern : WireEra::Legacy;
            log.append(std::move(frame));
        }
        WireQuery query;
        query.traceId = TraceId{1, 1};
        query.callSpanId = SpanId{3};
        QCOMPARE(log.query(query).rows.size(), std::size_t(4));
        QCOMPARE(log.query(query).rows.front().id, 9U);
        query.era = WireEra::Modern;
        QCOMPARE(log.query(query).rows.size(), std::size_t(2));
        query = {};
        query.rpcId = "7";
        QCOMPARE(log.query(query).rows.size(), std::size_t(1));
    }

    void whoIsAtTheOtherEndIsToldWithoutTheWholeSession()
    {
        WireLog log(1 << 20, 1000, masked);
        auto client = std::make_shared<ClientContext>();
        client->protocolVersion = "2025-11-25";
        client->sessionId = "0123456789abcdef";
        client->transport = Transport::Http;
        WireFrame frame = makeFrame(0, WireDirection::ClientToGateway);
        frame.clientContext = client;
        frame.headers = {{"Mcp-Name", "hidden"}};
        log.append(std::move(frame));
        for (const WireEntry& entry : {log.query({}).rows.front(), *log.frame(1)}) {
            QVERIFY(entry.frame.clientContext == nullptr);
            QCOMPARE(entry.revision, QByteArray("2025-11-25"));
            QVERIFY(entry.transport == Transport::Http);
            QVERIFY(entry.session.startsWith("01234567"));
            QVERIFY(!entry.session.contains("89abcdef"));
            QCOMPARE(entry.frame.headers.front().second, QByteArray("[masked:test]"));
        }
    }

    void pagingOverManySlicesFindsEachFrameOnce()
    {
        WireLog log(64 << 20, 5000, masked);
        for (int i = 0; i < 3000; ++i)
            log.append(makeFrame(i));
        for (const bool newestFirst : {false, true}) {
            WireQuery query;
            query.newestFirst = newestFirst;
            query.limit = 700;
            std::uint64_t seen = 0;
            for (;;) {
                const WirePage page = log.query(query);
                seen += page.rows.size();
                if (!page.more)
                    break;
                (newestFirst ? query.beforeId : query.sinceId) = page.rows.back().id;
            }
            QCOMPARE(seen, 3000U);
        }
    }

    void boundsInBytesAndFramesHold()
    {
        WireLog log(1 << 20, 50, masked);
        for (int i = 0; i < 200; ++i)
            log.append(makeFrame(i));
        QCOMPARE(log.query({}).rows.size(), std::size_t(50));
        QCOMPARE(log.evicted(), 150U);
        QCOMPARE(log.query({}).firstId, 151U);
        log.setBudget(1000);
        QVERIFY(log.memoryBytes() <= 1000);
        WireFrame huge = makeFrame(0);
        huge.payload = QByteArray(5000, 'x');
        log.append(std::move(huge));
        QVERIFY(log.query({}).rows.empty());
        log.clear();
        QCOMPARE(log.lastId(), 201U);
        QCOMPARE(log.memoryBytes(), 0);
    }

    void longPayloadsAreCutInListsAndWholeInTheDetail()
    {
        WireLog log(1 << 20, 50, {});
        WireFrame frame = makeFrame(0);
        frame.payload = QByteArray(10'000, 'x');
        log.append(std::move(frame));
        const WirePage page = log.query({}, 100);
        QCOMPARE(page.rows.front().frame.payload.size(), 100);
        QCOMPARE(page.rows.front().payloadBytes, 10'000);
        QVERIFY(page.rows.front().cut);
        QCOMPARE(log.frame(1)->frame.payload.size(), 10'000);
    }

    void manyThreadsAppendAndRead()
    {
        WireLog log(1 << 20, 500, masked);
        std::atomic<bool> stop{false};
        std::atomic<int> wrong{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 2; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 5000; ++n)
                    log.append(makeFrame(n));
            });
        std::thread reader([&] {
            std::uint64_t last = 0;
            while (!stop) {
                WireQuery query;
                query.sinceId = last;
                for (const WireEntry& entry : log.query(query).rows) {
                    if (entry.id <= last || entry.frame.payload.contains("hidden"))
                        ++wrong;
                    last = entry.id;
                }
            }
        });
        for (std::thread& thread : threads)
            thread.join();
        stop = true;
        reader.join();
        QCOMPARE(wrong.load(), 0);
        QCOMPARE(log.lastId(), 10'000U);
    }
};

QTEST_GUILESS_MAIN(WireLogTest)
#include "tst_wire_log.moc"
