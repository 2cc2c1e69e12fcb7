// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/telemetry_buffer.h"

#include <QTest>

#include <limits>
#include <thread>

using namespace oriel;
using namespace oriel::service;
using telemetry::MetricId;

class TelemetryBufferTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void recordsComeOutInTheirOrder();
    void whatIsAddedToOneSumComesOutOnce();
    void sumsOfOtherLabelsStayApart();
    void everyValueOfAHistogramIsKept();
    void aValueThatIsNoNumberDoesNotSpoilASum();
    void sumsBeginAnewAfterADrain();
    void theWakeUpComesOncePerDrain();
    void whatDoesNotFitIsCounted();
    void threadsMayRecordAtOnce();
    void whatWaitsSurvivesAReleaseOfMemory();
};

namespace {

QByteArrayList labels(std::initializer_list<QByteArray> values)
{
    return values;
}

TelemetryBatch drained(TelemetryBuffer& buffer)
{
    TelemetryBatch batch;
    buffer.drain(batch);
    return batch;
}

} // namespace

void TelemetryBufferTest::recordsComeOutInTheirOrder()
{
    TelemetryBuffer buffer;
    for (const char* method : {"first", "second"}) {
        telemetry::WireFrame frame;
        frame.method = method;
        buffer.recordWire(std::move(frame));
    }
    const TelemetryBatch batch = drained(buffer);
    QCOMPARE(batch.frames.size(), std::size_t(2));
    QCOMPARE(batch.frames[0].method, QByteArray("first"));
    QCOMPARE(batch.frames[1].method, QByteArray("second"));
    QVERIFY(drained(buffer).isEmpty());
}

void TelemetryBufferTest::whatWaitsSurvivesAReleaseOfMemory()
{
    TelemetryBuffer buffer;
    buffer.releaseMemory();
    for (int i = 0; i < 3; ++i) {
        buffer.recordMetric(telemetry::MetricId::ActiveSessions, {}, 1);
        buffer.releaseMemory();
    }
    const TelemetryBatch batch = drained(buffer);
    QCOMPARE(batch.measurements.size(), std::size_t(1));
    QCOMPARE(batch.measurements[0].value, 3.0);
}

void TelemetryBufferTest::whatIsAddedToOneSumComesOutOnce()
{
    TelemetryBuffer buffer;
    for (int i = 0; i < 5; ++i) {
        buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, 1);
        buffer.recordMetric(MetricId::TimeoutActiveOperations, {"tool_call"}, 1);
    }
    for (int i = 0; i < 3; ++i)
        buffer.recordMetric(MetricId::TimeoutActiveOperations, {"tool_call"}, -1);
    const TelemetryBatch batch = drained(buffer);
    QCOMPARE(batch.measurements.size(), std::size_t(2));
    QCOMPARE(batch.measurements[0].metric, MetricId::TimeoutOperations);
    QCOMPARE(batch.measurements[0].value, 5.0);
    QCOMPARE(batch.measurements[1].metric, MetricId::TimeoutActiveOperations);
    QCOMPARE(batch.measurements[1].value, 2.0);
}

void TelemetryBufferTest::sumsOfOtherLabelsStayApart()
{
    TelemetryBuffer buffer;
    for (const QByteArray& type : labels({"tool_call", "discovery", "tool_call"}))
        buffer.recordMetric(MetricId::TimeoutOperations, {type}, 1);
    double calls = 0;
    double discoveries = 0;
    for (const TelemetryBatch::Measurement& each : drained(buffer).measurements)
        (each.labels.front() == "tool_call" ? calls : discoveries) += each.value;
    QCOMPARE(calls, 2.0);
    QCOMPARE(discoveries, 1.0);
}

void TelemetryBufferTest::everyValueOfAHistogramIsKept()
{
    TelemetryBuffer buffer;
    for (const double seconds : {0.5, 0.25})
        buffer.recordMetric(MetricId::TimeoutOperationDuration, {"tool_call"}, seconds);
    const TelemetryBatch batch = drained(buffer);
    QCOMPARE(batch.measurements.size(), std::size_t(2));
    QCOMPARE(batch.measurements[1].value, 0.25);
}

void TelemetryBufferTest::aValueThatIsNoNumberDoesNotSpoilASum()
{
    TelemetryBuffer buffer;
    buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, 1);
    buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, std::numeric_limits<double>::quiet_NaN());
    buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, -7);
    QCOMPARE(drained(buffer).measurements.front().value, 1.0);
}

void TelemetryBufferTest::sumsBeginAnewAfterADrain()
{
    TelemetryBuffer buffer;
    buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, 4);
    QCOMPARE(drained(buffer).measurements.front().value, 4.0);
    buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, 1);
    const TelemetryBatch batch = drained(buffer);
    QCOMPARE(batch.measurements.size(), std::size_t(1));
    QCOMPARE(batch.measurements.front().value, 1.0);
}

void TelemetryBufferTest::theWakeUpComesOncePerDrain()
{
    TelemetryBuffer buffer;
    int woken = 0;
    buffer.setWakeUp([&woken](TelemetryBuffer::Urgency) { ++woken; });
    for (int round = 1; round <= 2; ++round) {
        buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, 1);
        buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, 1);
        buffer.recordLog({});
        QCOMPARE(woken, round);
        (void)drained(buffer);
    }
}

void TelemetryBufferTest::whatDoesNotFitIsCounted()
{
    TelemetryBuffer::Limits limits;
    limits.measurements = 1;
    limits.calls = 1;
    TelemetryBuffer buffer(limits);
    buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, 1);
    buffer.recordMetric(MetricId::TimeoutOperations, {"discovery"}, 1);
    buffer.recordMetric(MetricId::TimeoutOperations, {"tool_call"}, 1); // the sum has a place already
    buffer.recordCall({});
    buffer.recordCall({});
    const TelemetryBatch batch = drained(buffer);
    QCOMPARE(batch.measurements.size(), std::size_t(1));
    QCOMPARE(batch.measurements.front().value, 2.0);
    QCOMPARE(batch.calls.size(), std::size_t(1));
    QCOMPARE(batch.dropped, quint64(2));
    QCOMPARE(buffer.dropped(), quint64(2));
}

void TelemetryBufferTest::threadsMayRecordAtOnce()
{
    TelemetryBuffer buffer;
    constexpr int kEach = 20'000;
    const auto record = [&buffer](const QByteArray& type) {
        for (int i = 0; i < kEach; ++i)
            buffer.recordMetric(MetricId::TimeoutOperations, {type}, 1);
    };
    double sum = 0;
    const auto take = [&] {
        for (const TelemetryBatch::Measurement& each : drained(buffer).measurements)
            sum += each.value;
    };
    {
        const std::jthread first(record, "tool_call");
        const std::jthread second(record, "discovery");
        for (int i = 0; i < 100; ++i)
            take();
    }
    take();
    QCOMPARE(sum, 2.0 * kEach);
}

QTEST_GUILESS_MAIN(TelemetryBufferTest)
#include "tst_telemetry_buffer.moc"
