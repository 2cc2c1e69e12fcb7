// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/message.h"

#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

namespace {

MessageResult read(const QByteArray& raw)
{
    json::Document document;
    return readMessage(raw, document);
}

constexpr const char* Call =
    R"({"jsonrpc":"2.0","id":"r-1","method":"tools/call","params":{"name":"web__fetch","arguments":{"url":"x","method":"GET"},)"
    R"("_meta":{"progressToken":7,"traceparent":"00-a","tracestate":"b=c","baggage":"d=e","other":[1]}}})";

} // namespace

class McpMessageTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aCallIsTakenApartWithoutCopies()
    {
        const QByteArray raw = Call;
        const MessageResult message = read(raw);
        QVERIFY(message);
        QCOMPARE(message->kind, Message::Kind::Request);
        QCOMPARE(message->methodId, MethodId::ToolsCall);
        QCOMPARE(message->id(), RequestId::fromText("r-1"));
        QCOMPARE(message->rawOf(Field::ParamsName), QByteArrayView("\"web__fetch\""));
        QByteArray scratch;
        const QByteArrayView name = message->text(Field::ParamsName, scratch);
        QCOMPARE(name, QByteArrayView("web__fetch"));
        QVERIFY(name.data() > raw.constData() && name.data() < raw.constData() + raw.size());
        QCOMPARE(message->rawOf(Field::ParamsArguments), QByteArrayView(R"({"url":"x","method":"GET"})"));
        QCOMPARE(message->rawOf(Field::MetaProgressToken), QByteArrayView("7"));
        QCOMPARE(message->text(Field::MetaTraceparent), QByteArray("00-a"));
        QCOMPARE(message->text(Field::MetaTracestate), QByteArray("b=c"));
        QCOMPARE(message->text(Field::MetaBaggage), QByteArray("d=e"));
        const json::Span member = message->memberSpan(Field::MetaTracestate);
        QCOMPARE(QByteArrayView(raw).sliced(member.begin, member.length), QByteArrayView(R"("tracestate":"b=c")"));
        QCOMPARE(message->targetField(), std::optional(Field::ParamsName));
        QVERIFY(!message->isModern());
        QVERIFY(!message->has(Field::ParamsUri));
        QVERIFY(message->text(Field::ParamsUri).isEmpty());
    }

    void membersOfArgumentsAreNotMistakenForTheEnvelope()
    {
        const auto message = read(
            R"({"params":{"arguments":{"name":"inner","_meta":{"traceparent":"x"},"Method":1},"name":"outer"},"method":"tools/call","id":1,"jsonrpc":"2.0"})");
        QVERIFY(message);
        QCOMPARE(message->text(Field::ParamsName), QByteArray("outer"));
        QVERIFY(!message->has(Field::MetaTraceparent));
    }

    void everyKindIsTold_data()
    {
        QTest::addColumn<QByteArray>("raw");
        QTest::addColumn<Message::Kind>("kind");
        using Kind = Message::Kind;
        QTest::newRow("request") << QByteArray(R"({"jsonrpc":"2.0","id":0,"method":"ping"})") << Kind::Request;
        QTest::newRow("custom request") << QByteArray(R"({"jsonrpc":"2.0","id":0,"method":"x/y","params":{"name":1}})")
                                        << Kind::Request;
        QTest::newRow("notification") << QByteArray(R"({"jsonrpc":"2.0","method":"notifications/initialized"})")
                                      << Kind::Notification;
        QTest::newRow("null params") << QByteArray(R"({"jsonrpc":"2.0","method":"notifications/initialized","params":null})")
                                     << Kind::Notification;
        QTest::newRow("response") << QByteArray(R"({"jsonrpc":"2.0","id":0,"result":{}})") << Kind::Response;
        QTest::newRow("null result") << QByteArray(R"({"jsonrpc":"2.0","id":0,"result":null})") << Kind::Response;
        QTest::newRow("error") << QByteArray(R"({"jsonrpc":"2.0","id":"","error":{"code":-1,"message":"m"}})") << Kind::Error;
        QTest::newRow("error without id") << QByteArray(R"({"jsonrpc":"2.0","error":{"code":-1,"message":"m"}})") << Kind::Error;
        QTest::newRow("error with null id") << QByteArray(R"({"jsonrpc":"2.0","id":null,"error":{"code":-1}})") << Kind::Error;
        QTest::newRow("spaces around") << QByteArray(" \t{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n")
                                       << Kind::Request;
        QTest::newRow("escaped keys") << QByteArray(R"({"json\u0072pc":"2\u002e0","\u0069d":1,"method":"p\u0069ng"})")
                                      << Kind::Request;
    }
    void everyKindIsTold()
    {
        QFETCH(QByteArray, raw);
        QFETCH(Message::Kind, kind);
        const auto message = read(raw);
        QVERIFY2(message, message ? "" : message.error().message.constData());
        QCOMPARE(message->kind, kind);
    }

    void answersTellTheirOutcome()
    {
        const auto failed = read(
            R"({"jsonrpc":"2.0","id":5,"result":{"content":[{"type":"text","isError":false}],"isError":true,"resultType":"complete","_meta":{"x":1}}})");
        QVERIFY(failed && failed->resultIsError && failed->isAnswer());
        QCOMPARE(failed->text(Field::ResultType), QByteArray("complete"));
        QCOMPARE(failed->rawOf(Field::ResultMeta), QByteArrayView(R"({"x":1})"));
        const auto fine = read(R"({"jsonrpc":"2.0","id":5,"result":{"isError":false,"nextCursor":""}})");
        QVERIFY(fine && !fine->resultIsError);
        QVERIFY(fine->has(Field::ResultNextCursor));
        const auto error = read(R"({"jsonrpc":"2.0","id":5,"error":{"code":-32022,"message":"no","data":{"supported":[]}}})");
        QVERIFY(error);
        QCOMPARE(error->errorCode, -32022);
        QCOMPARE(error->text(Field::ErrorMessage), QByteArray("no"));
        QCOMPARE(error->rawOf(Field::ErrorData), QByteArrayView(R"({"supported":[]})"));
    }

    void modernMetadataIsFound()
    {
        const auto message = read(
            R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","requestState":"s","inputResponses":{},)"
            R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c"},)"
            R"("io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"debug"}}})");
        QVERIFY(message && message->isModern());
        QCOMPARE(message->text(Field::MetaProtocolVersion), QByteArray("2026-07-28"));
        QCOMPARE(message->kindOf(Field::MetaClientCapabilities), json::Kind::Object);
        QCOMPARE(message->text(Field::MetaLogLevel), QByteArray("debug"));
        QCOMPARE(message->text(Field::ParamsRequestState), QByteArray("s"));
        const auto answer = read(
            R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{"a":{}},"requestState":"s"}})");
        QVERIFY(answer);
        QCOMPARE(answer->text(Field::ResultRequestState), QByteArray("s"));
        QVERIFY(answer->has(Field::ResultInputRequests));
    }

    void theTargetOfACompletionIsItsReference()
    {
        const auto prompt = read(
            R"({"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{}}})");
        QCOMPARE(prompt->targetField(), std::optional(Field::RefName));
        const auto resource = read(
            R"({"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/resource","uri":"u:{x}"},"argument":{}}})");
        QCOMPARE(resource->targetField(), std::optional(Field::RefUri));
        QCOMPARE(resource->text(*resource->targetField()), QByteArray("u:{x}"));
    }

    void badFramesAreRefusedWithTheRightCodeAndId_data()
    {
        QTest::addColumn<QByteArray>("raw");
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("id");
        QTest::addColumn<bool>("answerable");
        const auto row = [](const char* name, const char* raw, int code, const char* id, bool answerable = true) {
            QTest::newRow(name) << QByteArray(raw) << code << QByteArray(id) << answerable;
        };
        using namespace error_code;
        row("empty", "", ParseError, "null");
        row("banner", "Server listening on port 3000", ParseError, "null");
        row("cut", "{\"jsonrpc\":\"2.0\",\"id\":1,\"met", ParseError, "null");
        row("bad UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xFF\"}", ParseError, "null");
        row("two messages", R"({"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0"})", ParseError, "null");
        row("duplicate key", R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})", InvalidRequest, "null");
        row("duplicate deep inside",
            R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"a":[{"b":1,"b":2}]}}})",
            InvalidRequest, "null");
        row("number", "1", InvalidRequest, "null");
        row("array", "[]", InvalidRequest, "null");
        row("no version", R"({"id":1,"method":"ping"})", InvalidRequest, "1");
        row("old version", R"({"jsonrpc":"1.0","id":1,"method":"ping"})", InvalidRequest, "1");
        row("numeric version", R"({"jsonrpc":2.0,"id":1,"method":"ping"})", InvalidRequest, "1");
        row("null id", R"({"jsonrpc":"2.0","id":null,"method":"ping"})", InvalidRequest, "null");
        row("fraction id", R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", InvalidRequest, "null");
        row("object id", R"({"jsonrpc":"2.0","id":{},"method":"ping"})", InvalidRequest, "null");
        row("huge id", R"({"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"})", InvalidRequest, "null");
        row("method is a number", R"({"jsonrpc":"2.0","id":1,"method":7})", InvalidRequest, "1");
        row("method and result", R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})", InvalidRequest, "1");
        row("result and error", R"({"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1}})", InvalidRequest, "1", false);
        row("nothing", R"({"jsonrpc":"2.0","id":1})", InvalidRequest, "1");
        row("result without id", R"({"jsonrpc":"2.0","result":{}})", InvalidRequest, "null", false);
        row("error code is text", R"({"jsonrpc":"2.0","id":1,"error":{"code":"x"}})", InvalidRequest, "1", false);
        row("error is text", R"({"jsonrpc":"2.0","id":1,"error":"x"})", InvalidRequest, "1", false);
        row("params is an array", R"({"jsonrpc":"2.0","id":1,"method":"x","params":[1]})", InvalidRequest, "1");
        row("Method", R"({"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"})", InvalidRequest, "1");
        row("ID", R"({"jsonrpc":"2.0","ID":2,"id":1,"method":"ping"})", InvalidRequest, "1");
        row("long s",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
            "call\",\"params\":{\"name\":\"a\"},\"param\xC5\xBF\":{\"name\":\"b\"}}",
            InvalidRequest, "1");
        row("escaped long s", R"({"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{}})", InvalidRequest, "1");
        row("escaped capital", R"({"jsonrpc":"2.0","id":1,"method":"ping","\u004dethod":"x"})", InvalidRequest, "1");
        row("Name", R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}})", InvalidRequest, "1");
        row("Kelvin sign",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
            "call\",\"params\":{\"name\":\"a\",\"_meta\":{\"progressTo\xE2\x84\xAA"
            "en\":1}}}",
            InvalidRequest, "1");
        row("IsError", R"({"jsonrpc":"2.0","id":1,"result":{"IsError":true}})", InvalidRequest, "1", false);
        row("Code", R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"Code":2}})", InvalidRequest, "1", false);
        row("call without name", R"({"jsonrpc":"2.0","id":"q","method":"tools/call","params":{}})", InvalidParams, "\"q\"");
        row("call without params", R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", InvalidParams, "1");
        row("name is a number", R"({"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":1}})", InvalidParams, "1");
        row("read without uri", R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"name":"x"}})", InvalidParams,
            "1");
        row("completion without ref", R"({"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{}})", InvalidParams,
            "1");
        row("token is an object", R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":{}}}})",
            InvalidParams, "1");
        row("progress without token", R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}})",
            InvalidParams, "null", false);
        row("update without uri", R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{}})", InvalidParams,
            "null", false);
    }
    void badFramesAreRefusedWithTheRightCodeAndId()
    {
        QFETCH(QByteArray, raw);
        QFETCH(int, code);
        QFETCH(QByteArray, id);
        QFETCH(bool, answerable);
        const auto message = read(raw);
        QVERIFY(!message);
        QCOMPARE(message.error().code, code);
        QCOMPARE(message.error().id.toJson(), id);
        QCOMPARE(message.error().answerable, answerable);
        QVERIFY(!message.error().message.isEmpty());
        const auto response = read(message.error().toResponse());
        QVERIFY(response);
        QCOMPARE(response->errorCode, code);
    }

    void aBrokenFrameIsReportedWithItsOffset()
    {
        const auto message = read(R"({"jsonrpc":"2.0",id:1})");
        QVERIFY(!message);
        QCOMPARE(message.error().message, QByteArray("Byte 17: expected a key in quotes"));
        QCOMPARE(message.error().toError(QStringLiteral("echo")).context, QStringLiteral("echo"));
    }

    void limitsAreTheCallers()
    {
        json::Document document;
        ReadOptions options;
        options.maxBytes = 50;
        const QByteArray longer = R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{}})";
        QCOMPARE(readMessage(longer, document, options).error().code, error_code::InvalidRequest);
        options = {};
        options.maxDepth = 4;
        QVERIFY(readMessage(R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[[1]]}})", document, options));
        QVERIFY(!readMessage(R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[[[1]]]}})", document, options));
    }

    void halfASurrogatePairInAResultIsRelayed()
    {
        const auto message = read(R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"cut \ud83d"}]}})");
        QVERIFY(message);
    }

    void batchesAreReadWhereTheyAreAllowed()
    {
        json::Document document;
        const QByteArray raw =
            R"( [{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"traceparent":"p"}}} , 7,)"
            R"({"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":null,"method":"ping"}])";
        QCOMPARE(readFrame(raw, document).error().code, error_code::InvalidRequest);
        ReadOptions options;
        options.allowBatch = true;
        const auto frame = readFrame(raw, document, options);
        QVERIFY(frame && frame->isBatch);
        QCOMPARE(frame->messages.size(), std::size_t{4});
        const Message& first = *frame->messages[0];
        QVERIFY(first.raw.startsWith("{\"jsonrpc\"") && first.raw.endsWith("}}}"));
        QCOMPARE(first.text(Field::ParamsName), QByteArray("a"));
        const json::Span member = first.memberSpan(Field::MetaTraceparent);
        QCOMPARE(first.raw.mid(member.begin, member.length), QByteArray(R"("traceparent":"p")"));
        QVERIFY(!frame->messages[1]);
        QCOMPARE(frame->messages[2]->kind, Message::Kind::Notification);
        QVERIFY(!frame->messages[3]);
        QVERIFY(!readFrame("[]", document, options));
        options.maxBatch = 3;
        QVERIFY(!readFrame(raw, document, options));
        const auto single = readFrame(R"({"jsonrpc":"2.0","id":1,"method":"ping"})", document, options);
        QVERIFY(single && !single->isBatch);
        QCOMPARE(single->messages.size(), std::size_t{1});
    }

    void fieldPathsNameTheirPlace()
    {
        QCOMPARE(fieldPath(Field::MetaTraceparent), QByteArray("params._meta.traceparent"));
        QCOMPARE(fieldPath(Field::RefName), QByteArray("params.ref.name"));
        QCOMPARE(fieldPath(Field::Id), QByteArray("id"));
        QCOMPARE(quotedKey(Field::MetaBaggage), QByteArrayView("\"baggage\""));
    }
};

QTEST_GUILESS_MAIN(McpMessageTest)
#include "tst_mcp_message.moc"
