// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QStringList>

namespace oriel::oauth {

inline constexpr qsizetype kMaxScopes = 256;
inline constexpr qsizetype kMaxScopeLength = 512;

/// The scope tokens of `text` (RFC 6749 §3.3) without repeats; what is no scope token is left out, and so is what exceeds the
/// limits above.
[[nodiscard]] QStringList splitScopes(QByteArrayView text);
/// `scopes` that are valid scope tokens, without repeats, in order.
[[nodiscard]] QStringList validScopes(const QStringList& scopes);
[[nodiscard]] QByteArray joinScopes(const QStringList& scopes);
/// Those of `first`, then those only in `second`.
[[nodiscard]] QStringList scopeUnion(const QStringList& first, const QStringList& second);
[[nodiscard]] bool coversScopes(const QStringList& scopes, const QStringList& wanted);

/// Where a request's scopes come from.
struct ScopeSources {
    QStringList challenge = {}; ///< of the refusal
    QStringList resource = {};  ///< scopes_supported of the protected resource
    QStringList server = {};    ///< scopes_supported of the authorization server
    QStringList held = {};      ///< of the token that was refused
    QStringList chosen = {};    ///< by the user
    bool stepUp = false;        ///< 403 insufficient_scope
};

/// What the user chose, else the challenge's scopes, else all that the resource lists, else none (the parameter is then left
/// out). A step-up asks for the challenge's and what is held together, so that a permission is never traded for another.
/// `offline_access` comes along only where the authorization server lists it and something else is asked for.
[[nodiscard]] QStringList selectScopes(const ScopeSources& sources);

} // namespace oriel::oauth
