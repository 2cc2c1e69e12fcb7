// SPDX-License-Identifier: GPL-3.0-or-later
// The way from "Save" to a saved destination: what is wrong, secrets, then the destination itself.
#include "ui/settings/destination_dialog.h"
#include "ui/settings/destination_text.h"
#include "ui/settings/preset_fields.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/async.h"

#include <QLineEdit>
#include <QPushButton>

#include <algorithm>

namespace oriel::ui {

QList<FieldError> DestinationDialog::errorsOf(const config::Destination& wanted) const
{
    QList<FieldError> errors = validateDestination(wanted, m_otherNames);
    if (m_preset == nullptr)
        return errors;
    errors.append(m_fields->problems());
    for (const FieldError& error : presetErrors(wanted)) {
        const auto same = [&](const FieldError& known) { return known.field == error.field; };
        if (std::none_of(errors.cbegin(), errors.cend(), same))
            errors.append(error);
    }
    return errors;
}

void DestinationDialog::showErrors(QList<FieldError> errors)
{
    if (m_advanced != m_form) {
        const QList<FieldError> rest = m_form->setErrors(errors, true);
        errors = m_advanced->setErrors(rest, rest.size() == errors.size());
        if (errors.size() < rest.size())
            m_unfold->setChecked(true);
    } else {
        errors = m_form->setErrors(errors, true);
    }
    // What no field took: there is no place for it but the dialog's own.
    showError(errors.isEmpty() ? QString() : errors.first().message);
}

void DestinationDialog::accept()
{
    const QList<FieldError> errors = errorsOf(destination());
    showErrors(errors);
    if (!errors.isEmpty() || !acceptButton()->isEnabled())
        return;
    acceptButton()->setEnabled(false);
    keepSecretsThenSave();
}

void DestinationDialog::keepSecretsThenSave()
{
    const auto typed =
        m_fields != nullptr ? m_fields->typedSecrets(m_name->text().trimmed()) : std::vector<PresetFields::TypedSecret>();
    if (typed.empty())
        return save();
    whenDone(m_service.setSecret(typed.front().vaultName, typed.front().value), this,
             [this, secret = typed.front()](const Status& kept) {
                 if (!kept) {
                     acceptButton()->setEnabled(true);
                     showError(QStringLiteral("The secret was not kept in the vault: %1").arg(kept.error().message),
                               kept.error().remedy);
                     return;
                 }
                 m_fields->noteKept(secret);
                 keepSecretsThenSave();
             });
}

void DestinationDialog::save()
{
    const config::Destination wanted = destination();
    whenDone(m_service.saveDestination(wanted, m_existing.isEmpty() ? std::nullopt : std::optional(m_loaded)), this,
             [this, wanted](const Status& kept) {
                 acceptButton()->setEnabled(true);
                 if (!kept) {
                     showError(QStringLiteral("%1 was not saved: %2").arg(wanted.name, kept.error().message),
                               kept.error().remedy);
                     return;
                 }
                 Q_EMIT saved(wanted.name);
                 done(Accepted);
             });
}

} // namespace oriel::ui
