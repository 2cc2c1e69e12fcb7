// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_traces.h"
#include "ui/traces/trace_words.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

using namespace oriel;
using namespace oriel::ui;

namespace {

constexpr std::int64_t openEnd = std::numeric_limits<std::int64_t>::max();

store::AuditRow row(const QByteArray& method, const QByteArray& arguments)
{
    store::AuditRow row;
    row.method = method;
    row.arguments = arguments;
    row.argumentsBytes = arguments.size();
    return row;
}

telemetry::SpanData serverSpan(const QByteArray& tool, const QByteArray& id = "17")
{
    telemetry::SpanData span;
    span.attributes = {{"gen_ai.tool.name", tool}, {"gen_ai.prompt.name", tool}, {"jsonrpc.request.id", id}};
    return span;
}

QJsonObject request(const store::AuditRow& row, const telemetry::SpanData& span)
{
    const auto text = jsonRpcRequest(row, span);
    return text ? QJsonDocument::fromJson(*text).object() : QJsonObject();
}

QString valueOf(const QList<KeyValue>& rows, const QString& key)
{
    for (const KeyValue& row : rows) {
        if (row.key == key)
            return row.value;
    }
    return {};
}

class Vocabulary final : public store::FilterVocabulary {
public:
    std::vector<QByteArray> attributeKeys(QByteArrayView, int) const override { return {"http.route"}; }
    std::vector<QByteArray> fieldValues(store::FilterField field, QByteArrayView, QByteArrayView prefix, int) const override
    {
        if (field != store::FilterField::Server)
            return {};
        std::vector<QByteArray> values;
        for (const char* name : {"github", "gitlab", "notes"}) {
            if (QByteArrayView(name).startsWith(prefix))
                values.emplace_back(name);
        }
        return values;
    }
};

} // namespace

class TraceWordsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aTargetIsATraceAndPerhapsASpan()
    {
        const QString trace = QStringLiteral("4bf92f3577b34da6a3ce929d0e0e4736");
        QCOMPARE(TraceTarget::parse(trace)->toText(), trace);
        const QString both = trace + QStringLiteral("/00f067aa0ba902b7");
        QCOMPARE(TraceTarget::parse(both)->toText(), both);
        QCOMPARE(TraceTarget::parse(trace + QLatin1Char('/'))->toText(), trace);
        QCOMPARE(TraceTarget::parse(QStringLiteral(" ") + trace.toUpper())->toText(), trace);
        for (const char* wrong :
             {"", "trace", "4bf9", "4bf92f3577b34da6a3ce929d0e0e4736/xyz", "00000000000000000000000000000000"})
            QVERIFY(!TraceTarget::parse(QString::fromLatin1(wrong)));
    }

    void aTermIsJoinedOnceAndInParenthesesWhereItMustBe()
    {
        QCOMPARE(withTerm(QString(), QStringLiteral("tool=x")), QStringLiteral("tool=x"));
        QCOMPARE(withTerm(QStringLiteral("server=a"), QStringLiteral("tool=x")), QStringLiteral("server=a tool=x"));
        QCOMPARE(withTerm(QStringLiteral("server=a tool=x"), QStringLiteral("tool=x")), QStringLiteral("server=a tool=x"));
        const QString joined = withTerm(QStringLiteral("server=a OR server=b"), QStringLiteral("tool=x"));
        const auto parsed = store::Filter::parse(joined.toUtf8());
        QVERIFY(parsed);
        QCOMPARE(parsed->root()->kind, store::FilterNode::Kind::And);
    }

    void aBrushReplacesTheDurationsOfAFilter()
    {
        const QString filter = withDurations(QStringLiteral("server=a duration>2s words"), 4'205'700, 1'312'999'999);
        QCOMPARE(filter, QStringLiteral("server=a words duration>=4.2ms duration<=1.32s"));
        QVERIFY(store::Filter::parse(filter.toUtf8()));
        QCOMPARE(withDurations(filter, 0, openEnd), QStringLiteral("server=a words"));
        const QString kept = withDurations(QStringLiteral("duration>2s OR status=error"), 0, 50'000);
        QCOMPARE(kept, QStringLiteral("(duration>2s OR status=error) duration<=50us"));
        QVERIFY(store::Filter::parse(kept.toUtf8()));
    }

    void aFilterErrorTellsWhereAndWhatCouldStandThere()
    {
        const QString text = QStringLiteral("täg server=a duration>>5");
        const auto parsed = store::Filter::parse(text.toUtf8());
        QVERIFY(!parsed);
        const QString words = filterErrorText(text, parsed.error());
        QVERIFY2(words.contains(QString::number(QString::fromUtf8(text.toUtf8().left(parsed.error().offset)).size() + 1)),
                 qPrintable(words));
        QVERIFY(words.startsWith(parsed.error().message));
    }

    void completionsStandForTheLastWord()
    {
        const Vocabulary vocabulary;
        const QStringList keys = filterCompletions(QStringLiteral("status=error serv"), vocabulary);
        QVERIFY2(keys.contains(QStringLiteral("server=")), qPrintable(keys.join(QLatin1Char(' '))));
        QCOMPARE(filterCompletions(QStringLiteral("status=error server=git"), vocabulary),
                 QStringList({QStringLiteral("server=github"), QStringLiteral("server=gitlab")}));
    }

    void theRequestIsThatOfTheClient()
    {
        const QJsonObject call = request(row("tools/call", "{\"title\":\"Crash\"}"), serverSpan("github__create_issue"));
        QCOMPARE(call.value(QStringLiteral("jsonrpc")).toString(), QStringLiteral("2.0"));
        QCOMPARE(call.value(QStringLiteral("id")).toInt(), 17);
        const QJsonObject params = call.value(QStringLiteral("params")).toObject();
        QCOMPARE(params.value(QStringLiteral("name")).toString(), QStringLiteral("github__create_issue"));
        QCOMPARE(params.value(QStringLiteral("arguments")).toObject().value(QStringLiteral("title")).toString(),
                 QStringLiteral("Crash"));

        const QJsonObject bare = request(row("tools/call", "{\"name\":\"ping\",\"_meta\":{\"a\":1}}"), serverSpan("ping", "abc"));
        QCOMPARE(bare.value(QStringLiteral("id")).toString(), QStringLiteral("abc"));
        QVERIFY(!bare.value(QStringLiteral("params")).toObject().contains(QStringLiteral("arguments")));

        const QJsonObject named = request(row("tools/call", "{\"name\":\"ping\",\"count\":2}"), serverSpan("ping"));
        QVERIFY(named.value(QStringLiteral("params")).toObject().contains(QStringLiteral("arguments")));

        const QJsonObject read = request(row("resources/read", "{\"uri\":\"file:///a\"}"), serverSpan({}));
        QCOMPARE(read.value(QStringLiteral("params")).toObject().value(QStringLiteral("uri")).toString(),
                 QStringLiteral("file:///a"));
    }

    void aCutRequestIsNotMadeUp()
    {
        store::AuditRow cut = row("tools/call", "{\"title\":\"Cra");
        cut.argumentsBytes = 10'000;
        QVERIFY(!jsonRpcRequest(cut, serverSpan("x")));
        cut.arguments.clear();
        QVERIFY(!jsonRpcRequest(cut, serverSpan("x")));
    }

    void aSpanIsToldByWhatMattersFirst()
    {
        store::TraceLookup lookup;
        lookup.state = store::TraceLookup::State::Found;
        lookup.spans = samples::failedIssue(TraceId{1, 2}, 1'700'000'000'000'000'000);
        const auto document = TraceDocument::make(TraceId{1, 2}, lookup, 0);
        QCOMPARE(document->title(), QStringLiteral("tools/call github__create_issue"));
        QCOMPARE(document->index.errorCount(), 3U);
        const std::uint32_t hop = document->index.rowOf(SpanId{7});
        QCOMPARE(document->service(hop), QStringLiteral("github"));
        const QList<KeyValue> rows = essentialRows(*document, hop);
        QCOMPARE(valueOf(rows, QStringLiteral("status")), QStringLiteral("Ok"));
        QVERIFY(valueOf(rows, QStringLiteral("start · duration")).startsWith(QStringLiteral("+58.4 ms")));
        QCOMPARE(valueOf(rows, QStringLiteral("gen_ai.tool.name")), QStringLiteral("create_issue"));
        const std::uint32_t post = document->index.rowOf(SpanId{8});
        QCOMPARE(valueOf(essentialRows(*document, post), QStringLiteral("status")),
                 QStringLiteral("Error · 503 Service Unavailable"));
        const QList<KeyValue> events = eventRows(*document, post);
        QCOMPARE(events.size(), 3);
        QCOMPARE(events[0].key, QStringLiteral("+500 ms"));
        QCOMPARE(events[0].tone, Tone::Error);
        QCOMPARE(callRowOf(*document, post), document->index.rowOf(SpanId{1}));
        QCOMPARE(callRowOf(*document, TraceIndex::none), TraceIndex::none);
    }

    void nothingIsToldTwice()
    {
        const std::vector<telemetry::SpanData> spans = samples::failedIssue(TraceId{1, 2}, 0);
        const auto document = TraceDocument::make(TraceId{1, 2}, {store::TraceLookup::State::Found, spans, 0}, 0);
        QSet<QString> keys;
        for (const KeyValue& row : essentialRows(*document, 0))
            keys.insert(row.key);
        for (const KeyValue& row : furtherRows(document->span(0)))
            QVERIFY2(!keys.contains(row.key), qPrintable(row.key));
        QCOMPARE(valueOf(furtherRows(document->span(0)), QStringLiteral("gateway.request.id")), QStringLiteral("01JD4Z6T0F"));
    }
};

QTEST_GUILESS_MAIN(TraceWordsTest)
#include "tst_trace_words.moc"
