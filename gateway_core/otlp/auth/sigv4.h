// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/auth/request_authorizer.h"

#include <QByteArray>
#include <QUrl>

#include <cstdint>

namespace oriel::otlp {

struct SigV4Credentials {
    QByteArray accessKeyId;
    QByteArray secretAccessKey;
    QByteArray sessionToken; ///< of temporary credentials; else empty
};

/// What a signature is for.
struct SigV4Scope {
    QByteArray region;
    QByteArray service;
};

struct SigV4Request {
    QByteArray method;
    QUrl url;
    RequestHeaders headers; ///< all are signed; one name stands once
    QByteArray body;
};

/// The headers that AWS Signature Version 4 adds: Host, X-Amz-Date, X-Amz-Security-Token where there is one, and Authorization
/// (AWS General Reference, "Create a signed AWS API request"). For every service but S3: the path is encoded twice. Pure; any
/// thread.
RequestHeaders sigV4Headers(const SigV4Request& request, const SigV4Credentials& credentials, const SigV4Scope& scope,
                            std::int64_t unixNs);

} // namespace oriel::otlp
