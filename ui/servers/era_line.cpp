// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/era_line.h"

#include "ui/servers/server_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/text_label.h"

#include <QHBoxLayout>

namespace oriel::ui {

EraLine::EraLine(QWidget* parent) : QWidget(parent)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(metrics::space3);
    m_label = new TextLabel(QString(), TextLabel::Role::Dim, this);
    m_label->setElided(true);
    m_check = new LinkButton(QStringLiteral("Check again"), this);
    m_check->setToolTip(QStringLiteral("Forgets this and starts the server again, which finds it out anew"));
    row->addWidget(m_label, 1);
    row->addWidget(m_check);
    connect(m_check, &LinkButton::clicked, this, &EraLine::checkRequested);
}

void EraLine::setServer(const service::ServerSnapshot& server)
{
    m_label->setText(eraSentence(server));
    // A setting or a transport of one era leaves nothing to find out.
    m_check->setVisible(server.config.enabled && server.config.era == config::Era::Auto &&
                        server.config.transport != config::ServerTransport::LegacySse);
}

} // namespace oriel::ui
