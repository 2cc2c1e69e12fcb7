// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/destination_facts.h"

#include "ui/settings/destination_text.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/format.h"

#include <algorithm>
#include <span>

namespace oriel::ui {
namespace {

using service::DestinationSnapshot;

void appendPreset(const config::Destination& config, QList<KeyValue>& rows)
{
    const otlp::Preset* preset = otlp::findPreset(config.preset);
    rows.append({QStringLiteral("provider"),
                 preset != nullptr ? preset->name : config.preset,
                 Tone::Neutral,
                 preset != nullptr ? preset->summary : QString(),
                 false,
                 {}});
    for (const otlp::PresetField& field : preset != nullptr ? std::span(preset->fields) : std::span<const otlp::PresetField>()) {
        const QString value = config.fields.value(field.id);
        const bool hidden = field.secret && vaultReference(value).isEmpty();
        if (!value.isEmpty() || !field.optional)
            rows.append({field.label.toLower(),
                         value.isEmpty() ? QStringLiteral("not set")
                         : hidden        ? QStringLiteral("set")
                                         : value,
                         Tone::Neutral,
                         hidden && !value.isEmpty() ? QStringLiteral("not shown") : QString(),
                         !hidden && !value.isEmpty(),
                         {}});
    }
    const auto targets = signalTargets(config);
    if (!targets) {
        rows.append({QStringLiteral("endpoint"), sentencesOf(targets.error()), Tone::Error, {}, false, {}});
        return;
    }
    for (const SignalTarget& target : *targets)
        rows.append({target.signal + QStringLiteral(" to"), target.target, Tone::Neutral, {}, true, {}});
}

void appendHeaders(const config::Destination& config, QList<KeyValue>& rows)
{
    for (const auto& [name, value] : config.headers) {
        const bool reference = value.contains(QLatin1String("${"));
        rows.append({QStringLiteral("header ") + name,
                     reference ? value : QStringLiteral("set"),
                     Tone::Neutral,
                     reference ? QString() : QStringLiteral("not shown"),
                     reference,
                     {}});
    }
}

void appendTransport(const config::Destination& config, QList<KeyValue>& rows)
{
    QStringList transport{config.compression.isEmpty() ? QStringLiteral("not compressed") : config.compression,
                          formatDuration(config.timeout.count() * 1'000'000) + QStringLiteral(" a request")};
    if (!config.caFile.isEmpty())
        transport.append(QStringLiteral("own authorities"));
    if (!config.certFile.isEmpty())
        transport.append(QStringLiteral("client certificate"));
    if (config.insecure)
        transport.append(QStringLiteral("no TLS without a scheme"));
    rows.append({QStringLiteral("transport"), transport.join(QStringLiteral(" · ")), Tone::Neutral, {}, false, {}});
}

Tone toneOf(service::DestinationHealth health)
{
    return health == service::DestinationHealth::Broken    ? Tone::Error
           : health == service::DestinationHealth::Waiting ? Tone::Warning
                                                           : Tone::Neutral;
}

void appendState(const DestinationSnapshot& destination, QList<KeyValue>& rows)
{
    rows.append({QStringLiteral("state"), stateSentence(destination), toneOf(destination.health), {}, false, {}});
    if (!destination.remedy.isEmpty())
        rows.append({QStringLiteral("what to do"), destination.remedy, Tone::Neutral, {}, false, {}});
    // The sentence above may have said it already.
    if (!destination.lastError.isEmpty() && !stateSentence(destination).contains(destination.lastError))
        rows.append({QStringLiteral("last error"), destination.lastError, Tone::Error, {}, false, {}});
}

void appendQueue(const DestinationSnapshot& destination, std::int64_t nowUnixNs, QList<KeyValue>& rows)
{
    if (destination.queued == 0)
        return;
    QStringList waiting{destination.queued == 1 ? QStringLiteral("1 record")
                                                : QStringLiteral("%1 records").arg(formatCount(std::int64_t(destination.queued))),
                        formatBytes(std::uint64_t(std::max<qint64>(0, destination.queuedBytes)))};
    QString since;
    if (destination.oldestUnixNs > 0) {
        waiting.append(QStringLiteral("oldest ") + oldestWord(destination, nowUnixNs));
        since = QStringLiteral("of ") + formatDateTime(destination.oldestUnixNs);
    }
    rows.append({QStringLiteral("waiting"), waiting.join(QStringLiteral(" · ")), Tone::Warning, since, false, {}});
}

void appendLosses(const DestinationSnapshot& destination, const QString& dataDirectory, QList<KeyValue>& rows)
{
    for (auto loss = destination.lost.cbegin(); loss != destination.lost.cend(); ++loss)
        rows.append({QStringLiteral("lost"), lossWord(loss.key(), loss.value()), Tone::Error, {}, false, {}});
    if (refusedItems(destination) > 0)
        rows.append({QStringLiteral("dead letters"),
                     deadLetterPlace(dataDirectory),
                     Tone::Neutral,
                     QStringLiteral("what was refused, with the backend's words"),
                     true,
                     {}});
}

} // namespace

QList<KeyValue> destinationFacts(const service::DestinationSnapshot& destination, const QString& dataDirectory,
                                 std::int64_t nowUnixNs)
{
    const config::Destination& config = destination.config;
    const config::Destination effective = otlp::effectiveDestination(config).value_or(config);
    QList<KeyValue> rows;
    appendState(destination, rows);
    appendQueue(destination, nowUnixNs, rows);
    appendLosses(destination, dataDirectory, rows);
    if (!config.preset.isEmpty())
        appendPreset(config, rows);
    else
        rows.append({QStringLiteral("endpoint"), endpointWord(config), Tone::Neutral, protocolWord(config.protocol), true, {}});
    for (auto it = config.signalEndpoints.cbegin(); it != config.signalEndpoints.cend(); ++it)
        rows.append({it.key(), it.value(), Tone::Neutral, {}, true, {}});
    rows.append({QStringLiteral("signals"), signalsWord(effective), Tone::Neutral, {}, false, {}});
    appendHeaders(config, rows);
    appendTransport(effective, rows);
    rows.append({QStringLiteral("arguments, results"),
                 config.includePayloads ? QStringLiteral("sent, masked") : QStringLiteral("not sent"),
                 config.includePayloads ? Tone::Warning : Tone::Neutral,
                 {},
                 false,
                 {}});
    if (!config.aliases.isEmpty())
        rows.append(
            {QStringLiteral("also emitted as"), config.aliases.join(QStringLiteral(" · ")), Tone::Neutral, {}, false, {}});
    rows.append({QStringLiteral("last success"),
                 destination.lastSuccessUnixNs > 0 ? formatDateTime(destination.lastSuccessUnixNs) : QStringLiteral("none yet"),
                 Tone::Neutral,
                 {},
                 destination.lastSuccessUnixNs > 0,
                 {}});
    return rows;
}

} // namespace oriel::ui
