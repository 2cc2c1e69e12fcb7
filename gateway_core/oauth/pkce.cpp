// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/pkce.h"

#include <QCryptographicHash>

namespace oriel::oauth {

namespace {

constexpr auto kBase64 = QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals;

} // namespace

QByteArray s256(QByteArrayView verifier)
{
    return QCryptographicHash::hash(verifier.toByteArray(), QCryptographicHash::Sha256).toBase64(kBase64);
}

QByteArray randomState(Random& random)
{
    return random.secureBytes(32).toBase64(kBase64);
}

Pkce Pkce::generate(Random& random)
{
    Pkce pkce;
    pkce.verifier = random.secureBytes(32).toBase64(kBase64);
    pkce.challenge = s256(pkce.verifier);
    return pkce;
}

} // namespace oriel::oauth
