// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "otlp/codec/signal.h"

#include <QUrl>

#include <functional>
#include <span>

namespace oriel::otlp {

/// Where a signal goes over OTLP/HTTP: a signal's own URL as it is (`/` when it has no path), else the base URL with
/// `v1/<signal>` appended (OpenTelemetry specification, protocol/exporter).
Result<QUrl> signalUrl(const config::Destination& destination, Signal signal);

struct GrpcTarget {
    QString target; ///< "host:port" or any gRPC target
    bool tls = true;
    bool operator==(const GrpcTarget&) const = default;
};
/// http and https decide TLS; without a scheme, and with `rpc://`, `insecure` does.
Result<GrpcTarget> grpcTarget(const config::Destination& destination, Signal signal);

/// True when any endpoint of the destination is one of Oriel's own receivers: a loopback host with one of these ports.
bool isOwnReceiver(const config::Destination& destination, std::span<const quint16> receiverPorts);

/// Looks up a secret of the vault by name.
using SecretResolver = std::function<Result<QByteArray>(QStringView name)>;

/// `text` with each `${vault:name}` replaced. Fails with the first secret that cannot be had.
Result<QByteArray> resolveSecrets(QStringView text, const SecretResolver& resolver);

} // namespace oriel::otlp
