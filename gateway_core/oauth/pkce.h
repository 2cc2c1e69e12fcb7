// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/random.h"

#include <QByteArray>

namespace oriel::oauth {

/// Proof Key for Code Exchange (RFC 7636), S256.
struct Pkce {
    QByteArray verifier; ///< secret until the token request
    QByteArray challenge;
    [[nodiscard]] static Pkce generate(Random& random);
};

[[nodiscard]] QByteArray s256(QByteArrayView verifier);
/// 256 random bits in base64url: `state`.
[[nodiscard]] QByteArray randomState(Random& random);

} // namespace oriel::oauth
