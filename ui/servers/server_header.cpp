// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/server_header.h"

#include "ui/servers/server_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QHBoxLayout>
#include <QPushButton>

namespace oriel::ui {

ServerHeader::ServerHeader(const QList<QAction*>& commands, QWidget* parent) : QWidget(parent)
{
    setFixedHeight(48);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(metrics::space3 + 2, 0, metrics::space3, 0);
    row->setSpacing(metrics::space2);
    m_lamp = new StatusDot(Lamp::Idle, this);
    m_name = new TextLabel(QString(), TextLabel::Role::Title, this);
    m_state = new TextLabel(QString(), TextLabel::Role::Dim, this);
    m_state->setElided(true);
    row->addWidget(m_lamp);
    row->addWidget(m_name);
    row->addSpacing(metrics::space1);
    row->addWidget(m_state, 1);
    for (QAction* action : commands) {
        auto* button = new QPushButton(action->icon(), action->text(), this);
        const auto follow = [button, action] {
            button->setText(action->iconText());
            button->setIcon(action->icon());
            button->setEnabled(action->isEnabled());
            button->setVisible(action->isVisible());
            button->setToolTip(action->toolTip());
        };
        follow();
        connect(action, &QAction::changed, button, follow);
        connect(button, &QPushButton::clicked, action, &QAction::trigger);
        row->addWidget(button);
    }
}

void ServerHeader::setServer(const service::ServerSnapshot& server)
{
    m_lamp->setLamp(lampOf(server));
    m_name->setText(server.config.name);
    QStringList words{transportWord(server.config.transport)};
    if (server.pid != 0)
        words.append(QStringLiteral("pid %1").arg(server.pid));
    words.append(stateWords(server));
    m_state->setText(words.join(QStringLiteral(" · ")));
    m_state->setRole(lampOf(server) == Lamp::Error ? TextLabel::Role::Error : TextLabel::Role::Dim);
}

} // namespace oriel::ui
