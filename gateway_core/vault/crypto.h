// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "vault/secret_buffer.h"
#include "vault/vault_file.h"

#include <QByteArray>
#include <QByteArrayView>

// The cryptographic primitives of the vault, by OpenSSL and libargon2. Internal to vault/; thread-safe.
namespace oriel::vault {

inline constexpr qsizetype kNonceBytes = 12;
inline constexpr qsizetype kTagBytes = 16;
inline constexpr qsizetype kSaltBytes = 16;

/// AES-256-GCM: ciphertext followed by the tag. `key` has 32 bytes, `nonce` 12 and is never used twice with a key.
[[nodiscard]] Result<QByteArray> sealAead(const SecretBuffer& key, QByteArrayView nonce, QByteArrayView context,
                                          QByteArrayView plain);
/// DataLoss when key, nonce, context or bytes are not those it was sealed with.
[[nodiscard]] Result<SecretBuffer> openAead(const SecretBuffer& key, QByteArrayView nonce, QByteArrayView context,
                                            QByteArrayView sealed);
/// HMAC-SHA-256, 32 bytes.
[[nodiscard]] SecretBuffer hmac(const SecretBuffer& key, QByteArrayView data);
/// Compares in constant time.
[[nodiscard]] bool sameBytes(QByteArrayView a, QByteArrayView b);
/// Argon2id (RFC 9106), 32 bytes. InvalidArgument for costs outside 8 KiB a lane to 1 GiB, 1 to 64 passes, 1 to 64 lanes.
[[nodiscard]] Result<SecretBuffer> deriveKey(const SecretBuffer& passphrase, QByteArrayView salt, const KdfCost& cost);

} // namespace oriel::vault
