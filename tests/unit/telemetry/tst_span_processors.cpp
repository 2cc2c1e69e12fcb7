// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/span_processor.h"

#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

ProcessorChain chainOf(const QStringList& rules)
{
    auto chain = ProcessorChain::parse(rules);
    return chain ? std::move(*chain) : ProcessorChain();
}

SpanData span(const char* name, std::uint64_t id = 1, std::uint64_t parent = 0)
{
    SpanData one;
    one.traceId = {1, 1};
    one.spanId = {id};
    one.parentSpanId = {parent};
    one.name = name;
    one.kind = SpanKind::Server;
    one.startUnixNs = 1'000'000'000;
    one.endUnixNs = one.startUnixNs + 20'000'000;
    one.attributes = {{"user.id", QByteArray("ada")}, {"user.mail", QByteArray("ada@example.org")}, {"bytes", 2000}};
    one.events = {{1, "retry", {{"user.id", QByteArray("ada")}}, 0}};
    one.links = {{{2, 2}, {2}, {}, {{"user.id", QByteArray("ada")}}, 0, 0}};
    return one;
}

QByteArray keysOf(const Attributes& attributes)
{
    QByteArrayList keys;
    for (const Attribute& attribute : attributes)
        keys.append(attribute.key);
    return keys.join(' ');
}

} // namespace

class SpanProcessorsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anAttributeIsAddedWhereItIsMissing()
    {
        const ProcessorChain chain = chainOf({QStringLiteral("enrich team=\"pay ments\""), QStringLiteral("enrich user.id=x")});
        SpanData one = span("tools/call get");
        QVERIFY(chain.apply(one));
        QCOMPARE(*findAttribute(one.attributes, "team")->text(), QByteArray("pay ments"));
        QCOMPARE(*findAttribute(one.attributes, "user.id")->text(), QByteArray("ada"));
        QVERIFY(findAttribute(one.events[0].attributes, "team") == nullptr);
        LogRecord log;
        QVERIFY(chain.apply(log));
        QCOMPARE(*findAttribute(log.attributes, "team")->text(), QByteArray("pay ments"));
    }

    void attributesAreRemovedHashedAndRenamedEverywhereInASpan()
    {
        SpanData one = span("tools/call get");
        QVERIFY(chainOf({QStringLiteral("remove user.m*"), QStringLiteral("hash user.id"), QStringLiteral("rename bytes size")})
                    .apply(one));
        QCOMPARE(keysOf(one.attributes), QByteArray("user.id size"));
        const QByteArray hashed("fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029");
        QCOMPARE(*findAttribute(one.attributes, "user.id")->text(), hashed);
        QCOMPARE(*one.events[0].attributes[0].value.text(), hashed);
        QCOMPARE(*one.links[0].attributes[0].value.text(), hashed);
        QCOMPARE(std::get<std::int64_t>(findAttribute(one.attributes, "size")->value), std::int64_t(2000));
    }

    void aNewNameTakesThePlaceOfAnOldAttribute()
    {
        SpanData one = span("tools/call get");
        QVERIFY(chainOf({QStringLiteral("rename user.mail user.id")}).apply(one));
        QCOMPARE(keysOf(one.attributes), QByteArray("user.id bytes"));
        QCOMPARE(*one.attributes[0].value.text(), QByteArray("ada@example.org"));
    }

    void aFilterDropsWhatMeetsAllItsConditions_data()
    {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<bool>("kept");
        const auto row = [](const char* rule, bool kept) { QTest::newRow(rule) << QString::fromLatin1(rule) << kept; };
        row("filter name=tools/*", false);
        row("filter name=resources/*", true);
        row("filter name!=resources/*", false);
        row("filter name=\"tools/call get\"", false);
        row("filter name=\"tools/call ge?\"", false);
        row("filter kind=server", false);
        row("filter kind=client", true);
        row("filter status=error", true);
        row("filter status=unset duration<30ms", false);
        row("filter status=unset duration<10ms", true);
        row("filter duration>0.01s", false);
        row("filter duration>19999us", false);
        row("filter user.id=ada", false);
        row("filter user.id!=ada", true);
        row("filter nothing=x", true);
        row("filter nothing!=x", false);
        row("filter bytes>1999", false);
        row("filter bytes>2000", true);
        row("filter bytes=2000", false);
        row("filter severity>info", true);
    }
    void aFilterDropsWhatMeetsAllItsConditions()
    {
        QFETCH(QString, rule);
        SpanData one = span("tools/call get");
        QVERIFY(ProcessorChain::parse({rule}).has_value());
        QTEST(chainOf({rule}).apply(one), "kept");
    }

    void logsAreFilteredBySeverityAndBody()
    {
        LogRecord log;
        log.severity = Severity::Info;
        log.body = AnyValue(QByteArray("healthy again"));
        QVERIFY(!chainOf({QStringLiteral("filter severity<warn")}).apply(log));
        QVERIFY(chainOf({QStringLiteral("filter severity<info")}).apply(log));
        QVERIFY(!chainOf({QStringLiteral("filter body=*health*")}).apply(log));
        QVERIFY(chainOf({QStringLiteral("filter name=*")}).apply(log));
    }

    void aSeverityNumberHasTheNameOfItsRange()
    {
        QCOMPARE(severityName(Severity::Trace), QByteArray("TRACE"));
        QCOMPARE(severityName(Severity::Notice), QByteArray("INFO2"));
        QCOMPARE(severityName(static_cast<Severity>(24)), QByteArray("FATAL4"));
        QCOMPARE(severityName(Severity::Unspecified), QByteArray());
        QCOMPARE(severityName(static_cast<Severity>(25)), QByteArray());
    }

    void rulesAreAppliedInTheirOrder()
    {
        SpanData first = span("a");
        QVERIFY(!chainOf({QStringLiteral("enrich env=test"), QStringLiteral("filter env=test")}).apply(first));
        SpanData second = span("a");
        QVERIFY(chainOf({QStringLiteral("filter env=test"), QStringLiteral("enrich env=test")}).apply(second));
    }

    void aCallIsDroppedWithAllItsSpansAndAChildAloneHandsItsChildrenOn()
    {
        std::vector<SpanData> spans{span("before", 9), span("tools/call get", 1), span("gateway.forward", 2, 1),
                                    span("guardrail.pii", 3, 2), span("tools/call get", 4, 3)};
        std::vector<SpanData> whole = spans;
        chainOf({QStringLiteral("filter name=tools/*")}).applyToCall(whole, 1);
        QCOMPARE(whole.size(), std::size_t(1));
        QCOMPARE(whole[0].name, QByteArray("before"));
        chainOf({QStringLiteral("filter name=g*")}).applyToCall(spans, 1);
        QCOMPARE(spans.size(), std::size_t(3));
        QCOMPARE(spans[2].spanId, SpanId{4});
        QCOMPARE(spans[2].parentSpanId, SpanId{1});
    }

    void aRuleThatIsNotUnderstoodIsRefusedInWords_data()
    {
        QTest::addColumn<QString>("rule");
        for (const char* rule : {"", "forget user.id", "remove", "remove a b", "rename a", "enrich key", "enrich =value",
                                 "filter", "filter name", "filter =x", "filter name>5", "filter duration>fast",
                                 "filter duration=5", "filter bytes<many", "filter severity>loud", "filter name!x"})
            QTest::newRow(rule) << QString::fromLatin1(rule);
    }
    void aRuleThatIsNotUnderstoodIsRefusedInWords()
    {
        QFETCH(QString, rule);
        const auto chain = ProcessorChain::parse({QStringLiteral("remove a"), rule});
        QVERIFY(!chain.has_value());
        QVERIFY(chain.error().message.contains(QLatin1Char('"') + rule + QLatin1Char('"')));
        QVERIFY(chain.error().remedy.contains(QStringLiteral("enrich KEY=VALUE")));
    }

    void patternsMatchWithoutTryingForEver()
    {
        QVERIFY(matchesPattern("", "*"));
        QVERIFY(matchesPattern("abc", "a*c"));
        QVERIFY(matchesPattern("abc", "***"));
        QVERIFY(!matchesPattern("abc", "a?"));
        QVERIFY(!matchesPattern("", "?"));
        QVERIFY(!matchesPattern(QByteArray(100'000, 'a'), QByteArray("*a").repeated(50) + "b"));
    }

    void theTableNamesEveryVerb()
    {
        QByteArrayList verbs;
        for (const ProcessorRow& row : processorTable())
            verbs.append(row.verb);
        QCOMPARE(verbs.join(' '), QByteArray("enrich filter remove hash rename"));
    }
};

QTEST_GUILESS_MAIN(SpanProcessorsTest)
#include "tst_span_processors.moc"
