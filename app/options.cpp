// SPDX-License-Identifier: GPL-3.0-or-later
#include "options.h"

#include "config/file/config_file.h"
#include "oriel_build_info.h"

#include <QDir>

#include <CLI/CLI.hpp>

namespace oriel::app {

namespace {

using Command = Options::Command;

CLI::Option* text(CLI::App& app, const std::string& name, QString& target, const std::string& description)
{
    return app.add_option_function<std::string>(
        name, [&target](const std::string& value) { target = QString::fromLocal8Bit(value.c_str()); }, description);
}

CLI::App* subcommand(CLI::App& parent, const std::string& name, const std::string& description, Options& options, Command command)
{
    CLI::App* sub = parent.add_subcommand(name, description);
    sub->fallthrough();
    sub->callback([&options, command] { options.command = command; });
    return sub;
}

void addGlobals(CLI::App& app, Options& options)
{
    text(app, "--config", options.configPath, "Configuration file")->type_name("FILE");
    text(app, "--data-dir", options.dataDir, "Everything that Oriel writes goes here")->type_name("DIR");
    app.add_option_function<int>(
           "--port", [&options](int value) { options.port = static_cast<quint16>(value); },
           "Port of the gateway; 0 picks a free one")
        ->check(CLI::Range(0, 65535));
    app.add_flag("--headless", options.headless, "No window: gateway, exporters and API only");
    app.add_flag("--demo", options.demo, "Start the bundled demo server and scripted traffic");
    app.add_flag("--no-auth", options.noAuth, "Ask no client for a token (loopback only; for tests)");
    app.add_option_function<std::vector<std::string>>(
           "--screenshot",
           [&options](const std::vector<std::string>& values) {
               for (const std::string& value : values) {
                   const auto equals = value.find('=');
                   if (equals == std::string::npos || equals == 0 || equals + 1 == value.size())
                       throw CLI::ValidationError("--screenshot", "expected SECTION=FILE.png");
                   options.screenshots.emplace_back(QString::fromStdString(value.substr(0, equals)),
                                                    QString::fromLocal8Bit(value.substr(equals + 1).c_str()));
               }
           },
           "Write a picture of a section (or of a place in it: servers/wire, settings/destinations/@add) when it has data, then "
           "exit; "
           "may be repeated")
        ->type_name("SECTION=FILE")
        ->allow_extra_args(false)
        ->take_all();
    text(app, "--theme", options.theme, "light, dark or system")->check(CLI::IsMember({"light", "dark", "system"}));
    app.add_option_function<std::string>(
           "--size",
           [&options](const std::string& value) {
               const QStringList parts = QString::fromStdString(value).split(QLatin1Char('x'));
               const QSize size = parts.size() == 2 ? QSize(parts[0].toInt(), parts[1].toInt()) : QSize();
               if (size.width() < 320 || size.height() < 240 || size.width() > 16384 || size.height() > 16384)
                   throw CLI::ValidationError("--size", "expected WIDTHxHEIGHT from 320x240");
               options.size = size;
           },
           "Size of the window")
        ->type_name("WxH");
    text(app, "--log-level", options.logLevel, "debug, info, warning or error")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
    text(app, "--passphrase-file", options.passphraseFile, "File with the vault's passphrase, for machines without a keychain")
        ->type_name("FILE");
}

void addBridge(CLI::App& app, Options& options)
{
    CLI::App* bridge =
        subcommand(app, "bridge", "Speak MCP on stdin and stdout for clients that start a command", options, Command::Bridge);
    text(*bridge, "--url", options.url,
         "An MCP endpoint over HTTP instead of this user's Oriel; its token comes from ORIEL_TOKEN")
        ->type_name("URL");
    text(*bridge, "--server", options.server, "Only this server, with its own names")->type_name("NAME");
}

void addAudit(CLI::App& app, Options& options)
{
    CLI::App* audit = app.add_subcommand("audit", "The record of tool calls");
    audit->require_subcommand(1);
    audit->fallthrough();
    CLI::App* exported = subcommand(*audit, "export", "Write rows to stdout, oldest first", options, Command::AuditExport);
    text(*exported, "--format", options.format, "jsonl or csv")->check(CLI::IsMember({"jsonl", "csv"}));
    CLI::App* search = subcommand(*audit, "search", "Show rows that hold a text, newest first", options, Command::AuditSearch);
    text(*search, "text", options.text, "Part of a tool's name, an error or the arguments");
    subcommand(*audit, "verify", "Check the chain: exit 0 intact, 1 tampered, 2 could not check", options, Command::AuditVerify);
    for (CLI::App* command : {exported, search}) {
        text(*command, "--output", options.output, "A file instead of stdout")->type_name("FILE");
        text(*command, "--server", options.server, "Only calls of this server");
        text(*command, "--tool", options.tool, "Only calls of this tool");
        command->add_option("--limit", options.limit, "Rows at most");
    }
}

void addTraces(CLI::App& app, Options& options)
{
    CLI::App* traces = app.add_subcommand("traces", "The recorded traces");
    traces->require_subcommand(1);
    traces->fallthrough();
    CLI::App* exported =
        subcommand(*traces, "export", "Write OTLP JSON lines to stdout, one trace a line", options, Command::TracesExport);
    text(*exported, "--filter", options.filter, "As in the window: server=fs duration>1s status=error");
    text(*exported, "--output", options.output, "A file instead of stdout")->type_name("FILE");
    exported->add_option("--limit", options.limit, "Traces at most");
}

void addConfig(CLI::App& app, Options& options)
{
    CLI::App* config = app.add_subcommand("config", "The configuration file");
    config->require_subcommand(1);
    config->fallthrough();
    text(*subcommand(*config, "check", "Read it and tell every problem with its place", options, Command::ConfigCheck), "file",
         options.file, "Another file than the one in force");
    subcommand(*config, "path", "Tell where configuration and data are", options, Command::ConfigPath);
    subcommand(*config, "schema", "Write the JSON Schema of the file", options, Command::ConfigSchema);
    CLI::App* imported = subcommand(
        *config, "import", "Show (or with --apply take over) the servers of other clients, or another gateway's configuration",
        options, Command::ConfigImport);
    text(*imported, "file", options.file,
         "One file instead of all that clients use; also an enkrypt_mcp_config.json or observability.yaml");
    CLI::Option* apply = imported->add_flag("--apply", options.apply, "Add them to the configuration");
    imported->add_flag("--dry-run", options.dryRun, "Only show, which is what happens without --apply")->excludes(apply);
    imported->add_flag("--move-secrets", options.moveSecrets, "Put what looks like a secret into the vault");
}

void addToken(CLI::App& app, Options& options)
{
    CLI::App* token = app.add_subcommand("token", "The tokens with which clients use the gateway");
    token->require_subcommand(1);
    token->fallthrough();
    CLI::App* add = subcommand(*token, "add", "Make a token and print it; it cannot be shown again", options, Command::TokenAdd);
    text(*add, "name", options.name, "Whose it is")->required();
    text(*add, "--project", options.project, "Its project, a label of metrics");
    add->add_flag("--api", options.apiScope, "It may also read /api/v1 and /metrics");
    add->add_flag("--api-only", options.apiOnly, "It may read /api/v1 and /metrics, and not call servers");
    subcommand(*token, "list", "Show the tokens' names and scopes", options, Command::TokenList);
    text(*subcommand(*token, "revoke", "End a token and its sessions", options, Command::TokenRevoke), "name", options.name,
         "Which")
        ->required();
}

void addSignIn(CLI::App& app, Options& options)
{
    CLI::App* in =
        subcommand(app, "sign-in", "Sign in to a server that asks for it (OAuth), in the browser", options, Command::SignIn);
    CLI::App* out = subcommand(app, "sign-out", "Forget the sign-in to a server", options, Command::SignOut);
    for (CLI::App* command : {in, out})
        text(*command, "server", options.name, "Its name in the configuration")->required();
}

void addExportStack(CLI::App& app, Options& options)
{
    CLI::App* stack = subcommand(
        app, "export-stack",
        "Write Collector, Prometheus, Grafana, Loki, Tempo and Jaeger for what Oriel emits: compose file, alerts, dashboards",
        options, Command::ExportStack);
    text(*stack, "directory", options.output, "A new folder")->type_name("DIR")->required();
    stack->add_flag("--force", options.force, "Replace the files that are there, but for the secrets");
}

} // namespace

Parsed parseOptions(int argc, char** argv)
{
    Options options;
    CLI::App app("Oriel: one local endpoint for your MCP servers, and everything that happens there on one screen.", "oriel");
    app.set_version_flag("--version", std::string("oriel ") + build_info::version + " (" + build_info::gitRevision + ", Qt " +
                                          qVersion() + ", " + build_info::compiler + ")");
    addGlobals(app, options);
    addBridge(app, options);
    addAudit(app, options);
    addTraces(app, options);
    addConfig(app, options);
    addToken(app, options);
    addSignIn(app, options);
    addExportStack(app, options);
    subcommand(app, "doctor", "Check configuration, port, keychain, servers, destinations and clients", options, Command::Doctor);
    app.require_subcommand(0, 1);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return {std::nullopt, app.exit(done)};
    } catch (const CLI::ParseError& mistake) {
        (void)app.exit(mistake);
        return {std::nullopt, Usage};
    }
    if (options.configPath.isEmpty())
        options.configPath = config::defaultConfigPath();
    if (options.dataDir.isEmpty())
        options.dataDir = config::defaultDataDirectory();
    options.configPath = QDir::current().absoluteFilePath(options.configPath);
    options.dataDir = QDir::current().absoluteFilePath(options.dataDir);
    return {std::move(options), Success};
}

} // namespace oriel::app
