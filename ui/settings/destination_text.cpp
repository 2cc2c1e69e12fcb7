// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/destination_text.h"

#include "otlp/exporters/endpoint.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/format.h"

#include <QDir>
#include <QRegularExpression>
#include <QUrl>

#include <algorithm>

namespace oriel::ui {
namespace {

using config::ExportProtocol;
using service::DestinationSnapshot;
using service::DestinationState;

constexpr qsizetype kLongestName = 64;

QString itemWord(const QString& signal, quint64 count)
{
    const QString one = signal == QLatin1String("traces")    ? QStringLiteral("span")
                        : signal == QLatin1String("metrics") ? QStringLiteral("metric point")
                                                             : QStringLiteral("log record");
    return formatCount(std::int64_t(count)) + QLatin1Char(' ') + one + (count == 1 ? QString() : QStringLiteral("s"));
}

QString sentence(QString text)
{
    text = text.trimmed();
    if (text.isEmpty())
        return text;
    text[0] = text[0].toUpper();
    return text.endsWith(QLatin1Char('.')) || text.endsWith(QLatin1Char('!')) ? text : text + QLatin1Char('.');
}

Result<QString> targetOf(const config::Destination& destination, otlp::Signal signal)
{
    if (destination.protocol == ExportProtocol::Grpc) {
        const auto target = otlp::grpcTarget(destination, signal);
        if (!target)
            return fail(target.error());
        return target->target + (target->tls ? QStringLiteral(", TLS") : QStringLiteral(", no TLS"));
    }
    if (destination.protocol == ExportProtocol::HttpProtobuf || destination.protocol == ExportProtocol::HttpJson) {
        const auto url = otlp::signalUrl(destination, signal);
        if (!url)
            return fail(url.error());
        return url->toString();
    }
    const QString own = destination.signalEndpoints.value(QLatin1StringView(otlp::signalName(signal)));
    return own.isEmpty() ? endpointWord(destination) : own;
}

} // namespace

QString stateSentence(const DestinationSnapshot& destination)
{
    if (destination.state != DestinationState::Retrying || destination.nextTryUnixNs == 0)
        return destination.stateText;
    const QString until = formatClock(destination.nextTryUnixNs);
    const QString queued = formatCount(std::int64_t(destination.queued));
    QString text = destination.circuitOpen ? QStringLiteral("not reachable, left alone until %1; %2 waiting").arg(until, queued)
                                           : QStringLiteral("%2 waiting, next try at %1").arg(until, queued);
    if (!destination.spoolError.isEmpty())
        text += QStringLiteral("; what is new waits in memory only: %1").arg(destination.spoolError);
    return text;
}

QString stateWord(const DestinationSnapshot& destination)
{
    const bool isFlowing = destination.state == DestinationState::Idle || destination.state == DestinationState::Sending;
    if (isFlowing && !destination.lastError.isEmpty())
        return QStringLiteral("not all is taken");
    switch (destination.state) {
    case DestinationState::Disabled:
        return QStringLiteral("disabled");
    case DestinationState::Idle:
        return destination.sent > 0 ? QStringLiteral("all sent") : QStringLiteral("nothing sent yet");
    case DestinationState::Sending:
        return QStringLiteral("sending");
    case DestinationState::Retrying:
        return destination.nextTryUnixNs == 0 ? QStringLiteral("tried again")
                                              : QStringLiteral("next try at %1").arg(formatClock(destination.nextTryUnixNs));
    case DestinationState::Paused:
        return destination.isKeyRefused() ? QStringLiteral("key refused") : QStringLiteral("paused");
    case DestinationState::Misaddressed:
        return QStringLiteral("wrong address");
    case DestinationState::Refused:
        return QStringLiteral("cannot be used");
    }
    return {};
}

QString oldestWord(const DestinationSnapshot& destination, std::int64_t nowUnixNs)
{
    if (destination.queued == 0 || destination.oldestUnixNs == 0)
        return {};
    return formatElapsed(nowUnixNs - destination.oldestUnixNs);
}

QString lossWord(const QString& key, quint64 count)
{
    const qsizetype slash = key.indexOf(QLatin1Char('/'));
    const QString reason = key.mid(slash + 1);
    static const std::pair<const char*, const char*> words[] = {
        {"rejected", "taken out by the backend"},      {"refused", "refused by the backend"},
        {"spool_full", "pushed out by newer ones"},    {"expired", "grown too old while waiting"},
        {"damaged", "no longer readable on the disk"}, {"cleared", "discarded by hand"}};
    const auto known =
        std::find_if(std::begin(words), std::end(words), [&](const auto& word) { return reason == QLatin1String(word.first); });
    return itemWord(key.left(slash), count) + QLatin1Char(' ') +
           (known != std::end(words) ? QString::fromLatin1(known->second) : reason);
}

QString unclaimedWord(const service::UnclaimedBacklog& backlog)
{
    return QStringLiteral("%1 of %2 (%3)")
        .arg(backlog.queued == 1 ? QStringLiteral("1 item")
                                 : formatCount(std::int64_t(backlog.queued)) + QStringLiteral(" items"),
             backlog.destination, formatBytes(std::uint64_t(std::max<qint64>(0, backlog.queuedBytes))));
}

quint64 refusedItems(const DestinationSnapshot& destination)
{
    quint64 sum = 0;
    for (auto loss = destination.lost.cbegin(); loss != destination.lost.cend(); ++loss) {
        if (loss.key().endsWith(QLatin1String("/refused")))
            sum += loss.value();
    }
    return sum;
}

QString deadLetterPlace(const QString& dataDirectory)
{
    return QDir::toNativeSeparators(dataDirectory + QStringLiteral("/spool/dead-letter-*.jsonl"));
}

QString discardSentence(const DestinationSnapshot& destination, std::int64_t nowUnixNs)
{
    const QString items = destination.queued == 1
                              ? QStringLiteral("The one item that waits")
                              : QStringLiteral("All %1 items that wait").arg(formatCount(std::int64_t(destination.queued)));
    const QString size = formatBytes(std::uint64_t(std::max<qint64>(0, destination.queuedBytes)));
    QString text = QStringLiteral("%1 for %2 (%3)").arg(items, destination.config.name, size);
    text += destination.queued == 1 ? QStringLiteral(" is lost there") : QStringLiteral(" are lost there");
    if (destination.oldestUnixNs > 0)
        text +=
            (destination.queued == 1 ? QStringLiteral("; it was recorded %1") : QStringLiteral("; the oldest was recorded %1"))
                .arg(formatAge(std::max<std::int64_t>(0, nowUnixNs - destination.oldestUnixNs)));
    return text + QStringLiteral(". The local store and other destinations keep theirs. This cannot be undone.");
}

QString previewSentence(const service::ExportPreview& preview)
{
    if (preview.request.isEmpty())
        return preview.note;
    const QString text =
        QStringLiteral("The newest call, of %1: %2, masked, as JSON. Batches of it leave together with others.")
            .arg(formatDateTime(preview.startUnixNs), itemWord(QStringLiteral("traces"), quint64(preview.spans)));
    return preview.note.isEmpty() ? text : text + QLatin1Char(' ') + preview.note;
}

bool matchesPreset(const otlp::Preset& preset, const QString& text)
{
    const QString all = preset.id + QLatin1Char(' ') + preset.name + QLatin1Char(' ') + preset.summary;
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    return std::all_of(words.cbegin(), words.cend(),
                       [&](const QString& word) { return all.contains(word, Qt::CaseInsensitive); });
}

QString presetLine(const otlp::Preset& preset)
{
    return preset.unavailable.isEmpty() ? preset.summary + QStringLiteral("  ") + preset.signalNames.join(QStringLiteral(" · "))
                                        : preset.unavailable;
}

QString freeName(const QString& wanted, const QStringList& taken)
{
    QString name = wanted.left(kLongestName);
    for (int number = 2; taken.contains(name); ++number) {
        const QString tail = QStringLiteral(" %1").arg(number);
        name = wanted.left(kLongestName - tail.size()) + tail;
    }
    return name;
}

QString fieldProblem(const otlp::PresetField& field, const QString& value)
{
    if (value.isEmpty() || value.contains(QLatin1String("${")))
        return {};
    if (field.secret) {
        const bool broken = std::any_of(value.begin(), value.end(), [](QChar c) { return c.unicode() < 0x20; });
        return broken && !value.trimmed().startsWith(QLatin1Char('{'))
                   ? QStringLiteral("It holds a line break or another control character: paste it again without.")
                   : QString();
    }
    const QString example = field.example.isEmpty() ? QString() : QStringLiteral(" An example: %1").arg(field.example);
    if (!field.choices.isEmpty() && !field.choices.contains(value))
        return QStringLiteral("Choose one of %1.").arg(field.choices.join(QStringLiteral(", ")));
    if (!field.pattern.isEmpty() &&
        !QRegularExpression(QRegularExpression::anchoredPattern(field.pattern)).match(value).hasMatch())
        return QStringLiteral("This does not look like the %1.").arg(field.label) + example;
    return {};
}

bool isAsked(const otlp::PresetField& field, const config::Destination& destination)
{
    if (field.signalNames.isEmpty())
        return true;
    return (destination.traces && field.signalNames.contains(QLatin1String("traces"))) ||
           (destination.metrics && field.signalNames.contains(QLatin1String("metrics"))) ||
           (destination.logs && field.signalNames.contains(QLatin1String("logs")));
}

QString sentencesOf(const Error& error)
{
    const QString remedy = sentence(error.remedy);
    return remedy.isEmpty() ? sentence(error.message) : sentence(error.message) + QLatin1Char(' ') + remedy;
}

QList<FieldError> presetErrors(const config::Destination& destination)
{
    const auto effective = otlp::effectiveDestination(destination);
    if (effective)
        return {};
    return {{effective.error().context, sentencesOf(effective.error())}};
}

Result<QList<SignalTarget>> signalTargets(const config::Destination& destination)
{
    const auto effective = otlp::effectiveDestination(destination);
    if (!effective)
        return fail(effective.error());
    QList<SignalTarget> targets;
    for (const otlp::Signal signal : otlp::kSignals) {
        const bool sent = signal == otlp::Signal::Traces    ? effective->traces
                          : signal == otlp::Signal::Metrics ? effective->metrics
                                                            : effective->logs;
        if (!sent)
            continue;
        const auto target = targetOf(*effective, signal);
        if (!target)
            return fail(target.error());
        targets.append({QLatin1StringView(otlp::signalName(signal)), *target});
    }
    return targets;
}

QString vaultReference(const QString& text)
{
    static const QRegularExpression form(QStringLiteral("^\\$\\{vault:([^}]+)\\}$"));
    return form.match(text.trimmed()).captured(1);
}

QString vaultNameFor(const QString& destination, const QString& field, const QStringList& taken)
{
    static const QRegularExpression other(QStringLiteral("[^A-Za-z0-9_.-]"));
    const QString owner = destination.isEmpty() ? QStringLiteral("destination") : destination;
    const QString wanted = QString(owner + QLatin1Char('.') + field).replace(other, QStringLiteral("_"));
    QString name = wanted.left(kLongestName);
    for (int number = 2; taken.contains(name); ++number) {
        const QString tail = QStringLiteral("-%1").arg(number);
        name = wanted.left(kLongestName - tail.size()) + tail;
    }
    return name;
}

} // namespace oriel::ui
