// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/theme/theme.h"

#include <QList>
#include <QString>

#include <optional>

namespace oriel::ui {

/// What the servers' pages say of signing in (G12). Pure functions.

struct SignInBanner {
    Tone tone = Tone::Neutral;
    QString headline;
    QString sentence;
    QList<std::pair<QString, QString>> links; ///< id ("sign-in", "open-page", "copy-address", "cancel") and text
    bool operator==(const SignInBanner&) const = default;
};

/// The notice over a server's page; none when signing in has nothing to say.
[[nodiscard]] std::optional<SignInBanner> signInBannerOf(const service::ServerSnapshot& server);

/// The one command about signing in that a server offers just now.
enum class SignInCommand : quint8 { None, SignIn, Cancel, SignOut };
[[nodiscard]] SignInCommand signInCommandOf(const service::ServerSnapshot& server);

} // namespace oriel::ui
