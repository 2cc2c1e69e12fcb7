// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/token_set.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "oauth/scopes.h"

#include <algorithm>

namespace oriel::oauth {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

} // namespace

bool TokenSet::isDue(std::int64_t unixNs) const
{
    if (expiresUnixNs == 0)
        return false;
    const std::int64_t margin = std::min(60 * kSecond, (expiresUnixNs - issuedUnixNs) / 10);
    return unixNs >= expiresUnixNs - margin;
}

void TokenSet::take(const TokenAnswer& answer, const QStringList& asked, std::int64_t unixNs)
{
    accessToken = answer.accessToken;
    if (!answer.refreshToken.isEmpty())
        refreshToken = answer.refreshToken;
    scopes = answer.scopes.value_or(asked);
    issuedUnixNs = unixNs;
    expiresUnixNs = answer.expiresInS ? unixNs + *answer.expiresInS * kSecond : 0;
}

QByteArray TokenSet::toJson() const
{
    json::Writer writer;
    writer.beginObject()
        .member("access_token", accessToken)
        .member("refresh_token", refreshToken)
        .member("scope", joinScopes(scopes))
        .member("issued", issuedUnixNs / kSecond)
        .member("expires", expiresUnixNs / kSecond)
        .member("issuer", issuer)
        .member("token_endpoint", tokenEndpoint.toEncoded())
        .member("resource", resource)
        .member("client_id", clientId)
        .member("token_auth", tokenAuthName(tokenAuth))
        .member("reach", static_cast<int>(reach));
    return writer.endObject().take();
}

Result<TokenSet> TokenSet::fromJson(const QByteArray& json)
{
    json::Document document;
    if (const auto ok = document.parse(json, {.maxDepth = 8}); !ok)
        return fail(ErrorCode::DataLoss, QStringLiteral("the stored sign-in is damaged"));
    const json::Value root = document.root();
    TokenSet set;
    set.accessToken = root.find("access_token").asUtf8();
    set.refreshToken = root.find("refresh_token").asUtf8();
    set.scopes = splitScopes(root.find("scope").asUtf8());
    set.issuedUnixNs = root.find("issued").asInt64().value_or(0) * kSecond;
    set.expiresUnixNs = root.find("expires").asInt64().value_or(0) * kSecond;
    set.issuer = root.find("issuer").asUtf8();
    set.tokenEndpoint = QUrl::fromEncoded(root.find("token_endpoint").asUtf8(), QUrl::StrictMode);
    set.resource = root.find("resource").asUtf8();
    set.clientId = root.find("client_id").asUtf8();
    set.tokenAuth = tokenAuthFromName(root.find("token_auth").asString()).value_or(TokenAuth::None);
    set.reach = static_cast<Reach>(std::clamp<std::int64_t>(root.find("reach").asInt64().value_or(0), 0, 3));
    if (set.accessToken.isEmpty() || set.issuer.isEmpty() || set.resource.isEmpty() || !set.tokenEndpoint.isValid())
        return fail(ErrorCode::DataLoss, QStringLiteral("the stored sign-in is incomplete"));
    return set;
}

} // namespace oriel::oauth
