// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "oauth/url_rules.h"

#include <QByteArray>
#include <QList>
#include <QStringList>
#include <QUrl>

/// The two documents that tell where to sign in, and where they are found. Pure functions; nothing is fetched here.
namespace oriel::oauth {

inline constexpr qsizetype kMaxDocumentBytes = 256 * 1024;
inline constexpr qsizetype kMaxAuthorizationServers = 16;

/// OAuth 2.0 Protected Resource Metadata (RFC 9728 §2), as far as a client needs it.
struct ProtectedResource {
    QByteArray resource;
    QList<QByteArray> authorizationServers; ///< issuers, exactly as written
    QStringList scopesSupported;
};

/// OAuth 2.0 Authorization Server Metadata (RFC 8414 §2) or OpenID Provider Metadata, as far as a client needs it.
struct AuthorizationServer {
    QByteArray issuer;
    QUrl authorizationEndpoint;
    QUrl tokenEndpoint;
    QUrl registrationEndpoint; ///< empty: clients are not registered on demand
    QStringList scopesSupported;
    QStringList tokenAuthMethods; ///< token_endpoint_auth_methods_supported; client_secret_basic when the document is silent
    bool silentOnAuthMethods = true;
    QStringList authSigningAlgorithms = {}; ///< token_endpoint_auth_signing_alg_values_supported; empty: not said
    bool pkceS256 = false;
    bool clientIdDocuments = false; ///< client_id_metadata_document_supported
    bool issInResponse = false;     ///< authorization_response_iss_parameter_supported (RFC 9207)
    bool assumed = false;           ///< not read but assumed: the fixed endpoints of MCP 2025-03-26
};

/// The well-known addresses of a server's document: with the server's path inserted, then the root (RFC 9728 §3.1).
[[nodiscard]] QList<QUrl> protectedResourceUrls(const QUrl& server);
/// PermissionDenied when the document is about another resource than `server`; `limit` applies to the issuers.
[[nodiscard]] Result<ProtectedResource> parseProtectedResource(const QByteArray& document, const QUrl& server, Reach limit);

/// RFC 8414 path-insert, OIDC path-insert, OIDC path-append; for an issuer without a path the two root forms.
[[nodiscard]] QList<QUrl> authorizationServerUrls(const QUrl& issuer);
/// How the document's issuer is judged.
enum class IssuerRule : quint8 {
    Exact,     ///< it is the string that the address was built from (RFC 8414 §3.3)
    SameOrigin ///< nobody wrote an issuer down (MCP 2025-03-26): the server speaks for its own origin, and for no other
};
/// PermissionDenied when the document's issuer does not fit `issuer`.
[[nodiscard]] Result<AuthorizationServer> parseAuthorizationServer(const QByteArray& document, const QByteArray& issuer,
                                                                   Reach limit, IssuerRule rule = IssuerRule::Exact);
/// MCP 2025-03-26 without metadata: /authorize, /token and /register of the server's origin.
[[nodiscard]] AuthorizationServer assumedAuthorizationServer(const QUrl& server);

/// OK, or why Oriel does not send a user there: no PKCE with S256.
[[nodiscard]] Status acceptable(const AuthorizationServer& server);

} // namespace oriel::oauth
