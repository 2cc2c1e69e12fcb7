// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control/limits_json.h"
#include "service/service_state.h"

#include <QDateTime>

namespace oriel::service {

namespace {

QString clockText(std::int64_t unixNs)
{
    return QDateTime::fromMSecsSinceEpoch(unixNs / 1'000'000).toString(QStringLiteral("HH:mm:ss"));
}

QByteArrayView stateName(CircuitState state)
{
    switch (state) {
    case CircuitState::Off:
        return "off";
    case CircuitState::Closed:
        return "closed";
    case CircuitState::Open:
        return "open";
    case CircuitState::HalfOpen:
        return "half_open";
    }
    return {};
}

QString openText(const upstream::CircuitStatus& status, std::int64_t nowUnixNs)
{
    const QString since = QStringLiteral("calls refused since %1, ").arg(clockText(status.sinceUnixNs));
    const std::int64_t seconds = (status.tryAgainUnixNs - nowUnixNs + 999'999'999) / 1'000'000'000;
    return since +
           (seconds > 0 ? QStringLiteral("tried again in %1 s").arg(seconds) : QStringLiteral("tried again with the next call"));
}

} // namespace

CircuitSnapshot GatewayService::Private::circuitOf(const upstream::ServerStatus& status) const
{
    const upstream::CircuitStatus& circuit = status.circuit;
    CircuitSnapshot snapshot;
    if (!circuit.enabled)
        return snapshot;
    snapshot.sinceUnixNs = circuit.sinceUnixNs;
    snapshot.tryAgainUnixNs = circuit.tryAgainUnixNs;
    snapshot.failures = circuit.failures;
    snapshot.cause = pipeline->masker()->maskText(QString::fromUtf8(circuit.cause));
    switch (circuit.state) {
    case upstream::CircuitState::Closed:
        snapshot.state = CircuitState::Closed;
        break;
    case upstream::CircuitState::Open:
        snapshot.state = CircuitState::Open;
        snapshot.text = openText(circuit, clock.unixNs());
        break;
    case upstream::CircuitState::HalfOpen:
        snapshot.state = CircuitState::HalfOpen;
        snapshot.text = QStringLiteral("one call is trying it, the others are refused");
        break;
    }
    return snapshot;
}

void GatewayService::Private::refreshLoad()
{
    if (!running)
        return;
    QMetaObject::invokeMethod(host, [this] {
        QList<LimitSnapshot> limits;
        for (const gateway::LimitUse& use : host->gateway().limitUse())
            limits.append({QString::fromUtf8(gateway::limitScopeName(use.scope)), QString::fromUtf8(use.name),
                           QString::fromLatin1(use.limit), use.used, use.allowed, use.resetsUnixNs, use.refused});
        QMetaObject::invokeMethod(pipeline.get(), [this, quotas = host->gateway().quotas()] { (void)quotaFile->write(quotas); });
        QMetaObject::invokeMethod(&q, [this, limits = std::move(limits), statuses = host->gateway().serverStatuses()]() mutable {
            serverStatuses = std::move(statuses);
            limitList = std::move(limits);
            Q_EMIT q.limitsChanged();
            Q_EMIT q.serversChanged();
            schedulePublish();
        });
    });
}

Diagnosis ServerSnapshot::trouble() const
{
    if (!diagnosis.isEmpty() || !refusesCalls())
        return diagnosis;
    return {QStringLiteral("Calls to %1 are refused").arg(config.name),
            QStringLiteral("%1 calls in a row failed. %2").arg(circuit.failures).arg(circuit.cause).trimmed(),
            circuit.state == CircuitState::Open && circuit.tryAgainUnixNs != 0
                ? QStringLiteral("It is tried again after %1; a restart tries it now.").arg(clockText(circuit.tryAgainUnixNs))
                : QStringLiteral("One call is trying it just now."),
            {}};
}

QList<LimitSnapshot> GatewayService::limits() const
{
    return d->limitList;
}

void writeCircuit(json::Writer& writer, const CircuitSnapshot& circuit)
{
    writer.key("circuit").beginObject().member("state", stateName(circuit.state)).member("failures", circuit.failures);
    if (circuit.state == CircuitState::Open || circuit.state == CircuitState::HalfOpen)
        writer.member("text", circuit.text)
            .member("sinceUnixNano", QByteArray::number(qint64(circuit.sinceUnixNs)))
            .member("cause", circuit.cause);
    if (circuit.tryAgainUnixNs != 0)
        writer.member("tryAgainUnixNano", QByteArray::number(qint64(circuit.tryAgainUnixNs)));
    writer.endObject();
}

void writeLimits(json::Writer& writer, const QList<LimitSnapshot>& limits)
{
    writer.key("limits").beginArray();
    for (const LimitSnapshot& limit : limits) {
        writer.beginObject()
            .member("for", limit.scope)
            .member("name", limit.name)
            .member("limit", limit.limit)
            .member("used", limit.used)
            .member("allowed", limit.allowed)
            .member("refused", limit.refused);
        if (limit.resetsUnixNs != 0)
            writer.member("resetsUnixNano", QByteArray::number(qint64(limit.resetsUnixNs)));
        writer.endObject();
    }
    writer.endArray();
}

} // namespace oriel::service
