// SPDX-License-Identifier: GPL-3.0-or-later
// Destinations of telemetry: how they are, and what can be done with their queues.
#include "base/json_writer.h"
#include "service/export/export_preview.h"
#include "service/service_state.h"

#include <algorithm>

namespace oriel::service {

namespace {

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
    case otlp::DestinationState::Refused:
        return DestinationState::Refused;
    case otlp::DestinationState::Idle:
        break;
    }
    return DestinationState::Idle;
}

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

QString stateText(const config::Destination& destination, const otlp::DestinationStatus& status, std::int64_t nowUnixNs)
{
    QString text = QStringLiteral("sent %1").arg(status.sent);
    if (status.state == otlp::DestinationState::Retrying) {
        const std::int64_t seconds = std::max<std::int64_t>(0, (status.nextTryUnixNs - nowUnixNs) / 1'000'000'000);
        text = QStringLiteral("%1 waiting, retry in %2 s").arg(status.queued).arg(seconds);
    } else if (destination.paused) {
        text = QStringLiteral("paused, %1 waiting").arg(status.queued);
    } else if (!status.lastError.isEmpty()) {
        text = status.lastError;
    }
    if (!status.spoolError.isEmpty())
        text += QStringLiteral("; what is new waits in memory only: %1").arg(status.spoolError);
    return text;
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
            snapshot.state = stateOf(status->state);
            snapshot.stateText = stateText(destination, *status, d->clock.unixNs());
            snapshot.queued = status->queued;
            snapshot.queuedBytes = status->queuedBytes;
            snapshot.oldestUnixNs = status->oldestUnixNs;
            snapshot.sent = status->sent;
            snapshot.dropped = status->dropped;
            snapshot.lost = lossesOf(*status);
            snapshot.lastError = status->lastError;
            snapshot.lastSuccessUnixNs = status->lastSuccessUnixNs;
            snapshot.nextTryUnixNs = status->nextTryUnixNs;
            snapshot.circuitOpen = status->circuitOpen;
            snapshot.spoolError = status->spoolError;
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
            .member("paused", destination.config.paused)
            .member("queued", destination.queued)
            .member("queuedBytes", destination.queuedBytes)
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
    writer.endArray().endObject();
    return writer.take();
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

QFuture<Status> GatewayService::pauseDestination(QString name, bool paused)
{
    return d->changeConfiguration(
        [name, paused](config::Config& configuration) -> Status {
            for (config::Destination& destination : configuration.telemetry.destinations) {
                if (destination.name == name) {
                    destination.paused = paused;
                    return {};
                }
            }
            return fail(ErrorCode::NotFound, QStringLiteral("the configuration file has no destination of this name"), name);
        },
        "destination " + name.toUtf8() + (paused ? " paused" : " resumed"));
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
    if (std::none_of(all.begin(), all.end(), [&](const auto& one) { return one.name == name; }))
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
