// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/auth/token_authorizer.h"

#include <QByteArray>
#include <QNetworkAccessManager>
#include <QUrl>

namespace oriel::otlp {

/// The answer of an OAuth 2.0 token endpoint (RFC 6749, 5.1): access_token and expires_in. Without a lifetime it counts for five
/// minutes.
Result<AccessToken> parseTokenAnswer(QByteArrayView body);

/// A token that a program printed: the token alone, or JSON with access_token, accessToken or token and expires_in or expires_on.
/// The end of a JWT is read from it; else it counts for five minutes.
Result<AccessToken> parsePrintedToken(QByteArrayView text, std::int64_t nowUnixNs);

/// Where a token endpoint may be: https, or http on this machine.
Result<QUrl> tokenUrl(const QString& text);

/// Posts forms to token endpoints. Redirects are refused, answers above 1 MiB too; ten seconds are all it waits. Exporter thread;
/// a destroyed endpoint calls nobody back.
class TokenEndpoint {
public:
    TokenEndpoint();
    /// `secrets` are taken out of the messages of errors, should the endpoint repeat them. Unauthenticated: the credentials were
    /// refused; Unavailable: it could not be asked.
    void post(const QUrl& url, const QList<std::pair<QByteArray, QByteArray>>& form, const QList<QByteArray>& secrets,
              TokenSource::Done done);

private:
    QNetworkAccessManager m_network;
};

} // namespace oriel::otlp
