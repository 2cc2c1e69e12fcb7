// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>

namespace oriel::otlp {

/// A signature by RSASSA-PKCS1-v1_5 with SHA-256 (RS256 of RFC 7518). `pem` is a private RSA key without a passphrase; Parse when
/// it is not. Pure; any thread.
Result<QByteArray> signRs256(QByteArrayView pem, QByteArrayView data);

} // namespace oriel::otlp
