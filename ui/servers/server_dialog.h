// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/widgets/dialog.h"

namespace oriel::ui {

class ServerForm;

/// Adds a server: its settings, the exact line that will be run, and the confirmation of it. Closes only when it was saved. GUI
/// thread.
class ServerDialog : public Dialog {
    Q_OBJECT
public:
    ServerDialog(service::GatewayService& service, const QStringList& takenNames, QWidget* parent = nullptr);
    [[nodiscard]] ServerForm* form() const { return m_form; }
    void accept() override;

Q_SIGNALS:
    void saved(const QString& name);

private:
    service::GatewayService& m_service;
    ServerForm* m_form;
};

} // namespace oriel::ui
