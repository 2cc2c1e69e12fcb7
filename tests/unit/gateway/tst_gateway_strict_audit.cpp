// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_peers.h"
#include "mcp/errors.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using namespace Qt::StringLiterals;

namespace {

/// A server whose tool has an argument that clients of 2026-07-28 repeat as a header, and that refuses what it is told to refuse.
config::Server refusingServer(const char* name)
{
    return named(scriptServer(uR"sh(
tools='{"tools":[{"name":"one","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}]}'
refuse() {
  id=$(printf '%s\n' "$1" | sed 's/.*"id":\([0-9]*\).*/\1/')
  printf '{"jsonrpc":"2.0","id":%s,"error":%s}\n' "$id" "$2"
}
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *not-known*) refuse "$line" '{"code":-32601,"message":"no such method"}';;
    *needs-a-page*) refuse "$line" '{"code":-32042,"message":"sign in first","data":{"elicitations":[]}}';;
    *tools/call*) answer "$line" '{"content":[]}';;
  esac
done
)sh"_s),
                 name);
}

} // namespace

/// With audit.mode strict an answer waits for its row; apart from that it is the answer that it would be without.
class GatewayStrictAuditTest : public QObject, private GatewayHarness {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup() { QVERIFY2(stop(), m_held.constData()); }

    void anAnswerThatWaitedForItsRowHasItsStatus_data()
    {
        QTest::addColumn<QByteArray>("arguments");
        QTest::addColumn<int>("code");
        QTest::addColumn<int>("status");
        QTest::newRow("a result") << QByteArray("{}") << 0 << 200;
        QTest::newRow("an argument without its header") << QByteArray("{\"region\":\"eu\"}") << -32020 << 400;
        QTest::newRow("a capability that the client lacks") << QByteArray("{\"step\":\"needs-a-page\"}") << -32021 << 400;
        QTest::newRow("a method that the server lacks") << QByteArray("{\"step\":\"not-known\"}") << -32601 << 404;
    }
    void anAnswerThatWaitedForItsRowHasItsStatus()
    {
        QFETCH(QByteArray, arguments);
        QFETCH(int, code);
        QFETCH(int, status);
        config::Config configuration;
        configuration.audit.mode = config::AuditMode::Strict;
        configuration.servers = {refusingServer("s")};
        open(configuration);
        QTRY_VERIFY(allReady());
        Peer peer(*m_gateway, "2026-07-28");
        const auto reply = peer.ask("tools/call", "{\"name\":\"s__one\",\"arguments\":" + arguments + '}');
        QVERIFY(!reply->isAnswered());
        QTRY_VERIFY(reply->isAnswered());
        QCOMPARE(reply->code(), code);
        QCOMPARE(reply->status, status);
    }
    void whatIsSaidInPlaceOfAWithheldAnswerIsAPlainError()
    {
        HeldAnswers held;
        const mcp::RequestId id(7);
        const QByteArray frame = mcp::makeErrorResponse(id, mcp::error_code::MethodNotFound, "no such method");
        const auto withheld = std::make_shared<PeerReply>();
        const auto same = std::make_shared<PeerReply>();
        const telemetry::Durable first = held.hold(withheld, frame, 404, id, HeldAnswers::Otherwise::Error);
        const telemetry::Durable second = held.hold(same, frame, 404, id, HeldAnswers::Otherwise::SameFrame);
        first(fail(ErrorCode::Io, u"the disk is full"_s));
        second(fail(ErrorCode::Io, u"the disk is full"_s));
        QTRY_VERIFY(withheld->isAnswered() && same->isAnswered());
        QCOMPARE(withheld->code(), -32603);
        QCOMPARE(withheld->status, 200);
        QCOMPARE(same->code(), -32601);
        QCOMPARE(same->status, 404);
        QVERIFY(held.isEmpty());
    }
};

QTEST_GUILESS_MAIN(GatewayStrictAuditTest)
#include "tst_gateway_strict_audit.moc"
