// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "http/headers.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QHostAddress>
#include <QList>

#include <optional>

/// Checks that keep a loopback endpoint from web pages and other programs (DNS rebinding, cross-site requests). Pure functions.
namespace oriel::http {

/// 127.0.0.0/8 and ::1 as such; an IPv4 address inside an IPv6 one and every wildcard is not.
[[nodiscard]] bool isLoopback(const QHostAddress& address);
/// Reads the configured listening address: "localhost" (127.0.0.1), "127.x.y.z" in plain decimal, "::1", "[::1]".
/// InvalidArgument for anything else: wildcards in every spelling ("0", "0x0", "::", "::ffff:0.0.0.0"), names, other addresses.
Result<QHostAddress> parseListenAddress(QStringView text);

/// True if the request names this endpoint: exactly one Host, being 127.0.0.1, localhost or [::1] with this port (or without one
/// if it is 80), or one of `extraHosts` in full ("name:port").
[[nodiscard]] bool isHostAllowed(const Headers& headers, quint16 port, const QList<QByteArray>& extraHosts = {});

/// True if there is no Origin, or exactly one that is an http(s) origin on a loopback host (any port) or in `allowedOrigins`
/// ("https://app.example"). "null" is foreign. A refused request is to be answered 403.
[[nodiscard]] bool isOriginAllowed(const Headers& headers, const QList<QByteArray>& allowedOrigins = {});

/// The token of `Authorization: Bearer` (RFC 6750 §2.1); nullopt if there is no such field, more than one, or another scheme.
[[nodiscard]] std::optional<QByteArrayView> bearerToken(const Headers& headers);

/// Equality whose time depends on the length of `presented` only.
[[nodiscard]] bool constantTimeEquals(QByteArrayView presented, QByteArrayView expected);

} // namespace oriel::http
