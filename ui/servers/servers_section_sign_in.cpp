// SPDX-License-Identifier: GPL-3.0-or-later
// Signing in to the chosen server, and out of it.
#include "ui/servers/servers_section.h"
#include "ui/servers/sign_in_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/live_refresh.h"

#include <QAction>

namespace oriel::ui {

using service::ServerSnapshot;

void ServersSection::runSignInCommand()
{
    const ServerSnapshot* server = current();
    const SignInCommand command = server == nullptr ? SignInCommand::None : signInCommandOf(*server);
    if (command == SignInCommand::SignOut)
        signOut();
    else if (command != SignInCommand::None)
        signIn(command == SignInCommand::SignIn);
}

void ServersSection::signIn(bool begin)
{
    const QString name = m_current;
    if (!begin) {
        m_service.cancelSignIn(name);
        return;
    }
    whenDone(m_service.signIn(name), this, [this, name](const Status& done) {
        if (done)
            Q_EMIT notice(QStringLiteral("Signed in to %1").arg(name));
        if (done || done.error().code != ErrorCode::Cancelled)
            report(QStringLiteral("%1 was not signed in to").arg(name), done);
        m_refresh->demand();
    });
}

void ServersSection::signOut()
{
    const QString name = m_current;
    whenDone(m_service.signOut(name), this, [this, name](const Status& done) {
        report(QStringLiteral("%1 was not signed out of").arg(name), done);
        m_refresh->demand();
    });
}

void ServersSection::showSignInCommand(const ServerSnapshot* server)
{
    const SignInCommand command = server == nullptr ? SignInCommand::None : signInCommandOf(*server);
    m_signIn->setVisible(command != SignInCommand::None);
    m_signIn->setText(command == SignInCommand::SignOut  ? QStringLiteral("Sign out of this server")
                      : command == SignInCommand::Cancel ? QStringLiteral("Give up signing in")
                                                         : QStringLiteral("Sign in to this server …"));
    m_signIn->setIconText(command == SignInCommand::SignOut  ? QStringLiteral("Sign out")
                          : command == SignInCommand::Cancel ? QStringLiteral("Cancel sign-in")
                                                             : QStringLiteral("Sign in …"));
}

} // namespace oriel::ui
