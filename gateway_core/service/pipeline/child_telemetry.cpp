// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/child_telemetry.h"

#include <algorithm>

namespace oriel::service {

namespace {

const QString kEndpoint = QStringLiteral("OTEL_EXPORTER_OTLP_ENDPOINT");
const QString kProtocol = QStringLiteral("OTEL_EXPORTER_OTLP_PROTOCOL");
const QString kServiceName = QStringLiteral("OTEL_SERVICE_NAME");
const QString kResource = QStringLiteral("OTEL_RESOURCE_ATTRIBUTES");

bool hasEndpoint(const QMap<QString, QString>& environment)
{
    return std::any_of(environment.keyBegin(), environment.keyEnd(), [](const QString& name) {
        return name.startsWith(QLatin1String("OTEL_EXPORTER_OTLP_")) && name.endsWith(QLatin1String("ENDPOINT"));
    });
}

void addEndpoint(QMap<QString, QString>& to, const QMap<QString, QString>& own, const otlp::ReceiverStatus& receiver)
{
    // HTTP when the child has not chosen: every SDK has it.
    const QString wanted = own.value(kProtocol);
    const bool grpc = wanted == QLatin1String("grpc") || (wanted.isEmpty() && receiver.httpPort == 0);
    const quint16 port = grpc ? receiver.grpcPort : receiver.httpPort;
    if (port == 0)
        return;
    to.insert(kEndpoint, QStringLiteral("http://127.0.0.1:%1").arg(port));
    if (!own.contains(kProtocol))
        to.insert(kProtocol, grpc ? QStringLiteral("grpc") : QStringLiteral("http/protobuf"));
}

/// A carrier's key as the name of a variable.
QString variableOf(const QByteArray& key)
{
    QByteArray name = key.toUpper();
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'); }, '_');
    return QString::fromLatin1(name);
}

void addContext(QMap<QString, QString>& to, telemetry::Propagators propagators, const QByteArray& traceparent)
{
    const auto context = telemetry::parseTraceparent(traceparent);
    if (!context)
        return;
    if (telemetry::has(propagators, telemetry::Propagator::TraceContext))
        to.insert(QStringLiteral("TRACEPARENT"), QString::fromLatin1(traceparent));
    for (const auto& [key, value] : telemetry::b3Headers(*context, propagators))
        to.insert(variableOf(key), QString::fromLatin1(value));
}

} // namespace

QMap<QString, QString> childTelemetryEnvironment(const config::Server& server, config::ChildTelemetry fallback,
                                                 const otlp::ReceiverStatus& receiver, telemetry::Propagators propagators,
                                                 const QByteArray& traceparent)
{
    using config::ChildTelemetry;
    const ChildTelemetry what = server.childTelemetry == ChildTelemetry::Default ? fallback : server.childTelemetry;
    QMap<QString, QString> environment;
    if ((what == ChildTelemetry::All || what == ChildTelemetry::Endpoint) && !hasEndpoint(server.env)) {
        addEndpoint(environment, server.env, receiver);
        // The variable would win over a name within the resource's attributes.
        if (!environment.isEmpty() && !server.env.value(kResource).contains(QLatin1String("service.name=")))
            environment.insert(kServiceName, server.name);
    }
    if (what == ChildTelemetry::All || what == ChildTelemetry::Context)
        addContext(environment, propagators, traceparent);
    for (auto own = server.env.keyBegin(); own != server.env.keyEnd(); ++own)
        environment.remove(*own);
    return environment;
}

} // namespace oriel::service
