// SPDX-License-Identifier: GPL-3.0-or-later
// Destinations of telemetry: how they are, and what can be done with their queues.
#include "base/json_writer.h"
#include "service/export/destination_words.h"
#include "service/export/export_preview.h"
#include "service/service_state.h"

#include <algorithm>

namespace oriel::service {

namespace {

const char* stateName(DestinationState state)
{
    switch (state) {
    case DestinationState::Disabled:
        return "disabled";
    case DestinationState::Idle:
        return "idle";
    case DestinationState::Sending:
        return "sending";
    case DestinationState::Retrying:
        return "retrying";
    case DestinationState::Paused:
        return "paused";
    case DestinationState::Misaddressed:
        return "misaddressed";
    case DestinationState::Refused:
        return "refused";
    }
    return "idle";
}

QMap<QString, quint64> lossesOf(const otlp::DestinationStatus& status)
{
    QMap<QString, quint64> losses;
    for (const otlp::Signal signal : otlp::kSignals) {
        for (std::size_t loss = 0; loss < otlp::kLossCount; ++loss) {
            const quint64 count = status.lost[static_cast<std::size_t>(signal)][loss];
            if (count > 0)
                losses.insert(QStringLiteral("%1/%2").arg(QLatin1StringView(otlp::signalName(signal)),
                                                          QLatin1StringView(otlp::lossName(static_cast<otlp::Loss>(loss)))),
                              count);
        }
    }
    return losses;
}

QByteArray errorJson(const Error& error)
{
    json::Writer writer;
    writer.beginObject().member("error", error.toString().toUtf8()).endObject();
    return writer.take();
}

void answerWith(const Status& done, const ExportRequest::Respond& respond)
{
    if (done)
        return respond(200, QByteArrayLiteral("{\"done\":true}"));
    respond(done.error().code == ErrorCode::NotFound ? 404 : 409, errorJson(done.error()));
}

} // namespace

QList<DestinationSnapshot> GatewayService::destinations() const
{
    QList<DestinationSnapshot> list;
    const QList<otlp::DestinationStatus> statuses =
        d->exports != nullptr ? d->exports->status() : QList<otlp::DestinationStatus>();
    for (const config::Destination& destination : d->effective.telemetry.destinations) {
        DestinationSnapshot snapshot;
        snapshot.config = destination;
        snapshot.state = destination.enabled ? DestinationState::Idle : DestinationState::Disabled;
        const auto status = std::find_if(statuses.begin(), statuses.end(),
                                         [&](const otlp::DestinationStatus& one) { return one.name == destination.name; });
        if (status != statuses.end()) {
            describeDestination(snapshot, *status, d->clock.unixNs());
            snapshot.lost = lossesOf(*status);
        }
        list.append(snapshot);
    }
    return list;
}

QByteArray GatewayService::exportJson() const
{
    json::Writer writer;
    writer.beginObject().key("destinations").beginArray();
    for (const DestinationSnapshot& destination : destinations()) {
        writer.beginObject()
            .member("name", destination.config.name)
            .member("state", stateName(destination.state))
            .member("text", destination.stateText)
            .member("remedy", destination.remedy)
            .member("paused", destination.config.paused)
            .member("queued", destination.queued)
            .member("queuedBytes", destination.queuedBytes)
            .member("oldestUnixNano", QByteArray::number(qint64(destination.oldestUnixNs)))
            .member("sent", destination.sent)
            .member("dropped", destination.dropped)
            .key("lost")
            .beginObject();
        for (auto loss = destination.lost.cbegin(); loss != destination.lost.cend(); ++loss)
            writer.member(loss.key().toUtf8(), loss.value());
        writer.endObject()
            .member("circuitOpen", destination.circuitOpen)
            .member("lastError", destination.lastError)
            .member("spoolError", destination.spoolError)
            .member("nextTryUnixNano", QByteArray::number(qint64(destination.nextTryUnixNs)))
            .endObject();
    }
    writer.endArray().key("unclaimed").beginArray();
    for (const UnclaimedBacklog& backlog : unclaimedBacklogs())
        writer.beginObject()
            .member("name", backlog.destination)
            .member("queued", backlog.queued)
            .member("queuedBytes", backlog.queuedBytes)
            .member("oldestUnixNano", QByteArray::number(qint64(backlog.oldestUnixNs)))
            .endObject();
    writer.endArray().key("recovered").beginObject().member("requests", d->spoolReport.requests).key("damage").beginArray();
    for (const QString& sentence : d->spoolReport.damage)
        writer.value(sentence);
    writer.endArray().endObject().endObject();
    return writer.take();
}

QList<UnclaimedBacklog> GatewayService::unclaimedBacklogs() const
{
    QList<UnclaimedBacklog> list;
    for (const otlp::UnclaimedStatus& status : d->exports != nullptr ? d->exports->unclaimed() : QList<otlp::UnclaimedStatus>())
        list.append({status.name, status.queued, status.queuedBytes, status.oldestUnixNs});
    return list;
}

SpoolReport GatewayService::spoolReport() const
{
    return d->spoolReport;
}

void GatewayService::Private::spoolRead()
{
    spoolReport = describeRecovery(exports->spoolRecovery(), options.dataDir + QStringLiteral("/spool"));
    if (spoolReport == SpoolReport())
        return;
    QStringList sentences{QStringLiteral("Of the last run %1 requests wait to be sent.").arg(spoolReport.requests)};
    sentences.append(spoolReport.damage);
    telemetry::LogRecord log;
    log.timeUnixNs = log.observedUnixNs = clock.unixNs();
    log.severity = spoolReport.damage.isEmpty() ? telemetry::Severity::Info : telemetry::Severity::Warn;
    log.body = telemetry::AnyValue("export spool: " + sentences.join(QLatin1Char(' ')).toUtf8());
    log.source = QByteArrayLiteral("oriel");
    buffer.recordLog(std::move(log));
    Q_EMIT q.destinationsChanged();
}

QFuture<Status> GatewayService::moveDestination(QString name, int steps)
{
    return d->changeConfiguration(
        [name, steps](config::Config& configuration) -> Status {
            QList<config::Destination>& list = configuration.telemetry.destinations;
            const auto found = std::find_if(list.cbegin(), list.cend(), [&](const auto& one) { return one.name == name; });
            if (found == list.cend())
                return fail(ErrorCode::NotFound, QStringLiteral("the configuration file has no destination of this name"), name);
            const qsizetype from = found - list.cbegin();
            list.move(from, std::clamp<qsizetype>(from + steps, 0, list.size() - 1));
            return {};
        },
        "destination " + name.toUtf8() + " moved");
}

QFuture<Result<ExportPreview>> GatewayService::previewExport(QString name)
{
    const auto& all = d->effective.telemetry.destinations;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
    ExportPreviewSettings settings;
    if (found != all.end())
        settings = {*found, d->effective.telemetry, d->ownResource()};
    return d->read([this, name, known = found != all.end(), settings](std::stop_token stop) -> Result<ExportPreview> {
        if (!known)
            return fail(ErrorCode::NotFound, QStringLiteral("there is no destination of this name"), name);
        const std::optional<RecentCalls> recent = newestCalls(d->stores->traces, stop);
        if (!recent)
            return ExportPreview{{}, 0, {}, 0, QStringLiteral("No call has come through yet: make one, then look again.")};
        std::optional<store::AuditRow> payloads;
        if (settings.destination.includePayloads) {
            if (const auto reader = d->stores->readAudit(); reader && *reader) {
                if (auto row = (*reader)->rowForTrace(recent->traceId, recent->calls.front().spanId))
                    payloads = std::move(*row);
            }
        }
        return renderExport(settings, *recent, payloads, d->clock);
    });
}

QFuture<Status> GatewayService::Private::changeDestination(const QString& name, std::function<void(config::Destination&)> change,
                                                           const QByteArray& done)
{
    return changeConfiguration(
        [name, change = std::move(change)](config::Config& configuration) -> Status {
            for (config::Destination& destination : configuration.telemetry.destinations) {
                if (destination.name == name) {
                    change(destination);
                    return {};
                }
            }
            return fail(ErrorCode::NotFound, QStringLiteral("the configuration file has no destination of this name"), name);
        },
        "destination " + name.toUtf8() + ' ' + done);
}

QFuture<Status> GatewayService::setDestinationEnabled(QString name, bool enabled)
{
    return d->changeDestination(
        name, [enabled](config::Destination& destination) { destination.enabled = enabled; },
        enabled ? QByteArrayLiteral("enabled") : QByteArrayLiteral("disabled"));
}

QFuture<Status> GatewayService::pauseDestination(QString name, bool paused)
{
    return d->changeDestination(
        name, [paused](config::Destination& destination) { destination.paused = paused; },
        paused ? QByteArrayLiteral("paused") : QByteArrayLiteral("resumed"));
}

Status GatewayService::retryDestination(const QString& name)
{
    const auto& all = d->effective.telemetry.destinations;
    if (std::none_of(all.begin(), all.end(), [&](const auto& one) { return one.name == name; }))
        return fail(ErrorCode::NotFound, QStringLiteral("there is no destination of this name"), name);
    d->exports->resume(name);
    return {};
}

Status GatewayService::clearDestination(const QString& name)
{
    const auto& all = d->effective.telemetry.destinations;
    const QList<UnclaimedBacklog> gone = unclaimedBacklogs();
    if (std::none_of(all.begin(), all.end(), [&](const auto& one) { return one.name == name; }) &&
        std::none_of(gone.begin(), gone.end(), [&](const auto& one) { return one.destination == name; }))
        return fail(ErrorCode::NotFound, QStringLiteral("there is no destination of this name"), name);
    d->exports->clear(name);
    return {};
}

void GatewayService::Private::handleExport(const ExportRequest& request, const ExportRequest::Respond& respond)
{
    if (request.destination.isEmpty())
        return respond(200, q.exportJson());
    const auto later = [respond](const Status& done) { answerWith(done, respond); };
    if (request.action == "pause" || request.action == "resume") {
        q.pauseDestination(request.destination, request.action == "pause").then(&q, later);
    } else if (request.action == "retry") {
        answerWith(q.retryDestination(request.destination), respond);
    } else if (request.action == "clear") {
        answerWith(q.clearDestination(request.destination), respond);
    } else if (request.action == "test") {
        q.testDestination(request.destination).then(&q, [respond](const Result<QString>& answer) {
            if (!answer)
                return answerWith(fail(answer.error()), respond);
            json::Writer writer;
            writer.beginObject().member("answer", *answer).endObject();
            respond(200, writer.take());
        });
    } else {
        respond(404, errorJson({ErrorCode::NotFound, QStringLiteral("there is no such action"), QString::fromUtf8(request.action),
                                QStringLiteral("Use pause, resume, retry, clear or test.")}));
    }
}

} // namespace oriel::service
