// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/key_signature.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace oriel {

namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// OpenSSL would ask for a passphrase on the terminal.
int noPassphrase(char*, int, int, void*)
{
    return -1;
}

} // namespace

void FreePrivateKey::operator()(evp_pkey_st* key) const
{
    EVP_PKEY_free(key);
}

PrivateKey readPrivateKey(QByteArrayView pem)
{
    const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    PrivateKey key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr) : nullptr);
    ERR_clear_error();
    return key;
}

Result<QByteArray> signSha256(evp_pkey_st& key, QByteArrayView data)
{
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
    const auto length = static_cast<std::size_t>(data.size());
    std::size_t size = 0;
    QByteArray signature;
    bool good = context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, &key) == 1 &&
                EVP_DigestSign(context.get(), nullptr, &size, bytes, length) == 1;
    if (good) {
        signature.resize(static_cast<qsizetype>(size));
        good = EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, length) == 1;
    }
    ERR_clear_error();
    if (!good)
        return fail(ErrorCode::Internal, QStringLiteral("the signature cannot be made"));
    signature.resize(static_cast<qsizetype>(size));
    return signature;
}

} // namespace oriel
