// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <memory>

struct evp_pkey_st;

/// Signatures with a private key, as for JWTs (RFC 7518 §3). Pure; any thread; no error holds anything of the key.
namespace oriel {

struct FreePrivateKey {
    void operator()(evp_pkey_st* key) const;
};
/// OpenSSL's key.
using PrivateKey = std::unique_ptr<evp_pkey_st, FreePrivateKey>;

/// A private key in PEM form without a passphrase; null when it is not.
[[nodiscard]] PrivateKey readPrivateKey(QByteArrayView pem);

/// SHA-256 of `data` with the key: PKCS#1 v1.5 for RSA (RS256); for EC the signature in DER. Internal when OpenSSL fails.
[[nodiscard]] Result<QByteArray> signSha256(evp_pkey_st& key, QByteArrayView data);

} // namespace oriel
