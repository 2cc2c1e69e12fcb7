// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/google_token.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "otlp/auth/rs256.h"

namespace oriel::otlp {

namespace {

constexpr std::int64_t kAssertionSeconds = 3600;

QByteArray base64Url(const QByteArray& bytes)
{
    return bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

} // namespace

Result<ServiceAccountKey> parseServiceAccountKey(QByteArrayView json)
{
    json::Document document;
    const json::Value root = document.parse(json) ? document.root() : json::Value();
    const ServiceAccountKey key{root.find("client_email").asUtf8(), root.find("private_key_id").asUtf8(),
                                root.find("private_key").asUtf8(), root.find("token_uri").asString()};
    if (!root.find("type").equals("service_account") || key.email.isEmpty() || key.privateKey.isEmpty()) {
        return fail(ErrorCode::Parse, QStringLiteral("the service-account key is not one"), QStringLiteral("auth.secret"),
                    QStringLiteral("Put the content of the JSON file that Google hands out into the vault, whole."));
    }
    return key;
}

Result<QByteArray> serviceAccountAssertion(const ServiceAccountKey& key, const QString& audience, const QString& scope,
                                           std::int64_t nowUnixNs)
{
    const std::int64_t now = nowUnixNs / 1'000'000'000;
    json::Writer head;
    head.beginObject().member("alg", "RS256").member("typ", "JWT");
    if (!key.keyId.isEmpty())
        head.member("kid", key.keyId);
    head.endObject();
    json::Writer claims;
    claims.beginObject().member("iss", key.email).member("scope", scope).member("aud", audience);
    claims.member("iat", now).member("exp", now + kAssertionSeconds).endObject();
    const QByteArray text = base64Url(head.take()) + '.' + base64Url(claims.take());
    const auto signature = signRs256(key.privateKey, text);
    if (!signature)
        return fail(signature.error());
    return text + '.' + base64Url(*signature);
}

GoogleTokenSource::GoogleTokenSource(config::DestinationAuth auth, const ExporterContext& context)
    : m_auth(std::move(auth)),
      m_context(context)
{}

void GoogleTokenSource::fetch(Done done)
{
    const auto later = [&](const Error& error) {
        QMetaObject::invokeMethod(
            &m_home, [done, error] { done(fail(error)); }, Qt::QueuedConnection);
    };
    const auto json = resolveSecrets(m_auth.secret, m_context.secrets);
    if (!json)
        return later(json.error());
    const auto key = parseServiceAccountKey(*json);
    if (!key)
        return later(key.error());
    QString where = !m_auth.tokenUrl.isEmpty() ? m_auth.tokenUrl : key->tokenUrl;
    if (where.isEmpty())
        where = QStringLiteral("https://oauth2.googleapis.com/token");
    const auto url = tokenUrl(where);
    if (!url)
        return later(url.error());
    const auto assertion = serviceAccountAssertion(*key, where, m_auth.scope, m_context.clock.unixNs());
    if (!assertion)
        return later(assertion.error());
    m_endpoint.post(*url, {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", *assertion}},
                    {*assertion, key->privateKey}, std::move(done));
}

} // namespace oriel::otlp
