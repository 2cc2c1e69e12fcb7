// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/widgets/dialog.h"

class QLineEdit;

namespace oriel::ui {

class Form;

/// Puts a secret into the vault, or another value in its place. The value is typed unseen and never shown again. GUI thread.
class SecretDialog : public Dialog {
    Q_OBJECT
public:
    /// With a name the value of that secret is replaced.
    SecretDialog(service::GatewayService& service, const QString& name, const QStringList& takenNames, QWidget* parent = nullptr);
    [[nodiscard]] Form* form() const { return m_form; }
    void accept() override;

Q_SIGNALS:
    void saved(const QString& name);

private:
    service::GatewayService& m_service;
    QString m_existing;
    QStringList m_takenNames;
    Form* m_form;
    QLineEdit* m_name;
    QLineEdit* m_value;
};

} // namespace oriel::ui
