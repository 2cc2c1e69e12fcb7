// SPDX-License-Identifier: GPL-3.0-or-later
#include "../../support/recording_recorder.h"
#include "downstream/stateless_session.h"
#include "gateway/gateway.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using telemetry::Outcome;
using telemetry::WireDirection;
using telemetry::WireKind;

namespace {

downstream::Incoming incomingOf(const QByteArray& raw, const Clock& clock)
{
    downstream::Incoming incoming;
    const auto session = std::make_shared<downstream::StatelessSession>();
    auto client = std::make_shared<telemetry::ClientContext>();
    client->clientName = QByteArrayLiteral("tester");
    session->client = std::move(client);
    incoming.session = session;
    json::Document document;
    if (auto message = mcp::readMessage(raw, document))
        incoming.message = *message;
    incoming.message.raw = raw;
    incoming.requestId = QByteArrayLiteral("r-1");
    incoming.startNs = clock.monotonicNs();
    incoming.startUnixNs = clock.unixNs();
    return incoming;
}

} // namespace

/// Messages that a transport answered itself are seen like all others.
class RefusedMessagesTest : public QObject {
    Q_OBJECT

    oriel::test::RecordingRecorder m_recorder;

    void refuse(const QByteArray& raw, const downstream::Refusal& refusal)
    {
        const SystemClock clock;
        SystemRandom random;
        Gateway gateway({clock, random, m_recorder, {}});
        gateway.messageRefused(incomingOf(raw, clock), refusal);
    }

private Q_SLOTS:
    void init() { m_recorder = {}; }
    void brokenTextIsARecordAndTwoFrames()
    {
        refuse("{broken", downstream::Refusal::of(400, -32700, "Parse error: no JSON"));
        QCOMPARE(m_recorder.calls.size(), std::size_t(1));
        const telemetry::CallRecord& record = m_recorder.calls.front();
        QCOMPARE(record.outcome, Outcome::Rejected);
        QCOMPARE(record.errorType, QByteArray("-32700"));
        QCOMPARE(record.rpcErrorCode, -32700);
        QCOMPARE(record.errorMessage, QByteArray("Parse error: no JSON"));
        QCOMPARE(record.method, QByteArray("_OTHER"));
        QCOMPARE(record.httpStatus, 400);
        QVERIFY(record.overHttp && record.traceId.isValid());
        QCOMPARE(record.requestId, QByteArray("r-1"));
        QCOMPARE(m_recorder.frames.size(), std::size_t(2));
        QCOMPARE(m_recorder.frames.front().direction, WireDirection::ClientToGateway);
        QCOMPARE(m_recorder.frames.front().payload, QByteArray("{broken"));
        QCOMPARE(m_recorder.frames.back().kind, WireKind::Error);
        QVERIFY(m_recorder.frames.back().payload.contains("-32700"));
        QCOMPARE(m_recorder.frames.back().spanId, record.spanId);
    }
    void aRefusedCallIsNamedButCallsNoTool()
    {
        refuse(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo"}})",
               downstream::Refusal::of(400, mcp::error_code::HeaderMismatch, "The header Mcp-Name is missing"));
        const telemetry::CallRecord& record = m_recorder.calls.front();
        QCOMPARE(record.method, QByteArray("tools/call"));
        QCOMPARE(record.jsonrpcId, QByteArray("7"));
        QCOMPARE(record.targetKind, telemetry::TargetKind::None);
    }
    void aBrokenLineHasNoStatus()
    {
        refuse("[", {0, -32700, "no JSON", {}});
        QVERIFY(!m_recorder.calls.front().overHttp);
        QCOMPARE(m_recorder.frames.size(), std::size_t(1));
    }
};

QTEST_GUILESS_MAIN(RefusedMessagesTest)
#include "tst_refused_messages.moc"
