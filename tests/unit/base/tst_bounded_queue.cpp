// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/bounded_queue.h"
#include "base/ring_log.h"

#include <QTest>

#include <atomic>
#include <memory>
#include <thread>

using namespace oriel;

class BoundedQueueTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void itemsComeOutInTheOrderTheyWentIn()
    {
        BoundedQueue<int> queue(8);
        for (int i = 0; i < 5; ++i) {
            QVERIFY(queue.push(i) != Pushed::Dropped);
        }
        std::vector<int> out{77};
        QCOMPARE(queue.drain(out).count, std::size_t{5});
        QCOMPARE(out, (std::vector<int>{0, 1, 2, 3, 4}));
        QCOMPARE(queue.size(), std::size_t{0});
        QCOMPARE(queue.drain(out).count, std::size_t{0});
        QVERIFY(out.empty());
    }

    void aFullQueueDropsWhatComesAndCountsIt()
    {
        BoundedQueue<int> queue(2);
        QVERIFY(queue.push(1) != Pushed::Dropped);
        QVERIFY(queue.push(2) != Pushed::Dropped);
        QCOMPARE(queue.push(3), Pushed::Dropped);
        QCOMPARE(queue.push(4), Pushed::Dropped);
        std::vector<int> out;
        const auto drained = queue.drain(out);
        QCOMPARE(drained.dropped, std::uint64_t{2});
        QCOMPARE(out, (std::vector<int>{1, 2}));
        QVERIFY(queue.push(5) != Pushed::Dropped);
        QCOMPARE(queue.drain(out).dropped, std::uint64_t{0});
        QCOMPARE(queue.droppedTotal(), std::uint64_t{2});
    }

    void onlyTheFirstItemAfterADrainAsksForAWakeUp()
    {
        BoundedQueue<int> queue(2);
        std::vector<int> out;
        QCOMPARE(queue.push(1), Pushed::WakeUp);
        QCOMPARE(queue.push(2), Pushed::Queued);
        QCOMPARE(queue.push(3), Pushed::Dropped);
        (void)queue.drain(out);
        QCOMPARE(queue.push(4), Pushed::WakeUp);
    }

    void memoryIsSwappedBackAndNotTakenAnew()
    {
        BoundedQueue<int> queue(64);
        std::vector<int> out;
        const auto fillAndDrain = [&] {
            for (int i = 0; i < 64; ++i) {
                QVERIFY(queue.push(i) != Pushed::Dropped);
            }
            (void)queue.drain(out);
        };
        fillAndDrain();
        fillAndDrain();
        const int* const first = out.data();
        fillAndDrain();
        const int* const second = out.data();
        fillAndDrain();
        QCOMPARE(out.data(), first);
        QVERIFY(first != second);
    }

    void itemsThatOnlyMoveAreAccepted()
    {
        BoundedQueue<std::unique_ptr<int>> queue(1);
        QVERIFY(queue.push(std::make_unique<int>(7)) != Pushed::Dropped);
        QCOMPARE(queue.push(std::make_unique<int>(8)), Pushed::Dropped);
        std::vector<std::unique_ptr<int>> out;
        (void)queue.drain(out);
        QCOMPARE(*out.at(0), 7);
    }

    void nothingIsLostOrDoubledBetweenThreads()
    {
        constexpr int Producers = 4;
        constexpr int Each = 20'000;
        BoundedQueue<std::pair<int, int>> queue(256);
        std::atomic<int> running = Producers;
        std::atomic<std::uint64_t> refused = 0;
        std::vector<std::thread> producers;
        for (int producer = 0; producer < Producers; ++producer) {
            producers.emplace_back([&, producer] {
                for (int i = 0; i < Each; ++i) {
                    if (queue.push({producer, i}) == Pushed::Dropped) {
                        ++refused;
                    }
                }
                --running;
            });
        }
        std::uint64_t taken = 0;
        std::uint64_t dropped = 0;
        bool ordered = true;
        std::vector<std::pair<int, int>> out;
        std::array<int, Producers> last;
        last.fill(-1);
        for (bool lastRound = false; !lastRound;) {
            lastRound = running == 0;
            const auto drained = queue.drain(out);
            taken += drained.count;
            dropped += drained.dropped;
            for (const auto& [producer, number] : out) {
                int& before = last[static_cast<std::size_t>(producer)];
                ordered = ordered && number > before;
                before = number;
            }
        }
        for (std::thread& thread : producers) {
            thread.join();
        }
        QVERIFY(ordered);
        QCOMPARE(taken + dropped, std::uint64_t{Producers} * Each);
        QCOMPARE(dropped, refused.load());
        QCOMPARE(dropped, queue.droppedTotal());
    }

    void aReaderGetsWhatCameSinceTheIdItKnows()
    {
        RingLog<QByteArray> log(4);
        QCOMPARE(log.since(0).lastId, std::uint64_t{0});
        QCOMPARE(log.append("a").id, std::uint64_t{1});
        QCOMPARE(log.append("b").id, std::uint64_t{2});
        auto batch = log.since(0);
        QCOMPARE(batch.items, (std::vector<QByteArray>{"a", "b"}));
        QCOMPARE(batch.firstId, std::uint64_t{1});
        QCOMPARE(batch.lastId, std::uint64_t{2});
        QVERIFY(log.since(batch.lastId).items.empty());
        QCOMPARE(log.since(batch.lastId).lastId, std::uint64_t{2});
        log.append("c");
        batch = log.since(batch.lastId);
        QCOMPARE(batch.items, (std::vector<QByteArray>{"c"}));
        QCOMPARE(batch.missed, std::uint64_t{0});
    }

    void aSlowReaderLearnsHowManyItMissed()
    {
        RingLog<int> log(3);
        for (int i = 1; i <= 10; ++i) {
            log.append(i);
        }
        const auto batch = log.since(2);
        QCOMPARE(batch.missed, std::uint64_t{5});
        QCOMPARE(batch.firstId, std::uint64_t{8});
        QCOMPARE(batch.items, (std::vector<int>{8, 9, 10}));
        QCOMPARE(log.size(), std::size_t{3});
    }

    void aBatchMayBeLimited()
    {
        RingLog<int> log(10);
        for (int i = 1; i <= 10; ++i) {
            log.append(i);
        }
        auto batch = log.since(0, 4);
        QCOMPARE(batch.items, (std::vector<int>{1, 2, 3, 4}));
        batch = log.since(batch.lastId, 4);
        QCOMPARE(batch.items, (std::vector<int>{5, 6, 7, 8}));
        QCOMPARE(batch.missed, std::uint64_t{0});
    }

    void anIdOfAnotherLogStartsOver()
    {
        RingLog<int> log(4);
        log.append(1);
        const auto batch = log.since(500);
        QCOMPARE(batch.items, std::vector<int>{1});
        QCOMPARE(batch.missed, std::uint64_t{0});
    }

    void oneWakeUpIsAskedForUntilSomebodyReads()
    {
        RingLog<int> log(2);
        QVERIFY(log.append(1).wakeUp);
        QVERIFY(!log.append(2).wakeUp);
        (void)log.since(0);
        QVERIFY(log.append(3).wakeUp);
    }

    void readersOnOtherThreadsSeeEveryIdOnceOrAsMissed()
    {
        RingLog<std::uint64_t> log(128);
        constexpr std::uint64_t Count = 50'000;
        std::thread writer([&log] {
            for (std::uint64_t i = 1; i <= Count; ++i) {
                log.append(i);
            }
        });
        std::uint64_t known = 0;
        std::uint64_t seen = 0;
        std::uint64_t missed = 0;
        bool matching = true;
        while (known < Count) {
            const auto batch = log.since(known);
            for (std::size_t i = 0; i < batch.items.size(); ++i) {
                matching = matching && batch.items[i] == batch.firstId + i;
            }
            seen += batch.items.size();
            missed += batch.missed;
            known = batch.lastId;
        }
        writer.join();
        QVERIFY(matching);
        QCOMPARE(seen + missed, Count);
    }
};

QTEST_GUILESS_MAIN(BoundedQueueTest)
#include "tst_bounded_queue.moc"
