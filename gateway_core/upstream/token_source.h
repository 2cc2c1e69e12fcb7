// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QHostAddress>

#include <functional>

namespace oriel::upstream {

/// A server's refusal for want of a token, or of a better one.
struct TokenRefusal {
    int status = 401;        ///< 401 or 403
    QByteArray authenticate; ///< WWW-Authenticate as received; may be empty
    QByteArray usedToken;    ///< that was sent; empty when none was
    QHostAddress peer;       ///< that answered
};

/// Where the connection to one server over HTTP gets its access tokens (MCP, basic/authorization "Access Token Usage"). They are
/// issued for this server; a client's own token never comes here. Owned by the ServerConnection, on its thread. Callbacks run
/// once, later, never from within the question.
class TokenSource {
public:
    using Done = std::function<void(Result<QByteArray>)>;
    /// Names one question; 0 is none.
    using Ticket = quint64;

    virtual ~TokenSource() = default;
    /// What is at hand to begin with; NotFound when nothing is. Never waits for a person.
    virtual Ticket token(Done done) = 0;
    /// Another token after a refusal. Unavailable and Timeout mean that trying again may help; every other error needs a person,
    /// and its remedy says what to do.
    virtual Ticket tokenAfter(const TokenRefusal& refusal, Done done) = 0;
    /// No callback follows.
    virtual void cancel(Ticket ticket) = 0;
    /// The server took the token that was given out last.
    virtual void accepted() = 0;
};

} // namespace oriel::upstream
