// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/settings_text.h"

#include "config/vault_references.h"
#include "otlp/exporters/endpoint.h"

#include <QRegularExpression>
#include <QUrl>

#include <algorithm>

namespace oriel::ui {
namespace {

using config::ExportProtocol;
using service::DestinationHealth;

bool isHttp(ExportProtocol protocol)
{
    return protocol == ExportProtocol::HttpProtobuf || protocol == ExportProtocol::HttpJson;
}

void checkEndpoint(const config::Destination& destination, QList<FieldError>& errors)
{
    const QString field = QStringLiteral("endpoint");
    if (!needsEndpoint(destination.protocol) || !destination.preset.isEmpty())
        return;
    if (destination.endpoint.isEmpty() && destination.signalEndpoints.isEmpty()) {
        errors.append(
            {field, destination.protocol == ExportProtocol::File
                        ? QStringLiteral("Give the file to write, such as /var/log/oriel/spans.jsonl.")
                        : QStringLiteral("Give where to send to, such as %1.").arg(endpointExample(destination.protocol))});
        return;
    }
    if (destination.endpoint.contains(QLatin1String("${")))
        return; // known only when it is sent
    Status valid;
    if (isHttp(destination.protocol)) {
        if (const auto url = otlp::signalUrl(destination, otlp::Signal::Traces); !url)
            valid = fail(url.error());
    } else if (destination.protocol == ExportProtocol::Grpc) {
        if (const auto target = otlp::grpcTarget(destination, otlp::Signal::Traces); !target)
            valid = fail(target.error());
    }
    if (!valid) {
        const QString message = valid.error().message;
        errors.append({field, message.left(1).toUpper() + message.mid(1) + QStringLiteral(". ") + valid.error().remedy});
    }
}

bool anyRefers(const QStringList& texts, const QString& reference)
{
    return std::any_of(texts.cbegin(), texts.cend(), [&](const QString& text) { return text.contains(reference); });
}

} // namespace

Lamp lampOf(DestinationHealth health)
{
    switch (health) {
    case DestinationHealth::Off:
    case DestinationHealth::Idle:
        return Lamp::Idle;
    case DestinationHealth::Good:
        return Lamp::Good;
    case DestinationHealth::Waiting:
        return Lamp::Warning;
    case DestinationHealth::Broken:
        return Lamp::Error;
    }
    return Lamp::Idle;
}

QString protocolWord(ExportProtocol protocol)
{
    switch (protocol) {
    case ExportProtocol::Grpc:
        return QStringLiteral("OTLP gRPC");
    case ExportProtocol::HttpProtobuf:
        return QStringLiteral("OTLP HTTP, protobuf");
    case ExportProtocol::HttpJson:
        return QStringLiteral("OTLP HTTP, JSON");
    case ExportProtocol::Console:
        return QStringLiteral("console");
    case ExportProtocol::File:
        return QStringLiteral("file, OTLP JSON lines");
    case ExportProtocol::None:
        return QStringLiteral("none");
    case ExportProtocol::Zipkin:
        return QStringLiteral("Zipkin v2");
    case ExportProtocol::Jaeger:
        return QStringLiteral("OTLP to Jaeger");
    }
    return {};
}

bool needsEndpoint(ExportProtocol protocol)
{
    return protocol != ExportProtocol::Console && protocol != ExportProtocol::None;
}

QString endpointWord(const config::Destination& destination)
{
    if (destination.protocol == ExportProtocol::Console)
        return QStringLiteral("standard output");
    if (destination.protocol == ExportProtocol::None)
        return QStringLiteral("nowhere");
    if (destination.endpoint.isEmpty() && !destination.signalEndpoints.isEmpty())
        return destination.signalEndpoints.first();
    return destination.endpoint;
}

QString signalsWord(const config::Destination& destination)
{
    QStringList words;
    if (destination.traces)
        words.append(QStringLiteral("traces"));
    if (destination.metrics)
        words.append(QStringLiteral("metrics"));
    if (destination.logs)
        words.append(QStringLiteral("logs"));
    return words.join(QStringLiteral(" · "));
}

QString endpointExample(ExportProtocol protocol)
{
    switch (protocol) {
    case ExportProtocol::Grpc:
        return QStringLiteral("http://localhost:4317");
    case ExportProtocol::HttpProtobuf:
    case ExportProtocol::HttpJson:
        return QStringLiteral("http://localhost:4318");
    case ExportProtocol::File:
        return QStringLiteral("spans.jsonl");
    case ExportProtocol::Zipkin:
        return QStringLiteral("http://localhost:9411");
    case ExportProtocol::Jaeger:
        return QStringLiteral("http://localhost:4318");
    case ExportProtocol::Console:
    case ExportProtocol::None:
        break;
    }
    return {};
}

QList<FieldError> validateDestination(const config::Destination& destination, const QStringList& otherNames)
{
    QList<FieldError> errors;
    if (destination.name.isEmpty() || destination.name.size() > 64)
        errors.append({QStringLiteral("name"), QStringLiteral("A name has 1 to 64 characters.")});
    else if (otherNames.contains(destination.name))
        errors.append({QStringLiteral("name"), QStringLiteral("There is a destination \"%1\" already.").arg(destination.name)});
    checkEndpoint(destination, errors);
    if (!destination.traces && !destination.metrics && !destination.logs)
        errors.append({QStringLiteral("signals"), QStringLiteral("Choose at least one of traces, metrics and logs.")});
    static const QRegularExpression headerName(QStringLiteral("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"));
    for (const auto& [name, value] : destination.headers) {
        if (!headerName.match(name).hasMatch())
            errors.append({QStringLiteral("headers"), QStringLiteral("\"%1\" cannot be the name of a header.").arg(name)});
        if (value.contains(QLatin1Char('\n')) || value.contains(QLatin1Char('\r')))
            errors.append({QStringLiteral("headers"), QStringLiteral("The value of %1 has a line break.").arg(name)});
    }
    if (destination.timeout.count() <= 0)
        errors.append({QStringLiteral("timeout"), QStringLiteral("Expected a time such as 10 s.")});
    if (destination.certFile.isEmpty() != destination.keyFile.isEmpty())
        errors.append({destination.certFile.isEmpty() ? QStringLiteral("certFile") : QStringLiteral("keyFile"),
                       QStringLiteral("A client certificate and its private key go together.")});
    return errors;
}

QList<FieldError> validateReceiver(const config::Receiver& receiver, quint16 gatewayPort)
{
    QList<FieldError> errors;
    const QString another = QStringLiteral("%1 has this port: choose another one, or 0 for any free one.");
    if (gatewayPort != 0 && receiver.grpcPort == gatewayPort)
        errors.append({QStringLiteral("grpcPort"), another.arg(QStringLiteral("The gateway"))});
    if (gatewayPort != 0 && receiver.httpPort == gatewayPort)
        errors.append({QStringLiteral("httpPort"), another.arg(QStringLiteral("The gateway"))});
    else if (receiver.httpPort != 0 && receiver.httpPort == receiver.grpcPort)
        errors.append({QStringLiteral("httpPort"), another.arg(QStringLiteral("OTLP/gRPC"))});
    return errors;
}

QList<FieldError> validateGateway(const config::Gateway& gateway)
{
    QList<FieldError> errors;
    const QString& host = gateway.host;
    if (host != QLatin1String("localhost") && host != QLatin1String("::1") && host != QLatin1String("[::1]") &&
        !host.startsWith(QLatin1String("127.")))
        errors.append(
            {QStringLiteral("host"), QStringLiteral("Only loopback addresses are allowed: 127.0.0.1, localhost or ::1.")});
    static const QRegularExpression separator(QStringLiteral("^[A-Za-z0-9_.-]{1,8}$"));
    if (!separator.match(gateway.separator).hasMatch())
        errors.append({QStringLiteral("separator"), QStringLiteral("1 to 8 letters, digits, '_', '-' or '.'.")});
    for (const QString& origin : gateway.allowedOrigins) {
        const QUrl url(origin, QUrl::StrictMode);
        const bool bare = url.path().isEmpty() && !url.hasQuery() && !url.hasFragment() && url.userInfo().isEmpty();
        if (!url.isValid() || url.scheme().isEmpty() || url.host().isEmpty() || !bare)
            errors.append(
                {QStringLiteral("allowedOrigins"),
                 QStringLiteral("\"%1\" is no origin; it looks like https://app.example or http://localhost:5173.").arg(origin)});
    }
    constexpr qint64 largest = 512LL * 1024 * 1024;
    if (gateway.maxBodyBytes < 1024 || gateway.maxBodyBytes > largest)
        errors.append({QStringLiteral("maxBodyBytes"), QStringLiteral("Expected a size from 1 KiB to 512 MiB.")});
    const config::Timeouts& times = gateway.timeouts;
    const std::pair<const char*, std::chrono::milliseconds> all[] = {{"timeouts.connectivity", times.connectivity},
                                                                     {"timeouts.discovery", times.discovery},
                                                                     {"timeouts.toolCall", times.toolCall},
                                                                     {"timeouts.guardrail", times.guardrail},
                                                                     {"timeouts.auth", times.auth}};
    for (const auto& [key, time] : all) {
        if (time.count() < 1 || time > std::chrono::hours(24))
            errors.append({QLatin1String(key), QStringLiteral("Expected a time from 1 ms to 24 h, such as 30 s.")});
    }
    return errors;
}

QList<FieldError> validatePatterns(const QList<std::pair<QString, QString>>& patterns)
{
    QList<FieldError> errors;
    const QString field = QStringLiteral("patterns");
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9-]{1,40}$"));
    QStringList names;
    for (const auto& [name, pattern] : patterns) {
        if (!form.match(name).hasMatch())
            errors.append({field, QStringLiteral("\"%1\": a rule's name has 1 to 40 letters, digits and hyphens.").arg(name)});
        else if (names.contains(name))
            errors.append({field, QStringLiteral("\"%1\" stands there twice.").arg(name)});
        if (pattern.isEmpty())
            errors.append({field, QStringLiteral("\"%1\" has no pattern.").arg(name)});
        names.append(name);
    }
    if (patterns.size() > 100)
        errors.append({field, QStringLiteral("At most 100 patterns.")});
    return errors;
}

QList<FieldError> validateExceptions(const QStringList& exceptions)
{
    QList<FieldError> errors;
    static const QRegularExpression form(QStringLiteral("^(\\$.*|[0-9a-f]{64})$"));
    for (const QString& exception : exceptions) {
        if (!form.match(exception).hasMatch())
            errors.append({QStringLiteral("exceptions"),
                           QStringLiteral("\"%1\" is neither a path that begins with $ nor a hash that the preview gave.")
                               .arg(exception.left(40))});
    }
    return errors;
}

QList<FieldError> validateTokenName(const QString& name, const QStringList& taken)
{
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9_. -]{1,64}$"));
    if (!form.match(name).hasMatch())
        return {{QStringLiteral("name"), QStringLiteral("A name has 1 to 64 letters, digits, blanks, '_', '-' or '.'.")}};
    if (taken.contains(name))
        return {{QStringLiteral("name"), QStringLiteral("There is a token \"%1\" already.").arg(name)}};
    return {};
}

QList<FieldError> validateSecretName(const QString& name)
{
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9_.-]{1,64}$"));
    if (!form.match(name).hasMatch())
        return {{QStringLiteral("name"), QStringLiteral("A name has 1 to 64 letters, digits, '_', '-' or '.'.")}};
    return {};
}

QStringList usesOfSecret(const config::Config& configuration, const QString& name)
{
    const QString reference = QStringLiteral("${vault:%1}").arg(name);
    QStringList uses;
    for (const config::Server& server : configuration.servers) {
        if (anyRefers(config::textsWithReferences(server), reference))
            uses.append(QStringLiteral("server %1").arg(server.name));
    }
    for (const config::Destination& destination : configuration.telemetry.destinations) {
        if (anyRefers(config::textsWithReferences(destination), reference))
            uses.append(QStringLiteral("destination %1").arg(destination.name));
    }
    return uses;
}

QStringList linesOf(const QString& text)
{
    QStringList lines;
    for (const QString& line : text.split(QLatin1Char('\n'))) {
        if (const QString trimmed = line.trimmed(); !trimmed.isEmpty())
            lines.append(trimmed);
    }
    return lines;
}

} // namespace oriel::ui
