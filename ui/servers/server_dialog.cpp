// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/server_dialog.h"

#include "ui/servers/server_form.h"
#include "ui/widgets/async.h"

#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace oriel::ui {

ServerDialog::ServerDialog(service::GatewayService& service, const QStringList& takenNames, QWidget* parent)
    : Dialog(QStringLiteral("Add a server"), parent),
      m_service(service)
{
    setSentence(QStringLiteral("Every client that is connected to Oriel sees its tools as soon as it is ready."));
    setAcceptButton(QStringLiteral("Add server"));
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->viewport()->setAutoFillBackground(false);
    m_form = new ServerForm(service, scroll);
    m_form->setContentsMargins(0, 0, metrics::space3, 0);
    m_form->load({}, takenNames, true);
    scroll->setWidget(m_form);
    m_form->setAutoFillBackground(false); // which setWidget() switches on; the card shows through
    body()->addWidget(scroll, 1);
    resize(680, 720);
    connect(m_form, &ServerForm::failed, this,
            [this](const QString& headline, const QString& sentence) { showError(headline, sentence); });
    connect(m_form, &ServerForm::changed, this, [this] { showError({}); });
}

void ServerDialog::accept()
{
    if (!m_form->validate())
        return;
    const config::Server server = m_form->server();
    acceptButton()->setEnabled(false);
    whenDone(m_service.saveServer(server), this, [this, server](const Status& saved) {
        acceptButton()->setEnabled(true);
        if (!saved) {
            showError(QStringLiteral("%1 was not added: %2").arg(server.name, saved.error().message), saved.error().remedy);
            return;
        }
        Q_EMIT this->saved(server.name);
        done(Accepted);
    });
}

} // namespace oriel::ui
