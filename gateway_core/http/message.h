// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"

#include <QByteArray>
#include <QHostAddress>

#include <cstdint>
#include <optional>

namespace oriel::http {

/// A request as the server hands it over: head and whole body. A plain value.
struct Request {
    QByteArray method; ///< as sent; methods are case-sensitive
    QByteArray target; ///< origin form as sent, e.g. "/mcp/files?x=1"; not decoded
    Headers headers;
    QByteArray body; ///< transfer coding removed
    QHostAddress remoteAddress;
    quint16 remotePort = 0;
    std::uint64_t connectionId = 0; ///< the same for requests of one connection; never reused by a server
    std::int64_t receivedNs = 0;    ///< Clock::monotonicNs when the first byte of the head was read
    std::int64_t completeNs = 0;    ///< the same for the last byte of the body
    bool http11 = true;             ///< false for HTTP/1.0

    /// The target up to `?`; a view into it.
    [[nodiscard]] QByteArrayView path() const;
    /// What follows the first `?`; empty when there is none.
    [[nodiscard]] QByteArrayView query() const;
};

/// A complete response. Content-Length, Date, Connection and framing fields are the server's to write and ignored in `headers`.
struct Response {
    int status = 200;
    Headers headers;
    QByteArray body;

    /// `text` in `text/plain; charset=utf-8`.
    [[nodiscard]] static Response text(int status, QByteArray text);
    /// `json` in `application/json`.
    [[nodiscard]] static Response json(int status, QByteArray json);
};

/// The standard phrase of a status (RFC 9110 §15), "Unknown" for others.
[[nodiscard]] QByteArrayView reasonPhrase(int status);

/// Splits "a=1&b=2" and decodes the value of the first `name`; nullopt when it is absent or its percent coding is broken.
[[nodiscard]] std::optional<QByteArray> queryValue(QByteArrayView query, QByteArrayView name);

} // namespace oriel::http
