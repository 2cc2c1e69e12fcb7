// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/export/destination_words.h"

#include <algorithm>

namespace oriel::service {

namespace {

QString counted(quint64 count, const char* one, const char* many)
{
    return QString::number(count) + QLatin1Char(' ') + QLatin1StringView(count == 1 ? one : many);
}

/// "312 records wait"; empty when nothing does.
QString waitingWords(quint64 queued)
{
    return queued == 0 ? QString() : counted(queued, "record waits", "records wait");
}

QString withBacklog(const QString& words, quint64 queued)
{
    return queued == 0 ? words : words + QStringLiteral(", %1 waiting").arg(queued);
}

/// What to do, and that nothing is lost until then.
QString untilThen(const QString& todo, quint64 queued)
{
    return queued == 0 ? todo + QStringLiteral(".") : todo + QStringLiteral("; %1.").arg(waitingWords(queued));
}

QString inBrackets(const QString& words)
{
    return words.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(words);
}

DestinationState stateOf(otlp::DestinationState state)
{
    switch (state) {
    case otlp::DestinationState::Disabled:
        return DestinationState::Disabled;
    case otlp::DestinationState::Sending:
        return DestinationState::Sending;
    case otlp::DestinationState::Retrying:
        return DestinationState::Retrying;
    case otlp::DestinationState::Paused:
        return DestinationState::Paused;
    case otlp::DestinationState::Misaddressed:
        return DestinationState::Misaddressed;
    case otlp::DestinationState::Refused:
        return DestinationState::Refused;
    case otlp::DestinationState::Idle:
        break;
    }
    return DestinationState::Idle;
}

void describePause(DestinationSnapshot& snapshot)
{
    if (!snapshot.isKeyRefused()) {
        snapshot.health = DestinationHealth::Waiting;
        snapshot.brief = snapshot.stateText = withBacklog(QStringLiteral("paused"), snapshot.queued);
        snapshot.remedy = QStringLiteral("Resume it to send what waits.");
        return;
    }
    snapshot.health = DestinationHealth::Broken;
    snapshot.brief = withBacklog(QStringLiteral("key refused"), snapshot.queued);
    // Without an answer of the backend there was no token to send it.
    const bool isAnswer =
        snapshot.lastError.startsWith(QLatin1String("HTTP ")) || snapshot.lastError.startsWith(QLatin1String("gRPC "));
    snapshot.stateText = isAnswer ? QStringLiteral("the backend refused the key") + inBrackets(snapshot.lastError)
                                  : QStringLiteral("its credentials cannot be used") + inBrackets(snapshot.lastError);
    snapshot.remedy = untilThen(QStringLiteral("Give another key"), snapshot.queued);
}

/// "traces", "traces and logs", "traces, metrics and logs".
QString inWords(const QStringList& signalNames)
{
    return signalNames.size() < 2 ? signalNames.join(QString())
                                  : signalNames.mid(0, signalNames.size() - 1).join(QStringLiteral(", ")) +
                                        QStringLiteral(" and ") + signalNames.last();
}

void describeWrongAddress(DestinationSnapshot& snapshot, const otlp::DestinationStatus& status)
{
    QStringList names;
    QString answer;
    for (const otlp::Signal signal : otlp::kSignals) {
        const auto index = static_cast<std::size_t>(signal);
        if (!status.misaddressed[index])
            continue;
        names.append(QLatin1StringView(otlp::signalName(signal)));
        if (answer.isEmpty())
            answer = status.signalErrors[index];
    }
    const bool isAll = std::all_of(status.misaddressed.begin(), status.misaddressed.end(), [](bool is) { return is; });
    const QString what = isAll ? QStringLiteral("telemetry") : inWords(names);
    snapshot.health = DestinationHealth::Broken;
    snapshot.brief = withBacklog(what + QStringLiteral(" not taken"), snapshot.queued);
    snapshot.stateText = QStringLiteral("nobody takes %1 there").arg(what) + inBrackets(answer);
    snapshot.remedy = untilThen(isAll ? QStringLiteral("Correct its endpoint or protocol")
                                      : QStringLiteral("Correct its endpoint or protocol, or switch %1 off for it").arg(what),
                                snapshot.queued);
}

void describeRetry(DestinationSnapshot& snapshot, std::int64_t nowUnixNs)
{
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t seconds = std::max<std::int64_t>(0, (snapshot.nextTryUnixNs - nowUnixNs + second - 1) / second);
    snapshot.health = DestinationHealth::Waiting;
    snapshot.brief = QStringLiteral("%1 waiting, retry in %2 s").arg(snapshot.queued).arg(seconds);
    snapshot.stateText =
        snapshot.lastError.isEmpty() ? snapshot.brief : snapshot.brief + QStringLiteral(": ") + snapshot.lastError;
    snapshot.remedy =
        QStringLiteral("Oriel tries again by itself and keeps what waits. If it stays so, check that the backend runs "
                       "and that the endpoint is right.");
}

bool hasDeadLetters(const otlp::DestinationStatus& status)
{
    constexpr auto refused = static_cast<std::size_t>(otlp::Loss::Refused);
    return std::any_of(status.lost.begin(), status.lost.end(), [](const otlp::LossCounts& lost) { return lost[refused] > 0; });
}

void describeFlow(DestinationSnapshot& snapshot, bool hasDeadLetters)
{
    const bool isSending = snapshot.state == DestinationState::Sending;
    snapshot.health = isSending || snapshot.sent > 0 ? DestinationHealth::Good : DestinationHealth::Idle;
    snapshot.brief = QStringLiteral("sent %1").arg(snapshot.sent);
    if (snapshot.dropped > 0)
        snapshot.brief += QStringLiteral(", lost %1").arg(snapshot.dropped);
    snapshot.stateText = snapshot.brief;
    if (snapshot.lastError.isEmpty())
        return;
    snapshot.health = DestinationHealth::Waiting;
    snapshot.stateText = QStringLiteral("not all is taken: ") + snapshot.lastError;
    snapshot.remedy = QStringLiteral("Change what the backend objects to, here or there.");
    if (hasDeadLetters)
        snapshot.remedy +=
            QStringLiteral(" What it refused is kept, with its words, in spool/dead-letter-*.jsonl of the data directory.");
}

} // namespace

void describeDestination(DestinationSnapshot& snapshot, const otlp::DestinationStatus& status, std::int64_t nowUnixNs)
{
    snapshot.state = stateOf(status.state);
    snapshot.queued = status.queued;
    snapshot.queuedBytes = status.queuedBytes;
    snapshot.oldestUnixNs = status.oldestUnixNs;
    snapshot.sent = status.sent;
    snapshot.dropped = status.dropped;
    snapshot.lastError = status.lastError;
    snapshot.lastSuccessUnixNs = status.lastSuccessUnixNs;
    snapshot.nextTryUnixNs = status.nextTryUnixNs;
    snapshot.circuitOpen = status.circuitOpen;
    snapshot.spoolError = status.spoolError;
    switch (snapshot.state) {
    case DestinationState::Disabled:
        snapshot.health = DestinationHealth::Off;
        snapshot.brief = snapshot.stateText = withBacklog(QStringLiteral("disabled"), snapshot.queued);
        break;
    case DestinationState::Refused:
        snapshot.health = DestinationHealth::Broken;
        snapshot.brief = withBacklog(QStringLiteral("cannot be used"), snapshot.queued);
        snapshot.stateText = QStringLiteral("cannot be used as it is set up: ") + snapshot.lastError;
        snapshot.remedy = untilThen(QStringLiteral("Correct its settings"), snapshot.queued);
        break;
    case DestinationState::Misaddressed:
        describeWrongAddress(snapshot, status);
        break;
    case DestinationState::Paused:
        describePause(snapshot);
        break;
    case DestinationState::Retrying:
        describeRetry(snapshot, nowUnixNs);
        break;
    case DestinationState::Idle:
    case DestinationState::Sending:
        describeFlow(snapshot, hasDeadLetters(status));
        break;
    }
    if (!status.unreadReason.isEmpty() && snapshot.queued > 0) {
        snapshot.health = std::max(snapshot.health, DestinationHealth::Waiting);
        snapshot.stateText += QStringLiteral("; a part of what waits cannot be read: %1").arg(status.unreadReason);
    }
    if (snapshot.spoolError.isEmpty())
        return;
    snapshot.health = std::max(snapshot.health, DestinationHealth::Waiting);
    snapshot.stateText += QStringLiteral("; what is new waits in memory only: %1").arg(snapshot.spoolError);
    if (snapshot.remedy.isEmpty())
        snapshot.remedy = QStringLiteral("Free space on the disk; what waits in memory is written when there is room.");
}

SpoolReport describeRecovery(const otlp::SpoolRecovery& recovery, const QString& directory)
{
    SpoolReport report;
    report.requests = recovery.records;
    if (recovery.tornEnds > 0)
        report.damage.append(QStringLiteral("The end of %1 had not been written whole when Oriel ended; it was cut off.")
                                 .arg(counted(recovery.tornEnds, "file", "files")));
    if (recovery.damagedGaps > 0)
        report.damage.append(QStringLiteral("%1 damaged on the disk; %2 there.")
                                 .arg(counted(recovery.damagedGaps, "place is", "places are"),
                                      counted(recovery.missingRecords, "request is missing", "requests are missing")));
    if (recovery.unreadableSegments > 0)
        report.damage.append(QStringLiteral("%1 not be read; look for *.unreadable in %2.")
                                 .arg(counted(recovery.unreadableSegments, "file could", "files could"), directory));
    if (recovery.damagedCursors > 0)
        report.damage.append(QStringLiteral("How far %1 had got was not readable: what is still here is sent there again.")
                                 .arg(counted(recovery.damagedCursors, "destination", "destinations")));
    return report;
}

} // namespace oriel::service
