// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/codec/signal.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <chrono>
#include <cstdint>
#include <optional>

namespace oriel::otlp {

/// `partial_success` of an Export*ServiceResponse; both empty when everything was taken.
struct PartialSuccess {
    std::int64_t rejected = 0;
    QString message;
    bool operator==(const PartialSuccess&) const = default;
};
/// An empty body is a full success.
Result<PartialSuccess> decodeExportResponse(QByteArrayView body, Encoding encoding);
QByteArray encodeExportResponse(Signal signal, const PartialSuccess& partial, Encoding encoding);

/// What is wrong with one field of a request: google.rpc.BadRequest.FieldViolation.
struct FieldViolation {
    QString field; ///< its path, as in the .proto files
    QString description;
    bool operator==(const FieldViolation&) const = default;
};

/// google.rpc.Status, with the delay of its RetryInfo and the violations of its BadRequest.
struct RpcStatus {
    int code = 0;
    QString message;
    std::optional<std::chrono::milliseconds> retryDelay;
    QList<FieldViolation> violations = {};
    bool operator==(const RpcStatus&) const = default;
};
Result<RpcStatus> decodeRpcStatus(QByteArrayView body, Encoding encoding);
QByteArray encodeRpcStatus(const RpcStatus& status, Encoding encoding);

/// The wait that a Retry-After header asks for: seconds or an HTTP date (past dates are 0). Nothing when it is neither.
std::optional<std::chrono::milliseconds> parseRetryAfter(QByteArrayView value, std::int64_t nowUnixNs);

} // namespace oriel::otlp
