// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QStringList>

#include <optional>
#include <utility>

namespace oriel::oauth {

inline constexpr qsizetype kMaxChallengeBytes = 16 * 1024;
inline constexpr qsizetype kMaxChallenges = 32;
inline constexpr qsizetype kMaxChallengeParameters = 32;

/// One challenge of a `WWW-Authenticate` field (RFC 9110 §11.6.1): a scheme with a token68 or with parameters.
struct Challenge {
    QByteArray scheme;
    QByteArray token68;
    QList<std::pair<QByteArray, QByteArray>> parameters; ///< names in lower case, values without quotes
    /// Of the first parameter of that (lower-case) name; a null value when there is none.
    [[nodiscard]] QByteArray parameter(QByteArrayView name) const;
};

/// All challenges of one field value, in order. Parse: the field does not follow its grammar or names a parameter twice.
/// TooLarge: beyond the limits above.
[[nodiscard]] Result<QList<Challenge>> parseChallenges(QByteArrayView field);

/// What a Bearer challenge (RFC 6750 §3, RFC 9728 §5.1) says to a client.
struct BearerChallenge {
    QByteArray resourceMetadata; ///< a URL, not checked yet; empty when not given
    QStringList scopes;
    QByteArray error; ///< "invalid_token", "insufficient_scope", …
    [[nodiscard]] bool wantsMoreScope() const { return error == "insufficient_scope"; }
};

/// The first Bearer challenge; an empty one when the field is absent, unreadable or names only other schemes, because discovery
/// then goes on without it.
[[nodiscard]] BearerChallenge bearerChallenge(QByteArrayView field);

} // namespace oriel::oauth
