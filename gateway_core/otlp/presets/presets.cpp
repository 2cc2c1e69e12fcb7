// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/presets/presets.h"

#include "base/json.h"
#include "otlp/presets/preset_template.h"

#include <QFile>
#include <QRegularExpression>
#include <QSet>

#include <algorithm>
#include <array>
#include <limits>

static void loadPresetResource()
{
    Q_INIT_RESOURCE(oriel_presets);
}

namespace oriel::otlp {

namespace {

using config::AuthKind;
using config::ExportProtocol;

const QStringList kSignalNames{QStringLiteral("traces"), QStringLiteral("metrics"), QStringLiteral("logs")};

template <class Enum> struct Word {
    const char* text;
    Enum value;
};
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

/// Reads the members of objects and keeps the first thing that is wrong.
class PresetReader {
public:
    explicit PresetReader(const json::Document& document) : m_document(document) {}

    [[nodiscard]] const std::optional<Error>& error() const { return m_error; }

    void breach(const json::Value& at, const QString& what)
    {
        if (!m_error)
            m_error = Error{ErrorCode::Parse, what, json::pathOf(m_document, at), {}};
    }

    void onlyKeys(const json::Value& object, std::initializer_list<const char*> known)
    {
        if (!object.isObject())
            return breach(object, QStringLiteral("expected an object"));
        for (const json::Member& member : object.members()) {
            if (std::none_of(known.begin(), known.end(), [&](const char* key) { return member.key.equals(key); }))
                breach(object, QStringLiteral("unknown key \"%1\"").arg(member.key.asString()));
        }
    }

    QString text(const json::Value& value)
    {
        if (value.exists() && (!value.isString() || value.asUtf8().isEmpty()))
            breach(value, QStringLiteral("expected a text"));
        return value.asString();
    }

    QString requiredText(const json::Value& object, const char* key)
    {
        const json::Value value = object.find(key);
        if (!value.exists())
            breach(object, QStringLiteral("\"%1\" is missing").arg(QLatin1StringView(key)));
        return text(value);
    }

    bool flag(const json::Value& value)
    {
        if (value.exists() && !value.isBool())
            breach(value, QStringLiteral("expected true or false"));
        return value.asBool().value_or(false);
    }

    qint64 natural(const json::Value& value)
    {
        const auto number = value.asInt64();
        if (value.exists() && (!number || *number < 1))
            breach(value, QStringLiteral("expected an integer of at least 1"));
        return number.value_or(0);
    }

    int count(const json::Value& value)
    {
        const qint64 number = natural(value);
        if (number > std::numeric_limits<int>::max())
            breach(value, QStringLiteral("is too large"));
        return static_cast<int>(number);
    }

    QStringList texts(const json::Value& value, const QStringList& choices = {})
    {
        QStringList list;
        if (value.exists() && !value.isArray())
            breach(value, QStringLiteral("expected a list"));
        for (const json::Value& element : value.elements()) {
            const QString item = text(element);
            if (!choices.isEmpty() && !choices.contains(item))
                breach(element, QStringLiteral("expected one of %1").arg(choices.join(QStringLiteral(", "))));
            if (list.contains(item))
                breach(element, QStringLiteral("is there twice"));
            list.append(item);
        }
        return list;
    }

    QMap<QString, QString> textMap(const json::Value& value, bool bySignal = false)
    {
        QMap<QString, QString> map;
        for (const json::Member& member : membersOf(value, bySignal))
            map.insert(member.key.asString(), text(member.value));
        return map;
    }

    json::MemberRange membersOf(const json::Value& value, bool bySignal)
    {
        if (value.exists() && !value.isObject())
            breach(value, QStringLiteral("expected an object"));
        for (const json::Member& member : value.members()) {
            if (bySignal && !kSignalNames.contains(member.key.asString()))
                breach(value, QStringLiteral("\"%1\" is no signal").arg(member.key.asString()));
        }
        return value.members();
    }

    template <class Enum, std::size_t N> Enum word(const json::Value& value, const std::array<Word<Enum>, N>& words, Enum absent)
    {
        if (!value.exists())
            return absent;
        for (const Word<Enum>& known : words) {
            if (value.equals(known.text))
                return known.value;
        }
        breach(value, QStringLiteral("is not a word that is known here"));
        return absent;
    }

private:
    const json::Document& m_document;
    std::optional<Error> m_error;
};

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

void readLimits(PresetReader& reader, const json::Value& object, Preset& preset)
{
    for (const json::Member& member : reader.membersOf(object.find("limits"), true)) {
        const json::Value& limits = member.value;
        reader.onlyKeys(limits, {"rawBytes", "wireBytes", "items", "itemBytes"});
        preset.limits.insert(member.key.asString(),
                             {reader.natural(limits.find("rawBytes")), reader.natural(limits.find("wireBytes")),
                              reader.count(limits.find("items")), reader.natural(limits.find("itemBytes"))});
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
