// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "oauth/metadata.h"

#include <QByteArray>
#include <QStringList>
#include <QUrl>

#include <optional>

/// Who Oriel is to an authorization server. Pure functions.
namespace oriel::oauth {

/// How a client names itself at the token endpoint (RFC 6749 §2.3.1, RFC 7523 §2.2).
enum class TokenAuth : quint8 { None, Basic, Post, PrivateKeyJwt };

[[nodiscard]] QByteArray
tokenAuthName(TokenAuth method); ///< "none", "client_secret_basic", "client_secret_post", "private_key_jwt"
[[nodiscard]] std::optional<TokenAuth> tokenAuthFromName(const QString& name);

/// An enterprise's identity provider that answers for its people at authorization servers (MCP extension
/// io.modelcontextprotocol/enterprise-managed-authorization).
struct IdentityProvider {
    QUrl tokenEndpoint;
    QByteArray clientId;     ///< Oriel's there
    QByteArray clientSecret; ///< empty for a public client
    QByteArray idToken;      ///< says who the user is; secret
};

struct ClientIdentity {
    enum class Origin : quint8 { Preregistered, MetadataDocument, Registered };
    Origin origin = Origin::Registered;
    QByteArray id;
    QByteArray secret;                        ///< empty for a public client
    QByteArray privateKey = {};               ///< PEM, in place of a secret or beside it; never kept
    QByteArray assertion = {};                ///< signed with it for one request; never kept
    std::optional<TokenAuth> tokenAuth;       ///< agreed at registration
    QByteArray redirectUri;                   ///< that it was registered with; empty: any
    QStringList scopes;                       ///< that it was registered with
    std::int64_t secretExpiresUnixS = 0;      ///< 0: never
    bool unattended = false;                  ///< it gets tokens for itself (client_credentials); no user takes part
    std::optional<IdentityProvider> provider; ///< unattended: the user's tokens are got by its word (RFC 7523 §2.1)
    QByteArray issuer;                        ///< it is of use there only; empty for a pre-registered one nobody bound yet

    /// For the credential store.
    [[nodiscard]] QByteArray toJson() const;
    [[nodiscard]] static Result<ClientIdentity> fromJson(const QByteArray& json);
};

/// What Oriel brings along.
struct ClientChoices {
    std::optional<ClientIdentity> preregistered;
    QUrl metadataDocument; ///< the client id metadata document of this program, an https URL with a path; may be empty
};

enum class ClientSource : quint8 { Preregistered, MetadataDocument, Registration, AskUser };

/// The order of MCP "Client Registration Approaches": pre-registered, metadata document where the server takes those, dynamic
/// registration where it offers that, else the user has to bring a client id. A pre-registered client bound to another issuer
/// does not count.
[[nodiscard]] ClientSource chooseClient(const ClientChoices& choices, const AuthorizationServer& server);
/// The error of ClientSource::AskUser.
[[nodiscard]] Error clientIdWanted(const AuthorizationServer& server, const ClientChoices& choices);

/// The body of a dynamic registration (RFC 7591 §2) as a native application.
[[nodiscard]] QByteArray registrationRequest(const AuthorizationServer& server, const QByteArray& redirectUri,
                                             const QStringList& scopes);
/// The client that a registration's answer describes. `status` and `body` are the answer's.
[[nodiscard]] Result<ClientIdentity> parseRegistration(int status, const QByteArray& body, const AuthorizationServer& server,
                                                       const QByteArray& redirectUri, const QStringList& scopes);

/// The method to use at `server`: the private key where there is one and the server takes it, the agreed one where the server
/// takes it, else the first of basic and post that it takes, else none. A server that is silent on methods gets the key of a
/// client without a secret. Unsupported when a client with a secret or a key can use none of them, or the server does not take
/// the key's algorithm; InvalidArgument when the key is unusable.
[[nodiscard]] Result<TokenAuth> selectTokenAuth(const ClientIdentity& client, const AuthorizationServer& server);

} // namespace oriel::oauth
