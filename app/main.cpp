// SPDX-License-Identifier: GPL-3.0-or-later
#include "bridge.h"
#include "commands.h"
#include "config/environment/environment.h"
#include "headless.h"
#include "options.h"
#ifdef ORIEL_HAS_WINDOW
#include "window/window.h"
#endif

#include <QCoreApplication>
#include <QLoggingCategory>

#include <csignal>

namespace {

using oriel::app::Options;
using Command = Options::Command;

void setIdentity()
{
    QCoreApplication::setApplicationName(QStringLiteral("oriel"));
    QCoreApplication::setOrganizationName(QStringLiteral("oriel"));
    QCoreApplication::setApplicationVersion(QStringLiteral(ORIEL_VERSION));
}

/// What the command line says, else OTEL_LOG_LEVEL or the file of OTEL_CONFIG_FILE, else info.
QString chosenLogLevel(const Options& options)
{
    if (!options.logLevel.isEmpty())
        return options.logLevel;
    oriel::config::Config configuration;
    (void)oriel::config::applyEnvironment(configuration, oriel::config::processEnvironment());
    const QString& level = configuration.telemetry.logLevel;
    return level.isEmpty() ? QStringLiteral("info") : level;
}

void setLogLevel(const QString& level)
{
    QString rules;
    if (level != QLatin1String("debug"))
        rules += QStringLiteral("*.debug=false\n");
    if (level == QLatin1String("warning") || level == QLatin1String("error"))
        rules += QStringLiteral("*.info=false\n");
    if (level == QLatin1String("error"))
        rules += QStringLiteral("*.warning=false\n");
    QLoggingCategory::setFilterRules(rules);
}

int runCommand(const Options& options)
{
    switch (options.command) {
    case Command::Bridge:
        return oriel::app::runBridge(options);
    case Command::AuditExport:
        return oriel::app::auditExport(options);
    case Command::AuditSearch:
        return oriel::app::auditSearch(options);
    case Command::AuditVerify:
        return oriel::app::auditVerify(options);
    case Command::TracesExport:
        return oriel::app::tracesExport(options);
    case Command::ConfigCheck:
        return oriel::app::configCheck(options);
    case Command::ConfigPath:
        return oriel::app::configPath(options);
    case Command::ConfigImport:
        return oriel::app::configImport(options);
    case Command::ConfigSchema:
        return oriel::app::configSchema(options);
    case Command::TokenAdd:
        return oriel::app::tokenAdd(options);
    case Command::TokenList:
        return oriel::app::tokenList(options);
    case Command::TokenRevoke:
        return oriel::app::tokenRevoke(options);
    case Command::SignIn:
        return oriel::app::signIn(options);
    case Command::SignOut:
        return oriel::app::signOut(options);
    case Command::Doctor:
        return oriel::app::doctor(options);
    case Command::ExportStack:
        return oriel::app::exportStack(options);
    case Command::Run:
        break;
    }
    return oriel::app::runHeadless(options);
}

} // namespace

int main(int argc, char** argv)
{
    setIdentity();
#ifdef SIGXFSZ
    std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error to report, not the end
#endif
    // Before any application object: --version and --help need no display.
    const oriel::app::Parsed parsed = oriel::app::parseOptions(argc, argv);
    if (!parsed.options)
        return parsed.exitCode;
    setLogLevel(chosenLogLevel(*parsed.options));
#ifdef ORIEL_HAS_WINDOW
    if (parsed.options->command == Command::Run && !parsed.options->headless)
        return oriel::app::runWindow(*parsed.options, argc, argv);
#endif
    const QCoreApplication application(argc, argv);
    return runCommand(*parsed.options);
}
