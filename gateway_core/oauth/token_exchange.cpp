// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/token_exchange.h"

#include "base/json.h"
#include "oauth/scopes.h"

#include <QUrl>

#include <algorithm>

namespace oriel::oauth {

namespace {

constexpr json::ParseOptions kAnswerOptions{.maxDepth = 32, .maxBytes = static_cast<std::uint32_t>(kMaxDocumentBytes)};
constexpr auto kIdJag = "urn:ietf:params:oauth:token-type:id-jag";
constexpr qsizetype kMaxShownText = 200;
constexpr std::int64_t kMaxLifetimeS = 10LL * 365 * 24 * 3600;

QByteArray encoded(const QByteArray& text)
{
    return text.toPercentEncoding("*-._", "~").replace("%20", "+");
}

/// Visible ASCII, as RFC 6749 Appendix A defines tokens; anything else could not stand in a header.
bool isToken(const QByteArray& text)
{
    return !text.isEmpty() && text.size() <= kMaxTokenBytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

TokenRequest request(QList<std::pair<QByteArray, QByteArray>> fields, const ClientIdentity& client, TokenAuth method)
{
    TokenRequest made;
    made.headers.add("Content-Type", "application/x-www-form-urlencoded");
    made.headers.add("Accept", "application/json");
    switch (method) {
    case TokenAuth::Basic:
        made.headers.add("Authorization", "Basic " + (encoded(client.id) + ':' + encoded(client.secret)).toBase64());
        break;
    case TokenAuth::Post:
        fields.append({"client_id", client.id});
        fields.append({"client_secret", client.secret});
        break;
    case TokenAuth::PrivateKeyJwt:
        fields.append({"client_id", client.id});
        fields.append({"client_assertion_type", QByteArrayLiteral("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")});
        fields.append({"client_assertion", client.assertion});
        break;
    case TokenAuth::None:
        fields.append({"client_id", client.id});
        break;
    }
    made.body = formEncoded(fields);
    return made;
}

std::optional<std::int64_t> lifetimeOf(const json::Value& value)
{
    auto seconds = value.asInt64();
    if (!seconds) {
        if (const auto number = value.asDouble(); number && *number >= 0 && *number < static_cast<double>(kMaxLifetimeS))
            seconds = static_cast<std::int64_t>(*number);
    }
    if (!seconds && value.isString()) {
        bool ok = false;
        const qlonglong read = value.asUtf8().toLongLong(&ok);
        if (ok)
            seconds = read;
    }
    if (!seconds || *seconds < 0)
        return std::nullopt;
    return std::min(*seconds, kMaxLifetimeS);
}

QString cleaned(const QByteArray& text)
{
    QString shown = QString::fromUtf8(text.first(std::min(text.size(), 4 * kMaxShownText)));
    for (QChar& c : shown) {
        if (!c.isPrint())
            c = u' ';
    }
    return shown.simplified().left(kMaxShownText);
}

bool holdsSecret(const QByteArray& text, const QList<QByteArray>& secrets)
{
    return std::any_of(secrets.begin(), secrets.end(),
                       [&text](const QByteArray& secret) { return !secret.isEmpty() && text.contains(secret); });
}

} // namespace

QByteArray formEncoded(const QList<std::pair<QByteArray, QByteArray>>& fields)
{
    QByteArray form;
    for (const auto& [name, value] : fields) {
        if (!form.isEmpty())
            form += '&';
        form += encoded(name) + '=' + encoded(value);
    }
    return form;
}

TokenRequest codeRequest(const ClientIdentity& client, TokenAuth method, const QByteArray& code, const QByteArray& verifier,
                         const QByteArray& redirectUri, const QByteArray& resource)
{
    return request({{"grant_type", "authorization_code"},
                    {"code", code},
                    {"redirect_uri", redirectUri},
                    {"code_verifier", verifier},
                    {"resource", resource}},
                   client, method);
}

TokenRequest clientCredentialsRequest(const ClientIdentity& client, TokenAuth method, const QStringList& scopes,
                                      const QByteArray& resource)
{
    QList<std::pair<QByteArray, QByteArray>> fields{{"grant_type", "client_credentials"}, {"resource", resource}};
    if (!scopes.isEmpty())
        fields.append({"scope", joinScopes(scopes)});
    return request(std::move(fields), client, method);
}

TokenRequest identityAssertionRequest(const IdentityProvider& provider, const QByteArray& issuer, const QStringList& scopes,
                                      const QByteArray& resource)
{
    QList<std::pair<QByteArray, QByteArray>> fields{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                                                    {"requested_token_type", kIdJag},
                                                    {"audience", issuer},
                                                    {"resource", resource},
                                                    {"subject_token", provider.idToken},
                                                    {"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"}};
    if (!scopes.isEmpty())
        fields.append({"scope", joinScopes(scopes)});
    ClientIdentity client;
    client.id = provider.clientId;
    client.secret = provider.clientSecret;
    return request(std::move(fields), client, client.secret.isEmpty() ? TokenAuth::None : TokenAuth::Basic);
}

TokenRequest jwtBearerRequest(const ClientIdentity& client, TokenAuth method, const QByteArray& assertion,
                              const QStringList& scopes, const QByteArray& resource)
{
    QList<std::pair<QByteArray, QByteArray>> fields{
        {"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion}, {"resource", resource}};
    if (!scopes.isEmpty())
        fields.append({"scope", joinScopes(scopes)});
    return request(std::move(fields), client, method);
}

TokenRequest refreshRequest(const ClientIdentity& client, TokenAuth method, const QByteArray& refreshToken,
                            const QByteArray& resource)
{
    return request({{"grant_type", "refresh_token"}, {"refresh_token", refreshToken}, {"resource", resource}}, client, method);
}

QString errorText(const QByteArray& code, const QByteArray& description, const QList<QByteArray>& secrets)
{
    const QString name = holdsSecret(code, secrets) || code.isEmpty() ? QStringLiteral("unknown error") : cleaned(code);
    const QString text = holdsSecret(description, secrets) ? QString() : cleaned(description);
    return text.isEmpty() ? name : QStringLiteral("%1 (%2)").arg(name, text);
}

QString answerText(int status, const QByteArray& body, const QList<QByteArray>& secrets)
{
    json::Document document;
    const bool read = document.parse(body, kAnswerOptions).has_value() && document.root().isObject();
    if (read && document.root().find("error").isString())
        return errorText(document.root().find("error").asUtf8(), document.root().find("error_description").asUtf8(), secrets);
    const QString code = QStringLiteral("HTTP %1").arg(status);
    return read ? code : code + QStringLiteral(" without JSON");
}

tl::expected<TokenAnswer, TokenRefusal> parseTokenAnswer(int status, const QByteArray& body, const QString& where,
                                                         const QList<QByteArray>& secrets)
{
    const auto refuse = [&where](QByteArray code, ErrorCode kind, const QString& message) {
        return tl::unexpected<TokenRefusal>(
            TokenRefusal{std::move(code), Error{kind, message, where, QStringLiteral("Sign in again.")}});
    };
    json::Document document;
    const bool parsed = document.parse(body, kAnswerOptions).has_value();
    const json::Value root = document.root();
    const json::Value error = root.find("error");
    if (parsed && error.exists() && !error.isNull()) {
        return refuse(error.asUtf8(), ErrorCode::Unauthenticated,
                      QStringLiteral("the authorization server gave no token: %1").arg(answerText(status, body, secrets)));
    }
    if (status != 200 || !parsed || !root.isObject()) {
        const bool later = status >= 500 || status == 429 || status == 408;
        return refuse({}, later ? ErrorCode::Unavailable : ErrorCode::Unauthenticated,
                      QStringLiteral("the authorization server gave no token: %1").arg(answerText(status, body, secrets)));
    }
    if (!http::equalsIgnoringCase(root.find("token_type").asUtf8(), "Bearer"))
        return refuse({}, ErrorCode::Unsupported,
                      QStringLiteral("the authorization server gave a token of a kind that Oriel does not use; it uses Bearer"));
    TokenAnswer answer;
    answer.accessToken = root.find("access_token").asUtf8();
    answer.refreshToken = root.find("refresh_token").asUtf8();
    if (!isToken(answer.accessToken) || (!answer.refreshToken.isEmpty() && !isToken(answer.refreshToken)))
        return refuse({}, ErrorCode::Parse, QStringLiteral("the authorization server's answer holds no usable token"));
    answer.expiresInS = lifetimeOf(root.find("expires_in"));
    if (root.find("scope").isString())
        answer.scopes = splitScopes(root.find("scope").asUtf8());
    return answer;
}

Result<QByteArray> parseIdentityAssertion(int status, const QByteArray& body, const QString& where,
                                          const QList<QByteArray>& secrets)
{
    const QString remedy = QStringLiteral("Put a fresh ID token into oauth.idToken; if that does not help, ask the administrator "
                                          "whether Oriel may sign in to this server for you.");
    json::Document document;
    const bool read = document.parse(body, kAnswerOptions).has_value() && document.root().isObject();
    const json::Value root = document.root();
    const json::Value error = root.find("error");
    if (status != 200 || !read || (error.exists() && !error.isNull())) {
        const bool later = status >= 500 || status == 429 || status == 408;
        return fail(later ? ErrorCode::Unavailable : ErrorCode::Unauthenticated,
                    QStringLiteral("the identity provider gave no assertion: %1").arg(answerText(status, body, secrets)), where,
                    remedy);
    }
    const QByteArray assertion = root.find("access_token").asUtf8();
    if (!root.find("issued_token_type").equals(kIdJag) || !isToken(assertion)) {
        return fail(ErrorCode::Unsupported,
                    QStringLiteral("the identity provider's answer holds no assertion for the authorization server (id-jag)"),
                    where, remedy);
    }
    return assertion;
}

} // namespace oriel::oauth
