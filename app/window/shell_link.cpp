// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell_link.h"

#include "ui/widgets/format.h"

namespace oriel::app {

namespace {

ui::Lamp lampOf(service::DestinationHealth health)
{
    switch (health) {
    case service::DestinationHealth::Off:
    case service::DestinationHealth::Idle:
        return ui::Lamp::Idle;
    case service::DestinationHealth::Good:
        return ui::Lamp::Good;
    case service::DestinationHealth::Waiting:
        return ui::Lamp::Warning;
    case service::DestinationHealth::Broken:
        break;
    }
    return ui::Lamp::Error;
}

/// "Grafana: the backend refused the key (…). Give another key; 312 records wait."
QString tipOf(const service::DestinationSnapshot& destination)
{
    const QString what = destination.config.name + QStringLiteral(": ") + destination.stateText;
    return destination.remedy.isEmpty() ? what : what + QStringLiteral(".\n") + destination.remedy;
}

} // namespace

ui::ShellStatus shellStatus(const service::GatewayStatus& status, const QList<service::DestinationSnapshot>& destinations)
{
    ui::ShellStatus shown;
    shown.endpoint =
        status.listening ? QString(status.endpoint).remove(QStringLiteral("http://")) : QStringLiteral("not listening");
    shown.endpointLamp = !status.listening || status.authDisabled ? ui::Lamp::Error : ui::Lamp::Good;
    shown.endpointTip = !status.listening ? status.listenError
                        : status.authDisabled
                            ? QStringLiteral("Authentication is off: every program of this machine may call the servers.")
                            : QStringLiteral("Clients connect here with their token.");
    shown.serversReady = status.serversReady;
    shown.serversConfigured = status.serversEnabled;
    shown.callsPerSecond = status.callsPerSecond;
    if (status.p95Ns > 0)
        shown.p95Ns = status.p95Ns;
    shown.dropped = status.dropped;
    shown.storeBytes = static_cast<std::uint64_t>(status.storeBytes);
    shown.storeLimitBytes = static_cast<std::uint64_t>(status.storeBudgetBytes);
    for (const service::DestinationSnapshot& destination : destinations) {
        shown.destinations.append({destination.config.name, lampOf(destination.health), destination.brief, tipOf(destination)});
    }
    return shown;
}

ShellLink::ShellLink(service::GatewayService& service, ui::MainWindow& window) : m_service(service), m_window(window)
{
    connect(&service, &service::GatewayService::statusChanged, this, &ShellLink::update);
    connect(&service, &service::GatewayService::destinationsChanged, this, &ShellLink::update);
    connect(&window, &ui::MainWindow::bannerLinkTriggered, this, [this](const QString& link) { m_window.showSection(link); });
    connect(&window, &ui::MainWindow::statusSegmentClicked, this, [this](const QString& segment) {
        if (segment.startsWith(QLatin1String("destination:")))
            m_window.open(QStringLiteral("settings"), segment);
        else
            m_window.open(QStringLiteral("settings"), QStringLiteral("retention"));
    });
    update();
}

void ShellLink::update()
{
    const service::GatewayStatus status = m_service.status();
    m_window.setStatus(shellStatus(status, m_service.destinations()));
    updateBanner(status);
}

void ShellLink::updateBanner(const service::GatewayStatus& status)
{
    const QString state = status.configError + QLatin1Char('|') + status.listenError + QLatin1Char('|') + status.auditError +
                          (status.authDisabled ? QStringLiteral("|open") : QString());
    if (state == m_banner)
        return;
    m_banner = state;
    if (!status.listening)
        m_window.showBanner(ui::Tone::Error, QStringLiteral("The gateway does not listen"), status.listenError,
                            QStringLiteral("settings"), QStringLiteral("Settings"));
    else if (!status.configError.isEmpty())
        m_window.showBanner(ui::Tone::Error, QStringLiteral("Not everything that is configured is in force"),
                            status.configError.section(QLatin1Char('\n'), 0, 0));
    else if (!status.auditError.isEmpty())
        m_window.showBanner(ui::Tone::Error, QStringLiteral("The audit log cannot be written"), status.auditError);
    else if (status.authDisabled)
        m_window.showBanner(
            ui::Tone::Error, QStringLiteral("Authentication is off"),
            QStringLiteral("Every program of this machine may call the servers. Switch it on in Settings, Gateway, or "
                           "start without --no-auth."));
    else
        m_window.showBanner(ui::Tone::Neutral, QString());
}

} // namespace oriel::app
