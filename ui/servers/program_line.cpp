// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/program_line.h"

#include "ui/servers/server_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/async.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/text_label.h"
#include "upstream/program_search.h"

#include <QCheckBox>
#include <QDir>
#include <QPromise>
#include <QThreadPool>
#include <QVBoxLayout>

#include <memory>

namespace oriel::ui {
namespace {

/// What is started, where: another folder makes a relative program another program.
QString identity(const config::Server& server)
{
    return server.transport == config::ServerTransport::Stdio ? commandLineOf(server) + QLatin1Char('\n') + server.cwd
                                                              : QString();
}

} // namespace

ProgramLine::ProgramLine(QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(metrics::space1);
    column->addWidget(
        new TextLabel(QStringLiteral("Will be started on this machine, without a shell:"), TextLabel::Role::Caption, this));
    m_view = new CodeView(this);
    m_view->setMaximumLines(12);
    column->addWidget(m_view);
    m_found = new TextLabel(QString(), TextLabel::Role::Caption, this);
    m_found->setWordWrap(true);
    column->addWidget(m_found);
    m_yes = new QCheckBox(QStringLiteral("I have read this line and want it to be run"), this);
    column->addWidget(m_yes);
    setFocusProxy(m_yes);
    connect(m_yes, &QCheckBox::toggled, this, &ProgramLine::approvalChanged);
}

void ProgramLine::setApproved(const config::Server& server)
{
    m_approvedLine = identity(server);
    setServer(server);
}

void ProgramLine::setServer(const config::Server& server)
{
    if (identity(server) != identity(m_server))
        m_yes->setChecked(false);
    m_server = server;
    m_view->setText(identity(server).isEmpty() ? QString() : brokenCommandLine(server));
    m_yes->setVisible(identity(server) != m_approvedLine);
    const QStringList place{server.command, server.cwd, server.env.value(QStringLiteral("PATH"))};
    if (place != m_searched && !server.command.isEmpty())
        search();
    m_searched = place;
}

bool ProgramLine::isApproved() const
{
    return identity(m_server).isEmpty() || identity(m_server) == m_approvedLine || m_yes->isChecked();
}

void ProgramLine::setYes(bool yes)
{
    m_yes->setChecked(yes);
}

QString ProgramLine::line() const
{
    return m_view->text();
}

void ProgramLine::search()
{
    const int number = ++m_searches;
    auto promise = std::make_shared<QPromise<upstream::ProgramSearch>>();
    promise->start();
    whenDone(promise->future(), this, [this, number](const upstream::ProgramSearch& search) {
        if (number != m_searches)
            return;
        if (!search.program.isEmpty()) {
            m_found->setRole(TextLabel::Role::Caption);
            m_found->setText(QStringLiteral("Found as %1").arg(QDir::toNativeSeparators(search.program)));
        } else {
            m_found->setRole(TextLabel::Role::Warning);
            m_found->setText(
                search.notExecutable.isEmpty()
                    ? QStringLiteral("Not found just now: %1 folders of PATH were searched. It can be saved all the same.")
                          .arg(search.searchedFolders.size())
                    : QStringLiteral("%1 is there but may not be run.").arg(search.notExecutable));
        }
    });
    QString path = m_server.env.value(QStringLiteral("PATH"));
    if (path.isEmpty())
        path = qEnvironmentVariable("PATH");
    QThreadPool::globalInstance()->start([promise, command = m_server.command, folder = m_server.cwd, path] {
        promise->addResult(upstream::findProgram(command, folder, path, qEnvironmentVariable("PATHEXT")));
        promise->finish();
    });
}

} // namespace oriel::ui
