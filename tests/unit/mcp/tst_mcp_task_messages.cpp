// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/task_messages.h"

#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

namespace {

std::optional<TaskState> read(const QByteArray& text, TaskForm form)
{
    json::Document document;
    return document.parse(text) ? TaskState::parse(document.root(), form) : std::nullopt;
}

QByteArray written(const TaskState& state, TaskForm form)
{
    json::Writer writer;
    writer.beginObject();
    state.write(writer, form);
    writer.endObject();
    return writer.take();
}

std::optional<TaskState> created(const QByteArray& frame, TaskForm form)
{
    json::Document document;
    const auto message = readMessage(frame, document);
    return message ? createdTask(*message, document, form) : std::nullopt;
}

const QByteArray kCore = R"({"taskId":"a","status":"input_required","statusMessage":"wait","createdAt":"c","lastUpdatedAt":"u",)"
                         R"("ttl":60000,"pollInterval":200})";
const QByteArray kExtension = R"({"taskId":"a","status":"input_required","statusMessage":"wait","createdAt":"c",)"
                              R"("lastUpdatedAt":"u","ttlMs":60000,"pollIntervalMs":200})";

} // namespace

class McpTaskMessagesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachFormIsReadAndWritten()
    {
        const auto core = read(kCore, TaskForm::Core);
        QVERIFY(core);
        QCOMPARE(written(*core, TaskForm::Core), kCore);
        QCOMPARE(written(*core, TaskForm::Extension), kExtension);
        const auto extension = read(kExtension, TaskForm::Extension);
        QVERIFY(extension);
        QCOMPARE(written(*extension, TaskForm::Core), kCore);
    }
    void aTaskWithoutLimitHasNoTtl()
    {
        const auto state =
            read(R"({"taskId":"a","status":"working","createdAt":"c","lastUpdatedAt":"u","ttl":null})", TaskForm::Core);
        QVERIFY(state && !state->ttlMs && !state->pollIntervalMs);
        QCOMPARE(written(*state, TaskForm::Extension),
                 QByteArray(R"({"taskId":"a","status":"working","createdAt":"c","lastUpdatedAt":"u","ttlMs":null})"));
    }
    void numbersThatAreNoIntegersAreTakenAsFarAsTheyMakeSense()
    {
        QCOMPARE(read(R"({"taskId":"a","status":"working","ttl":1500.7})", TaskForm::Core)->ttlMs.value_or(0),
                 std::int64_t(1500));
        QVERIFY(!read(R"({"taskId":"a","status":"working","ttl":-0.5})", TaskForm::Core)->ttlMs);
        QVERIFY(!read(R"({"taskId":"a","status":"working","ttl":"1"})", TaskForm::Core)->ttlMs);
        QVERIFY(!read(R"({"taskId":"a","status":"working","ttl":1e300})", TaskForm::Core)->ttlMs);
    }
    void whatHasNoIdOrNoKnownStatusIsNoTask_data()
    {
        QTest::addColumn<QByteArray>("text");
        for (const char* text :
             {"{}", "[]", "7", R"({"taskId":"a"})", R"({"taskId":"","status":"working"})", R"({"taskId":1,"status":"working"})",
              R"({"taskId":"a","status":"done"})", R"({"taskId":"a","status":"Working"})"})
            QTest::newRow(text) << QByteArray(text);
    }
    void whatHasNoIdOrNoKnownStatusIsNoTask()
    {
        QFETCH(QByteArray, text);
        QVERIFY(!read(text, TaskForm::Core));
        QVERIFY(!read(text, TaskForm::Extension));
    }
    void theLastThreeStatusesAreTheEnd()
    {
        for (const TaskStatus status :
             {TaskStatus::Working, TaskStatus::InputRequired, TaskStatus::Completed, TaskStatus::Failed, TaskStatus::Cancelled}) {
            TaskState state;
            state.status = status;
            QCOMPARE(state.isTerminal(), status != TaskStatus::Working && status != TaskStatus::InputRequired);
            QVERIFY(taskStatusFromText(toText(status)) == status);
        }
    }
    void aCreatedTaskStandsWhereItsFormPutsIt()
    {
        const QByteArray core = R"({"jsonrpc":"2.0","id":1,"result":{"task":)" + kCore + "}}";
        const QByteArray extension = QByteArray(R"({"jsonrpc":"2.0","id":1,"result":)" + kExtension + '}')
                                         .replace("{\"taskId\"", "{\"resultType\":\"task\",\"taskId\"");
        QCOMPARE(created(core, TaskForm::Core)->id, QByteArray("a"));
        QCOMPARE(created(extension, TaskForm::Extension)->id, QByteArray("a"));
        QVERIFY(!created(core, TaskForm::Extension));
        QVERIFY(!created(extension, TaskForm::Core));
        const QByteArray plain = R"({"jsonrpc":"2.0","id":1,"result":)" + kExtension + '}';
        QVERIFY(!created(plain, TaskForm::Extension));
        const QByteArray error = R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","data":)" + kExtension + "}}";
        QVERIFY(!created(error, TaskForm::Extension));
    }
    void anotherIdLeavesTheRestAsItIs()
    {
        const QByteArray text = R"({ "x":12345678901234567890, "taskId" : "a", "y":[1.50] })";
        json::Document document;
        QVERIFY(document.parse(text));
        const QByteArray renamed = QByteArray(text).replace("\"a\"", "\"b\\\"c\"");
        QCOMPARE(withTaskId(text, document.root(), "b\"c"), renamed);
    }
    void aResultNamesItsTaskOrNone()
    {
        const QByteArray key = "\"io.modelcontextprotocol/related-task\"";
        QCOMPARE(withRelatedTask("{}", "a"), QByteArray("{\"_meta\":{" + key + ":{\"taskId\":\"a\"}}}"));
        QCOMPARE(withRelatedTask("{\"_meta\":{\"k\":1}}", "a"),
                 QByteArray("{\"_meta\":{" + key + ":{\"taskId\":\"a\"},\"k\":1}}"));
        const QByteArray named = "{\"_meta\":{\"k\":1," + key + ":{\"taskId\":\"a\"}},\"n\":1.50}";
        QCOMPARE(withRelatedTask(named, "b"), QByteArray(named).replace("\"a\"", "\"b\""));
        QCOMPARE(withRelatedTask(named, {}), QByteArray("{\"_meta\":{\"k\":1},\"n\":1.50}"));
        QCOMPARE(withRelatedTask("{\"n\":1}", {}), QByteArray("{\"n\":1}"));
        QCOMPARE(withRelatedTask("[1]", "a"), QByteArray("[1]"));
    }
    void aMessageTellsWhichTaskItBelongsTo()
    {
        json::Document document;
        const auto related = readMessage(
            R"({"jsonrpc":"2.0","method":"notifications/message","params":{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"a"}}}})",
            document);
        QVERIFY(related);
        QCOMPARE(relatedTaskOf(*related), QByteArray("a"));
        const auto odd = readMessage(
            R"({"jsonrpc":"2.0","method":"notifications/message","params":{"_meta":{"io.modelcontextprotocol/related-task":"a"}}})",
            document);
        QVERIFY(odd);
        QVERIFY(relatedTaskOf(*odd).isEmpty());
    }
};

QTEST_APPLESS_MAIN(McpTaskMessagesTest)
#include "tst_mcp_task_messages.moc"
