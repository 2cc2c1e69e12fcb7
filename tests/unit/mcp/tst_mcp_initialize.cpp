// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/initialize.h"

#include <QTest>

using namespace oriel;
using namespace oriel::mcp;

namespace {

template <class T> Result<T> read(const QByteArray& text)
{
    json::Document document;
    if (!document.parse(text)) {
        qFatal("broken test data");
    }
    return T::parse(document.root());
}

} // namespace

class McpInitializeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theHandshakeSurvivesPrinting()
    {
        const QByteArray params =
            R"({"protocolVersion":"2025-06-18","capabilities":{"roots":{}},"clientInfo":{"name":"c","title":"C","version":"1","icons":[{"src":"x"}]}})";
        const auto asked = read<InitializeParams>(params);
        QVERIFY(asked);
        QCOMPARE(asked->protocolVersion, QByteArray("2025-06-18"));
        QCOMPARE(asked->clientInfo.title, QByteArray("C"));
        QCOMPARE(asked->clientInfo.other.value("icons"), QByteArray(R"([{"src":"x"}])"));
        QCOMPARE(asked->toJson(), params);
        const QByteArray result =
            R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"2"},"instructions":"do\n<x>"})";
        const auto answered = read<InitializeResult>(result);
        QVERIFY(answered);
        QCOMPARE(answered->instructions, QByteArray("do\n<x>"));
        QCOMPARE(answered->toJson(), result);
    }

    void aNameThatIsNoTextIsLeftOut()
    {
        const auto answered = read<InitializeResult>(
            R"({"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":444,"version":"2","title":[1]}})");
        QVERIFY(answered);
        QCOMPARE(answered->toJson(),
                 QByteArray(R"({"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"","version":"2"}})"));
    }

    void whatIsMissingIsNamed_data()
    {
        QTest::addColumn<QByteArray>("params");
        QTest::addColumn<QString>("named");
        QTest::newRow("no object") << QByteArray("[]") << QStringLiteral("params ");
        QTest::newRow("no version") << QByteArray(R"({"capabilities":{},"clientInfo":{"name":"c"}})")
                                    << QStringLiteral("params.protocolVersion");
        QTest::newRow("numeric version") << QByteArray(R"({"protocolVersion":1,"capabilities":{},"clientInfo":{"name":"c"}})")
                                         << QStringLiteral("params.protocolVersion");
        QTest::newRow("no capabilities") << QByteArray(R"({"protocolVersion":"x","clientInfo":{"name":"c"}})")
                                         << QStringLiteral("params.capabilities");
        QTest::newRow("no name") << QByteArray(R"({"protocolVersion":"x","capabilities":{},"clientInfo":{}})")
                                 << QStringLiteral("params.clientInfo");
    }
    void whatIsMissingIsNamed()
    {
        QFETCH(QByteArray, params);
        QFETCH(QString, named);
        const auto asked = read<InitializeParams>(params);
        QVERIFY(!asked);
        QVERIFY2(asked.error().message.startsWith(named), qPrintable(asked.error().message));
    }

    void theSameVersionIsAnsweredWhenItIsSpokenElseTheNewestLegacy()
    {
        QCOMPARE(negotiate("2024-11-05"), Revision::V2024_11_05);
        QCOMPARE(negotiate("2025-03-26"), Revision::V2025_03_26);
        QCOMPARE(negotiate("2025-11-25"), Revision::V2025_11_25);
        QCOMPARE(negotiate("2024-10-07"), Revision::V2025_11_25);
        QCOMPARE(negotiate("2099-01-01"), Revision::V2025_11_25);
        QCOMPARE(negotiate(""), Revision::V2025_11_25);
        // No handshake exists in the modern revision, so initialize never answers it.
        QCOMPARE(negotiate("2026-07-28"), Revision::V2025_11_25);
    }

    void anAnswerInAForeignVersionIsAnError()
    {
        QCOMPARE(acceptAnswer("2025-03-26").value(), Revision::V2025_03_26);
        for (const char* foreign : {"2026-07-28", "2024-10-07", ""}) {
            const auto answer = acceptAnswer(foreign);
            QVERIFY(!answer);
            QCOMPARE(answer.error().code, ErrorCode::Unsupported);
        }
    }

    void discoveryIsReadAndPrinted()
    {
        const QByteArray text =
            R"({"resultType":"complete","supportedVersions":["2026-07-28","2025-11-25"],"capabilities":{"tools":{}},"instructions":"i",)"
            R"("ttlMs":5000,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}})";
        const auto found = read<DiscoverResult>(text);
        QVERIFY(found);
        QCOMPARE(found->supportedVersions.size(), 2);
        QCOMPARE(found->serverInfo.name, QByteArray("s"));
        QVERIFY(found->isPublic);
        QCOMPARE(found->toJson(), text);
        QVERIFY(!read<DiscoverResult>(R"({"supportedVersions":[1]})"));
        QVERIFY(!read<DiscoverResult>("{}"));
    }

    void theNewestCommonVersionIsChosenFromBothEras()
    {
        QCOMPARE(newestCommon({"2025-06-18", "2026-07-28", "2099-01-01"}), std::optional(Revision::V2026_07_28));
        QCOMPARE(newestCommon({"2025-06-18", "2024-11-05"}), std::optional(Revision::V2025_06_18));
        QVERIFY(!newestCommon({"2099-01-01"}));
        QVERIFY(!newestCommon({}));
        const QByteArray data = "{\"supported\":[\"2025-06-18\",7],\"requested\":\"2026-07-28\"}";
        json::Document document;
        QVERIFY(document.parse(data));
        QCOMPARE(supportedVersionsOf(document.root()), QList<QByteArray>{"2025-06-18"});
    }
};

QTEST_GUILESS_MAIN(McpInitializeTest)
#include "tst_mcp_initialize.moc"
