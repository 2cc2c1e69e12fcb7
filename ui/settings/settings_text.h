// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/widgets/form.h"
#include "ui/widgets/status_dot.h"

#include <QString>
#include <QStringList>

namespace oriel::ui {

/// What the settings' pages say and check. Pure functions.

[[nodiscard]] Lamp lampOf(service::DestinationHealth health);
/// "OTLP gRPC", "OTLP HTTP, protobuf" …
[[nodiscard]] QString protocolWord(config::ExportProtocol protocol);
/// Where it sends to, in a cell: the endpoint, "this terminal", "nowhere".
[[nodiscard]] QString endpointWord(const config::Destination& destination);
/// "traces · metrics · logs".
[[nodiscard]] QString signalsWord(const config::Destination& destination);
/// Empty, or what stands in the endpoint field while it is empty.
[[nodiscard]] QString endpointExample(config::ExportProtocol protocol);
[[nodiscard]] bool needsEndpoint(config::ExportProtocol protocol);

/// Errors by field: name, endpoint, signals, headers, caFile, certFile, keyFile. `otherNames` are taken.
[[nodiscard]] QList<FieldError> validateDestination(const config::Destination& destination, const QStringList& otherNames);
/// Errors by field: host, separator, allowedOrigins, maxBodyBytes, timeouts.*.
[[nodiscard]] QList<FieldError> validateGateway(const config::Gateway& gateway);
/// Errors by field: grpcPort, httpPort. `gatewayPort` is taken; 0: none is known.
[[nodiscard]] QList<FieldError> validateReceiver(const config::Receiver& receiver, quint16 gatewayPort);
/// Errors of the field "patterns": names of 1 to 40 letters, digits and hyphens, each once, with a pattern. The pattern itself is
/// judged by the masker.
[[nodiscard]] QList<FieldError> validatePatterns(const QList<std::pair<QString, QString>>& patterns);
/// Errors of the field "exceptions": paths that begin with $, or hashes of 64 hex digits.
[[nodiscard]] QList<FieldError> validateExceptions(const QStringList& exceptions);
/// Errors of the field "name" of a token or a secret.
[[nodiscard]] QList<FieldError> validateTokenName(const QString& name, const QStringList& taken);
[[nodiscard]] QList<FieldError> validateSecretName(const QString& name);

/// What refers to a secret of the vault: "server notes", "destination Grafana".
[[nodiscard]] QStringList usesOfSecret(const config::Config& configuration, const QString& name);

/// Lines without blanks at the ends and without empty ones.
[[nodiscard]] QStringList linesOf(const QString& text);

} // namespace oriel::ui
