// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/client_identity.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "oauth/client_assertion.h"
#include "oauth/scopes.h"
#include "oauth/token_exchange.h"

#include <array>

namespace oriel::oauth {

namespace {

constexpr std::array kTokenAuthNames = {"none", "client_secret_basic", "client_secret_post", "private_key_jwt"};
constexpr qsizetype kMaxClientIdBytes = 4096;
constexpr json::ParseOptions kSmallDocument{.maxDepth = 32, .maxBytes = static_cast<std::uint32_t>(kMaxDocumentBytes)};

QString nameOf(const AuthorizationServer& server)
{
    return displayUrl(QUrl(QString::fromUtf8(server.issuer)));
}

bool isUsable(const ClientIdentity& client, const AuthorizationServer& server)
{
    return client.issuer.isEmpty() || client.issuer == server.issuer;
}

bool isVisible(const QByteArray& text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// private_key_jwt, if the server takes the algorithm of the client's key.
Result<TokenAuth> byPrivateKey(const ClientIdentity& client, const AuthorizationServer& server)
{
    const Result<QByteArray> algorithm = signingAlgorithm(client.privateKey);
    if (!algorithm)
        return fail(algorithm.error());
    const QStringList& taken = server.authSigningAlgorithms;
    if (taken.isEmpty() || taken.contains(QString::fromLatin1(*algorithm)))
        return TokenAuth::PrivateKeyJwt;
    return fail(ErrorCode::Unsupported,
                QStringLiteral("the private key signs with %1, and the authorization server takes %2")
                    .arg(QString::fromLatin1(*algorithm), taken.join(QStringLiteral(", ")).left(200)),
                nameOf(server), QStringLiteral("Use an RSA key for RS256, or an EC key on P-256 for ES256."));
}

void writeScopes(json::Writer& writer, const QStringList& scopes)
{
    if (!scopes.isEmpty())
        writer.member("scope", joinScopes(scopes));
}

} // namespace

QByteArray tokenAuthName(TokenAuth method)
{
    return kTokenAuthNames.at(static_cast<std::size_t>(method));
}

std::optional<TokenAuth> tokenAuthFromName(const QString& name)
{
    for (std::size_t i = 0; i < kTokenAuthNames.size(); ++i) {
        if (name == QLatin1StringView(kTokenAuthNames.at(i)))
            return static_cast<TokenAuth>(i);
    }
    return std::nullopt;
}

QByteArray ClientIdentity::toJson() const
{
    json::Writer writer;
    writer.beginObject().member("client_id", id).member("issuer", issuer).member("redirect_uri", redirectUri);
    if (!secret.isEmpty())
        writer.member("client_secret", secret).member("client_secret_expires_at", secretExpiresUnixS);
    if (tokenAuth)
        writer.member("token_endpoint_auth_method", tokenAuthName(*tokenAuth));
    writeScopes(writer, scopes);
    return writer.endObject().take();
}

Result<ClientIdentity> ClientIdentity::fromJson(const QByteArray& json)
{
    json::Document document;
    if (const auto ok = document.parse(json, kSmallDocument); !ok)
        return fail(ErrorCode::DataLoss, QStringLiteral("the stored client registration is damaged"));
    const json::Value root = document.root();
    ClientIdentity client;
    client.id = root.find("client_id").asUtf8();
    client.secret = root.find("client_secret").asUtf8();
    client.issuer = root.find("issuer").asUtf8();
    client.redirectUri = root.find("redirect_uri").asUtf8();
    client.tokenAuth = tokenAuthFromName(root.find("token_endpoint_auth_method").asString());
    client.scopes = splitScopes(root.find("scope").asUtf8());
    client.secretExpiresUnixS = root.find("client_secret_expires_at").asInt64().value_or(0);
    if (client.id.isEmpty() || client.issuer.isEmpty())
        return fail(ErrorCode::DataLoss, QStringLiteral("the stored client registration is incomplete"));
    return client;
}

ClientSource chooseClient(const ClientChoices& choices, const AuthorizationServer& server)
{
    if (choices.preregistered && isUsable(*choices.preregistered, server))
        return ClientSource::Preregistered;
    if (server.clientIdDocuments && choices.metadataDocument.scheme() == QLatin1StringView("https") &&
        choices.metadataDocument.path().size() > 1)
        return ClientSource::MetadataDocument;
    return server.registrationEndpoint.isEmpty() ? ClientSource::AskUser : ClientSource::Registration;
}

Error clientIdWanted(const AuthorizationServer& server, const ClientChoices& choices)
{
    const bool bound = choices.preregistered && !isUsable(*choices.preregistered, server);
    return {ErrorCode::Unauthenticated,
            bound ? QStringLiteral(
                        "the client id that was configured belongs to another authorization server and is not sent to this "
                        "one, which registers no clients by itself")
                  : QStringLiteral("the authorization server registers no clients by itself"),
            nameOf(server),
            QStringLiteral("Register Oriel there as a native application with the redirect address "
                           "http://127.0.0.1/callback and enter the client id in the server's settings.")};
}

QByteArray registrationRequest(const AuthorizationServer& server, const QByteArray& redirectUri, const QStringList& scopes)
{
    TokenAuth method = TokenAuth::None;
    if (!server.silentOnAuthMethods && !server.tokenAuthMethods.contains(QStringLiteral("none"))) {
        method = server.tokenAuthMethods.contains(QStringLiteral("client_secret_basic")) ? TokenAuth::Basic : TokenAuth::Post;
    }
    json::Writer writer;
    writer.beginObject().member("client_name", "Oriel").member("application_type", "native");
    writer.key("redirect_uris").beginArray().value(redirectUri).endArray();
    writer.key("grant_types").beginArray().value("authorization_code").value("refresh_token").endArray();
    writer.key("response_types").beginArray().value("code").endArray();
    writer.member("token_endpoint_auth_method", tokenAuthName(method));
    writeScopes(writer, scopes);
    return writer.endObject().take();
}

Result<ClientIdentity> parseRegistration(int status, const QByteArray& body, const AuthorizationServer& server,
                                         const QByteArray& redirectUri, const QStringList& scopes)
{
    const QString remedy = QStringLiteral("Register Oriel there by hand and enter the client id in the server's settings.");
    json::Document document;
    const auto parsed = document.parse(body, kSmallDocument);
    const json::Value root = document.root();
    if (status < 200 || status > 299 || !parsed || !root.isObject() || root.find("error").exists()) {
        return fail(ErrorCode::Unavailable,
                    QStringLiteral("the authorization server did not register Oriel: %1").arg(answerText(status, body, {})),
                    nameOf(server), remedy);
    }
    ClientIdentity client;
    client.id = root.find("client_id").asUtf8();
    client.secret = root.find("client_secret").asUtf8();
    client.secretExpiresUnixS = root.find("client_secret_expires_at").asInt64().value_or(0);
    client.tokenAuth = tokenAuthFromName(root.find("token_endpoint_auth_method").asString());
    client.redirectUri = redirectUri;
    client.scopes = scopes;
    client.issuer = server.issuer;
    if (client.id.isEmpty() || client.id.size() > kMaxClientIdBytes || client.secret.size() > kMaxClientIdBytes ||
        !isVisible(client.id) || !isVisible(client.secret))
        return fail(ErrorCode::Parse, QStringLiteral("the authorization server's registration names no usable client id"),
                    nameOf(server), remedy);
    return client;
}

Result<TokenAuth> selectTokenAuth(const ClientIdentity& client, const AuthorizationServer& server)
{
    const bool hasKey = !client.privateKey.isEmpty();
    if (client.secret.isEmpty() && !hasKey)
        return TokenAuth::None;
    const auto takes = [&server](TokenAuth method) {
        return server.tokenAuthMethods.contains(QString::fromLatin1(tokenAuthName(method)));
    };
    if (hasKey && (takes(TokenAuth::PrivateKeyJwt) || (client.secret.isEmpty() && server.silentOnAuthMethods)))
        return byPrivateKey(client, server);
    if (client.secret.isEmpty()) {
        return fail(ErrorCode::Unsupported,
                    QStringLiteral("the authorization server does not take a signed assertion (private_key_jwt); it takes %1")
                        .arg(server.tokenAuthMethods.join(QStringLiteral(", ")).left(200)),
                    nameOf(server), QStringLiteral("Give oauth.clientSecret, or ask its operator for private_key_jwt."));
    }
    // Without a key an agreed private_key_jwt is nothing to go by.
    if (client.tokenAuth && *client.tokenAuth != TokenAuth::PrivateKeyJwt &&
        (server.silentOnAuthMethods || takes(*client.tokenAuth)))
        return *client.tokenAuth;
    for (const TokenAuth method : {TokenAuth::Basic, TokenAuth::Post, TokenAuth::None}) {
        if (takes(method))
            return method;
    }
    return fail(
        ErrorCode::Unsupported,
        QStringLiteral("the authorization server wants a way of authentication that Oriel does not have (%1)")
            .arg(server.tokenAuthMethods.join(QStringLiteral(", ")).left(200)),
        nameOf(server),
        QStringLiteral("Oriel knows client_secret_basic, client_secret_post, none, and with oauth.privateKey private_key_jwt."));
}

} // namespace oriel::oauth
