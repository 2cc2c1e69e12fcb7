// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/server_settings_page.h"

#include "ui/servers/server_form.h"
#include "ui/theme/theme.h"
#include "ui/widgets/async.h"
#include "ui/widgets/save_bar.h"

#include <QScrollArea>
#include <QVBoxLayout>

namespace oriel::ui {

ServerSettingsPage::ServerSettingsPage(service::GatewayService& service, QWidget* parent) : QWidget(parent), m_service(service)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->viewport()->setAutoFillBackground(false);
    auto* page = new QWidget(scroll);
    auto* lines = new QVBoxLayout(page);
    lines->setContentsMargins(metrics::space4, metrics::space4, metrics::space4, metrics::space4);
    m_form = new ServerForm(service, page);
    m_form->setMaximumWidth(760);
    lines->addWidget(m_form);
    lines->addStretch(1);
    scroll->setWidget(page);
    page->setAutoFillBackground(false); // which setWidget() switches on; the card shows through
    column->addWidget(scroll, 1);
    m_bar = new SaveBar(this);
    column->addWidget(m_bar);
    connect(m_form, &ServerForm::changed, this, [this] { m_bar->setChanged(m_form->isChanged()); });
    connect(m_form, &ServerForm::failed, m_bar, &SaveBar::showError);
    connect(m_bar, &SaveBar::saveRequested, this, &ServerSettingsPage::save);
    connect(m_bar, &SaveBar::revertRequested, this, [this] {
        m_form->load(m_form->loaded(), m_otherNames, false);
        m_bar->setChanged(false);
    });
}

bool ServerSettingsPage::isChanged() const
{
    return m_loaded && m_form->isChanged();
}

void ServerSettingsPage::setServer(const config::Server& server, const QStringList& otherNames)
{
    const bool other = !m_loaded || server.name != m_form->loaded().name;
    if (!other && (isChanged() || server == m_form->loaded()))
        return;
    if (isChanged())
        m_drafts.insert(m_form->loaded().name, {m_form->loaded(), m_form->server()});
    m_otherNames = otherNames;
    m_loaded = true;
    if (m_drafts.contains(server.name)) {
        const Draft draft = m_drafts.take(server.name);
        return show(draft.base, draft.edited);
    }
    show(server, std::nullopt);
}

void ServerSettingsPage::show(const config::Server& base, const std::optional<config::Server>& edited)
{
    m_form->load(base, m_otherNames, false);
    if (edited)
        m_form->edit(*edited);
    m_bar->setChanged(m_form->isChanged());
}

void ServerSettingsPage::save()
{
    if (!m_form->validate())
        return;
    const config::Server base = m_form->loaded();
    const config::Server sent = m_form->server();
    m_bar->setBusy(true);
    whenDone(m_service.saveServer(sent, base), this, [this, base, sent](const Status& saved) {
        m_bar->setBusy(false);
        if (!saved) {
            m_bar->showError(QStringLiteral("%1 was not saved: %2").arg(sent.name, saved.error().message), saved.error().remedy);
            return;
        }
        followSaved(base, sent);
        Q_EMIT this->saved(sent.name);
    });
}

void ServerSettingsPage::followSaved(const config::Server& base, const config::Server& sent)
{
    const config::Config configuration = m_service.configuration();
    const config::Server* now = config::findServer(configuration, sent.name);
    const config::Server kept = now != nullptr ? *now : sent;
    if (m_form->loaded().name == base.name) {
        const config::Server typed = m_form->server();
        return show(kept, typed == sent ? std::nullopt : std::optional(typed));
    }
    // Another server is shown meanwhile, so what was sent waits as a draft.
    const auto draft = m_drafts.constFind(base.name);
    if (draft == m_drafts.cend())
        return;
    const config::Server edited = draft->edited;
    m_drafts.erase(draft);
    if (edited != sent)
        m_drafts.insert(sent.name, {kept, edited});
}

} // namespace oriel::ui
