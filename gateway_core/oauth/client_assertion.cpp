// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/client_assertion.h"

#include "base/json_writer.h"
#include "base/key_signature.h"

#include <array>
#include <memory>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace oriel::oauth {

namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kP256Bytes = 32;
constexpr int kJtiBytes = 16;

struct Free {
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};

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

Result<PrivateKey> read(QByteArrayView pem)
{
    if (pem.trimmed().isEmpty())
        return unusable(QStringLiteral("it is empty"));
    if (pem.size() > kMaxPrivateKeyBytes)
        return unusable(QStringLiteral("it is longer than a key"));
    PrivateKey key = readPrivateKey(pem);
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

/// As a JWT has it; empty when OpenSSL fails.
QByteArray signature(EVP_PKEY* key, const QByteArray& data)
{
    const auto made = signSha256(*key, data);
    if (!made)
        return {};
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? rawSignature(*made) : *made;
}

QByteArray base64Url(const QByteArray& bytes)
{
    return bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

} // namespace

Result<QByteArray> signingAlgorithm(QByteArrayView pem)
{
    const Result<PrivateKey> key = read(pem);
    return key ? algorithmOf(key->get()) : fail(key.error());
}

Result<QByteArray> clientAssertion(QByteArrayView pem, const QByteArray& clientId, const QByteArray& issuer,
                                   std::int64_t nowUnixNs, Random& random)
{
    const Result<PrivateKey> key = read(pem);
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
