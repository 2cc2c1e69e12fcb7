// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/secret_dialog.h"

#include "ui/settings/settings_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/form.h"

#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace oriel::ui {

SecretDialog::SecretDialog(service::GatewayService& service, const QString& name, const QStringList& takenNames, QWidget* parent)
    : Dialog(name.isEmpty() ? QStringLiteral("Add a secret") : QStringLiteral("Replace %1").arg(name), parent),
      m_service(service),
      m_existing(name),
      m_takenNames(takenNames)
{
    setSentence(name.isEmpty()
                    ? QStringLiteral("Written into settings as ${vault:name}. Its value cannot be read back, only replaced.")
                    : QStringLiteral("What refers to it gets the new value at its next start or request."));
    setAcceptButton(name.isEmpty() ? QStringLiteral("Add secret") : QStringLiteral("Replace"));
    m_form = new Form(this);
    m_name = new QLineEdit(name, m_form);
    m_name->setPlaceholderText(QStringLiteral("github.token"));
    m_name->setReadOnly(!name.isEmpty());
    m_form->addField(QStringLiteral("name"), QStringLiteral("Name"), m_name);
    m_value = new QLineEdit(m_form);
    m_value->setEchoMode(QLineEdit::Password);
    m_form->addField(QStringLiteral("value"), QStringLiteral("Value"), m_value);
    body()->addWidget(m_form);
    (name.isEmpty() ? m_name : m_value)->setFocus(Qt::OtherFocusReason);
}

void SecretDialog::accept()
{
    const QString name = m_name->text().trimmed();
    QList<FieldError> errors = validateSecretName(name);
    if (errors.isEmpty() && m_existing.isEmpty() && m_takenNames.contains(name))
        errors.append({QStringLiteral("name"), QStringLiteral("There is a secret \"%1\" already; replace that one.").arg(name)});
    if (m_value->text().isEmpty())
        errors.append({QStringLiteral("value"), QStringLiteral("Type or paste the value.")});
    m_form->setErrors(errors, true);
    if (!errors.isEmpty() || !acceptButton()->isEnabled())
        return;
    acceptButton()->setEnabled(false);
    whenDone(m_service.setSecret(name, m_value->text().toUtf8()), this, [this, name](const Status& kept) {
        acceptButton()->setEnabled(true);
        if (!kept) {
            showError(QStringLiteral("%1 was not kept: %2").arg(name, kept.error().message), kept.error().remedy);
            return;
        }
        m_value->clear();
        Q_EMIT saved(name);
        done(Accepted);
    });
}

} // namespace oriel::ui
