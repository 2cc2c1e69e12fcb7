// SPDX-License-Identifier: GPL-3.0-or-later
#include "window.h"

#include "demo_traffic.h"
#include "headless.h"
#include "screenshots.h"
#include "service/control/local_control.h"
#include "shell_link.h"
#include "terminal.h"
#include "ui/shell/main_window.h"
#include "ui/shell/ui_settings.h"
#include "ui/theme/theme_source.h"
#ifdef ORIEL_SECTION_OVERVIEW
#include "ui/overview/overview_section.h"
#endif
#ifdef ORIEL_SECTION_TRACES
#include "ui/traces/traces_section.h"
#endif
#ifdef ORIEL_SECTION_METRICS
#include "ui/metrics/metrics_section.h"
#endif
#ifdef ORIEL_SECTION_LOGS
#include "ui/logs/logs_section.h"
#endif
#ifdef ORIEL_SECTION_AUDIT
#include "ui/audit/audit_section.h"
#endif
#ifdef ORIEL_SECTION_SERVERS
#include "ui/servers/servers_section.h"
#endif
#ifdef ORIEL_SECTION_SETTINGS
#include "ui/settings/settings_section.h"
#endif

#include <QApplication>
#include <QEventLoop>
#include <QIcon>

namespace oriel::app {

namespace {

constexpr int kDemoWarmUpMs = 9'000;
constexpr int kHandOverMs = 10'000;

QList<ui::Section*> makeSections(service::GatewayService& service)
{
    QList<ui::Section*> sections;
#ifdef ORIEL_SECTION_OVERVIEW
    sections.append(new ui::OverviewSection(service));
#endif
#ifdef ORIEL_SECTION_TRACES
    sections.append(new ui::TracesSection(service));
#endif
#ifdef ORIEL_SECTION_METRICS
    sections.append(new ui::MetricsSection(service));
#endif
#ifdef ORIEL_SECTION_LOGS
    sections.append(new ui::LogsSection(service));
#endif
#ifdef ORIEL_SECTION_AUDIT
    sections.append(new ui::AuditSection(service));
#endif
#ifdef ORIEL_SECTION_SERVERS
    sections.append(new ui::ServersSection(service));
#endif
#ifdef ORIEL_SECTION_SETTINGS
    sections.append(new ui::SettingsSection(service));
#endif
    return sections;
}

/// Deals with another Oriel that owns the data directory: the exit code, unless this one may try to own it.
std::optional<int> settleWithOwner(const Options& options)
{
    if (!service::readRuntime(options.dataDir))
        return std::nullopt;
    const auto raised = service::sendCommand(options.dataDir, "raise", {}, 3'000);
    if (!raised && !service::readRuntime(options.dataDir))
        return std::nullopt; // it has ended meanwhile
    if (!raised)
        return reportError(raised.error());
    if (*raised == "true") {
        printError(QStringLiteral("oriel: the window of the running Oriel was raised"));
        return Success;
    }
    (void)service::sendCommand(options.dataDir, "hand-over", {}, 3'000);
    QEventLoop loop;
    QTimer look;
    look.setInterval(50);
    QObject::connect(&look, &QTimer::timeout, &loop, [&] {
        if (!service::readRuntime(options.dataDir))
            loop.quit();
    });
    QTimer::singleShot(kHandOverMs, &loop, &QEventLoop::quit);
    look.start();
    loop.exec();
    return std::nullopt;
}

int startFailure(const Error& error)
{
    return reportError(error, error.code == ErrorCode::AlreadyExists ? PortTaken : Failure);
}

} // namespace

int runWindow(const Options& options, int& argc, char** argv)
{
    QApplication application(argc, argv);
    QApplication::setApplicationDisplayName(QStringLiteral("Oriel"));
    QGuiApplication::setDesktopFileName(QStringLiteral("org.oriel.console"));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/oriel/icons/app/oriel.svg")));
    const bool pictures = !options.screenshots.empty();

    if (const std::optional<int> settled = settleWithOwner(options))
        return *settled;
    auto service = std::make_unique<service::GatewayService>(serviceOptions(options, false));
    if (const Status started = service->start(); !started)
        return startFailure(started.error());

    const QString theme = options.theme.isEmpty() ? service->configuration().ui.theme : options.theme;
    ui::Appearance appearance(std::make_unique<ui::SystemThemeSource>(), ui::Appearance::preferenceFromName(theme));
    std::unique_ptr<ui::UiSettings> settings;
    if (pictures)
        settings = std::make_unique<ui::MemoryUiSettings>();
    else
        settings = std::make_unique<ui::FileUiSettings>(options.dataDir + QStringLiteral("/window.ini"));

    int code = Success;
    // Until the service has stopped: a second signal must not cut that short.
    TerminationSignals termination;
    QObject::connect(&termination, &TerminationSignals::requested, &application, &QApplication::quit);
    {
        ui::MainWindow window(makeSections(*service), *settings);
        if (pictures || settings->value(QStringLiteral("window/geometry")).isNull())
            window.resize(options.size);
        const ShellLink link(*service, window);
        QObject::connect(service.get(), &service::GatewayService::handOverRequested, &application, &QApplication::quit);
        QObject::connect(service.get(), &service::GatewayService::raiseRequested, &window, [&window] {
            window.showNormal();
            window.raise();
            window.activateWindow();
        });
        QObject::connect(service.get(), &service::GatewayService::configurationChanged, &window, [&] {
            if (options.theme.isEmpty())
                appearance.setPreference(ui::Appearance::preferenceFromName(service->configuration().ui.theme));
        });
        window.show();
        std::unique_ptr<DemoTraffic> demo;
        if (options.demo)
            demo = std::make_unique<DemoTraffic>(*service);
        std::unique_ptr<ScreenshotRun> run;
        if (pictures) {
            run = std::make_unique<ScreenshotRun>(window, options.screenshots, options.demo ? kDemoWarmUpMs : 0);
            QObject::connect(run.get(), &ScreenshotRun::finished, &application,
                             [](int failures) { QApplication::exit(failures == 0 ? Success : Failure); });
        }
        code = QApplication::exec();
    }
    service->stop();
    return code;
}

} // namespace oriel::app
