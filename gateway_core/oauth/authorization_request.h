// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "oauth/metadata.h"

#include <QByteArray>
#include <QStringList>
#include <QUrl>

/// The two halves of the authorization code flow that pass through the browser. Pure functions.
namespace oriel::oauth {

struct AuthorizationRequest {
    QByteArray clientId;
    QByteArray redirectUri;
    QByteArray state;
    QByteArray codeChallenge;
    QByteArray resource;
    QStringList scopes; ///< empty: the parameter is left out
};

/// The address to open in the browser: the endpoint's own query kept, the parameters of OAuth 2.1 §4.1.1 and RFC 8707 added.
[[nodiscard]] QUrl authorizationUrl(const AuthorizationServer& server, const AuthorizationRequest& request);

/// What is remembered while the user is in the browser.
struct ExpectedRedirect {
    QByteArray state;
    QByteArray issuer;
    bool issAdvertised = false;
};

/// True if the redirect's query carries exactly this state: it belongs to the sign-in that waits.
[[nodiscard]] bool answersState(QByteArrayView query, const QByteArray& state);

/// The code of a redirect whose state has been checked. `iss` is judged first (RFC 9207 §2.4): a mismatch, or its absence where
/// the server announced it, refuses the answer without showing any text of it. Repeated parameters are refused.
/// PermissionDenied: mixed up. Cancelled: the user said no. Unauthenticated: any other error.
[[nodiscard]] Result<QByteArray> codeOfRedirect(QByteArrayView query, const ExpectedRedirect& expected);

} // namespace oriel::oauth
