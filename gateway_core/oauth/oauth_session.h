// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "oauth/oauth_client.h"

#include <deque>

/// Private to oauth/oauth_*.cpp.
namespace oriel::oauth {

/// Somebody who waits for a token.
struct OAuthClient::Question {
    Ticket ticket = 0;
    std::optional<Denial> denial; ///< none: only what is kept
    Done done;
};

/// What is known of one server.
struct OAuthClient::Session {
    enum class Loading : quint8 { No, Running, Done };

    QString name;
    QUrl url;
    QByteArray resource; ///< canonical
    std::optional<ClientIdentity> preregistered;
    QStringList scopes;
    quint16 redirectPort = 0;

    Loading loading = Loading::No;
    bool forgetOnceLoaded = false;
    std::optional<TokenSet> tokens;
    std::optional<ClientIdentity> registered;
    QByteArray boundClient; ///< the pre-registered client that has been used, and where
    QByteArray boundIssuer;

    std::deque<Question> questions;
    std::unique_ptr<AuthorizationFlow> flow;
    bool refreshOnly = false; ///< of the flow
    bool interactive = false; ///< of the flow
    bool userAwaited = false;

    bool renewed = false; ///< the token came by renewal and nobody has accepted it yet
    int denials = 0;
    std::int64_t firstDenialNs = 0;
    QByteArray deniedToken; ///< counted already
};

} // namespace oriel::oauth
