// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/random.h"
#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>

/// How a client proves itself at the token endpoint with a private key instead of a secret (private_key_jwt, RFC 7523 §2.2). Pure
/// functions; no error holds anything of the key.
namespace oriel::oauth {

inline constexpr std::int64_t kAssertionLifetimeS = 300;
inline constexpr qsizetype kMaxPrivateKeyBytes = 64 * 1024;

/// "RS256" for an RSA key of 2048 bits or more, "ES256" for one on the curve P-256 (RFC 7518 §3). `pem` is a private key in PEM
/// form without a passphrase. InvalidArgument: it is anything else, and what.
[[nodiscard]] Result<QByteArray> signingAlgorithm(QByteArrayView pem);

/// A signed JWT: iss and sub are `clientId`, aud is `issuer` of the authorization server, good from `nowUnixNs` for
/// kAssertionLifetimeS, with a jti of its own. Errors as of signingAlgorithm().
[[nodiscard]] Result<QByteArray> clientAssertion(QByteArrayView pem, const QByteArray& clientId, const QByteArray& issuer,
                                                 std::int64_t nowUnixNs, Random& random);

} // namespace oriel::oauth
