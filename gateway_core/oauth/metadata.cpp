// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/metadata.h"

#include "base/json.h"
#include "oauth/scopes.h"

namespace oriel::oauth {

namespace {

constexpr json::ParseOptions kDocumentOptions{.maxDepth = 32, .maxBytes = static_cast<std::uint32_t>(kMaxDocumentBytes)};
constexpr qsizetype kMaxListed = 256;

QUrl wellKnown(const QUrl& base, const char* name, const QString& behind)
{
    QUrl url(QString::fromLatin1(originOf(base)));
    url.setPath(QStringLiteral("/.well-known/") + QLatin1StringView(name) + behind, QUrl::TolerantMode);
    return url;
}

QString pathWithoutSlash(const QUrl& url)
{
    QString path = url.path(QUrl::FullyEncoded);
    while (path.endsWith(u'/'))
        path.chop(1);
    return path;
}

QStringList strings(const json::Value& array)
{
    QStringList list;
    for (const json::Value& element : array.elements()) {
        if (element.isString() && list.size() < kMaxListed)
            list.append(element.asString());
    }
    return list;
}

tl::unexpected<Error> unreadable(const QString& what, const QString& why, const QString& where)
{
    return fail(ErrorCode::Parse, QStringLiteral("%1 cannot be read: %2").arg(what, why), where,
                QStringLiteral("Tell the operator of the server."));
}

/// The endpoint `name`; an empty URL when an optional one is absent.
Result<QUrl> endpoint(const json::Value& root, const char* name, bool required, Reach limit)
{
    const json::Value value = root.find(name);
    if (!value.isString()) {
        if (!required && (!value.exists() || value.isNull()))
            return QUrl();
        return fail(ErrorCode::Parse,
                    QStringLiteral("the authorization server's metadata have no usable %1").arg(QLatin1StringView(name)));
    }
    return checkedUrl(value.asUtf8(), limit, QStringLiteral("the authorization server's %1").arg(QLatin1StringView(name)));
}

bool fits(const QByteArray& said, const QByteArray& issuer, IssuerRule rule)
{
    if (said == issuer)
        return true;
    const QUrl url = QUrl::fromEncoded(said, QUrl::StrictMode);
    return rule == IssuerRule::SameOrigin && url.isValid() && originOf(url) == originOf(QUrl::fromEncoded(issuer));
}

} // namespace

QList<QUrl> protectedResourceUrls(const QUrl& server)
{
    const QString path = pathWithoutSlash(server);
    QList<QUrl> urls;
    if (!path.isEmpty() || server.hasQuery()) {
        urls.append(wellKnown(server, "oauth-protected-resource", path));
        if (server.hasQuery())
            urls.last().setQuery(server.query(QUrl::FullyEncoded));
    }
    urls.append(wellKnown(server, "oauth-protected-resource", {}));
    return urls;
}

Result<ProtectedResource> parseProtectedResource(const QByteArray& document, const QUrl& server, Reach limit)
{
    const QString what = QStringLiteral("the server's protected resource metadata");
    const QString where = displayUrl(server);
    json::Document parsed;
    if (const auto ok = parsed.parse(document, kDocumentOptions); !ok)
        return unreadable(what, ok.error().toString(), where);
    const json::Value root = parsed.root();
    ProtectedResource result;
    result.resource = root.find("resource").asUtf8();
    if (!root.isObject() || result.resource.isEmpty())
        return unreadable(what, QStringLiteral("\"resource\" is missing"), where);
    const QUrl resource(QString::fromUtf8(result.resource), QUrl::StrictMode);
    if (!resource.isValid() || resource.hasFragment() || !resourceCovers(resource, server)) {
        return fail(ErrorCode::PermissionDenied,
                    QStringLiteral("the server's metadata are about another resource (%1); a token for that one is not asked for")
                        .arg(displayUrl(resource)),
                    where, QStringLiteral("Check the server's URL; if it is right, tell its operator."));
    }
    for (const json::Value& element : root.find("authorization_servers").elements()) {
        if (!element.isString() || result.authorizationServers.size() == kMaxAuthorizationServers)
            continue;
        const QByteArray issuer = element.asUtf8();
        const auto url = checkedUrl(issuer, limit, QStringLiteral("the authorization server that the server names"));
        if (!url)
            return fail(url.error());
        if (url->hasQuery())
            return unreadable(what, QStringLiteral("an issuer has a query"), where);
        result.authorizationServers.append(issuer);
    }
    result.scopesSupported = validScopes(strings(root.find("scopes_supported")));
    return result;
}

QList<QUrl> authorizationServerUrls(const QUrl& issuer)
{
    const QString path = pathWithoutSlash(issuer);
    if (path.isEmpty())
        return {wellKnown(issuer, "oauth-authorization-server", {}), wellKnown(issuer, "openid-configuration", {})};
    QUrl appended = issuer;
    appended.setPath(path + QStringLiteral("/.well-known/openid-configuration"), QUrl::TolerantMode);
    return {wellKnown(issuer, "oauth-authorization-server", path), wellKnown(issuer, "openid-configuration", path), appended};
}

Result<AuthorizationServer> parseAuthorizationServer(const QByteArray& document, const QByteArray& issuer, Reach limit,
                                                     IssuerRule rule)
{
    const QString what = QStringLiteral("the authorization server's metadata");
    const QString where = displayUrl(QUrl(QString::fromUtf8(issuer)));
    json::Document parsed;
    if (const auto ok = parsed.parse(document, kDocumentOptions); !ok)
        return unreadable(what, ok.error().toString(), where);
    const json::Value root = parsed.root();
    AuthorizationServer server;
    server.issuer = root.find("issuer").asUtf8();
    if (!root.isObject() || server.issuer.isEmpty())
        return unreadable(what, QStringLiteral("\"issuer\" is missing"), where);
    if (!fits(server.issuer, issuer, rule)) {
        return fail(
            ErrorCode::PermissionDenied,
            QStringLiteral("the authorization server calls itself %1, which is not the issuer that was asked; its metadata "
                           "are not used")
                .arg(displayUrl(QUrl(QString::fromUtf8(server.issuer)))),
            where, QStringLiteral("Tell the operator of the server that the two must be equal."));
    }
    for (const auto& [name, target, required] : {std::tuple("authorization_endpoint", &server.authorizationEndpoint, true),
                                                 std::tuple("token_endpoint", &server.tokenEndpoint, true),
                                                 std::tuple("registration_endpoint", &server.registrationEndpoint, false)}) {
        const auto url = endpoint(root, name, required, limit);
        if (!url)
            return fail(url.error());
        *target = *url;
    }
    server.scopesSupported = validScopes(strings(root.find("scopes_supported")));
    server.tokenAuthMethods = strings(root.find("token_endpoint_auth_methods_supported"));
    server.silentOnAuthMethods = !root.find("token_endpoint_auth_methods_supported").isArray();
    if (server.silentOnAuthMethods)
        server.tokenAuthMethods = {QStringLiteral("client_secret_basic")};
    server.authSigningAlgorithms = strings(root.find("token_endpoint_auth_signing_alg_values_supported"));
    server.pkceS256 = strings(root.find("code_challenge_methods_supported")).contains(QStringLiteral("S256"));
    server.clientIdDocuments = root.find("client_id_metadata_document_supported").asBool().value_or(false);
    server.issInResponse = root.find("authorization_response_iss_parameter_supported").asBool().value_or(false);
    const json::Value responseTypes = root.find("response_types_supported");
    if (responseTypes.isArray() && !strings(responseTypes).contains(QStringLiteral("code"))) {
        return fail(ErrorCode::Unsupported, QStringLiteral("the authorization server does not offer the authorization code flow"),
                    where, QStringLiteral("Put a token of this server into its headers instead."));
    }
    return server;
}

AuthorizationServer assumedAuthorizationServer(const QUrl& server)
{
    const QByteArray origin = originOf(server);
    const auto at = [&origin](const char* path) { return QUrl(QString::fromLatin1(origin + path)); };
    AuthorizationServer assumed;
    assumed.issuer = origin;
    assumed.authorizationEndpoint = at("/authorize");
    assumed.tokenEndpoint = at("/token");
    assumed.registrationEndpoint = at("/register");
    assumed.tokenAuthMethods = {QStringLiteral("client_secret_basic")};
    assumed.assumed = true;
    return assumed;
}

Status acceptable(const AuthorizationServer& server)
{
    // Nothing says what an assumed server can; it is asked for S256 and has to take it.
    if (server.pkceS256 || server.assumed)
        return {};
    return fail(ErrorCode::Unsupported,
                QStringLiteral("the authorization server does not offer PKCE with S256; Oriel refuses to sign in without it"),
                displayUrl(QUrl(QString::fromUtf8(server.issuer))),
                QStringLiteral("Ask its operator to list S256 in code_challenge_methods_supported, or put a token of this server "
                               "into its headers."));
}

} // namespace oriel::oauth
