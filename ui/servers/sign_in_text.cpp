// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/sign_in_text.h"

namespace oriel::ui {
namespace {

using service::SignInState;

QString sentence(const QString& text)
{
    return text.isEmpty() ? text : text.left(1).toUpper() + text.mid(1) + QLatin1Char('.');
}

} // namespace

std::optional<SignInBanner> signInBannerOf(const service::ServerSnapshot& server)
{
    const QString& name = server.config.name;
    switch (server.signIn) {
    case SignInState::Needed:
        return SignInBanner{Tone::Warning,
                            server.state == service::ServerState::Ready ? QStringLiteral("%1 wants more access").arg(name)
                                                                        : QStringLiteral("%1 wants you to sign in").arg(name),
                            sentence(server.signInText) +
                                QStringLiteral(" Your browser opens at the server's sign-in page; the token goes to the vault."),
                            {{QStringLiteral("sign-in"), QStringLiteral("Sign in …")}}};
    case SignInState::Awaited:
        return SignInBanner{Tone::Neutral,
                            QStringLiteral("Sign in to %1 in your browser").arg(name),
                            QStringLiteral("The page is at %1. Come back here when it says so.").arg(server.signInUrl.host()),
                            {{QStringLiteral("open-page"), QStringLiteral("Open the page")},
                             {QStringLiteral("copy-address"), QStringLiteral("Copy its address")},
                             {QStringLiteral("cancel"), QStringLiteral("Cancel")}}};
    case SignInState::Running:
        return SignInBanner{Tone::Neutral,
                            QStringLiteral("Signing in to %1").arg(name),
                            sentence(server.signInText),
                            {{QStringLiteral("cancel"), QStringLiteral("Cancel")}}};
    case SignInState::Unknown:
    case SignInState::SignedIn:
        break;
    }
    return std::nullopt;
}

SignInCommand signInCommandOf(const service::ServerSnapshot& server)
{
    if (!server.canSignIn || !server.config.enabled)
        return SignInCommand::None;
    switch (server.signIn) {
    case SignInState::Needed:
        return SignInCommand::SignIn;
    case SignInState::Awaited:
    case SignInState::Running:
        return SignInCommand::Cancel;
    case SignInState::SignedIn:
        return SignInCommand::SignOut;
    case SignInState::Unknown:
        break;
    }
    return SignInCommand::None;
}

} // namespace oriel::ui
