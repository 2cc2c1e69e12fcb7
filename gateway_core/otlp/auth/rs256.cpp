// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/rs256.h"

#include "base/key_signature.h"

#include <openssl/evp.h>

namespace oriel::otlp {

Result<QByteArray> signRs256(QByteArrayView pem, QByteArrayView data)
{
    const PrivateKey key = readPrivateKey(pem);
    if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
        return fail(ErrorCode::Parse, QStringLiteral("the private key is not an RSA key in PEM form"));
    return signSha256(*key, data);
}

} // namespace oriel::otlp
