// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/presets/presets.h"

#include "otlp/presets/item_limit_table.h"
#include "otlp/presets/preset_reader.h"
#include "otlp/presets/preset_template.h"

#include <QFile>
#include <QRegularExpression>
#include <QSet>

#include <algorithm>
#include <array>

static void loadPresetResource()
{
    Q_INIT_RESOURCE(oriel_presets);
}

namespace oriel::otlp {

namespace {

using config::AuthKind;
using config::ExportProtocol;

constexpr std::array kProtocolWords{
    Word<ExportProtocol>{"http/protobuf", ExportProtocol::HttpProtobuf}, Word<ExportProtocol>{"grpc", ExportProtocol::Grpc},
    Word<ExportProtocol>{"http/json", ExportProtocol::HttpJson}, Word<ExportProtocol>{"zipkin", ExportProtocol::Zipkin}};
constexpr std::array kAuthWords{Word<AuthKind>{"basic", AuthKind::Basic}, Word<AuthKind>{"bearer", AuthKind::Bearer},
                                Word<AuthKind>{"sigv4", AuthKind::SigV4}, Word<AuthKind>{"google", AuthKind::Google},
                                Word<AuthKind>{"entra", AuthKind::Entra}, Word<AuthKind>{"command", AuthKind::Command}};
constexpr std::array kTemporalityWords{Word<config::MetricTemporality>{"cumulative", config::MetricTemporality::Cumulative},
                                       Word<config::MetricTemporality>{"delta", config::MetricTemporality::Delta},
                                       Word<config::MetricTemporality>{"lowmemory", config::MetricTemporality::LowMemory}};
constexpr std::array kHistogramWords{Word<config::HistogramKind>{"explicit", config::HistogramKind::Explicit},
                                     Word<config::HistogramKind>{"exponential", config::HistogramKind::Exponential}};

PresetField readField(PresetReader& reader, const json::Value& object)
{
    reader.onlyKeys(object, {"id", "label", "hint", "example", "pattern", "choices", "secret", "optional", "signals"});
    PresetField field;
    field.id = reader.requiredText(object, "id");
    field.label = reader.requiredText(object, "label");
    field.hint = reader.requiredText(object, "hint");
    field.example = reader.text(object.find("example"));
    field.pattern = reader.text(object.find("pattern"));
    field.choices = reader.texts(object.find("choices"));
    field.secret = reader.flag(object.find("secret"));
    field.optional = reader.flag(object.find("optional"));
    field.signalNames = reader.texts(object.find("signals"), kSignalNames);
    if (!QRegularExpression(field.pattern).isValid())
        reader.breach(object.find("pattern"), QStringLiteral("is not a regular expression"));
    return field;
}

config::DestinationAuth readAuth(PresetReader& reader, const json::Value& object)
{
    config::DestinationAuth auth;
    if (!object.exists())
        return auth;
    reader.onlyKeys(object, {"kind", "user", "secret", "sessionToken", "region", "tenant", "scope", "services"});
    reader.requiredText(object, "kind");
    auth.kind = reader.word(object.find("kind"), kAuthWords, AuthKind::None);
    auth.user = reader.text(object.find("user"));
    auth.secret = reader.text(object.find("secret"));
    auth.sessionToken = reader.text(object.find("sessionToken"));
    auth.region = reader.text(object.find("region"));
    auth.tenant = reader.text(object.find("tenant"));
    auth.scope = reader.text(object.find("scope"));
    auth.services = reader.textMap(object.find("services"), true);
    return auth;
}

config::ItemLimits readItemLimits(PresetReader& reader, const json::Value& limits, Signal signal)
{
    config::ItemLimits item;
    for (const ItemLimitRow& row : itemLimitTable()) {
        const json::Value value = limits.find(row.key);
        if (value.exists() && !row.concerns(signal))
            reader.breach(value, QStringLiteral("is no limit of this signal"));
        item.*row.member = reader.count(value);
    }
    return item;
}

void readLimits(PresetReader& reader, const json::Value& object, Preset& preset)
{
    std::vector<const char*> keys{"rawBytes", "wireBytes", "items"};
    for (const ItemLimitRow& row : itemLimitTable())
        keys.push_back(row.key);
    for (const json::Member& member : reader.membersOf(object.find("limits"), true)) {
        const json::Value& limits = member.value;
        reader.onlyKeys(limits, keys);
        const QString signal = member.key.asString();
        preset.limits.insert(signal, {reader.natural(limits.find("rawBytes")), reader.natural(limits.find("wireBytes")),
                                      reader.count(limits.find("items"))});
        for (const Signal known : kSignals) {
            if (signal == QLatin1StringView(signalName(known)))
                preset.itemLimits.insert(signal, readItemLimits(reader, limits, known));
        }
    }
    preset.maxAttributeLength = reader.count(object.find("maxAttributeLength"));
    preset.maxAttributeKeyLength = reader.count(object.find("maxAttributeKeyLength"));
    preset.maxAgeHours = reader.count(object.find("maxAgeHours"));
    preset.maxAheadHours = reader.count(object.find("maxAheadHours"));
    for (const json::Value& code : object.find("successCodes").elements()) {
        const int number = reader.count(code);
        if (number < 200 || number > 299)
            reader.breach(code, QStringLiteral("expected a status from 200 to 299"));
        preset.successCodes.append(QString::number(number));
    }
}

void readDelivery(PresetReader& reader, const json::Value& object, Preset& preset)
{
    preset.unavailable = reader.text(object.find("unavailable"));
    if (!object.find("protocols").isArray())
        reader.breach(object, QStringLiteral("\"protocols\" is missing"));
    for (const json::Value& protocol : object.find("protocols").elements())
        preset.protocols.push_back(reader.word(protocol, kProtocolWords, ExportProtocol::None));
    preset.signalNames = reader.texts(object.find("signals"), kSignalNames);
    if (preset.signalNames.isEmpty())
        preset.signalNames = kSignalNames;
    preset.base = reader.text(object.find("base"));
    preset.grpc = reader.text(object.find("grpc"));
    preset.endpoints = reader.textMap(object.find("endpoints"), true);
    preset.headers = reader.textMap(object.find("headers"));
    for (const json::Member& member : reader.membersOf(object.find("signalHeaders"), true))
        preset.signalHeaders.insert(member.key.asString(), reader.textMap(member.value));
    preset.auth = readAuth(reader, object.find("auth"));
    preset.resourceAttributes = reader.textMap(object.find("resourceAttributes"));
    preset.compressions =
        reader.texts(object.find("compressions"), {QStringLiteral("none"), QStringLiteral("gzip"), QStringLiteral("zstd")});
}

/// What no schema says: everything that is used is there, and everything that is there is used.
void checkWhole(PresetReader& reader, const json::Value& object, const Preset& preset)
{
    QSet<QString> used;
    for (const QString& text : templatesOf(preset))
        used.unite(placeholdersOf(text));
    QSet<QString> asked;
    for (const PresetField& field : preset.fields) {
        if (asked.contains(field.id))
            reader.breach(object, QStringLiteral("the field \"%1\" is there twice").arg(field.id));
        asked.insert(field.id);
    }
    for (const QString& id : used - asked)
        reader.breach(object, QStringLiteral("${%1} is used but not asked for").arg(id));
    for (const QString& id : asked - used)
        reader.breach(object, QStringLiteral("the field \"%1\" is asked for but not used").arg(id));
    if (!preset.unavailable.isEmpty())
        return;
    const auto takes = [&](ExportProtocol protocol) {
        return std::find(preset.protocols.begin(), preset.protocols.end(), protocol) != preset.protocols.end();
    };
    if (preset.protocols.empty() || preset.compressions.isEmpty())
        reader.breach(object, QStringLiteral("protocols and compressions must not be empty"));
    else if (takes(ExportProtocol::HttpProtobuf) && preset.protocols.front() != ExportProtocol::HttpProtobuf)
        reader.breach(object, QStringLiteral("http/protobuf must stand first where it is taken"));
    for (const QString& signal : preset.signalNames) {
        if (preset.base.isEmpty() && !preset.endpoints.contains(signal))
            reader.breach(object, QStringLiteral("%1 has no endpoint").arg(signal));
    }
    if (takes(ExportProtocol::Grpc) && preset.grpc.isEmpty())
        reader.breach(object, QStringLiteral("gRPC has no endpoint"));
}

Preset readPreset(PresetReader& reader, const json::Value& object)
{
    reader.onlyKeys(object, {"id",
                             "name",
                             "summary",
                             "source",
                             "unavailable",
                             "protocols",
                             "signals",
                             "base",
                             "grpc",
                             "endpoints",
                             "fields",
                             "headers",
                             "signalHeaders",
                             "auth",
                             "resourceAttributes",
                             "temporality",
                             "temporalityRequired",
                             "histograms",
                             "limits",
                             "maxAttributeLength",
                             "maxAttributeKeyLength",
                             "maxAgeHours",
                             "maxAheadHours",
                             "compressions",
                             "successCodes",
                             "notes",
                             "seed"});
    Preset preset;
    preset.id = reader.requiredText(object, "id");
    preset.name = reader.requiredText(object, "name");
    preset.summary = reader.requiredText(object, "summary");
    preset.source = reader.requiredText(object, "source");
    readDelivery(reader, object, preset);
    for (const json::Value& field : object.find("fields").elements())
        preset.fields.push_back(readField(reader, field));
    preset.temporality = reader.word(object.find("temporality"), kTemporalityWords, config::MetricTemporality::Default);
    preset.temporalityRequired = reader.flag(object.find("temporalityRequired"));
    preset.histograms = reader.word(object.find("histograms"), kHistogramWords, config::HistogramKind::Default);
    readLimits(reader, object, preset);
    preset.notes = reader.texts(object.find("notes"));
    if (const json::Value seed = object.find("seed"); seed.exists()) {
        reader.onlyKeys(seed, {"says", "now"});
        preset.seedSays = reader.requiredText(seed, "says");
        preset.seedNow = reader.requiredText(seed, "now");
    }
    checkWhole(reader, object, preset);
    return preset;
}

} // namespace

Result<PresetFile> parsePresets(QByteArrayView json)
{
    json::Document document;
    if (const Status parsed = document.parseOrError(json, {}, QStringLiteral("providers.json")); !parsed)
        return fail(parsed.error());
    PresetReader reader(document);
    const json::Value root = document.root();
    reader.onlyKeys(root, {"$schema", "version", "checked", "presets"});
    if (root.find("version").asInt64() != 1)
        reader.breach(root, QStringLiteral("expected version 1"));
    PresetFile file;
    file.checked = reader.requiredText(root, "checked");
    for (const json::Value& object : root.find("presets").elements()) {
        Preset preset = readPreset(reader, object);
        const auto isSame = [&](const Preset& other) { return other.id == preset.id; };
        if (std::any_of(file.presets.begin(), file.presets.end(), isSame))
            reader.breach(object, QStringLiteral("there is a preset \"%1\" already").arg(preset.id));
        file.presets.push_back(std::move(preset));
    }
    if (file.presets.empty())
        reader.breach(root, QStringLiteral("there are no presets"));
    if (reader.error())
        return fail(*reader.error());
    return file;
}

const PresetFile& builtInPresets()
{
    static const PresetFile file = [] {
        loadPresetResource();
        QFile resource(QStringLiteral(":/oriel/presets/providers.json"));
        const bool opened = resource.open(QIODevice::ReadOnly);
        Q_ASSERT(opened);
        const auto parsed = parsePresets(opened ? resource.readAll() : QByteArray());
        Q_ASSERT(parsed);
        return parsed.value_or(PresetFile{});
    }();
    return file;
}

const Preset* findPreset(QStringView id)
{
    const std::vector<Preset>& all = builtInPresets().presets;
    const auto found = std::find_if(all.begin(), all.end(), [&](const Preset& preset) { return preset.id == id; });
    return found != all.end() ? &*found : nullptr;
}

} // namespace oriel::otlp
