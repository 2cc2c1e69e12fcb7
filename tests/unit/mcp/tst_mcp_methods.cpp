// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/errors.h"
#include "mcp/methods.h"
#include "mcp/request_id.h"

#include <QSet>
#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

namespace {

QList<QByteArray> sentBy(bool client, MessageSort sort, Revision revision)
{
    QList<QByteArray> names;
    for (const Method& row : allMethods()) {
        const Sender sender = row.sender(revision);
        const bool isCore = sender != Sender::ExtensionClient && sender != Sender::ExtensionServer;
        if (row.sort == sort && isCore && (client ? row.clientMaySend(revision) : row.serverMaySend(revision))) {
            names.append(row.name.toByteArray());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

class McpMethodsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyMethodIsFoundByItsNameAndOnlyByThat()
    {
        QSet<QByteArray> names;
        for (const Method& row : allMethods()) {
            if (row.id == MethodId::Unknown) {
                continue;
            }
            QCOMPARE(methodFromName(row.name), row.id);
            QCOMPARE(methodName(row.id), row.name);
            QVERIFY(!names.contains(row.name.toByteArray()));
            names.insert(row.name.toByteArray());
            QCOMPARE(methodFromName(row.name.toByteArray().toUpper()), MethodId::Unknown);
            QCOMPARE(methodFromName(row.name.toByteArray() + ' '), MethodId::Unknown);
            QCOMPARE(methodFromName(row.name.chopped(1)), MethodId::Unknown);
            QCOMPARE(row.name.startsWith("notifications/"), row.sort == MessageSort::Notification);
        }
        QCOMPARE(names.size(), qsizetype(MethodCount - 1));
        QCOMPARE(methodFromName(""), MethodId::Unknown);
        QCOMPARE(methodFromName(QByteArray(100'000, 'x')), MethodId::Unknown);
    }

    void theClientRequestsOfTheModernRevisionAreThoseOfItsSchema()
    {
        QCOMPARE(sentBy(true, MessageSort::Request, Revision::V2026_07_28),
                 (QList<QByteArray>{"completion/complete", "prompts/get", "prompts/list", "resources/list", "resources/read",
                                    "resources/templates/list", "server/discover", "subscriptions/listen", "tools/call",
                                    "tools/list"}));
        QCOMPARE(sentBy(true, MessageSort::Notification, Revision::V2026_07_28), (QList<QByteArray>{"notifications/cancelled"}));
        QVERIFY(sentBy(false, MessageSort::Request, Revision::V2026_07_28).isEmpty());
    }

    void theRequestsOfTheFirstRevisionAreThoseOfItsSchema()
    {
        QCOMPARE(sentBy(true, MessageSort::Request, Revision::V2024_11_05),
                 (QList<QByteArray>{"completion/complete", "initialize", "logging/setLevel", "ping", "prompts/get",
                                    "prompts/list", "resources/list", "resources/read", "resources/subscribe",
                                    "resources/templates/list", "resources/unsubscribe", "tools/call", "tools/list"}));
        QCOMPARE(sentBy(false, MessageSort::Request, Revision::V2024_11_05),
                 (QList<QByteArray>{"ping", "roots/list", "sampling/createMessage"}));
        QCOMPARE(sentBy(false, MessageSort::Request, Revision::V2025_06_18),
                 (QList<QByteArray>{"elicitation/create", "ping", "roots/list", "sampling/createMessage"}));
    }

    void tasksAreBothWaysInOneRevisionAndAnExtensionInTheNext()
    {
        const Method& get = method(MethodId::TasksGet);
        QVERIFY(!get.existsIn(Revision::V2025_06_18));
        QVERIFY(get.clientMaySend(Revision::V2025_11_25) && get.serverMaySend(Revision::V2025_11_25));
        QVERIFY(get.clientMaySend(Revision::V2026_07_28) && !get.serverMaySend(Revision::V2026_07_28));
        QCOMPARE(get.sender(Revision::V2026_07_28), Sender::ExtensionClient);
        QVERIFY(!method(MethodId::SamplingCreateMessage).existsIn(Revision::V2026_07_28));
    }

    void headersAndInputRequestsBelongToTheMethodsThatHaveThem()
    {
        for (const Method& row : allMethods()) {
            QVERIFY2(!row.targetNamesHeader || row.target != Target::None, row.name.data());
            QVERIFY2(row.listKey.isEmpty() || row.name.endsWith("/list"), row.name.data());
        }
        QList<QByteArray> input;
        for (const Method& row : allMethods()) {
            if (row.mayRequireInput) {
                input.append(row.name.toByteArray());
            }
        }
        QCOMPARE(input, (QList<QByteArray>{"tools/call", "resources/read", "prompts/get"}));
    }

    void revisionsAreReadExactly()
    {
        for (const Revision revision : AllRevisions) {
            QCOMPARE(revisionFromText(toText(revision)), std::optional(revision));
        }
        for (const char* unknown : {"", "2024-10-07", "2025-11-25 ", "draft", "2026-07-29"}) {
            QVERIFY(!revisionFromText(unknown));
        }
        QVERIFY(isModern(Revision::V2026_07_28) && isLegacy(NewestLegacy));
        QVERIFY(allowsBatches(Revision::V2025_03_26) && !allowsBatches(Revision::V2025_06_18));
    }

    void idsKeepTheirType()
    {
        const RequestId number = RequestId::fromJson("17");
        const RequestId text = RequestId::fromJson("\"17\"");
        QVERIFY(number.isValid() && text.isValid());
        QVERIFY(!(number == text));
        QCOMPARE(number.toJson(), QByteArray("17"));
        QCOMPARE(text.toJson(), QByteArray("\"17\""));
        QCOMPARE(number.toText(), text.toText());
        QCOMPARE(RequestId::fromJson("\"a\\u0062\""), RequestId::fromText("ab"));
        QCOMPARE(qHash(RequestId::fromJson("\"a\\u0062\"")), qHash(RequestId::fromText("ab")));
        QCOMPARE(RequestId::fromText("a\"b").toJson(), QByteArray("\"a\\\"b\""));
        QCOMPARE(RequestId::fromText("").toJson(), QByteArray("\"\""));
        QVERIFY(RequestId::fromText("").isValid());
        for (const char* other : {"null", "true", "1.5", "1e3", "9223372036854775808", "[1]", "{}", ""}) {
            QVERIFY2(!RequestId::fromJson(other).isValid(), other);
        }
        QCOMPARE(RequestId().toJson(), QByteArray("null"));
    }

    void answersCarryWhatTheyAreGiven()
    {
        QCOMPARE(makeErrorResponse(RequestId(3), error_code::InvalidParams, "No <x>", "{\"a\":1}"),
                 QByteArray(R"({"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"No <x>","data":{"a":1}}})"));
        QCOMPARE(makeErrorResponse({}, error_code::ParseError, "Bad"),
                 QByteArray(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Bad"}})"));
        QCOMPARE(makeResult(RequestId::fromText("a"), "{}"), QByteArray(R"({"jsonrpc":"2.0","id":"a","result":{}})"));
        QCOMPARE(makeRequest(RequestId(1), "ping"), QByteArray(R"({"jsonrpc":"2.0","id":1,"method":"ping"})"));
        QCOMPARE(makeNotification("notifications/initialized", "{}"),
                 QByteArray(R"({"jsonrpc":"2.0","method":"notifications/initialized","params":{}})"));
        QVERIFY(isModernError(error_code::UnsupportedProtocolVersion) && !isModernError(error_code::MethodNotFound));
        QCOMPARE(errorCodeName(error_code::MethodNotFound), QByteArrayView("MethodNotFound"));
        QVERIFY(errorCodeName(-1).isEmpty());
    }
};

QTEST_GUILESS_MAIN(McpMethodsTest)
#include "tst_mcp_methods.moc"
