// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "http/headers.h"
#include "oauth/client_identity.h"

#include <QByteArray>
#include <QList>
#include <QStringList>

#include <optional>
#include <utility>

/// The token endpoint's requests and answers (OAuth 2.1 §3.2, §4.1.3, §4.3). Pure functions.
namespace oriel::oauth {

inline constexpr qsizetype kMaxTokenBytes = 16 * 1024;

/// application/x-www-form-urlencoded.
[[nodiscard]] QByteArray formEncoded(const QList<std::pair<QByteArray, QByteArray>>& fields);

struct TokenRequest {
    http::Headers headers; ///< Content-Type, Accept, and Authorization for client_secret_basic
    QByteArray body;
};

[[nodiscard]] TokenRequest codeRequest(const ClientIdentity& client, TokenAuth method, const QByteArray& code,
                                       const QByteArray& verifier, const QByteArray& redirectUri, const QByteArray& resource);
/// RFC 6749 §4.4, MCP extension io.modelcontextprotocol/oauth-client-credentials.
[[nodiscard]] TokenRequest clientCredentialsRequest(const ClientIdentity& client, TokenAuth method, const QStringList& scopes,
                                                    const QByteArray& resource);
/// RFC 8693 at the identity provider of `client`: its ID token for an assertion (ID-JAG) that `issuer` takes. MCP extension
/// io.modelcontextprotocol/enterprise-managed-authorization.
[[nodiscard]] TokenRequest identityAssertionRequest(const IdentityProvider& provider, const QByteArray& issuer,
                                                    const QStringList& scopes, const QByteArray& resource);
/// RFC 7523 §2.1: that assertion for an access token.
[[nodiscard]] TokenRequest jwtBearerRequest(const ClientIdentity& client, TokenAuth method, const QByteArray& assertion,
                                            const QStringList& scopes, const QByteArray& resource);
[[nodiscard]] TokenRequest refreshRequest(const ClientIdentity& client, TokenAuth method, const QByteArray& refreshToken,
                                          const QByteArray& resource);

struct TokenAnswer {
    QByteArray accessToken;
    QByteArray refreshToken; ///< empty: none came
    std::optional<std::int64_t> expiresInS;
    std::optional<QStringList> scopes; ///< absent: those that were asked for
};

/// Why the endpoint gave no token. `code` is the OAuth error, e.g. "invalid_grant"; empty when the answer is something else.
struct TokenRefusal {
    QByteArray code;
    Error error;
};

/// `secrets` are what went into the request: an answer that repeats one of them is not quoted in the error.
[[nodiscard]] tl::expected<TokenAnswer, TokenRefusal> parseTokenAnswer(int status, const QByteArray& body, const QString& where,
                                                                       const QList<QByteArray>& secrets);

/// The assertion of an answer to identityAssertionRequest(). Unavailable: the identity provider may give one later.
[[nodiscard]] Result<QByteArray> parseIdentityAssertion(int status, const QByteArray& body, const QString& where,
                                                        const QList<QByteArray>& secrets);

/// An OAuth error for people: "invalid_grant (text of the server)". The text is cut, freed of control characters, and left out
/// when it holds one of `secrets`.
[[nodiscard]] QString errorText(const QByteArray& code, const QByteArray& description, const QList<QByteArray>& secrets);
/// The same from an HTTP answer: its OAuth error if there is one, else "HTTP 502" or "HTTP 200 without JSON".
[[nodiscard]] QString answerText(int status, const QByteArray& body, const QList<QByteArray>& secrets);

} // namespace oriel::oauth
