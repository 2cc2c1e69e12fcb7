// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSize>
#include <QString>
#include <QStringList>

#include <optional>
#include <utility>
#include <vector>

namespace oriel::app {

/// Exit codes of the program (PRODUCT, "Contracts").
enum ExitCode : int { Success = 0, Failure = 1, Usage = 2, PortTaken = 3 };

/// Everything the command line says.
struct Options {
    QString configPath;
    QString dataDir;
    std::optional<quint16> port;
    bool headless = false;
    bool demo = false;
    bool noAuth = false;
    std::vector<std::pair<QString, QString>> screenshots; ///< section, file
    QString theme;
    QSize size{1440, 900};
    QString logLevel; ///< empty: not given
    QString passphraseFile;

    enum class Command {
        Run,
        Bridge,
        AuditExport,
        AuditSearch,
        AuditVerify,
        TracesExport,
        ConfigCheck,
        ConfigPath,
        ConfigImport,
        ConfigSchema,
        TokenAdd,
        TokenList,
        TokenRevoke,
        SignIn,
        SignOut,
        Doctor,
        ExportStack
    };
    Command command = Command::Run;
    QString url;    ///< bridge
    QString server; ///< bridge; filter of audit
    QString text;   ///< audit search
    QString format = QStringLiteral("jsonl");
    QString output; ///< a file instead of stdout; export-stack: the folder
    QString tool;
    QString filter; ///< traces export
    int limit = 0;
    QString file;       ///< config check, config import
    bool apply = false; ///< config import
    bool dryRun = false;
    bool moveSecrets = false;
    bool force = false; ///< export-stack
    QString name;       ///< token, sign-in, sign-out
    QString project;
    bool apiScope = false;
    bool apiOnly = false;
};

/// The options, or the exit code when the program has already said all (help, version, a mistake).
struct Parsed {
    std::optional<Options> options;
    int exitCode = Success;
};
Parsed parseOptions(int argc, char** argv);

} // namespace oriel::app
