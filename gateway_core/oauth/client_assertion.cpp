// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/client_assertion.h"

#include "base/json_writer.h"

#include <array>
#include <memory>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace oriel::oauth {

namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kP256Bytes = 32;
constexpr int kJtiBytes = 16;

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;

/// OpenSSL would ask for a passphrase on the terminal.
int noPassphrase(char*, int, int, void*)
{
    return -1;
}

tl::unexpected<Error> unusable(const QString& why)
{
    return fail(
        ErrorCode::InvalidArgument, QStringLiteral("the private key cannot be used: %1").arg(why),
        QStringLiteral("oauth.privateKey"),
        QStringLiteral("Give the private key whose public half the authorization server knows: PEM, without a passphrase, "
                       "RSA of 2048 bits or more, or EC on P-256."));
}

QString notRead(QByteArrayView pem)
{
    const QByteArray text = pem.toByteArray();
    if (text.contains("ENCRYPTED"))
        return QStringLiteral("it is locked with a passphrase");
    if (text.contains("-----BEGIN PUBLIC KEY") || text.contains("-----BEGIN RSA PUBLIC KEY"))
        return QStringLiteral("it is a public key");
    if (text.contains("-----BEGIN CERTIFICATE"))
        return QStringLiteral("it is a certificate");
    return text.contains("-----BEGIN ") ? QStringLiteral("it is damaged") : QStringLiteral("it is not in PEM form");
}

Result<Key> read(QByteArrayView pem)
{
    if (pem.trimmed().isEmpty())
        return unusable(QStringLiteral("it is empty"));
    if (pem.size() > kMaxPrivateKeyBytes)
        return unusable(QStringLiteral("it is longer than a key"));
    const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr) : nullptr);
    ERR_clear_error();
    if (!key)
        return unusable(notRead(pem));
    return key;
}

Result<QByteArray> algorithmOf(const EVP_PKEY* key)
{
    const int kind = EVP_PKEY_get_base_id(key);
    if (kind == EVP_PKEY_RSA) {
        const int bits = EVP_PKEY_get_bits(key);
        if (bits < kMinRsaBits)
            return unusable(QStringLiteral("it is an RSA key of %1 bits, and RS256 wants 2048 or more").arg(bits));
        return QByteArrayLiteral("RS256");
    }
    if (kind != EVP_PKEY_EC)
        return unusable(QStringLiteral("it is neither an RSA nor an EC key"));
    std::array<char, 64> curve{};
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &length) != 1 || QByteArrayView(curve.data()) != "prime256v1")
        return unusable(QStringLiteral("it is an EC key on another curve than P-256, which ES256 wants"));
    return QByteArrayLiteral("ES256");
}

/// R and S, 32 bytes each (RFC 7518 §3.4); OpenSSL gives them in DER.
QByteArray rawSignature(const QByteArray& der)
{
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, Free> signature(d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())));
    QByteArray raw(qsizetype(2) * kP256Bytes, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, kP256Bytes) != kP256Bytes ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + kP256Bytes, kP256Bytes) != kP256Bytes)
        return {};
    return raw;
}

/// SHA-256 with the key; empty when OpenSSL fails.
QByteArray signature(EVP_PKEY* key, const QByteArray& data)
{
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    const auto* bytes = reinterpret_cast<const unsigned char*>(data.constData());
    const auto length = static_cast<std::size_t>(data.size());
    std::size_t size = 0;
    if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, length) != 1)
        return {};
    QByteArray made(static_cast<qsizetype>(size), Qt::Uninitialized);
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(made.data()), &size, bytes, length) != 1)
        return {};
    made.resize(static_cast<qsizetype>(size));
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? rawSignature(made) : made;
}

QByteArray base64Url(const QByteArray& bytes)
{
    return bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

} // namespace

Result<QByteArray> signingAlgorithm(QByteArrayView pem)
{
    const Result<Key> key = read(pem);
    return key ? algorithmOf(key->get()) : fail(key.error());
}

Result<QByteArray> clientAssertion(QByteArrayView pem, const QByteArray& clientId, const QByteArray& issuer,
                                   std::int64_t nowUnixNs, Random& random)
{
    const Result<Key> key = read(pem);
    if (!key)
        return fail(key.error());
    const Result<QByteArray> algorithm = algorithmOf(key->get());
    if (!algorithm)
        return fail(algorithm.error());
    json::Writer head;
    head.beginObject().member("alg", *algorithm).member("typ", "JWT").endObject();
    const std::int64_t now = nowUnixNs / 1'000'000'000;
    json::Writer claims;
    claims.beginObject().member("iss", clientId).member("sub", clientId).member("aud", issuer);
    claims.member("iat", now).member("exp", now + kAssertionLifetimeS);
    claims.member("jti", base64Url(random.secureBytes(kJtiBytes))).endObject();
    const QByteArray text = base64Url(head.take()) + '.' + base64Url(claims.take());
    const QByteArray signedText = signature(key->get(), text);
    ERR_clear_error();
    if (signedText.isEmpty())
        return fail(ErrorCode::Internal, QStringLiteral("the client assertion cannot be signed"));
    return text + '.' + base64Url(signedText);
}

} // namespace oriel::oauth
