// SPDX-License-Identifier: GPL-3.0-or-later
// Every limit of providers.json has an effect.
#include "full_telemetry.h"
#include "otlp/codec/decode.h"
#include "otlp/pipeline/clock_window.h"
#include "otlp/pipeline/derive.h"
#include "otlp/presets/presets.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <algorithm>
#include <functional>
#include <map>

using namespace oriel;
using namespace oriel::otlp;
using config::Destination;
using telemetry::AnyValue;
using telemetry::ArrayValue;
using telemetry::Attribute;
using telemetry::Attributes;
using telemetry::LogRecord;
using telemetry::SpanData;

namespace {

constexpr qint64 kOwnRequestBytes = 4LL * 1024 * 1024;
constexpr qint64 kOwnItems = 2048;

/// What a user would say to the preset.
Destination destinationOf(const Preset& preset)
{
    Destination destination;
    destination.name = QStringLiteral("team");
    destination.preset = preset.id;
    for (const PresetField& field : preset.fields) {
        const QString any = field.id.endsWith(QStringLiteral("_url")) || field.id == QStringLiteral("endpoint")
                                ? QStringLiteral("https://in.example.com/otlp")
                                : QStringLiteral("some-name");
        destination.fields.insert(field.id, !field.choices.isEmpty()  ? field.choices.first()
                                            : field.example.isEmpty() ? any
                                                                      : field.example);
    }
    return effectiveDestination(destination).value_or(Destination());
}

QByteArray texts(qint64 bytes)
{
    return {static_cast<qsizetype>(bytes), 'x'};
}

AnyValue arrayOf(qint64 elements)
{
    auto array = std::make_shared<ArrayValue>();
    array->values.assign(static_cast<std::size_t>(elements), AnyValue(1));
    return std::shared_ptr<const ArrayValue>(std::move(array));
}

Attributes numbered(qint64 count, const QByteArray& value = "v")
{
    Attributes attributes;
    for (qint64 i = 0; i < count; ++i)
        attributes.push_back({"key-" + QByteArray::number(i), value});
    return attributes;
}

/// One item of a signal with the given attributes, and what became of it.
struct Item {
    Attributes attributes;
    Attributes exemplar; ///< of the point's exemplar
    std::uint32_t dropped = 0;
    SpanData span;
    LogRecord log;
};

Result<Item> sent(const Destination& destination, Signal signal, Item item)
{
    Batch batch{signal, {}, 1, false, 0};
    const RequestForm form = requestForm(destination, signal, Encoding::Protobuf);
    switch (signal) {
    case Signal::Traces: {
        item.span.attributes = item.attributes;
        batch.request = encodeTraces({&item.span, 1}, Encoding::Protobuf);
        const auto request = deriveRequest(batch, form);
        if (!request)
            return fail(request.error());
        item.span = decodeTraces(*request, Encoding::Protobuf)->spans.at(0);
        return Item{item.span.attributes, {}, item.span.droppedAttributes, item.span, {}};
    }
    case Signal::Logs: {
        item.log.attributes = item.attributes;
        batch.request = encodeLogs({&item.log, 1}, Encoding::Protobuf);
        const auto request = deriveRequest(batch, form);
        if (!request)
            return fail(request.error());
        item.log = decodeLogs(*request, Encoding::Protobuf)->logs.at(0);
        return Item{item.log.attributes, {}, item.log.droppedAttributes, {}, item.log};
    }
    case Signal::Metrics: {
        ScopedMetrics metrics{full::resource(), full::scope(), {full::metrics().metrics.front()}};
        telemetry::NumberPoint& point = metrics.metrics.front().numbers.back();
        point.attributes = item.attributes;
        point.exemplars.front().filteredAttributes = item.exemplar;
        batch.request = encodeMetrics({&metrics, 1}, Encoding::Protobuf);
        const auto request = deriveRequest(batch, form);
        if (!request)
            return fail(request.error());
        const telemetry::NumberPoint back =
            decodeMetrics(*request, Encoding::Protobuf)->metrics.at(0).metrics.at(0).numbers.back();
        return Item{back.attributes, back.exemplars.at(0).filteredAttributes, 0, {}, {}};
    }
    }
    return fail(ErrorCode::Internal, QStringLiteral("no signal"));
}

Item itemWith(Attributes attributes)
{
    SpanData span = full::span();
    span.droppedAttributes = span.droppedEvents = span.droppedLinks = 0;
    LogRecord log = full::log();
    log.droppedAttributes = 0;
    return {std::move(attributes), {}, 0, span, log};
}

qsizetype textSize(const Attributes& attributes, const char* key)
{
    const AnyValue* value = telemetry::findAttribute(attributes, key);
    return value != nullptr && value->text() != nullptr ? value->text()->size() : -1;
}

/// Is `limit` kept by what leaves, and nothing smaller cut?
using Check = std::function<bool(const Destination&, Signal, qint64 limit)>;

bool keepsItemBytes(const Destination& destination, Signal signal, qint64 limit)
{
    Item item = itemWith({{"short", QByteArray("kept")}, {"long", texts(limit)}, {"longer", texts(limit + limit / 2)}});
    item.span.resource = item.log.resource = {};
    item.span.scope = item.log.scope = {};
    const auto back = sent(destination, signal, item);
    if (!back || textSize(back->attributes, "short") != 4)
        return false;
    const QByteArray request = signal == Signal::Traces ? encodeTraces({&back->span, 1}, Encoding::Protobuf)
                               : signal == Signal::Logs ? encodeLogs({&back->log, 1}, Encoding::Protobuf)
                                                        : QByteArray();
    const qsizetype both = textSize(back->attributes, "long") + textSize(back->attributes, "longer");
    return request.size() <= limit + 16 && both <= limit && both > limit - 1000;
}

bool keepsAttributeLength(const Destination& destination, Signal signal, qint64 limit)
{
    Item item = itemWith({{"long", texts(limit + 1)}, {"right", texts(limit)}});
    item.exemplar = item.attributes;
    const auto back = sent(destination, signal, item);
    const bool isExemplarCut = signal != Signal::Metrics || (back && textSize(back->exemplar, "long") == limit);
    return back && isExemplarCut && textSize(back->attributes, "long") == limit && textSize(back->attributes, "right") == limit;
}

bool keepsAttributeKeyLength(const Destination& destination, Signal signal, qint64 limit)
{
    const auto back = sent(destination, signal,
                           itemWith({{texts(limit) + "1", QByteArray("first")}, {texts(limit) + "2", QByteArray("second")}}));
    const bool isCounted = signal == Signal::Metrics || (back && back->dropped == 1);
    return back && isCounted && back->attributes == Attributes{{texts(limit), QByteArray("first")}};
}

bool keepsArrayLength(const Destination& destination, Signal signal, qint64 limit)
{
    const auto back = sent(destination, signal, itemWith({{"array", arrayOf(limit + 5)}}));
    return back && back->attributes == Attributes{{"array", arrayOf(limit)}};
}

bool keepsAttributeCount(const Destination& destination, Signal signal, qint64 limit)
{
    const auto back = sent(destination, signal, itemWith(numbered(limit + 3)));
    return back && back->attributes == numbered(limit) && back->dropped == 3;
}

bool keepsEventCount(const Destination& destination, Signal signal, qint64 limit)
{
    Item item = itemWith({});
    item.span.events.assign(static_cast<std::size_t>(limit) + 3, item.span.events.front());
    const auto back = sent(destination, signal, item);
    return back && back->span.events.size() == static_cast<std::size_t>(limit) && back->span.droppedEvents == 3;
}

bool keepsLinkCount(const Destination& destination, Signal signal, qint64 limit)
{
    Item item = itemWith({});
    item.span.links.assign(static_cast<std::size_t>(limit) + 3, item.span.links.front());
    const auto back = sent(destination, signal, item);
    return back && back->span.links.size() == static_cast<std::size_t>(limit) && back->span.droppedLinks == 3;
}

bool keepsNameLength(const Destination& destination, Signal signal, qint64 limit)
{
    Item item = itemWith({});
    item.span.name = texts(limit + 1);
    const auto back = sent(destination, signal, item);
    return back && back->span.name == texts(limit);
}

bool keepsBodyLength(const Destination& destination, Signal signal, qint64 limit)
{
    Item item = itemWith({});
    item.log.body = AnyValue(texts(limit + 40'000));
    const auto text = sent(destination, signal, item);
    auto list = std::make_shared<telemetry::KeyValueList>();
    list->values = {{"message", QByteArray(limit, '"')}, {"short", QByteArray("kept")}};
    item.log.body = AnyValue(std::shared_ptr<const telemetry::KeyValueList>(std::move(list)));
    const auto structured = sent(destination, signal, item);
    return text && *text->log.body.text() == texts(limit) && structured &&
           telemetry::toJson(structured->log.body).size() <= limit && telemetry::toJson(structured->log.body).contains("kept");
}

bool keepsMetadataBytes(const Destination& destination, Signal signal, qint64 limit)
{
    const auto back = sent(destination, signal, itemWith({{"long", texts(limit)}, {"short", QByteArray("kept")}}));
    const qsizetype left = back ? textSize(back->attributes, "long") : -1;
    return left < limit - 10 && left > limit - 1000 && textSize(back->attributes, "short") == 4;
}

bool keepsMetadataCount(const Destination& destination, Signal signal, qint64 limit)
{
    const auto back = sent(destination, signal, itemWith(numbered(limit + 3)));
    const qint64 left = back ? static_cast<qint64>(back->attributes.size()) : -1;
    return left <= limit - 2 && left > limit - 30 && back->dropped == limit + 3 - left;
}

const std::map<QString, Check>& checks()
{
    static const std::map<QString, Check> all{
        {QStringLiteral("rawBytes"),
         [](const Destination& destination, Signal signal, qint64 limit) {
             return requestLimits(destination, signal).rawBytes == std::min(limit, kOwnRequestBytes);
         }},
        {QStringLiteral("wireBytes"), [](const Destination& destination, Signal signal,
                                         qint64 limit) { return requestLimits(destination, signal).wireBytes == limit; }},
        {QStringLiteral("items"),
         [](const Destination& destination, Signal signal, qint64 limit) {
             return requestLimits(destination, signal).items == std::min(limit, kOwnItems);
         }},
        {QStringLiteral("itemBytes"), keepsItemBytes},
        {QStringLiteral("attributeLength"), keepsAttributeLength},
        {QStringLiteral("attributeKeyLength"), keepsAttributeKeyLength},
        {QStringLiteral("arrayLength"), keepsArrayLength},
        {QStringLiteral("attributeCount"), keepsAttributeCount},
        {QStringLiteral("eventCount"), keepsEventCount},
        {QStringLiteral("linkCount"), keepsLinkCount},
        {QStringLiteral("nameLength"), keepsNameLength},
        {QStringLiteral("bodyLength"), keepsBodyLength},
        {QStringLiteral("metadataBytes"), keepsMetadataBytes},
        {QStringLiteral("metadataCount"), keepsMetadataCount},
        {QStringLiteral("maxAttributeLength"), keepsAttributeLength},
        {QStringLiteral("maxAttributeKeyLength"), keepsAttributeKeyLength},
        {QStringLiteral("maxAgeHours"),
         [](const Destination& destination, Signal, qint64 limit) { return destination.maxAgeHours == limit; }},
        {QStringLiteral("maxAheadHours"),
         [](const Destination& destination, Signal signal, qint64 limit) {
             return requestForm(destination, signal, Encoding::Protobuf).maxAhead.count() == limit;
         }},
    };
    return all;
}

} // namespace

class ItemLimitsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatTheFileSaysOfAProviderIsKeptByWhatLeaves_data()
    {
        QTest::addColumn<QString>("preset");
        QTest::addColumn<int>("signal");
        QTest::addColumn<QString>("key");
        QTest::addColumn<qint64>("limit");
        QFile file(QStringLiteral(ORIEL_SOURCE_DIR "/resources/presets/providers.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonArray presets = QJsonDocument::fromJson(file.readAll()).object().value(QStringLiteral("presets")).toArray();
        for (const auto& value : presets) {
            const QJsonObject preset = value.toObject();
            const QString id = preset.value(QStringLiteral("id")).toString();
            const auto add = [&id](Signal signal, const QString& key, const QJsonValue& limit) {
                const QString name = QStringLiteral("%1 %2 %3").arg(id, QLatin1StringView(signalName(signal)), key);
                QTest::newRow(qPrintable(name)) << id << static_cast<int>(signal) << key << limit.toInteger();
            };
            for (const Signal signal : kSignals) {
                const QString name = QLatin1StringView(signalName(signal));
                const QJsonArray taken = preset.value(QStringLiteral("signals")).toArray();
                if (!taken.isEmpty() && !taken.contains(name))
                    continue;
                const QJsonObject limits = preset.value(QStringLiteral("limits")).toObject().value(name).toObject();
                for (auto limit = limits.begin(); limit != limits.end(); ++limit)
                    add(signal, limit.key(), limit.value());
                for (auto member = preset.begin(); member != preset.end(); ++member) {
                    if (member.key().startsWith(QStringLiteral("max")))
                        add(signal, member.key(), member.value());
                }
            }
        }
    }

    void whatTheFileSaysOfAProviderIsKeptByWhatLeaves()
    {
        QFETCH(QString, preset);
        QFETCH(int, signal);
        QFETCH(QString, key);
        QFETCH(qint64, limit);
        const auto check = checks().find(key);
        QVERIFY2(check != checks().end(), "no test says what this limit does");
        const Destination destination = destinationOf(*findPreset(preset));
        QVERIFY(destination.isEffective);
        QVERIFY(check->second(destination, static_cast<Signal>(signal), limit));
    }

    void anItemThatCannotBeMadeSmallEnoughIsRefusedWithItsSize()
    {
        const Destination aws = destinationOf(*findPreset(u"aws"));
        const auto back = sent(aws, Signal::Traces, itemWith(numbered(20'000, "a text of which nothing can be spared")));
        QVERIFY(!back.has_value());
        QCOMPARE(back.error().code, ErrorCode::TooLarge);
        QVERIFY2(back.error().message.contains(QStringLiteral("200000 bytes")), qPrintable(back.error().message));
        const Destination loki = destinationOf(*findPreset(u"loki"));
        auto wide = std::make_shared<telemetry::Resource>();
        wide->attributes = numbered(200);
        Item item = itemWith({});
        item.log.resource = wide;
        QCOMPARE(sent(loki, Signal::Logs, item).error().code, ErrorCode::TooLarge);
    }

    void resourceAndScopeHaveTheLengthsAndStayOne()
    {
        const Destination newRelic = destinationOf(*findPreset(u"newrelic"));
        auto resource = std::make_shared<telemetry::Resource>();
        resource->attributes = {{"process.command_line", texts(5000)}, {texts(300), 1}};
        std::vector<SpanData> spans(3, full::span());
        for (SpanData& span : spans)
            span.resource = resource;
        const Batch batch{Signal::Traces, encodeTraces(spans, Encoding::Protobuf), 3, false, 0};
        const auto request = deriveRequest(batch, requestForm(newRelic, Signal::Traces, Encoding::Protobuf));
        const auto decoded = decodeTraces(*request, Encoding::Protobuf);
        QCOMPARE(decoded->spans.size(), std::size_t(3));
        QCOMPARE(decoded->spans[0].resource, decoded->spans[2].resource);
        QCOMPARE(decoded->spans[0].resource->attributes, (Attributes{{"process.command_line", texts(4095)}, {texts(255), 1}}));
    }

    void whatIsWithinTheLimitsKeepsItsBytes()
    {
        for (const Preset& preset : builtInPresets().presets) {
            if (!preset.unavailable.isEmpty())
                continue;
            const Destination destination = destinationOf(preset);
            for (const Signal signal : kSignals) {
                if (signal != Signal::Metrics) {
                    const auto back = sent(destination, signal, itemWith(full::attributes()));
                    QVERIFY2(back && back->attributes == full::attributes() && back->dropped == 0, qPrintable(preset.id));
                }
            }
        }
    }
};

QTEST_APPLESS_MAIN(ItemLimitsTest)
#include "tst_item_limits.moc"
