// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/background_thread.h"
#include "base/json_writer.h"
#include "http/loopback_guard.h"
#include "service/received/passing_mark.h"
#include "service/service_state.h"

namespace oriel::service {

namespace {

std::vector<quint16> portsOf(const otlp::ReceiverStatus& status)
{
    std::vector<quint16> ports;
    for (const quint16 port : {status.grpcPort, status.httpPort}) {
        if (port != 0)
            ports.push_back(port);
    }
    return ports;
}

QString receiverError(quint16 port, const QString& carrier, const QString& why)
{
    return (port == 0 ? QStringLiteral("no OTLP over %1: %2") : QStringLiteral("OTLP over %1 is received in part: %2"))
        .arg(carrier, why);
}

/// "127.0.0.1:4318 and [::1]:4318"
QString placesOf(const QList<QHostAddress>& addresses, quint16 port)
{
    QStringList places;
    for (const QHostAddress& address : addresses) {
        const bool isSix = address.protocol() == QAbstractSocket::IPv6Protocol;
        places.append((isSix ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2")).arg(address.toString()).arg(port));
    }
    return places.join(QStringLiteral(" and "));
}

} // namespace

otlp::ReceiverSettings GatewayService::Private::receiverSettings() const
{
    otlp::ReceiverSettings settings;
    settings.enabled = effective.receiver.enabled;
    if (const auto address = http::parseListenAddress(effective.gateway.host))
        settings.address = *address;
    settings.grpcPort = effective.receiver.grpcPort;
    settings.httpPort = effective.receiver.httpPort;
    return settings;
}

void GatewayService::Private::makeReceiver()
{
    const auto [mark, problem] = passingMark(options.dataDir + QStringLiteral("/passed_on_by.id"), random);
    if (!problem.isEmpty())
        logOwn(telemetry::Severity::Warn, problem);
    receivedPipeline = std::make_unique<ReceivedPipeline>(
        ReceivedPipeline::Dependencies{clock, received, *stores, *exports, [this] { return pipeline->masker(); }, mark});
    otlp::ReceiverIdentity identity{{}, mark};
    const std::shared_ptr<const telemetry::Resource> own = ownResource();
    if (const telemetry::AnyValue* instance = telemetry::findAttribute(own->attributes, "service.instance.id");
        instance != nullptr && instance->text() != nullptr)
        identity.instance = *instance->text();
    receiver = std::make_unique<otlp::OtlpReceiver>(clock, received, std::move(identity));
}

void GatewayService::Private::openReceiver()
{
    makeReceiver();
    receivedPipeline->moveToThread(&telemetryThread);
    receivedPipeline->start();
    receiver->moveToThread(&receiverThread);
    receiverThread.start();
    // Servers that start with Oriel are told the ports, so those have to be known.
    QMetaObject::invokeMethod(
        receiver.get(),
        [this] {
            enterBackground("oriel-receiver");
            receiver->configure(receiverSettings());
        },
        Qt::BlockingQueuedConnection);
    QObject::connect(receiver.get(), &otlp::OtlpReceiver::statusChanged, &q, [this] { receiverMoved(); });
    QObject::connect(receivedPipeline.get(), &ReceivedPipeline::tracesAdvanced, &q, [this](quint64 revision) {
        Q_EMIT q.tracesAdvanced(revision);
        schedulePublish();
    });
    QObject::connect(receivedPipeline.get(), &ReceivedPipeline::logsAdvanced, &q, [this](quint64 lastId) {
        Q_EMIT q.logsAdvanced(lastId);
        schedulePublish();
    });
    exports->setReceiverPorts(portsOf(receiver->status()));
}

void GatewayService::Private::receiverMoved()
{
    const otlp::ReceiverStatus status = receiver->status();
    exports->setReceiverPorts(portsOf(status));
    configureExports();
    if (host != nullptr)
        QMetaObject::invokeMethod(host, [this, status] { host->setReceiver(status); });
    (void)writeRuntime();
    schedulePublish();
}

Status GatewayService::Private::writeRuntime() const
{
    const otlp::ReceiverStatus status = receiver->status();
    return lock.writeRuntime({port, status.grpcPort, status.httpPort}, socketName);
}

ReceiverSnapshot GatewayService::Private::receiverSnapshot() const
{
    ReceiverSnapshot snapshot;
    if (receiver == nullptr)
        return snapshot;
    const otlp::ReceiverStatus status = receiver->status();
    const otlp::ReceiverCounts counts = receiver->counts();
    snapshot.enabled = status.enabled;
    snapshot.grpcPort = status.grpcPort;
    snapshot.httpPort = status.httpPort;
    snapshot.spans = counts.spans;
    snapshot.points = counts.points;
    snapshot.logs = counts.logs;
    snapshot.rejected = counts.rejected;
    snapshot.failed = counts.failed;
    snapshot.busy = counts.busy;
    snapshot.lastRefusal = receiver->lastRefusal();
    snapshot.grpcError = status.grpcError;
    snapshot.httpError = status.httpError;
    QStringList places;
    if (status.httpPort != 0)
        places.append(QStringLiteral("http://") + placesOf(status.httpAddresses, status.httpPort));
    if (status.grpcPort != 0)
        places.append(QStringLiteral("gRPC ") + placesOf(status.grpcAddresses, status.grpcPort));
    QStringList errors;
    if (!status.httpError.isEmpty())
        errors.append(receiverError(status.httpPort, QStringLiteral("HTTP"), status.httpError));
    if (!status.grpcError.isEmpty())
        errors.append(receiverError(status.grpcPort, QStringLiteral("gRPC"), status.grpcError));
    snapshot.text = status.enabled ? places.join(QStringLiteral(", ")) : QStringLiteral("off");
    snapshot.error = errors.join(QStringLiteral("; "));
    return snapshot;
}

void writeReceiver(json::Writer& writer, const ReceiverSnapshot& receiver)
{
    writer.key("receiver")
        .beginObject()
        .member("enabled", receiver.enabled)
        .member("grpcPort", receiver.grpcPort)
        .member("httpPort", receiver.httpPort)
        .member("error", receiver.error)
        .member("spans", receiver.spans)
        .member("points", receiver.points)
        .member("logs", receiver.logs)
        .member("rejected", receiver.rejected)
        .member("failed", receiver.failed)
        .member("busy", receiver.busy)
        .member("lastRefusal", receiver.lastRefusal)
        .endObject();
}

} // namespace oriel::service
