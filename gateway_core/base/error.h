// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace oriel {

/// What kind of thing went wrong, for code that has to decide; the message is for people.
enum class ErrorCode : quint8 {
    InvalidArgument, ///< the caller's input is not acceptable
    Parse,           ///< text or bytes that do not follow their grammar
    NotFound,
    AlreadyExists,
    PermissionDenied,
    Unauthenticated,
    Unavailable, ///< a peer, service or backend cannot be reached just now
    Timeout,
    Cancelled,
    TooLarge, ///< a limit of ours was exceeded
    ResourceExhausted,
    DataLoss, ///< stored data is corrupt
    Unsupported,
    Io,
    Internal,
};

/// An error as a value. `message` is one sentence: what failed and why. `context` says where (a path, a line, a URL, a server)
/// and `remedy` what the user can do next; either may be empty.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    QString message;
    QString context;
    QString remedy;

    /// "context: message (remedy)" with the empty parts left out.
    [[nodiscard]] QString toString() const
    {
        QString text = context.isEmpty() ? message : context + QStringLiteral(": ") + message;
        if (remedy.isEmpty())
            return text;
        const bool isEnded =
            text.endsWith(QLatin1Char('.')) || text.endsWith(QLatin1Char('?')) || text.endsWith(QLatin1Char('!'));
        return text + (isEnded ? QStringLiteral(" ") : QStringLiteral(". ")) + remedy;
    }
};

} // namespace oriel
