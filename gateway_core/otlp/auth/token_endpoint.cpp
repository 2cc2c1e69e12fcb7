// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/token_endpoint.h"

#include "base/json.h"

#include <QHostAddress>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QTimer>

namespace oriel::otlp {

namespace {

using std::chrono::seconds;

constexpr qint64 kMaxAnswer = 1024LL * 1024;
constexpr seconds kTimeLimit{10};
constexpr seconds kUnknownLifetime{300};
constexpr std::int64_t kMaxLifetime = 10LL * 365 * 24 * 3600;
constexpr qsizetype kMaxTokenBytes = 64LL * 1024;
constexpr qsizetype kMaxShownWords = 300;

std::optional<std::int64_t> secondsOf(const json::Value& value)
{
    if (value.isNumber()) {
        const auto number = value.asDouble();
        return number && *number >= 0 && *number < 1e15 ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
    }
    bool ok = false;
    const qlonglong number = value.asUtf8().toLongLong(&ok);
    return ok && number >= 0 ? std::optional<std::int64_t>(number) : std::nullopt;
}

seconds clamped(std::int64_t lifetime)
{
    return seconds(std::clamp<std::int64_t>(lifetime, 0, kMaxLifetime));
}

/// A header's value may hold visible ASCII only.
Result<QByteArray> checkedToken(const QByteArray& token)
{
    const bool visible = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (token.isEmpty() || !visible || token.size() > kMaxTokenBytes)
        return fail(ErrorCode::Parse, QStringLiteral("what came is not a token"));
    return token;
}

/// The `exp` of a JWT, in seconds since the epoch.
std::optional<std::int64_t> endOfJwt(const QByteArray& token)
{
    const QList<QByteArray> parts = token.split('.');
    if (parts.size() != 3)
        return std::nullopt;
    const QByteArray claims = QByteArray::fromBase64(parts[1], QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    json::Document document;
    if (!document.parse(claims))
        return std::nullopt;
    return secondsOf(document.root().find("exp"));
}

QString wordsOf(const QByteArray& body, const QList<QByteArray>& secrets)
{
    json::Document document;
    if (!document.parse(body))
        return {};
    QByteArray words = document.root().find("error").asUtf8();
    if (const QByteArray more = document.root().find("error_description").asUtf8(); !more.isEmpty())
        words += ": " + more;
    for (const QByteArray& secret : secrets) {
        if (!secret.isEmpty())
            words.replace(secret, "[secret]");
    }
    QString text = QString::fromUtf8(words).left(kMaxShownWords);
    for (QChar& character : text) {
        if (!character.isPrint())
            character = QLatin1Char(' ');
    }
    return text.simplified();
}

Result<AccessToken> judge(QNetworkReply& reply, const QByteArray& body, const QString& abortReason,
                          const QList<QByteArray>& secrets)
{
    const QString where = reply.url().toDisplayString(QUrl::RemoveUserInfo | QUrl::RemoveQuery);
    const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (!abortReason.isEmpty())
        return fail(ErrorCode::Unavailable, QStringLiteral("no token: %1").arg(abortReason), where);
    if (status == 0)
        return fail(ErrorCode::Unavailable, QStringLiteral("no token: %1").arg(reply.errorString()), where);
    if (status >= 300 && status < 400)
        return fail(ErrorCode::InvalidArgument, QStringLiteral("no token: redirects are not followed"), where,
                    QStringLiteral("Check auth.tokenUrl."));
    if (status == 200) {
        auto token = parseTokenAnswer(body);
        if (!token)
            return fail(ErrorCode::Unavailable, token.error().message, where);
        return token;
    }
    QString message = QStringLiteral("no token: HTTP %1").arg(status);
    if (const QString words = wordsOf(body, secrets); !words.isEmpty())
        message += QStringLiteral(": ") + words;
    const bool refused = status == 400 || status == 401 || status == 403;
    return fail(refused ? ErrorCode::Unauthenticated : ErrorCode::Unavailable, message, where,
                refused ? QStringLiteral("Check the credentials of the destination.") : QString());
}

} // namespace

Result<AccessToken> parseTokenAnswer(QByteArrayView body)
{
    json::Document document;
    if (!document.parse(body) || !document.root().isObject())
        return fail(ErrorCode::Parse, QStringLiteral("the token endpoint's answer is not a JSON object"));
    const auto token = checkedToken(document.root().find("access_token").asUtf8());
    if (!token)
        return fail(ErrorCode::Parse, QStringLiteral("the token endpoint's answer holds no access_token"));
    const auto lifetime = secondsOf(document.root().find("expires_in"));
    return AccessToken{*token, lifetime ? clamped(*lifetime) : kUnknownLifetime};
}

Result<AccessToken> parsePrintedToken(QByteArrayView text, std::int64_t nowUnixNs)
{
    const std::int64_t now = nowUnixNs / 1'000'000'000;
    QByteArray printed = text.trimmed().toByteArray();
    std::optional<std::int64_t> lifetime;
    if (printed.startsWith('{')) {
        json::Document document;
        const QByteArray json = printed;
        if (!document.parse(json))
            return fail(ErrorCode::Parse, QStringLiteral("the command printed JSON that is not valid"));
        const json::Value root = document.root();
        printed.clear();
        for (const char* key : {"access_token", "accessToken", "token"}) {
            if (printed.isEmpty())
                printed = root.find(key).asUtf8();
        }
        lifetime = secondsOf(root.find("expires_in"));
        if (const auto end = secondsOf(root.find("expires_on")); !lifetime && end)
            lifetime = *end - now;
    }
    const auto token = checkedToken(printed);
    if (!token)
        return fail(ErrorCode::Parse, QStringLiteral("the command did not print a token and nothing else"));
    if (!lifetime) {
        if (const auto end = endOfJwt(*token))
            lifetime = *end - now;
    }
    return AccessToken{*token, lifetime ? clamped(*lifetime) : kUnknownLifetime};
}

Result<QUrl> tokenUrl(const QString& text)
{
    const QUrl url(text, QUrl::StrictMode);
    const bool local = url.scheme() == QLatin1StringView("http") &&
                       (url.host() == QLatin1StringView("localhost") || QHostAddress(url.host()).isLoopback());
    if (!url.isValid() || url.host().isEmpty() || !url.userInfo().isEmpty() ||
        (url.scheme() != QLatin1StringView("https") && !local)) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("the token endpoint is not an https URL"),
                    url.toDisplayString(QUrl::RemoveUserInfo | QUrl::RemoveQuery),
                    QStringLiteral("Credentials are sent over https only."));
    }
    return url;
}

TokenEndpoint::TokenEndpoint()
{
    m_network.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
    m_network.setAutoDeleteReplies(false);
}

void TokenEndpoint::post(const QUrl& url, const QList<std::pair<QByteArray, QByteArray>>& form, const QList<QByteArray>& secrets,
                         TokenSource::Done done)
{
    QNetworkRequest request(url);
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    request.setRawHeader("User-Agent", "Oriel/" ORIEL_VERSION);
    request.setRawHeader("Accept", "application/json");
    request.setHeader(QNetworkRequest::ContentTypeHeader, QByteArray("application/x-www-form-urlencoded"));
    QByteArray body;
    for (const auto& [name, value] : form)
        body += (body.isEmpty() ? "" : "&") + name + '=' + value.toPercentEncoding();
    QNetworkReply* reply = m_network.post(request, body);
    reply->setReadBufferSize(kMaxAnswer + 1);
    auto abortReason = std::make_shared<QString>();
    QObject::connect(reply, &QNetworkReply::readyRead, reply, [reply, abortReason] {
        if (reply->bytesAvailable() > kMaxAnswer) {
            *abortReason = QStringLiteral("the answer is larger than 1 MiB");
            reply->abort();
        }
    });
    auto* timer = new QTimer(reply);
    timer->setSingleShot(true);
    QObject::connect(timer, &QTimer::timeout, reply, [reply, abortReason] {
        *abortReason = QStringLiteral("no answer within %1 s").arg(kTimeLimit.count());
        reply->abort();
    });
    timer->start(kTimeLimit);
    QObject::connect(reply, &QNetworkReply::finished, &m_network, [reply, abortReason, secrets, done = std::move(done)] {
        const auto token = judge(*reply, reply->isOpen() ? reply->readAll() : QByteArray(), *abortReason, secrets);
        reply->deleteLater();
        done(token);
    });
}

} // namespace oriel::otlp
