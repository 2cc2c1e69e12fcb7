// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/shell/main_window.h"

#include <QObject>

namespace oriel::app {

/// Keeps the window's frame up to date with the service: status bar, and the banner for what needs a person. GUI thread.
class ShellLink final : public QObject {
    Q_OBJECT
public:
    ShellLink(service::GatewayService& service, ui::MainWindow& window);

private:
    void update();
    void updateBanner(const service::GatewayStatus& status);

    service::GatewayService& m_service;
    ui::MainWindow& m_window;
    QString m_banner;
};

/// What the status bar shows of a gateway; pure.
ui::ShellStatus shellStatus(const service::GatewayStatus& status, const QList<service::DestinationSnapshot>& destinations);

} // namespace oriel::app
