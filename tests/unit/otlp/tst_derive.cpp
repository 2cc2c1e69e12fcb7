// SPDX-License-Identifier: GPL-3.0-or-later
#include "full_telemetry.h"
#include "otlp/codec/decode.h"
#include "otlp/pipeline/derive.h"

#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using telemetry::AliasSet;
using telemetry::AliasSets;
using telemetry::SpanData;

namespace {

constexpr auto kEnkrypt = static_cast<AliasSets>(AliasSet::Enkrypt);
constexpr auto kKuadrant = static_cast<AliasSets>(AliasSet::Kuadrant);
constexpr auto kContextForge = static_cast<AliasSets>(AliasSet::ContextForge);

QByteArray nameOf(telemetry::Attr attribute)
{
    return telemetry::attributeName(attribute);
}

/// A batch of one span that carries payloads and the names of several systems.
Batch richBatch(AliasSets aliases)
{
    SpanData span = full::span();
    span.attributes = {{"kept", QByteArray("1")},
                       {nameOf(telemetry::Attr::GenAiToolCallArguments), QByteArray("{}")},
                       {nameOf(telemetry::Attr::GenAiToolCallResult), QByteArray("{}")},
                       {"server_name", QByteArray("weather")},
                       {"http.method", QByteArray("POST")},
                       {"mcp.server", QByteArray("weather")},
                       {nameOf(telemetry::Attr::GatewaySpanAlias), QByteArray("gateway.request")}};
    return {Signal::Traces, encodeTraces({&span, 1}, Encoding::Protobuf), 1, true, aliases};
}

telemetry::Attributes derived(const Batch& batch, const RequestForm& form)
{
    const auto request = deriveRequest(batch, form);
    const auto decoded = request ? decodeTraces(*request, form.encoding) : fail(request.error());
    return decoded && decoded->spans.size() == 1 ? decoded->spans[0].attributes : telemetry::Attributes();
}

bool has(const telemetry::Attributes& attributes, const QByteArray& key)
{
    return telemetry::findAttribute(attributes, key) != nullptr;
}

config::ItemLimits textsOf(qint64 bytes)
{
    config::ItemLimits limits;
    limits.attributeLength = bytes;
    return limits;
}

std::uint32_t itemsIn(const Batch& batch)
{
    switch (batch.signal) {
    case Signal::Traces:
        return static_cast<std::uint32_t>(decodeTraces(batch.request, Encoding::Protobuf)->spans.size());
    case Signal::Logs:
        return static_cast<std::uint32_t>(decodeLogs(batch.request, Encoding::Protobuf)->logs.size());
    case Signal::Metrics:
        break;
    }
    std::size_t points = 0;
    const auto decoded = decodeMetrics(batch.request, Encoding::Protobuf);
    for (const ScopedMetrics& scoped : decoded ? decoded->metrics : std::vector<ScopedMetrics>()) {
        for (const telemetry::MetricData& metric : scoped.metrics)
            points += metric.numbers.size() + metric.histograms.size() + metric.exponentials.size() + metric.summaries.size();
    }
    return static_cast<std::uint32_t>(points);
}

/// Halves until nothing can be halved, and checks the counts on the way.
QList<Batch> singles(const Batch& batch)
{
    const std::vector<Batch> parts = halves(batch);
    if (parts.empty())
        return {batch};
    QList<Batch> all;
    if (parts.size() != 2 || parts[0].items + parts[1].items != batch.items)
        return {};
    for (const Batch& part : parts) {
        if (itemsIn(part) != part.items)
            return {};
        all += singles(part);
    }
    return all;
}

} // namespace

class DeriveTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsWantedAsItIsKeepsItsBytes()
    {
        const Batch batch = richBatch(kEnkrypt);
        QCOMPARE(*deriveRequest(batch, {Encoding::Protobuf, true, kEnkrypt}), batch.request);
        QCOMPARE(*deriveRequest(batch, {Encoding::Protobuf, true, AliasSets(kEnkrypt | kKuadrant)}), batch.request);
    }

    void payloadsGoOnlyWhereTheyAreWanted()
    {
        const auto without = derived(richBatch(0), {Encoding::Protobuf, false, 0});
        QVERIFY(has(without, "kept") && !has(without, nameOf(telemetry::Attr::GenAiToolCallArguments)) &&
                !has(without, nameOf(telemetry::Attr::GenAiToolCallResult)));
        QVERIFY(has(derived(richBatch(0), {Encoding::Json, true, 0}), nameOf(telemetry::Attr::GenAiToolCallArguments)));
    }

    void argumentsOfPromptsArePayloadsToo()
    {
        SpanData span = full::span();
        span.attributes = {{nameOf(telemetry::Attr::GatewayPromptArguments), QByteArray("names only")},
                           {nameOf(telemetry::Attr::GenAiPromptVariable) + ".city", QByteArray("Ulm")}};
        const Batch batch{Signal::Traces, encodeTraces({&span, 1}, Encoding::Protobuf), 1, true, 0};
        const auto without = derived(batch, {Encoding::Protobuf, false, 0});
        QCOMPARE(without.size(), std::size_t(1));
        QVERIFY(has(without, nameOf(telemetry::Attr::GatewayPromptArguments)));
        QCOMPARE(derived(batch, {Encoding::Json, true, 0}).size(), std::size_t(2));
    }

    void textsThatAreLongerThanTheDestinationTakesAreCutBetweenCharacters()
    {
        SpanData span = full::span();
        span.attributes = {{"text", QByteArray("abc\xC3\xA4")}, {"short", QByteArray("abcd")}};
        const Batch spans{Signal::Traces, encodeTraces({&span, 1}, Encoding::Protobuf), 1, false, 0};
        const auto cut = derived(spans, {Encoding::Protobuf, false, 0, textsOf(4)});
        QCOMPARE(*telemetry::findAttribute(cut, "text")->text(), QByteArray("abc"));
        QCOMPARE(*telemetry::findAttribute(cut, "short")->text(), QByteArray("abcd"));
        telemetry::LogRecord log = full::log();
        log.attributes = span.attributes;
        const Batch logs{Signal::Logs, encodeLogs({&log, 1}, Encoding::Protobuf), 1, false, 0};
        const auto decoded = decodeLogs(*deriveRequest(logs, {Encoding::Protobuf, false, 0, textsOf(4)}), Encoding::Protobuf);
        QCOMPARE(*telemetry::findAttribute(decoded->logs[0].attributes, "text")->text(), QByteArray("abc"));
        QCOMPARE(*decoded->logs[0].body.text(), *full::log().body.text());
    }

    void namesOfSetsThatAreNotWantedGo()
    {
        const Batch batch = richBatch(kEnkrypt | kKuadrant | kContextForge);
        const auto plain = derived(batch, {Encoding::Protobuf, true, 0});
        QVERIFY(has(plain, "kept") && !has(plain, "server_name") && !has(plain, "http.method") && !has(plain, "mcp.server"));
        QVERIFY(!has(plain, nameOf(telemetry::Attr::GatewaySpanAlias)));
        // http.method is of two sets, and one of them is wanted.
        const auto forge = derived(batch, {Encoding::Protobuf, true, kContextForge});
        QVERIFY(has(forge, "http.method") && !has(forge, "server_name") && !has(forge, "mcp.server"));
        QCOMPARE(*telemetry::findAttribute(forge, nameOf(telemetry::Attr::GatewaySpanAlias))->text(),
                 QByteArray("gateway.request"));
    }

    void aStagesOtherNameIsTheOneOfTheWantedSet()
    {
        const QByteArray forge = telemetry::stageAlias(telemetry::Stage::Forward, AliasSet::ContextForge).toByteArray();
        const QByteArray kuadrant = telemetry::stageAlias(telemetry::Stage::Forward, AliasSet::Kuadrant).toByteArray();
        SpanData span = full::span();
        span.attributes = {{nameOf(telemetry::Attr::GatewaySpanAlias), forge}};
        const Batch batch{Signal::Traces, encodeTraces({&span, 1}, Encoding::Protobuf), 1, false,
                          AliasSets(kKuadrant | kContextForge)};
        const auto attributes = derived(batch, {Encoding::Protobuf, false, kKuadrant});
        const auto* alias = telemetry::findAttribute(attributes, nameOf(telemetry::Attr::GatewaySpanAlias));
        QCOMPARE(alias != nullptr ? *alias->text() : QByteArray(), kuadrant);
    }

    void receivedSpansKeepAttributesOfTheSameNames()
    {
        Batch batch = richBatch(0);
        batch.payloads = false;
        const auto attributes = derived(batch, {Encoding::Json, false, 0});
        QCOMPARE(attributes.size(), std::size_t(7));
    }

    void anyBatchIsHalvedDownToItsItems_data()
    {
        QTest::addColumn<int>("signal");
        QTest::addColumn<int>("items");
        QTest::newRow("spans") << 0 << 7;
        QTest::newRow("points") << 1 << 13;
        QTest::newRow("records") << 2 << 5;
    }
    void anyBatchIsHalvedDownToItsItems()
    {
        QFETCH(int, signal);
        QFETCH(int, items);
        Batch batch{static_cast<Signal>(signal), {}, static_cast<std::uint32_t>(items), true, kEnkrypt};
        const auto count = static_cast<std::size_t>(items);
        if (batch.signal == Signal::Traces) {
            batch.request = encodeTraces(std::vector<SpanData>(count, full::span()), Encoding::Protobuf);
        } else if (batch.signal == Signal::Metrics) {
            const std::vector<ScopedMetrics> metrics{full::metrics(), full::foreignMetrics()};
            batch.request = encodeMetrics(metrics, Encoding::Protobuf);
        } else {
            batch.request = encodeLogs(std::vector<telemetry::LogRecord>(count, full::log()), Encoding::Protobuf);
        }
        QCOMPARE(itemsIn(batch), batch.items);
        const QList<Batch> parts = singles(batch);
        QCOMPARE(parts.size(), items);
        for (const Batch& part : parts)
            QVERIFY(part.items == 1 && part.payloads && part.aliases == kEnkrypt);
    }

    void whatCannotBeReadIsNeitherDerivedNorHalved()
    {
        for (const Signal signal : kSignals) {
            const Batch broken{signal, "\xff\xff\xff", 9, true, 0};
            QVERIFY(!deriveRequest(broken, {Encoding::Json, false, 0}).has_value());
            QVERIFY(halves(broken).empty());
        }
    }
};

QTEST_APPLESS_MAIN(DeriveTest)
#include "tst_derive.moc"
