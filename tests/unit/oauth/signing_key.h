// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"

#include <QByteArray>
#include <QList>

#include <memory>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/// A key pair made for one test: its private half as a user would write it down, its public half to judge by.
class SigningKey {
public:
    static SigningKey rsa(unsigned bits) { return SigningKey(EVP_RSA_gen(bits)); }
    static SigningKey ec(const char* curve) { return SigningKey(EVP_EC_gen(curve)); }

    [[nodiscard]] QByteArray privatePem(const QByteArray& passphrase = {}) const
    {
        return written([&](BIO* bio) {
            return PEM_write_bio_PKCS8PrivateKey(bio, m_key.get(), passphrase.isEmpty() ? nullptr : EVP_aes_256_cbc(),
                                                 passphrase.isEmpty() ? nullptr : passphrase.data(),
                                                 static_cast<int>(passphrase.size()), nullptr, nullptr);
        });
    }
    [[nodiscard]] QByteArray publicPem() const
    {
        return written([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, m_key.get()); });
    }

    /// Whether the third part of `jwt` is the signature of the first two, as RFC 7518 writes it.
    [[nodiscard]] bool hasSigned(const QByteArray& jwt) const
    {
        const QList<QByteArray> parts = jwt.split('.');
        if (parts.size() != 3)
            return false;
        QByteArray signature = decoded(parts.at(2));
        if (EVP_PKEY_get_base_id(m_key.get()) == EVP_PKEY_EC)
            signature = derOf(signature);
        const QByteArray data = parts.at(0) + '.' + parts.at(1);
        const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
        return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, m_key.get()) == 1 &&
               EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.constData()),
                                static_cast<std::size_t>(signature.size()),
                                reinterpret_cast<const unsigned char*>(data.constData()),
                                static_cast<std::size_t>(data.size())) == 1;
    }

    [[nodiscard]] static QByteArray decoded(const QByteArray& part)
    {
        return QByteArray::fromBase64(part, QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    }

private:
    struct Free {
        void operator()(BIO* bio) const { BIO_free(bio); }
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
        void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
    };

    explicit SigningKey(EVP_PKEY* key) : m_key(key) {}

    template <class Write> static QByteArray written(Write write)
    {
        const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
        QByteArray text(16 * 1024, '\0');
        text.resize(write(bio.get()) == 1 ? BIO_read(bio.get(), text.data(), static_cast<int>(text.size())) : 0);
        return text;
    }

    static QByteArray derOf(const QByteArray& raw)
    {
        if (raw.size() != 64)
            return {};
        const auto* bytes = reinterpret_cast<const unsigned char*>(raw.constData());
        const std::unique_ptr<ECDSA_SIG, Free> signature(ECDSA_SIG_new());
        ECDSA_SIG_set0(signature.get(), BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
        unsigned char* der = nullptr;
        const int size = i2d_ECDSA_SIG(signature.get(), &der);
        const QByteArray copy(reinterpret_cast<const char*>(der), size);
        OPENSSL_free(der);
        return copy;
    }

    std::unique_ptr<EVP_PKEY, Free> m_key;
};
