// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "telemetry/exponential_histogram.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <map>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

/// The index by the definition alone, without a logarithm: the bucket whose bounds hold the value, in long double.
std::int64_t directIndex(double value, int scale)
{
    const long double steps = std::ldexp(1.0L, scale);
    auto index = static_cast<std::int64_t>(std::floor(std::log2(static_cast<long double>(value)) * steps)) - 2;
    const auto upper = [&](std::int64_t i) { return std::exp2(static_cast<long double>(i + 1) / steps); };
    while (upper(index) < static_cast<long double>(value))
        ++index;
    return index;
}

std::map<std::int64_t, std::uint64_t> countsOf(const ExponentialBuckets& buckets)
{
    std::map<std::int64_t, std::uint64_t> counts;
    for (std::size_t i = 0; i < buckets.counts.size(); ++i) {
        if (buckets.counts[i] != 0)
            counts[buckets.offset + static_cast<std::int64_t>(i)] += buckets.counts[i];
    }
    return counts;
}

std::map<std::int64_t, std::uint64_t> atScale(const std::map<std::int64_t, std::uint64_t>& counts, int steps)
{
    std::map<std::int64_t, std::uint64_t> lower;
    for (const auto& [index, count] : counts)
        lower[index >> steps] += count;
    return lower;
}

double randomValue(SeededRandom& random, double spread)
{
    const double unit = static_cast<double>(random.next64() >> 11U) / 9007199254740992.0;
    const double magnitude = std::exp2((unit - 0.5) * spread);
    return random.next64() % 4 == 0 ? -magnitude : magnitude;
}

} // namespace

class ExponentialHistogramTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void boundsAreExclusiveBelowAndInclusiveAbove_data()
    {
        QTest::addColumn<double>("value");
        QTest::addColumn<int>("scale");
        QTest::addColumn<int>("index");
        const auto row = [](const char* name, double value, int scale, int index) {
            QTest::newRow(name) << value << scale << index;
        };
        row("one is at the end of its bucket", 1.0, 0, -1);
        row("one at a fine scale", 1.0, 20, -1);
        row("above one", std::nextafter(1.0, 2.0), 0, 0);
        row("above one, fine", std::nextafter(1.0, 2.0), 20, 0);
        row("two", 2.0, 0, 0);
        row("two at scale 1", 2.0, 1, 1);
        row("four at scale 3", 4.0, 3, 15);
        row("half", 0.5, 0, -2);
        row("below two, fine", std::nextafter(2.0, 1.0), 20, (1 << 20) - 1);
        row("four at scale -1", 4.0, -1, 0);
        row("five at scale -1", 5.0, -1, 1);
        row("sixteen at scale -2", 16.0, -2, 0);
        row("a quarter at scale -1", 0.25, -1, -2);
        row("largest", std::numeric_limits<double>::max(), 0, 1023);
        row("smallest", std::numeric_limits<double>::denorm_min(), 0, -1075);
        row("smallest normal", std::numeric_limits<double>::min(), 0, -1023);
        row("largest, coarsest", std::numeric_limits<double>::max(), -10, 0);
        row("smallest, coarsest", std::numeric_limits<double>::denorm_min(), -10, -2);
    }
    void boundsAreExclusiveBelowAndInclusiveAbove()
    {
        QFETCH(double, value);
        QFETCH(int, scale);
        QTEST(ExponentialHistogram::indexOf(value, scale), "index");
    }

    void theIndexIsThatOfTheDefinition()
    {
        SeededRandom random(11);
        for (int i = 0; i < 20'000; ++i) {
            const double value = std::abs(randomValue(random, 80));
            const int scale = static_cast<int>(random.next64() % 14) - 3;
            QCOMPARE(std::int64_t(ExponentialHistogram::indexOf(value, scale)), directIndex(value, scale));
        }
    }

    void oneValueIsHeldAsFinelyAsPossible()
    {
        ExponentialHistogram histogram;
        for (int i = 0; i < 100; ++i)
            histogram.record(0.37);
        const ExponentialHistogramPoint point = histogram.point();
        QCOMPARE(point.scale, 20);
        QCOMPARE(point.positive.counts, std::vector<std::uint64_t>{100});
        QCOMPARE(point.count, std::uint64_t(100));
        QCOMPARE(*point.min, 0.37);
        QCOMPARE(*point.max, 0.37);
    }

    void zeroIsCountedByItselfAndWhatIsNoNumberIsNot()
    {
        ExponentialHistogram histogram;
        for (const double value : {0.0, -0.0, qQNaN(), qInf(), -qInf()})
            histogram.record(value);
        const ExponentialHistogramPoint point = histogram.point();
        QCOMPARE(point.count, std::uint64_t(2));
        QCOMPARE(point.zeroCount, std::uint64_t(2));
        QCOMPARE(point.sum, 0.0);
        QVERIFY(point.positive.counts.empty() && point.negative.counts.empty());
        QVERIFY(!ExponentialHistogram().point().min.has_value());
    }

    void everyBucketHoldsWhatADirectCountPutsThere()
    {
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            SeededRandom random(seed);
            const double spread = 0.01 * std::exp2(static_cast<double>(seed % 16));
            ExponentialHistogram histogram(seed % 3 == 0 ? 20 : ExponentialHistogram::kMaxSize);
            std::vector<double> values;
            for (int i = 0; i < 400; ++i) {
                values.push_back(randomValue(random, spread));
                histogram.record(values.back());
            }
            const ExponentialHistogramPoint point = histogram.point();
            std::map<std::int64_t, std::uint64_t> positive;
            std::map<std::int64_t, std::uint64_t> negative;
            for (const double value : values)
                ++(value > 0 ? positive : negative)[ExponentialHistogram::indexOf(std::abs(value), point.scale)];
            const QByteArray which = "seed " + QByteArray::number(qulonglong(seed));
            QVERIFY2(countsOf(point.positive) == positive && countsOf(point.negative) == negative, which.constData());
            const std::size_t limit = seed % 3 == 0 ? 20 : ExponentialHistogram::kMaxSize;
            QVERIFY(point.positive.counts.size() <= limit && point.negative.counts.size() <= limit);
            // One scale finer would not have fitted.
            if (point.scale < ExponentialHistogram::kMaxScale) {
                const auto width = [&](bool sign) {
                    std::int64_t low = std::numeric_limits<std::int64_t>::max();
                    std::int64_t high = std::numeric_limits<std::int64_t>::min();
                    for (const double value : values) {
                        if ((value > 0) != sign)
                            continue;
                        const std::int64_t index = ExponentialHistogram::indexOf(std::abs(value), point.scale + 1);
                        low = std::min(low, index);
                        high = std::max(high, index);
                    }
                    return high < low ? 0 : high - low + 1;
                };
                QVERIFY2(width(true) > qint64(limit) || width(false) > qint64(limit), which.constData());
            }
        }
    }

    void mergingIsRecordingAllInOne()
    {
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            SeededRandom random(seed);
            ExponentialHistogram left(seed % 2 == 0 ? 16 : 160);
            ExponentialHistogram right(seed % 2 == 0 ? 16 : 160);
            ExponentialHistogram all(seed % 2 == 0 ? 16 : 160);
            for (int i = 0; i < 300; ++i) {
                const double value = i % 50 == 0 ? 0.0 : randomValue(random, static_cast<double>(seed));
                (random.next64() % 3 == 0 ? left : right).record(value);
                all.record(value);
            }
            left.merge(right);
            const ExponentialHistogramPoint merged = left.point();
            const ExponentialHistogramPoint direct = all.point();
            QCOMPARE(merged.count, direct.count);
            QCOMPARE(merged.zeroCount, direct.zeroCount);
            QCOMPARE(*merged.min, *direct.min);
            QCOMPARE(*merged.max, *direct.max);
            QVERIFY(std::abs(merged.sum - direct.sum) < 1e-6 * std::max(1.0, std::abs(direct.sum)));
            QCOMPARE(merged.scale, direct.scale);
            QVERIFY(countsOf(merged.positive) == countsOf(direct.positive));
            QVERIFY(countsOf(merged.negative) == countsOf(direct.negative));
        }
    }

    void aLowerScaleJoinsNeighbours()
    {
        ExponentialBuckets buckets{-3, {1, 2, 3, 4, 5}};
        const auto before = countsOf(buckets);
        lowerScale(buckets, 1);
        QVERIFY(countsOf(buckets) == atScale(before, 1));
        QCOMPARE(buckets.offset, -2);
        lowerScale(buckets, 5);
        QVERIFY(countsOf(buckets) == atScale(before, 6));
    }
};

QTEST_GUILESS_MAIN(ExponentialHistogramTest)
#include "tst_exponential_histogram.moc"
