// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/rs256.h"

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace oriel::otlp {

namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// OpenSSL would ask for a passphrase on the terminal.
int noPassphrase(char*, int, int, void*)
{
    return -1;
}

} // namespace

Result<QByteArray> signRs256(QByteArrayView pem, QByteArrayView data)
{
    const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const std::unique_ptr<EVP_PKEY, Free> key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr) : nullptr);
    if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
        return fail(ErrorCode::Parse, QStringLiteral("the private key is not an RSA key in PEM form"));
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
    const auto length = static_cast<std::size_t>(data.size());
    if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, length) != 1)
        return fail(ErrorCode::Internal, QStringLiteral("the signature cannot be made"));
    QByteArray signature(static_cast<qsizetype>(size), Qt::Uninitialized);
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, length) != 1)
        return fail(ErrorCode::Internal, QStringLiteral("the signature cannot be made"));
    signature.resize(static_cast<qsizetype>(size));
    return signature;
}

} // namespace oriel::otlp
