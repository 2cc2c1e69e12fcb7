// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/presets/item_limit_table.h"
#include "otlp/presets/preset_template.h"
#include "otlp/presets/presets.h"

#include <algorithm>

namespace oriel::otlp {

namespace {

using config::AuthKind;
using config::ExportProtocol;

QString protocolWords(const Preset& preset)
{
    QStringList words;
    for (const ExportProtocol protocol : preset.protocols) {
        words.append(protocol == ExportProtocol::Grpc       ? QStringLiteral("`grpc`")
                     : protocol == ExportProtocol::HttpJson ? QStringLiteral("`http/json`")
                     : protocol == ExportProtocol::Zipkin   ? QStringLiteral("`zipkin`")
                                                            : QStringLiteral("`http/protobuf`"));
    }
    return words.join(QStringLiteral(", "));
}

QString authKindWords(config::AuthKind kind)
{
    switch (kind) {
    case AuthKind::Basic:
        return QStringLiteral("basic");
    case AuthKind::Bearer:
        return QStringLiteral("bearer token");
    case AuthKind::SigV4:
        return QStringLiteral("AWS SigV4");
    case AuthKind::Google:
        return QStringLiteral("Google token of a service account");
    case AuthKind::Entra:
        return QStringLiteral("Entra token of an app registration");
    case AuthKind::Command:
        return QStringLiteral("token of a command");
    case AuthKind::None:
        break;
    }
    return {};
}

bool isOptional(const Preset& preset, const QString& text)
{
    const QSet<QString> used = placeholdersOf(text);
    return std::any_of(preset.fields.begin(), preset.fields.end(),
                       [&used](const PresetField& field) { return field.optional && used.contains(field.id); });
}

QString authWords(const Preset& preset)
{
    if (preset.auth.kind != AuthKind::None) {
        const QString words = authKindWords(preset.auth.kind);
        return isOptional(preset, preset.auth.secret) ? QStringLiteral("none, or ") + words : words;
    }
    QStringList headers;
    QStringList optional;
    for (auto it = preset.headers.cbegin(); it != preset.headers.cend(); ++it)
        (isOptional(preset, it.value()) ? optional : headers).append(QStringLiteral("header `%1`").arg(it.key()));
    if (!headers.isEmpty())
        return headers.join(QStringLiteral(", "));
    return (QStringList{QStringLiteral("none")} + optional).join(QStringLiteral(", or "));
}

QString limitWords(const Preset& preset)
{
    QStringList words;
    for (const QString& signal : preset.signalNames) {
        const config::RequestLimits limits = preset.limits.value(signal);
        QStringList own;
        if (limits.rawBytes > 0)
            own.append(QStringLiteral("%1 bytes").arg(limits.rawBytes));
        if (limits.wireBytes > 0)
            own.append(QStringLiteral("%1 bytes as sent").arg(limits.wireBytes));
        if (limits.items > 0)
            own.append(QStringLiteral("%1 items").arg(limits.items));
        const config::ItemLimits item = preset.itemLimits.value(signal);
        for (const ItemLimitRow& row : itemLimitTable()) {
            if (item.*row.member > 0)
                own.append(QString::fromLatin1(row.words).arg(item.*row.member));
        }
        if (!own.isEmpty())
            words.append(signal + QStringLiteral(": ") + own.join(QStringLiteral(", ")));
    }
    if (preset.maxAttributeLength > 0)
        words.append(QStringLiteral("attributes: %1 bytes").arg(preset.maxAttributeLength));
    if (preset.maxAttributeKeyLength > 0)
        words.append(QStringLiteral("names of attributes: %1 bytes").arg(preset.maxAttributeKeyLength));
    if (preset.maxAgeHours > 0)
        words.append(QStringLiteral("age: %1 hours").arg(preset.maxAgeHours));
    if (preset.maxAheadHours > 0)
        words.append(QStringLiteral("ahead: %1 hours").arg(preset.maxAheadHours));
    return words.join(QStringLiteral("; "));
}

QString metricWords(const Preset& preset)
{
    using config::HistogramKind;
    using config::MetricTemporality;
    QStringList words;
    if (preset.temporality == MetricTemporality::Delta)
        words.append(QStringLiteral("delta"));
    else if (preset.temporality == MetricTemporality::Cumulative)
        words.append(QStringLiteral("cumulative"));
    if (preset.temporalityRequired)
        words.last() += QStringLiteral(" (nothing else is taken)");
    if (preset.histograms == HistogramKind::Exponential)
        words.append(QStringLiteral("exponential histograms"));
    return words.join(QStringLiteral(", "));
}

void appendLine(QString& out, const QString& what, const QString& words)
{
    if (!words.isEmpty())
        out += QStringLiteral("- %1: %2\n").arg(what, words);
}

void appendEndpoints(QString& out, const Preset& preset)
{
    if (!preset.base.isEmpty())
        appendLine(out, QStringLiteral("endpoint"), QStringLiteral("`%1` + `/v1/…`").arg(preset.base));
    for (const QString& signal : preset.signalNames) {
        if (preset.endpoints.contains(signal))
            appendLine(out, signal, QStringLiteral("`%1`").arg(preset.endpoints.value(signal)));
    }
    if (!preset.grpc.isEmpty())
        appendLine(out, QStringLiteral("gRPC"), QStringLiteral("`%1`").arg(preset.grpc));
}

void appendPreset(QString& out, const Preset& preset)
{
    out += QStringLiteral("\n## %1\n\n`%2`. %3\n\n").arg(preset.name, preset.id, preset.summary);
    if (!preset.unavailable.isEmpty()) {
        out += preset.unavailable + QStringLiteral("\n");
        return;
    }
    appendLine(out, QStringLiteral("protocols"), protocolWords(preset));
    appendLine(out, QStringLiteral("signals"), preset.signalNames.join(QStringLiteral(", ")));
    appendEndpoints(out, preset);
    appendLine(out, QStringLiteral("authorization"), authWords(preset));
    for (auto it = preset.resourceAttributes.cbegin(); it != preset.resourceAttributes.cend(); ++it)
        appendLine(out, QStringLiteral("resource attribute"), QStringLiteral("`%1`: `%2`").arg(it.key(), it.value()));
    appendLine(out, QStringLiteral("metrics"), metricWords(preset));
    appendLine(out, QStringLiteral("compression"), preset.compressions.join(QStringLiteral(", ")));
    appendLine(out, QStringLiteral("limits"), limitWords(preset));
    appendLine(out, QStringLiteral("taken means"), preset.successCodes.join(QStringLiteral(" or ")));
    appendLine(out, QStringLiteral("source"), preset.source);
    if (!preset.fields.empty())
        out += QStringLiteral("\n| field | what | |\n|---|---|---|\n");
    for (const PresetField& field : preset.fields) {
        QStringList kinds;
        if (field.secret)
            kinds.append(QStringLiteral("secret"));
        if (field.optional)
            kinds.append(QStringLiteral("optional"));
        if (!field.signalNames.isEmpty())
            kinds.append(QStringLiteral("for ") + field.signalNames.join(QStringLiteral(", ")));
        QString hint = field.hint;
        if (!field.choices.isEmpty())
            hint += QStringLiteral(" One of `%1`.").arg(field.choices.join(QStringLiteral("`, `")));
        else if (!field.example.isEmpty())
            hint += QStringLiteral(" An example: `%1`.").arg(field.example);
        out += QStringLiteral("| `%1` | %2. %3 | %4 |\n").arg(field.id, field.label, hint, kinds.join(QStringLiteral(", ")));
    }
    if (!preset.notes.isEmpty())
        out += QStringLiteral("\nGood to know:\n\n");
    for (const QString& note : preset.notes)
        out += QStringLiteral("- %1\n").arg(note);
}

} // namespace

QByteArray providersPage()
{
    const PresetFile& file = builtInPresets();
    QString out =
        QStringLiteral(
            "# Providers\n\nWhere telemetry can be sent to with nothing but the fields that a provider needs. In the "
            "window: Settings › Destinations › Add.\n\n"
            "```json\n{\"telemetry\": {\"destinations\": [{\"name\": \"team\", \"preset\": \"grafana-cloud\",\n"
            "  \"fields\": {\"zone\": \"prod-eu-west-0\", \"instance_id\": \"123456\", \"token\": "
            "\"${vault:grafana}\"}}]}}\n```\n\n"
            "Whatever a destination says itself wins over its preset; [settings](reference/settings.md) has all of "
            "it. What is not written here is\nnot known: a provider that does not publish a limit may still have "
            "one. Of protocols and compressions the first is used unless\n"
            "another is asked for. When something does not arrive: [the guide](guide.md#when-telemetry-does-not-arrive)."
            "\n\nThis page is made from `resources/presets/providers.json`; its facts were looked up on %1.\n\n"
            "| provider | `preset` | protocols | signals | authorization |\n|---|---|---|---|---|\n")
            .arg(file.checked);
    for (const Preset& preset : file.presets) {
        out += preset.unavailable.isEmpty() ? QStringLiteral("| %1 | `%2` | %3 | %4 | %5 |\n")
                                                  .arg(preset.name, preset.id, protocolWords(preset),
                                                       preset.signalNames.join(QStringLiteral(", ")), authWords(preset))
                                            : QStringLiteral("| %1 | `%2` | no OTLP | | |\n").arg(preset.name, preset.id);
    }
    out +=
        QStringLiteral("\n## The eight providers that Oriel started from\n\n| provider | the old table | now |\n|---|---|---|\n");
    for (const Preset& preset : file.presets) {
        if (!preset.seedSays.isEmpty())
            out += QStringLiteral("| %1 | %2 | %3 |\n").arg(preset.name, preset.seedSays, preset.seedNow);
    }
    for (const Preset& preset : file.presets)
        appendPreset(out, preset);
    return out.toUtf8();
}

} // namespace oriel::otlp
