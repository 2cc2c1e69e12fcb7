// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/crypto.h"

#include <argon2.h>
#include <memory>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace oriel::vault {

namespace {

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* raw(QByteArrayView bytes)
{
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

bool fits(const KdfCost& cost)
{
    return cost.lanes >= 1 && cost.lanes <= 64 && cost.passes >= 1 && cost.passes <= 64 && cost.memoryKiB >= 8 * cost.lanes &&
           cost.memoryKiB <= 1024 * 1024;
}

} // namespace

Result<QByteArray> sealAead(const SecretBuffer& key, QByteArrayView nonce, QByteArrayView context, QByteArrayView plain)
{
    Q_ASSERT(key.size() == VaultFile::kKeyBytes && nonce.size() == kNonceBytes);
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    QByteArray sealed(plain.size() + kTagBytes, Qt::Uninitialized);
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    int length = 0;
    int rest = 0;
    const bool done = cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), raw(nonce)) == 1 &&
                      EVP_EncryptUpdate(cipher.get(), nullptr, &length, raw(context), static_cast<int>(context.size())) == 1 &&
                      EVP_EncryptUpdate(cipher.get(), out, &length, raw(plain), static_cast<int>(plain.size())) == 1 &&
                      EVP_EncryptFinal_ex(cipher.get(), out + length, &rest) == 1 &&
                      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out + plain.size()) == 1;
    if (!done)
        return fail(ErrorCode::Internal, QStringLiteral("The value could not be encrypted."));
    return sealed;
}

Result<SecretBuffer> openAead(const SecretBuffer& key, QByteArrayView nonce, QByteArrayView context, QByteArrayView sealed)
{
    const auto refused = fail(ErrorCode::DataLoss, QStringLiteral("The encrypted bytes are damaged or belong to another key."));
    if (key.size() != VaultFile::kKeyBytes || nonce.size() != kNonceBytes || sealed.size() < kTagBytes)
        return refused;
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    const qsizetype size = sealed.size() - kTagBytes;
    SecretBuffer plain = SecretBuffer::ofSize(size);
    QByteArray tag = sealed.sliced(size).toByteArray();
    int length = 0;
    int rest = 0;
    const bool done = cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), raw(nonce)) == 1 &&
                      EVP_DecryptUpdate(cipher.get(), nullptr, &length, raw(context), static_cast<int>(context.size())) == 1 &&
                      EVP_DecryptUpdate(cipher.get(), plain.data(), &length, raw(sealed), static_cast<int>(size)) == 1 &&
                      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
                      EVP_DecryptFinal_ex(cipher.get(), plain.data() + length, &rest) == 1;
    if (!done)
        return refused;
    return plain;
}

SecretBuffer hmac(const SecretBuffer& key, QByteArrayView data)
{
    SecretBuffer code = SecretBuffer::ofSize(32);
    unsigned int size = 32;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(data), static_cast<std::size_t>(data.size()), code.data(),
         &size);
    return code;
}

bool sameBytes(QByteArrayView a, QByteArrayView b)
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size())) == 0;
}

Result<SecretBuffer> deriveKey(const SecretBuffer& passphrase, QByteArrayView salt, const KdfCost& cost)
{
    if (!fits(cost) || salt.size() < 8)
        return fail(ErrorCode::InvalidArgument, QStringLiteral("The cost of the passphrase is outside what Oriel accepts."));
    SecretBuffer key = SecretBuffer::ofSize(VaultFile::kKeyBytes);
    const int status =
        argon2id_hash_raw(cost.passes, cost.memoryKiB, cost.lanes, passphrase.data(), static_cast<std::size_t>(passphrase.size()),
                          salt.data(), static_cast<std::size_t>(salt.size()), key.data(), static_cast<std::size_t>(key.size()));
    if (status == ARGON2_MEMORY_ALLOCATION_ERROR)
        return fail(ErrorCode::ResourceExhausted,
                    QStringLiteral("There is not enough memory to check the passphrase (%1 MiB).").arg(cost.memoryKiB / 1024));
    if (status != ARGON2_OK)
        return fail(
            ErrorCode::Internal,
            QStringLiteral("The passphrase could not be checked: %1.").arg(QString::fromUtf8(argon2_error_message(status))));
    return key;
}

} // namespace oriel::vault
