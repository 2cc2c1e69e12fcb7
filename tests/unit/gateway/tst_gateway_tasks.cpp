// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_peers.h"

#include <QTest>

using namespace oriel;
using namespace oriel::gateway;
using namespace oriel::gateway::test;
using namespace oriel::upstream::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray kTasks = "{\"elicitation\":{},\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}";
const QByteArray kYes = "{\"action\":\"accept\",\"content\":{\"confirm\":true}}";

QByteArray toolCall(const QByteArray& tool, const QByteArray& arguments = "{}", const QByteArray& more = {})
{
    return "{\"name\":\"" + tool + "\",\"arguments\":" + arguments + more + '}';
}
const QByteArray kAsTask = ",\"task\":{\"ttl\":60000}";

/// The task of a CreateTaskResult of 2025-11-25.
QJsonObject taskOf(const QJsonObject& result)
{
    return result.value("task"_L1).toObject();
}

/// A server with tasks whose tool `one` is a task at once; then `lines` run, with the call in $line.
config::Server taskScript(const char* name, const QString& lines)
{
    return named(scriptServer(uR"sh(
initialized='{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"tasks":{"requests":{"tools":{"call":{}}}}},"serverInfo":{"name":"s","version":"1"}}'
tools='{"tools":[{"name":"one","inputSchema":{"type":"object"},"execution":{"taskSupport":"optional"}}]}'
state='"taskId":"theirs","createdAt":"2026-01-01T00:00:00Z","lastUpdatedAt":"2026-01-01T00:00:00Z","ttl":null'
handshake
while read -r line; do
  case "$line" in
    *tools/list*) answer "$line" "$tools";;
    *tools/call*) answer "$line" "{\"task\":{\"status\":\"working\",$state}}"
)sh"_s + lines + u";;\n    *) echo \"$line\" >&2;;\n  esac\ndone"_s),
                 name);
}

/// A server whose tool `one` is a task, whatever its client declared, and asks for a name while it works.
config::Server askingTask(const char* name, bool isModern)
{
    if (!isModern) {
        config::Server server = taskScript(name, uR"sh(
echo '{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"Who?","requestedSchema":{},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"theirs"}}}}')sh"_s);
        server.args.last().replace(u"\"taskSupport\":\"optional\""_s, u"\"taskSupport\":\"required\""_s);
        return server;
    }
    config::Server server = named(scriptServer(uR"sh(
state='"taskId":"theirs","createdAt":"2026-01-01T00:00:00Z","lastUpdatedAt":"2026-01-01T00:00:00Z","ttlMs":null,"pollIntervalMs":50'
while read -r line; do
  case "$line" in
    *server/discover*) answer "$line" '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{},"extensions":{"io.modelcontextprotocol/tasks":{}}},"ttlMs":0,"cacheScope":"private"}';;
    *tools/list*) answer "$line" '{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"one","inputSchema":{"type":"object"}}]}';;
    *tools/call*) answer "$line" '{"resultType":"task","status":"working",'"$state"'}';;
    *tasks/get*) answer "$line" '{"resultType":"complete","status":"input_required",'"$state"',"inputRequests":{"who":{"method":"elicitation/create","params":{"message":"Who?","requestedSchema":{}}}}}';;
  esac
done
)sh"_s),
                                  name);
    server.era = config::Era::Modern;
    return server;
}

} // namespace

/// Tasks of both forms through the gateway, with real servers behind it.
class GatewayTasksTest : public QObject, private GatewayHarness {
    Q_OBJECT

    void openLegacy() { openReady({conformanceServer("old", "2025-11-25"), conformanceServer("other", "2025-11-25")}); }
    void openModern() { openReady({conformanceServer("new", "2026-07-28"), conformanceServer("other", "2026-07-28")}); }

    /// Asks until the task has that status; the last answer.
    QJsonObject untilStatus(Peer& peer, const QString& taskId, const QString& status)
    {
        QJsonObject seen;
        const bool came = QTest::qWaitFor([&] {
            const auto reply = peer.askOfTask("tasks/get", taskId);
            if (!QTest::qWaitFor([&] { return reply->isAnswered(); }))
                return false;
            seen = reply->result();
            return seen.value("status"_L1).toString() == status;
        });
        return came ? seen : QJsonObject();
    }
    [[nodiscard]] QList<QByteArray> sentToServers(QByteArrayView method) const
    {
        QList<QByteArray> frames;
        for (const auto& frame : m_recorder.wire) {
            if (frame.direction == telemetry::WireDirection::GatewayToServer && QByteArrayView(frame.method) == method)
                frames.append(frame.payload);
        }
        return frames;
    }

private Q_SLOTS:
    void init() { m_recorder = RecordingRecorder(); }
    void cleanup() { QVERIFY2(stop(), m_held.constData()); }

    // --- 2025-11-25 on both sides ---

    void tasksAreOfferedWhenAServerOffersThem()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        const QJsonObject capabilities = peer.initialized.value("capabilities"_L1).toObject();
        QCOMPARE(capabilities.value("tasks"_L1).toObject(),
                 object(R"({"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})"));
        Peer older(*m_gateway, "2025-06-18");
        QVERIFY(!older.initialized.value("capabilities"_L1).toObject().contains("tasks"_L1));
        QCOMPARE(older.ask("tasks/list")->code(), -32601);
    }
    void tasksAreNotOfferedWhenNoServerOffersThem()
    {
        openReady({named(programServer(builtProgram(u"oriel-echo-server"_s)), "echo")});
        Peer peer(*m_gateway, "2025-11-25");
        QVERIFY(!peer.initialized.value("capabilities"_L1).toObject().contains("tasks"_L1));
        QCOMPARE(peer.ask("tasks/list")->code(), -32601);
        QCOMPARE(peer.askOfTask("tasks/get", u"x"_s)->code(), -32601);
        Peer modern(*m_gateway, "2026-07-28", kTasks);
        QCOMPARE(modern.askOfTask("tasks/get", u"x"_s)->code(), -32601);
        const auto call = peer.ask("tools/call", toolCall("echo__echo", "{\"text\":\"hi\"}", kAsTask));
        QTRY_VERIFY(call->isAnswered());
        QCOMPARE(textOf(call->result()), u"hi"_s);
    }
    void aTaskIsItsClientsUnderAnIdOfOurs()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":0,\"label\":\"x\"}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        const QJsonObject task = taskOf(begun->result());
        const QString id = task.value("taskId"_L1).toString();
        QCOMPARE(task.value("ttl"_L1).toInt(), 60'000);
        QVERIFY(!m_recorder.wirePayloads(telemetry::WireKind::Response).isEmpty());
        const QByteArray fromServer = [&] {
            for (const auto& frame : m_recorder.wire) {
                if (frame.direction == telemetry::WireDirection::ServerToGateway && frame.payload.contains("\"task\":{"))
                    return frame.payload;
            }
            return QByteArray();
        }();
        QVERIFY(!fromServer.isEmpty() && !fromServer.contains(id.toUtf8()));
        QCOMPARE(untilStatus(peer, id, u"completed"_s).value("taskId"_L1).toString(), id);
        const auto result = peer.askOfTask("tasks/result", id);
        QTRY_VERIFY(result->isAnswered());
        QCOMPARE(textOf(result->result()), u"Computed x for 0 s"_s);
        QCOMPARE(relatedTask(result->result()), id);
        const auto cancelled = peer.askOfTask("tasks/cancel", id);
        QTRY_VERIFY(cancelled->isAnswered());
        QCOMPARE(cancelled->code(), -32602);
    }
    void anotherClientCanNeitherReadNorCancelATask()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        Peer stranger(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":600}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        const QString id = taskOf(begun->result()).value("taskId"_L1).toString();
        for (const char* method : {"tasks/get", "tasks/result", "tasks/cancel"})
            QCOMPARE(stranger.askOfTask(method, id)->code(), -32602);
        QVERIFY(stranger.ask("tasks/list")->result().value("tasks"_L1).toArray().isEmpty());
        Peer modern(*m_gateway, "2026-07-28", kTasks);
        QCOMPARE(modern.askOfTask("tasks/get", id)->code(), -32602);
        QCOMPARE(untilStatus(peer, id, u"working"_s).value("taskId"_L1).toString(), id);
        QVERIFY(sentToServers("tasks/cancel").isEmpty());
    }
    void aCancelledTaskIsCancelledAtItsServer()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":600}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        const QString id = taskOf(begun->result()).value("taskId"_L1).toString();
        const auto waiting = peer.askOfTask("tasks/result", id);
        const auto cancelled = peer.askOfTask("tasks/cancel", id);
        QTRY_VERIFY(cancelled->isAnswered() && waiting->isAnswered());
        QCOMPARE(cancelled->result().value("status"_L1).toString(), u"cancelled"_s);
        QCOMPARE(cancelled->result().value("taskId"_L1).toString(), id);
        QVERIFY(waiting->code() != 0);
    }
    void aToolSaysWhetherItRunsAsATask()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        QCOMPARE(peer.ask("tools/call", toolCall("old__greet", "{\"name\":\"x\"}", kAsTask))->code(), -32601);
        QCOMPARE(peer.ask("tools/call", toolCall("old__failing_job"))->code(), -32601);
        const auto optional = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":0}"));
        QTRY_VERIFY(optional->isAnswered());
        QCOMPARE(textOf(optional->result()), u"Computed  for 0 s"_s);
        QVERIFY(sentToServers("tools/call").size() == 1);
    }
    void aQuestionOfATaskReachesItsClientUnderTheClientsId()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25", "{\"elicitation\":{}}");
        Peer stranger(*m_gateway, "2025-11-25", "{\"elicitation\":{}}");
        const auto begun = peer.ask("tools/call", toolCall("old__confirm_delete", "{\"filename\":\"a.txt\"}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        const QString id = taskOf(begun->result()).value("taskId"_L1).toString();
        QVERIFY(!untilStatus(peer, id, u"input_required"_s).isEmpty());
        const auto result = peer.askOfTask("tasks/result", id);
        QTRY_COMPARE(result->notified.size(), 1);
        const QJsonObject question = result->notified.first();
        const QJsonObject params = question.value("params"_L1).toObject();
        QCOMPARE(relatedTask(params), id);
        QCOMPARE(params.value("message"_L1).toString(), u"old: Delete a.txt?"_s);
        QVERIFY(stranger.session->sent.isEmpty());
        peer.answer(question, "{\"action\":\"accept\",\"content\":{\"confirm\":true},\"_meta\":{\"io.modelcontextprotocol/"
                              "related-task\":{\"taskId\":\"" +
                                  id.toUtf8() + "\"}}}");
        QTRY_VERIFY(result->isAnswered());
        QCOMPARE(textOf(result->result()), u"Deleted a.txt"_s);
        for (const auto& frame : m_recorder.wire) {
            if (frame.direction == telemetry::WireDirection::GatewayToServer)
                QVERIFY2(!frame.payload.contains(id.toUtf8()), frame.payload.constData());
        }
    }
    void tasksAreListedOverServersInPages()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        QList<std::shared_ptr<PeerReply>> begun;
        for (int i = 0; i < Tasks::kPageSize + 2; ++i)
            begun.append(peer.ask(
                "tools/call", toolCall(i % 2 == 0 ? "old__slow_compute" : "other__slow_compute", "{\"seconds\":600}", kAsTask)));
        QTRY_VERIFY(std::all_of(begun.cbegin(), begun.cend(), [](const auto& reply) { return reply->isAnswered(); }));
        QSet<QString> ids;
        for (const auto& reply : std::as_const(begun))
            ids.insert(taskOf(reply->result()).value("taskId"_L1).toString());
        QCOMPARE(ids.size(), Tasks::kPageSize + 2);
        const auto first = peer.ask("tasks/list");
        QTRY_VERIFY(first->isAnswered());
        QCOMPARE(first->result().value("tasks"_L1).toArray().size(), Tasks::kPageSize);
        const auto second = peer.ask("tasks/list", QJsonObject{{u"cursor"_s, first->result().value("nextCursor"_L1)}});
        QTRY_VERIFY(second->isAnswered());
        QCOMPARE(second->result().value("tasks"_L1).toArray().size(), 2);
        QVERIFY(!second->result().contains("nextCursor"_L1));
        for (const auto& page : {first, second}) {
            for (const QJsonValue& task : page->result().value("tasks"_L1).toArray())
                QVERIFY(ids.remove(task.toObject().value("taskId"_L1).toString()));
        }
        QVERIFY(ids.isEmpty());
        for (const char* bad : {"{\"cursor\":\"\"}", "{\"cursor\":\"x\"}", "{\"cursor\":\"dGFzay05OTk5OTk\"}"})
            QCOMPARE(peer.ask("tasks/list", QByteArray(bad))->code(), -32602);
    }
    void progressOfATaskKeepsItsToken()
    {
        openReady({taskScript("t", uR"sh(
token=$(printf '%s\n' "$line" | sed 's/.*"progressToken":\([0-9]*\).*/\1/')
echo '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":'$token',"progress":1,"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"theirs"}}}}')sh"_s)});
        Peer peer(*m_gateway, "2025-11-25");
        Peer stranger(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("t__one", "{}", kAsTask + ",\"_meta\":{\"progressToken\":\"mine\"}"));
        QTRY_COMPARE(peer.session->sent.size(), 1);
        const QJsonObject params = peer.session->sent.first().value("params"_L1).toObject();
        QCOMPARE(params.value("progressToken"_L1).toString(), u"mine"_s);
        QCOMPARE(relatedTask(params), taskOf(begun->result()).value("taskId"_L1).toString());
        QVERIFY(stranger.session->sent.isEmpty());
    }
    void aStatusIsToldToTheOwnerAlone()
    {
        openReady({taskScript("t", uR"sh(
echo '{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"status":"completed",'$state'}}')sh"_s)});
        Peer peer(*m_gateway, "2025-11-25");
        Peer stranger(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("t__one", "{}", kAsTask));
        QTRY_COMPARE(peer.session->sent.size(), 1);
        QCOMPARE(peer.session->sent.first().value("method"_L1).toString(), u"notifications/tasks/status"_s);
        const QJsonObject params = peer.session->sent.first().value("params"_L1).toObject();
        QCOMPARE(params.value("taskId"_L1).toString(), taskOf(begun->result()).value("taskId"_L1).toString());
        QCOMPARE(params.value("status"_L1).toString(), u"completed"_s);
        QVERIFY(stranger.session->sent.isEmpty());
    }

    // --- their end ---

    void aSessionThatGoesCancelsItsTasks()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":600}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        QCOMPARE(m_gateway->holdings().count("tasks"), 1);
        peer.close();
        QCOMPARE(m_gateway->holdings().count("tasks"), 0);
        QCOMPARE(sentToServers("tasks/cancel").size(), 1);
    }
    void aTaskIsForgottenWithItsTtl()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":600}", ",\"task\":{\"ttl\":1}"));
        QTRY_VERIFY(begun->isAnswered());
        QTRY_COMPARE(m_gateway->holdings().count("tasks"), 0);
        QCOMPARE(peer.askOfTask("tasks/get", taskOf(begun->result()).value("taskId"_L1).toString())->code(), -32602);
    }
    void aServerThatIsRemovedTakesItsTasksAlong()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":600}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        const QString id = taskOf(begun->result()).value("taskId"_L1).toString();
        const auto waiting = peer.askOfTask("tasks/result", id);
        apply({conformanceServer("other", "2025-11-25")});
        QCOMPARE(m_gateway->holdings().count("tasks"), 0);
        QVERIFY(waiting->isAnswered());
        QCOMPARE(peer.askOfTask("tasks/get", id)->code(), -32602);
    }
    void oneClientCannotHoldTooManyTasks()
    {
        openLegacy();
        Peer peer(*m_gateway, "2025-11-25");
        QList<std::shared_ptr<PeerReply>> begun;
        for (int i = 0; i < Tasks::kMaxOfOwner; ++i)
            begun.append(peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":600}", kAsTask)));
        QTRY_VERIFY(std::all_of(begun.cbegin(), begun.cend(), [](const auto& reply) { return reply->isAnswered(); }));
        const auto refused = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":600}", kAsTask));
        QVERIFY(refused->error().value("message"_L1).toString().contains(u"Too many tasks"_s));
        Peer another(*m_gateway, "2025-11-25");
        const auto allowed = another.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":600}", kAsTask));
        QTRY_VERIFY(allowed->isAnswered());
        QVERIFY(!taskOf(allowed->result()).isEmpty());
    }

    // --- 2026-07-28 on both sides ---

    void theExtensionIsOfferedAndItsMethodsNeedIt()
    {
        openModern();
        Peer peer(*m_gateway, "2026-07-28", kTasks);
        const auto found = peer.ask("server/discover");
        const QJsonObject capabilities = found->result().value("capabilities"_L1).toObject();
        QVERIFY(capabilities.value("extensions"_L1).toObject().contains("io.modelcontextprotocol/tasks"_L1));
        QVERIFY(!capabilities.contains("tasks"_L1));
        Peer plain(*m_gateway, "2026-07-28");
        for (const char* method : {"tasks/get", "tasks/update", "tasks/cancel"}) {
            const auto refused = plain.askOfTask(method, u"x"_s);
            QCOMPARE(refused->code(), -32021);
            QCOMPARE(refused->error().value("data"_L1).toObject(),
                     object(R"({"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})"));
            QCOMPARE(refused->status, 400);
            QCOMPARE(peer.askOfTask(method, u"x"_s)->code(), -32602);
        }
        const auto refused = plain.ask("tools/call", toolCall("new__failing_job"));
        QTRY_VERIFY(refused->isAnswered());
        QCOMPARE(refused->code(), -32021);
        const auto waited = plain.ask("tools/call", toolCall("new__slow_compute", "{\"seconds\":0}"));
        QTRY_VERIFY(waited->isAnswered());
        QCOMPARE(waited->result().value("resultType"_L1).toString(), u"complete"_s);
    }
    void aTaskOf20260728IsPolledUpdatedAndCancelled()
    {
        openModern();
        Peer peer(*m_gateway, "2026-07-28", kTasks);
        const auto begun = peer.ask("tools/call", toolCall("new__confirm_delete", "{\"filename\":\"a.txt\"}"));
        QTRY_VERIFY(begun->isAnswered());
        QCOMPARE(begun->result().value("resultType"_L1).toString(), u"task"_s);
        const QString id = begun->result().value("taskId"_L1).toString();
        const QJsonObject asking = untilStatus(peer, id, u"input_required"_s);
        QCOMPARE(asking.value("taskId"_L1).toString(), id);
        QCOMPARE(asking.value("inputRequests"_L1)
                     .toObject()
                     .value("confirm-1"_L1)
                     .toObject()
                     .value("params"_L1)
                     .toObject()
                     .value("message"_L1)
                     .toString(),
                 u"new: Delete a.txt?"_s);
        const auto updated =
            peer.ask("tasks/update", "{\"taskId\":\"" + id.toUtf8() + "\",\"inputResponses\":{\"confirm-1\":" + kYes + "}}");
        QTRY_VERIFY(updated->isAnswered());
        QCOMPARE(updated->result().value("resultType"_L1).toString(), u"complete"_s);
        QCOMPARE(textOf(untilStatus(peer, id, u"completed"_s).value("result"_L1).toObject()), u"Deleted a.txt"_s);
        const auto cancelled = peer.askOfTask("tasks/cancel", id);
        QTRY_VERIFY(cancelled->isAnswered());
        QCOMPARE(cancelled->result().value("resultType"_L1).toString(), u"complete"_s);
        Peer stranger(*m_gateway, "2026-07-28", kTasks, "other");
        QCOMPARE(stranger.askOfTask("tasks/get", id)->code(), -32602);
    }
    void aListenerHearsOfItsTasks_data()
    {
        QTest::addColumn<QByteArray>("revision");
        QTest::newRow("server of 2026-07-28") << QByteArray("2026-07-28");
        QTest::newRow("server of 2025-11-25") << QByteArray("2025-11-25");
    }
    void aListenerHearsOfItsTasks()
    {
        QFETCH(QByteArray, revision);
        openReady({conformanceServer("s", revision.constData()), conformanceServer("t", revision.constData())});
        Peer peer(*m_gateway, "2026-07-28", kTasks);
        const auto begun = peer.ask("tools/call", toolCall("s__confirm_delete", "{\"filename\":\"a.txt\"}"));
        QTRY_VERIFY(begun->isAnswered());
        const QString id = begun->result().value("taskId"_L1).toString();
        const QByteArray filter = "{\"notifications\":{\"taskIds\":[\"" + id.toUtf8() + "\",\"unknown\"]}}";
        Peer plain(*m_gateway, "2026-07-28");
        QCOMPARE(plain.ask("subscriptions/listen", filter)->code(), -32021);
        const auto stream = peer.ask("subscriptions/listen", filter);
        QCOMPARE(stream->notified.size(), 1);
        QCOMPARE(stream->notified.first().value("params"_L1).toObject().value("notifications"_L1).toObject(),
                 (QJsonObject{{u"taskIds"_s, QJsonArray{id}}}));
        const auto last = [&] { return stream->notified.last().value("params"_L1).toObject(); };
        QTRY_COMPARE(last().value("status"_L1).toString(), u"input_required"_s);
        const QJsonObject questions = last().value("inputRequests"_L1).toObject();
        QCOMPARE(questions.size(), 1);
        QCOMPARE(questions.begin().value().toObject().value("params"_L1).toObject().value("message"_L1).toString(),
                 u"s: Delete a.txt?"_s);
        QCOMPARE(last().value("taskId"_L1).toString(), id);
        QCOMPARE(last().value("_meta"_L1).toObject().value("io.modelcontextprotocol/subscriptionId"_L1).toInt(), peer.lastId);
        QVERIFY(!last().contains("resultType"_L1));
        peer.ask("tasks/update", "{\"taskId\":\"" + id.toUtf8() + "\",\"inputResponses\":{\"" +
                                     questions.keys().first().toUtf8() + "\":" + kYes + "}}");
        QTRY_COMPARE(last().value("status"_L1).toString(), u"completed"_s);
        QCOMPARE(textOf(last().value("result"_L1).toObject()), u"Deleted a.txt"_s);
        QCOMPARE(stream->notified.last().value("method"_L1).toString(), u"notifications/tasks"_s);
    }

    // --- a client of 2026-07-28, a server of 2025-11-25 ---

    void aServersTaskIsOneOfTheExtension()
    {
        openLegacy();
        Peer peer(*m_gateway, "2026-07-28", kTasks);
        const auto begun = peer.ask("tools/call", toolCall("old__slow_compute", "{\"seconds\":0,\"label\":\"x\"}"));
        QTRY_VERIFY(begun->isAnswered());
        QCOMPARE(begun->result().value("resultType"_L1).toString(), u"task"_s);
        QVERIFY(begun->result().contains("ttlMs"_L1) && begun->result().contains("pollIntervalMs"_L1));
        QVERIFY(!begun->result().contains("task"_L1) && !begun->result().contains("ttl"_L1));
        const QString id = begun->result().value("taskId"_L1).toString();
        const QJsonObject done = untilStatus(peer, id, u"completed"_s);
        QCOMPARE(textOf(done.value("result"_L1).toObject()), u"Computed x for 0 s"_s);
        QVERIFY(relatedTask(done.value("result"_L1).toObject()).isEmpty());
        const auto cancelled = peer.askOfTask("tasks/cancel", id);
        QTRY_VERIFY(cancelled->isAnswered());
        QVERIFY2(!cancelled->result().isEmpty(), "what has ended is acknowledged too");
        const auto plain = peer.ask("tools/call", toolCall("old__greet", "{\"name\":\"x\"}", ",\"task\":{\"ttl\":1}"));
        QTRY_VERIFY(plain->isAnswered());
        QCOMPARE(textOf(plain->result()), u"Hello, x!"_s);
    }
    void aToolsErrorCompletesATaskAndAnErrorOfTheProtocolFailsIt()
    {
        openLegacy();
        Peer peer(*m_gateway, "2026-07-28", kTasks);
        const auto tool = peer.ask("tools/call", toolCall("old__failing_job"));
        const auto protocol = peer.ask("tools/call", toolCall("old__protocol_error_job"));
        QTRY_VERIFY(tool->isAnswered() && protocol->isAnswered());
        const QJsonObject failed = untilStatus(peer, protocol->result().value("taskId"_L1).toString(), u"failed"_s);
        QCOMPARE(failed.value("error"_L1).toObject().value("code"_L1).toInt(), -32603);
        const QJsonObject done = untilStatus(peer, tool->result().value("taskId"_L1).toString(), u"completed"_s);
        QVERIFY(done.value("result"_L1).toObject().value("isError"_L1).toBool());
        Peer plain(*m_gateway, "2026-07-28");
        QCOMPARE(plain.ask("tools/call", toolCall("old__failing_job"))->code(), -32021);
    }
    void questionsOfAServersTaskAreInputRequests()
    {
        openLegacy();
        Peer peer(*m_gateway, "2026-07-28", kTasks);
        const auto begun = peer.ask("tools/call", toolCall("old__multi_input"));
        QTRY_VERIFY(begun->isAnswered());
        const QByteArray id = begun->result().value("taskId"_L1).toString().toUtf8();
        QStringList keys;
        QTRY_COMPARE(
            (keys = untilStatus(peer, QString::fromUtf8(id), u"input_required"_s).value("inputRequests"_L1).toObject().keys())
                .size(),
            2);
        const auto update = [&](const QByteArray& key, const QByteArray& response) {
            return peer.ask("tasks/update", "{\"taskId\":\"" + id + "\",\"inputResponses\":{\"" + key + "\":" + response + "}}");
        };
        QVERIFY(!update("nobody-asked", kYes)->result().isEmpty());
        QVERIFY(!update(keys[0].toUtf8(), kYes)->result().isEmpty());
        QCOMPARE(peer.ask("tasks/update", "{\"taskId\":\"" + id + "\",\"inputResponses\":7}")->code(), -32602);
        QCOMPARE(untilStatus(peer, QString::fromUtf8(id), u"input_required"_s).value("inputRequests"_L1).toObject().keys(),
                 QStringList{keys[1]});
        update(keys[1].toUtf8(), kYes);
        QCOMPARE(textOf(untilStatus(peer, QString::fromUtf8(id), u"completed"_s).value("result"_L1).toObject()),
                 u"Answered: input-1, input-2"_s);
    }

    // --- a client of the revisions before, a server of 2026-07-28 ---

    void toolsOfAServerThatDecidesItselfMayRunAsTasks()
    {
        openModern();
        Peer peer(*m_gateway, "2025-11-25");
        const auto listed = peer.ask("tools/list");
        QTRY_VERIFY(listed->isAnswered());
        for (const QJsonValue& tool : listed->result().value("tools"_L1).toArray())
            QCOMPARE(tool.toObject().value("execution"_L1).toObject(), object(R"({"taskSupport":"optional"})"));
        Peer older(*m_gateway, "2025-06-18");
        QVERIFY(!older.ask("tools/list")->result().value("tools"_L1).toArray().first().toObject().contains("execution"_L1));
    }
    void aTaskOfTheExtensionIsOneOf20251125()
    {
        openModern();
        Peer peer(*m_gateway, "2025-11-25", "{\"elicitation\":{}}");
        const auto begun = peer.ask("tools/call", toolCall("new__confirm_delete", "{\"filename\":\"a.txt\"}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        const QJsonObject task = taskOf(begun->result());
        const QString id = task.value("taskId"_L1).toString();
        QVERIFY(task.contains("ttl"_L1) && !task.contains("ttlMs"_L1) && !id.isEmpty());
        QVERIFY(!untilStatus(peer, id, u"input_required"_s).contains("inputRequests"_L1));
        const auto result = peer.askOfTask("tasks/result", id);
        QTRY_COMPARE(result->notified.size(), 1);
        const QJsonObject params = result->notified.first().value("params"_L1).toObject();
        QCOMPARE(relatedTask(params), id);
        QCOMPARE(params.value("message"_L1).toString(), u"new: Delete a.txt?"_s);
        peer.answer(result->notified.first(), kYes);
        QTRY_VERIFY(result->isAnswered());
        QCOMPARE(textOf(result->result()), u"Deleted a.txt"_s);
        QCOMPARE(relatedTask(result->result()), id);
        const auto cancelled = peer.askOfTask("tasks/cancel", id);
        QTRY_VERIFY(cancelled->isAnswered());
        QCOMPARE(cancelled->code(), -32602);
    }
    void whatWasCancelledStaysCancelled()
    {
        openModern();
        Peer peer(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("new__slow_compute", "{\"seconds\":600}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        const QString id = taskOf(begun->result()).value("taskId"_L1).toString();
        const auto waiting = peer.askOfTask("tasks/result", id);
        const auto cancelled = peer.askOfTask("tasks/cancel", id);
        QTRY_VERIFY(cancelled->isAnswered() && waiting->isAnswered());
        QCOMPARE(cancelled->result().value("status"_L1).toString(), u"cancelled"_s);
        QCOMPARE(waiting->code(), -32600);
        QCOMPARE(peer.askOfTask("tasks/get", id)->result().value("status"_L1).toString(), u"cancelled"_s);
        QCOMPARE(peer.askOfTask("tasks/result", id)->code(), -32600);
        QCOMPARE(peer.askOfTask("tasks/cancel", id)->code(), -32602);
        QCOMPARE(sentToServers("tasks/cancel").size(), 1);
    }
    void whoAsksForATaskGetsOneAlsoWhereTheServerAnswersAtOnce()
    {
        openModern();
        Peer peer(*m_gateway, "2025-11-25");
        const auto begun = peer.ask("tools/call", toolCall("new__greet", "{\"name\":\"x\"}", kAsTask));
        QTRY_VERIFY(begun->isAnswered());
        const QString id = taskOf(begun->result()).value("taskId"_L1).toString();
        QCOMPARE(peer.askOfTask("tasks/get", id)->result().value("status"_L1).toString(), u"completed"_s);
        const auto result = peer.askOfTask("tasks/result", id);
        QCOMPARE(textOf(result->result()), u"Hello, x!"_s);
        QCOMPARE(relatedTask(result->result()), id);
        QCOMPARE(peer.ask("tasks/list")->result().value("tasks"_L1).toArray().size(), 1);
    }
    void aClientWithoutTasksWaitsForTheResult_data()
    {
        QTest::addColumn<QByteArray>("client");
        QTest::addColumn<QByteArray>("server");
        QTest::newRow("2025-06-18, 2026-07-28") << QByteArray("2025-06-18") << QByteArray("2026-07-28");
        QTest::newRow("2025-11-25, 2026-07-28") << QByteArray("2025-11-25") << QByteArray("2026-07-28");
        QTest::newRow("2025-06-18, 2025-11-25") << QByteArray("2025-06-18") << QByteArray("2025-11-25");
    }
    void aClientWithoutTasksWaitsForTheResult()
    {
        QFETCH(QByteArray, client);
        QFETCH(QByteArray, server);
        openReady({conformanceServer("s", server.constData()), conformanceServer("t", server.constData())});
        Peer peer(*m_gateway, client);
        const auto call = peer.ask("tools/call", toolCall("s__failing_job"));
        QTRY_COMPARE(m_gateway->holdings().count("tasks"), 1);
        QVERIFY(!call->isAnswered());
        QTRY_VERIFY(call->isAnswered());
        QCOMPARE(textOf(call->result()), u"The job has failed"_s);
        QVERIFY(call->result().value("isError"_L1).toBool());
        QVERIFY(call->result().value("resultType"_L1).toString() != u"task"_s);
        QCOMPARE(m_gateway->holdings().count("tasks"), 0);
        QCOMPARE(m_recorder.calls.back().outcome, telemetry::Outcome::ToolError);
    }
    void aTaskThatTakesLongerThanACallMayIsGivenUp_data() { aClientWithoutTasksWaitsForTheResult_data(); }
    void aTaskThatTakesLongerThanACallMayIsGivenUp()
    {
        QFETCH(QByteArray, client);
        QFETCH(QByteArray, server);
        config::Server hasty = conformanceServer("s", server.constData());
        hasty.timeouts.toolCall = std::chrono::milliseconds(500);
        openReady({hasty, conformanceServer("t", server.constData())});
        Peer peer(*m_gateway, client);
        const auto call = peer.ask("tools/call", toolCall("s__failing_job"));
        QTRY_VERIFY(call->isAnswered());
        QCOMPARE(call->code(), -32001);
        QCOMPARE(m_gateway->holdings().count("tasks"), 0);
        QCOMPARE(sentToServers("tasks/cancel").size(), 1);
        QCOMPARE(m_recorder.calls.back().outcome, telemetry::Outcome::Timeout);
    }
    void aWaitingCallThatIsCancelledCancelsItsTask_data() { aClientWithoutTasksWaitsForTheResult_data(); }
    void aWaitingCallThatIsCancelledCancelsItsTask()
    {
        QFETCH(QByteArray, client);
        QFETCH(QByteArray, server);
        openReady({conformanceServer("s", server.constData()), conformanceServer("t", server.constData())});
        Peer peer(*m_gateway, client);
        const auto call = peer.ask("tools/call", toolCall("s__failing_job"));
        QTRY_COMPARE(m_gateway->holdings().count("tasks"), 1);
        peer.notify("notifications/cancelled", "{\"requestId\":" + QByteArray::number(peer.lastId) + '}');
        QCOMPARE(m_gateway->holdings().count("tasks"), 0);
        QCOMPARE(sentToServers("tasks/cancel").size(), 1);
        QVERIFY(call->isAnswered());
        QCOMPARE(m_recorder.calls.back().outcome, telemetry::Outcome::Cancelled);
    }
    void whatATaskAskedEndsWithTheCallThatWaitsForIt_data()
    {
        QTest::addColumn<bool>("isModern");
        QTest::newRow("server of 2026-07-28") << true;
        QTest::newRow("server of 2025-11-25") << false;
    }
    void whatATaskAskedEndsWithTheCallThatWaitsForIt()
    {
        QFETCH(bool, isModern);
        openReady({askingTask("s", isModern)});
        Peer peer(*m_gateway, "2025-06-18", "{\"elicitation\":{}}");
        const auto call = peer.ask("tools/call", toolCall("s__one"));
        QTRY_COMPARE(call->notified.size(), 1);
        QCOMPARE(m_gateway->holdings().count("server requests"), 1);
        peer.notify("notifications/cancelled", "{\"requestId\":" + QByteArray::number(peer.lastId) + '}');
        QCOMPARE(m_gateway->holdings().count("server requests"), 0);
        QCOMPARE(peer.session->sent.size(), 1);
        const QJsonObject withdrawn = peer.session->sent.first();
        QCOMPARE(withdrawn.value("method"_L1).toString(), u"notifications/cancelled"_s);
        QCOMPARE(withdrawn.value("params"_L1).toObject().value("requestId"_L1), call->notified.first().value("id"_L1));
    }
};

QTEST_GUILESS_MAIN(GatewayTasksTest)
#include "tst_gateway_tasks.moc"
