// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/authorization_request.h"

#include "http/loopback_guard.h"
#include "http/message.h"
#include "oauth/scopes.h"
#include "oauth/token_exchange.h"

namespace oriel::oauth {

namespace {

constexpr qsizetype kMaxCodeBytes = 8 * 1024;

qsizetype countOf(QByteArrayView query, QByteArrayView name)
{
    qsizetype count = 0;
    for (const QByteArray& pair : query.toByteArray().split('&')) {
        const qsizetype equals = pair.indexOf('=');
        if (QByteArray::fromPercentEncoding(equals < 0 ? pair : pair.first(equals)) == name)
            ++count;
    }
    return count;
}

} // namespace

QUrl authorizationUrl(const AuthorizationServer& server, const AuthorizationRequest& request)
{
    QList<std::pair<QByteArray, QByteArray>> fields = {
        {"response_type", "code"},     {"client_id", request.clientId},           {"redirect_uri", request.redirectUri},
        {"state", request.state},      {"code_challenge", request.codeChallenge}, {"code_challenge_method", "S256"},
        {"resource", request.resource}};
    if (!request.scopes.isEmpty())
        fields.emplaceBack("scope", joinScopes(request.scopes));
    // OpenID Connect Core §11: without it the provider ignores offline_access.
    if (request.scopes.contains(QStringLiteral("offline_access")))
        fields.emplaceBack("prompt", "consent");
    QByteArray url = server.authorizationEndpoint.toEncoded();
    url += server.authorizationEndpoint.hasQuery() ? '&' : '?';
    url += formEncoded(fields);
    return QUrl::fromEncoded(url, QUrl::StrictMode);
}

bool answersState(QByteArrayView query, const QByteArray& state)
{
    const auto given = http::queryValue(query, "state");
    return given && countOf(query, "state") == 1 && !state.isEmpty() && http::constantTimeEquals(*given, state);
}

Result<QByteArray> codeOfRedirect(QByteArrayView query, const ExpectedRedirect& expected)
{
    const QString where = displayUrl(QUrl(QString::fromUtf8(expected.issuer)));
    for (const char* name : {"iss", "code", "error", "state"}) {
        if (countOf(query, name) > 1)
            return fail(
                ErrorCode::PermissionDenied,
                QStringLiteral("the answer of the sign-in page names %1 twice and is refused").arg(QLatin1StringView(name)),
                where, QStringLiteral("Sign in again; if it happens again, tell the operator of the server."));
    }
    const auto issuer = http::queryValue(query, "iss");
    const bool present = countOf(query, "iss") == 1;
    if (present ? (!issuer || *issuer != expected.issuer) : expected.issAdvertised) {
        return fail(ErrorCode::PermissionDenied,
                    present
                        ? QStringLiteral("the answer came from another authorization server than the one that was asked; it is "
                                         "refused")
                        : QStringLiteral("the answer does not say which authorization server it is from although this one "
                                         "always does; it is refused"),
                    where,
                    QStringLiteral("Somebody may have tried to mix up two servers. Sign in again; if it happens again, do not "
                                   "use this server."));
    }
    if (const auto error = http::queryValue(query, "error")) {
        const QByteArray description = http::queryValue(query, "error_description").value_or(QByteArray());
        if (*error == "access_denied")
            return fail(ErrorCode::Cancelled, QStringLiteral("access was declined on the sign-in page"), where,
                        QStringLiteral("Start again to give access."));
        return fail(ErrorCode::Unauthenticated,
                    QStringLiteral("the authorization server refused the sign-in: %1")
                        .arg(errorText(*error, description, {expected.state, http::queryValue(query, "code").value_or("")})),
                    where);
    }
    const auto code = http::queryValue(query, "code");
    if (!code || code->isEmpty() || code->size() > kMaxCodeBytes)
        return fail(ErrorCode::Parse, QStringLiteral("the answer of the sign-in page holds no usable code"), where,
                    QStringLiteral("Sign in again."));
    return *code;
}

} // namespace oriel::oauth
