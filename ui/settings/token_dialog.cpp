// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/token_dialog.h"

#include "ui/settings/settings_text.h"
#include "ui/settings/snippet_view.h"
#include "ui/widgets/async.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/form.h"
#include "ui/widgets/text_label.h"

#include <QCheckBox>
#include <QLineEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace oriel::ui {

TokenDialog::TokenDialog(service::GatewayService& service, const QStringList& takenNames, QWidget* parent)
    : Dialog(QStringLiteral("Add a token"), parent),
      m_service(service),
      m_takenNames(takenNames)
{
    setSentence(
        QStringLiteral("One token for each client, so that every call says who made it, and one can be taken back alone."));
    setAcceptButton(QStringLiteral("Make the token"));
    m_pages = new QStackedWidget(this);
    m_form = new Form(m_pages);
    m_name = new QLineEdit(m_form);
    m_name->setPlaceholderText(QStringLiteral("claude-code"));
    m_form->addField(QStringLiteral("name"), QStringLiteral("Name"), m_name, QStringLiteral("Of the client that will use it."));
    m_mcp = new QCheckBox(QStringLiteral("Use the servers (mcp)"), m_form);
    m_mcp->setChecked(true);
    m_form->addField(QStringLiteral("scopes"), QStringLiteral("May"), m_mcp);
    m_api = new QCheckBox(QStringLiteral("Read logs, metrics and audit over the HTTP API (api)"), m_form);
    m_form->addField(QStringLiteral("api"), QString(), m_api);
    m_project = new QLineEdit(m_form);
    m_project->setPlaceholderText(QStringLiteral("default"));
    m_form->addField(QStringLiteral("project"), QStringLiteral("Project"), m_project,
                     QStringLiteral("Stands on its calls' spans, metrics and audit rows."));
    m_pages->addWidget(m_form);
    auto* made = new QWidget(m_pages);
    auto* column = new QVBoxLayout(made);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(metrics::space2);
    auto* once = new Banner(Tone::Warning, made);
    once->setMessage(QStringLiteral("Copy it now: it is shown only this once"),
                     QStringLiteral("Oriel keeps a digest of it, not the token itself."));
    column->addWidget(once);
    m_token = new CodeView(made);
    m_token->setMaximumLines(1);
    column->addWidget(m_token);
    column->addSpacing(metrics::space2);
    column->addWidget(new TextLabel(QStringLiteral("Put it into the client's configuration"), TextLabel::Role::Strong, made));
    m_snippets = new SnippetView(made);
    column->addWidget(m_snippets);
    column->addStretch(1);
    m_pages->addWidget(made);
    body()->addWidget(m_pages, 1);
    resize(620, 520);
}

QString TokenDialog::token() const
{
    return m_token->text();
}

void TokenDialog::accept()
{
    if (m_pages->currentIndex() == 1) {
        done(Accepted);
        return;
    }
    QList<FieldError> errors = validateTokenName(m_name->text().trimmed(), m_takenNames);
    if (!m_mcp->isChecked() && !m_api->isChecked())
        errors.append({QStringLiteral("scopes"), QStringLiteral("A token that may do nothing is of no use.")});
    m_form->setErrors(errors, true);
    if (!errors.isEmpty() || !acceptButton()->isEnabled())
        return;
    QStringList scopes;
    if (m_mcp->isChecked())
        scopes.append(QStringLiteral("mcp"));
    if (m_api->isChecked())
        scopes.append(QStringLiteral("api"));
    acceptButton()->setEnabled(false);
    whenDone(m_service.addToken(m_name->text().trimmed(), scopes, m_project->text().trimmed()), this,
             [this](const Result<QString>& made) {
                 acceptButton()->setEnabled(true);
                 if (made)
                     showToken(*made);
                 else
                     showError(QStringLiteral("The token was not made: %1").arg(made.error().message), made.error().remedy);
             });
}

void TokenDialog::showToken(const QString& token)
{
    showError({});
    m_token->setText(token);
    m_snippets->setSnippets(m_service.clientSnippets(token));
    m_pages->setCurrentIndex(1);
    setAcceptButton(QStringLiteral("Done"));
    cancelButton()->hide();
    m_token->setFocus(Qt::OtherFocusReason);
}

} // namespace oriel::ui
