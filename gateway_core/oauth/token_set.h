// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "oauth/client_identity.h"
#include "oauth/token_exchange.h"

namespace oriel::oauth {

/// What a transport puts into `Authorization`. The value is secret.
struct AccessToken {
    QByteArray value;
    QStringList scopes;
    std::int64_t expiresUnixNs = 0; ///< 0: not said
    QByteArray issuer;
    [[nodiscard]] QByteArray headerValue() const { return "Bearer " + value; }
};

/// One server's tokens with all that is needed to renew them, and nothing of another server.
struct TokenSet {
    QByteArray accessToken;
    QByteArray refreshToken;
    QStringList scopes;
    std::int64_t issuedUnixNs = 0;
    std::int64_t expiresUnixNs = 0; ///< 0: not said
    QByteArray issuer;
    QUrl tokenEndpoint;
    QByteArray resource;
    QByteArray clientId;
    TokenAuth tokenAuth = TokenAuth::None;
    Reach reach = Reach::Public; ///< of the server when it was signed in to

    [[nodiscard]] bool isExpired(std::int64_t unixNs) const { return expiresUnixNs != 0 && unixNs >= expiresUnixNs; }
    /// Within the last minute of its life, or the last tenth of a life shorter than ten minutes.
    [[nodiscard]] bool isDue(std::int64_t unixNs) const;
    [[nodiscard]] AccessToken access() const { return {accessToken, scopes, expiresUnixNs, issuer}; }
    /// Takes an answer over: a refresh token that did not come anew stays, so do scopes.
    void take(const TokenAnswer& answer, const QStringList& asked, std::int64_t unixNs);

    [[nodiscard]] QByteArray toJson() const;
    /// DataLoss when the text is damaged or incomplete.
    [[nodiscard]] static Result<TokenSet> fromJson(const QByteArray& json);
};

} // namespace oriel::oauth
