// SPDX-License-Identifier: GPL-3.0-or-later
// What a backend calls too large, and what is made of it.
#include "export_harness.h"

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;
using namespace export_harness;

namespace {

/// Takes bodies up to a limit.
struct LimitedBackend {
    explicit LimitedBackend(qsizetype bytes)
        : limit(bytes),
          backend([this](int, const ReceivedRequest& request) {
              if (request.body.size() > limit) {
                  ++refusals;
                  largestRefused = std::max(largestRefused, request.body.size());
                  return ScriptedBackend::answer("413 Content Too Large");
              }
              ++acceptances;
              return ok();
          })
    {}
    void reset() { refusals = acceptances = 0; }

    qsizetype limit;
    int refusals = 0;
    int acceptances = 0;
    qsizetype largestRefused = 0;
    ScriptedBackend backend;
};

/// 32 spans of one size, but for one at the end that is much larger.
std::vector<telemetry::SpanData> spansWithALargeOne()
{
    std::vector<telemetry::SpanData> spans(32);
    for (std::size_t i = 0; i < spans.size(); ++i) {
        spans[i].traceId = {1, i + 1};
        spans[i].spanId = {i + 1};
        spans[i].name = i + 1 == spans.size() ? QByteArray(20'000, 'x') : QByteArray("small");
        spans[i].startUnixNs = spans[i].endUnixNs = 1'700'000'000'000'000'000;
    }
    return spans;
}

} // namespace

class RequestSizesTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{1'700'000'000'000'000'000};
    SeededRandom m_random{1};

    PipelineOptions options() { return {m_clock, m_random, {}, {}, {}, {1ms, 5ms}}; }

private Q_SLOTS:
    void whatWasTooLargeOnceIsNotSentAgainForTenMinutes()
    {
        LimitedBackend small(3'000);
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(small.backend.url())}));
        pipeline.submitCalls(calls(1, 16));
        QTRY_COMPARE(statusOf(pipeline).sent, 32ULL);
        const int discovery = small.refusals;
        const qsizetype whole = small.largestRefused;
        QVERIFY(discovery >= 2);
        const int pieces = small.acceptances;
        small.reset();
        pipeline.submitCalls(calls(101, 16));
        QTRY_COMPARE(statusOf(pipeline).sent, 64ULL);
        QCOMPARE(small.refusals, 0);
        QCOMPARE(small.acceptances, pieces);
        // The backend was given more room meanwhile.
        m_clock.advanceNs(std::chrono::nanoseconds(10min).count());
        small.limit = whole;
        small.reset();
        pipeline.submitCalls(calls(201, 16));
        QTRY_COMPARE(statusOf(pipeline).sent, 96ULL);
        QCOMPARE(small.refusals, 0);
        QCOMPARE(small.acceptances, 1);
    }

    void whenEveryItemIsTooLargeAFewRequestsTellIt()
    {
        LimitedBackend nothing(0);
        QTemporaryDir directory;
        PipelineOptions durable = options();
        durable.spoolDirectory = directory.path();
        ExportPipeline pipeline(durable);
        put(pipeline, settingsOf({destinationOf(nothing.backend.url())}));
        pipeline.submitCalls(calls(1, 1'024));
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Refused), 2'048ULL);
        // 2,048 items, 1,024 and so on to one; then three more of one.
        QCOMPARE(nothing.refusals, 12 + 3);
        QCOMPARE(ended(pipeline, "backend", "413"), 4ULL);
        QCOMPARE(ended(pipeline, "backend", "too_large"), 2'044ULL);
        QVERIFY(statusOf(pipeline).lastError.contains(QStringLiteral("too large")));
    }

    void aSingleItemThatIsTooLargeCostsAsManyRequestsAsThereAreHalvings()
    {
        LimitedBackend limited(10'000);
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(limited.backend.url())}));
        pipeline.submitSpans(spansWithALargeOne());
        QTRY_COMPARE(statusOf(pipeline).sent, 31ULL);
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Refused), 1ULL);
        QCOMPARE(limited.refusals, 6);
        QCOMPARE(limited.acceptances, 5);
        limited.reset();
        pipeline.submitSpans(spansWithALargeOne());
        QTRY_COMPARE(statusOf(pipeline).sent, 62ULL);
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Refused), 2ULL);
        QCOMPARE(limited.refusals, 1);
        QCOMPARE(limited.acceptances, 5);
    }

    void anItemThatIsTakenAfterAllEndsTheMemory()
    {
        LimitedBackend limited(10'000);
        ExportPipeline pipeline(options());
        put(pipeline, settingsOf({destinationOf(limited.backend.url())}));
        pipeline.submitSpans(spansWithALargeOne());
        QTRY_COMPARE(lost(statusOf(pipeline), Loss::Refused), 1ULL);
        limited.limit = 100'000;
        pipeline.submitSpans(spansWithALargeOne());
        QTRY_COMPARE(statusOf(pipeline).sent, 31ULL + 32ULL);
        limited.reset();
        pipeline.submitSpans(spansWithALargeOne());
        QTRY_COMPARE(statusOf(pipeline).sent, 31ULL + 64ULL);
        QCOMPARE(limited.acceptances, 1);
    }
};

QTEST_GUILESS_MAIN(RequestSizesTest)
#include "tst_request_sizes.moc"
