// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/client_configs.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "config/file/config_file.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QStandardPaths>

#include <array>

namespace oriel::config {

namespace {

constexpr std::array kClients{
    ClientRow{ClientKind::ClaudeDesktop, "Claude Desktop", "mcpServers", true},
    ClientRow{ClientKind::ClaudeCode, "Claude Code", "mcpServers", false},
    ClientRow{ClientKind::Cursor, "Cursor", "mcpServers", false},
    ClientRow{ClientKind::VsCode, "VS Code", "servers", false},
};

/// A name that says that its value is a secret.
bool soundsSecret(const QString& name)
{
    static const QRegularExpression words(QStringLiteral("token|secret|passw|pwd|api[_-]?key|credential|authorization|cookie|"
                                                         "private[_-]?key|access[_-]?key|dsn|(^|_)pat($|_)"),
                                          QRegularExpression::CaseInsensitiveOption);
    return words.match(name).hasMatch();
}

/// A value in the form of the tokens of well-known services, whatever its name is.
bool looksSecret(const QString& value)
{
    static const QRegularExpression forms(QStringLiteral(
        "^(gh[pousr]_|github_pat_|glpat-|sk-|xox[abprs]-|AKIA|AIza|hf_|npm_|eyJ[A-Za-z0-9_-]+\\.)[A-Za-z0-9_.-]{8,}"));
    return forms.match(value).hasMatch();
}

bool isReference(const QString& value)
{
    return value.contains(QStringLiteral("${"));
}

/// ${env:NAME} of Cursor and VS Code is our ${NAME}; what asks a person or means a workspace cannot be translated.
QString translate(const QString& text, QStringList& warnings)
{
    QString out = text;
    static const QRegularExpression env(QStringLiteral("\\$\\{env:([A-Za-z_][A-Za-z0-9_]*)\\}"));
    out.replace(env, QStringLiteral("${\\1}"));
    out.replace(QStringLiteral("${userHome}"), QStringLiteral("${HOME}"));
    static const QRegularExpression foreign(
        QStringLiteral("\\$\\{(input:[^}]*|workspaceFolder[^}]*|file:[^}]*|command:[^}]*|config:[^}]*)\\}"));
    for (auto it = foreign.globalMatch(out); it.hasNext();) {
        const auto match = it.next();
        warnings.append(QStringLiteral("%1 has no meaning outside the client; put the value or a ${vault:name} in its place")
                            .arg(match.captured(0)));
    }
    return out;
}

void translateAll(Server& server, QStringList& warnings)
{
    server.command = translate(server.command, warnings);
    for (QString& argument : server.args)
        argument = translate(argument, warnings);
    for (QString& value : server.env)
        value = translate(value, warnings);
    server.url = translate(server.url, warnings);
    server.cwd = translate(server.cwd, warnings);
    for (auto& [name, value] : server.headers)
        value = translate(value, warnings);
    server.oauth.clientId = translate(server.oauth.clientId, warnings);
    for (QString* const text :
         {&server.oauth.clientSecret, &server.oauth.privateKey, &server.oauth.idpClientSecret, &server.oauth.idToken})
        *text = translate(*text, warnings);
}

QStringList secretFieldsOf(const Server& server)
{
    QStringList fields;
    for (auto it = server.env.cbegin(); it != server.env.cend(); ++it) {
        if ((soundsSecret(it.key()) || looksSecret(it.value())) && !it.value().isEmpty() && !isReference(it.value()))
            fields.append(QStringLiteral("env.") + it.key());
    }
    for (const auto& [name, value] : server.headers) {
        if ((soundsSecret(name) || looksSecret(value)) && !value.isEmpty() && !isReference(value))
            fields.append(QStringLiteral("headers.") + name);
    }
    const ServerOAuth& oauth = server.oauth;
    for (const auto& [field, value] : {std::pair{"oauth.clientSecret", &oauth.clientSecret},
                                       {"oauth.privateKey", &oauth.privateKey},
                                       {"oauth.idpClientSecret", &oauth.idpClientSecret},
                                       {"oauth.idToken", &oauth.idToken}}) {
        if (!value->isEmpty() && !isReference(*value))
            fields.append(QLatin1String(field));
    }
    return fields;
}

QString portable(const QString& name)
{
    QString out = name;
    static const QRegularExpression other(QStringLiteral("[^A-Za-z0-9_.-]"));
    out.replace(other, QStringLiteral("_"));
    return out.left(64);
}

/// A name that the vault takes: it begins and ends with a letter or a digit.
QString secretName(const QString& server, const QString& field)
{
    static const QRegularExpression ends(QStringLiteral("^[^A-Za-z0-9]+|[^A-Za-z0-9]+$"));
    QString name = portable(server) + QLatin1Char('.') + portable(field.mid(field.indexOf(QLatin1Char('.')) + 1));
    name.remove(ends);
    return name.left(120);
}

/// An entry that points the client at Oriel itself would make Oriel call itself.
bool isOriel(const Server& server)
{
    if (server.transport == ServerTransport::Stdio)
        return QFileInfo(server.command).completeBaseName() == QLatin1String("oriel") &&
               server.args.contains(QLatin1String("bridge"));
    static const QRegularExpression own(QStringLiteral("^http://(127\\.0\\.0\\.1|localhost|\\[::1\\])(:\\d+)?/mcp(/|$)"));
    return server.name == QLatin1String("oriel") && own.match(server.url).hasMatch();
}

/// Cursor's `auth` and Zed's spelling of `oauth`, where our own names are not there.
void takeSignIn(const json::Value& entry, ServerOAuth& oauth)
{
    const json::Value cursor = entry.find("auth");
    const json::Value zed = entry.find("oauth");
    for (const auto& [value, target] :
         {std::pair{cursor.find("CLIENT_ID"), &oauth.clientId}, std::pair{cursor.find("CLIENT_SECRET"), &oauth.clientSecret},
          std::pair{zed.find("client_id"), &oauth.clientId}, std::pair{zed.find("client_secret"), &oauth.clientSecret}}) {
        if (target->isEmpty() && value.isString())
            *target = value.asString();
    }
    QStringList scopes;
    for (const json::Value& scope : cursor.find("scopes").elements())
        scopes.append(scope.asString());
    if (oauth.scopes.isEmpty())
        oauth.scopes = scopes.join(QLatin1Char(' '));
}

/// What the client does with an entry and Oriel does not.
void warnOfForeignKeys(const json::Value& entry, QStringList& warnings)
{
    static constexpr std::array kForeign{
        std::pair{"envFile", "is not read; put its variables into env"},
        std::pair{"headersHelper", "is not run; put the header into headers, for example as ${vault:name}"},
    };
    for (const auto& [key, consequence] : kForeign) {
        if (entry.find(key).exists())
            warnings.append(QStringLiteral("%1 %2").arg(QLatin1String(key), QLatin1String(consequence)));
    }
}

/// Two files may know different servers under one name; the later one gets a name of its own, a repetition is left out.
bool makeUnique(FoundServer& found, const QList<FoundServer>& others)
{
    const QString wanted = found.server.name;
    for (int number = 2;; ++number) {
        const auto same = std::find_if(others.cbegin(), others.cend(),
                                       [&](const auto& other) { return other.server.name == found.server.name; });
        if (same == others.cend())
            break;
        if (same->server == found.server)
            return false;
        found.server.name = wanted.left(60) + QStringLiteral("-%1").arg(number);
    }
    if (found.server.name != wanted)
        found.warnings.append(QStringLiteral("\"%1\" becomes \"%2\": another file has a different server of this name")
                                  .arg(wanted, found.server.name));
    return true;
}

/// One entry in any client's form, by way of our own reader; nothing when it cannot be read (told in `scan`) or is Oriel itself.
std::optional<FoundServer> readServer(const json::Document& document, const QString& name, const json::Value& entry,
                                      ClientKind client, const QString& path, ImportScan& scan)
{
    const QByteArray text =
        "{\"mcpServers\":{" + json::quote(QStringView(portable(name))) + ":" + entry.raw().toByteArray() + "}}";
    const auto loaded = parseConfig(text, path);
    if (!loaded) {
        const quint32 line = json::positionOf(document.text(), entry.span().begin).line;
        for (const Problem& problem : loaded.error()) {
            if (problem.severity == Problem::Severity::Error)
                scan.problems.append(
                    QStringLiteral("%1:%2: %3: %4").arg(path).arg(line + problem.line - 1).arg(problem.key, problem.message));
        }
        return std::nullopt;
    }
    FoundServer found;
    found.client = client;
    found.path = path;
    found.server = loaded->config.servers.first();
    if (isOriel(found.server))
        return std::nullopt;
    if (portable(name) != name)
        found.warnings.append(
            QStringLiteral("\"%1\" becomes \"%2\": names have letters, digits, '_', '-' and '.'").arg(name, portable(name)));
    if (entry.find("disabled").asBool().value_or(false))
        found.server.enabled = false;
    warnOfForeignKeys(entry, found.warnings);
    takeSignIn(entry, found.server.oauth);
    translateAll(found.server, found.warnings);
    found.secretFields = secretFieldsOf(found.server);
    return found;
}

void addServer(std::optional<FoundServer> found, ImportScan& scan)
{
    if (found && makeUnique(*found, scan.servers))
        scan.servers.append(std::move(*found));
}

/// The servers of one object by name.
void readServers(const json::Document& document, const json::Value& servers, ClientKind client, const QString& path,
                 ImportScan& scan)
{
    for (const json::Member& member : servers.members())
        addServer(readServer(document, member.key.asString(), member.value, client, path, scan), scan);
}

/// What such a gateway does with a server beside starting it.
void warnOfPolicies(const json::Value& entry, QStringList& warnings)
{
    static const QStringList taken{QStringLiteral("server_name"), QStringLiteral("description"), QStringLiteral("config")};
    for (const json::Member& member : entry.members()) {
        const QString key = member.key.asString();
        const bool isOff = member.value.isNull() || member.value.asBool() == false ||
                           member.value.find("enabled").asBool() == false ||
                           ((member.value.isObject() || member.value.isArray()) && member.value.size() == 0);
        if (isOff || taken.contains(key))
            continue;
        warnings.append(key == QLatin1String("tools")
                            ? QStringLiteral("tools is not taken over: all are offered; name the others in disabledTools")
                            : QStringLiteral("%1 has no counterpart").arg(key));
    }
}

/// `mcp_configs` of an enkrypt_mcp_config.json: lists of servers with a policy each, of which Oriel takes the server.
void readGatewayServers(const json::Document& document, const json::Value& lists, const QString& path, ImportScan& scan)
{
    for (const json::Member& list : lists.members()) {
        for (const json::Value& entry : list.value.find("mcp_config").elements()) {
            const QString name = entry.find("server_name").asString();
            const json::Value config = entry.find("config");
            if (name.isEmpty() || !config.isObject()) {
                const quint32 line = json::positionOf(document.text(), entry.span().begin).line;
                scan.problems.append(QStringLiteral("%1:%2: expected a server with server_name and config").arg(path).arg(line));
                continue;
            }
            auto found = readServer(document, name, config, ClientKind::ClaudeDesktop, path, scan);
            if (!found)
                continue;
            warnOfPolicies(entry, found->warnings);
            addServer(std::move(found), scan);
        }
    }
}

/// `anyFormat`: every place where one of the clients keeps servers, whichever it is.
void readFile(ClientKind client, const QString& path, bool anyFormat, ImportScan& scan)
{
    constexpr qint64 kMaxBytes = 16LL * 1024 * 1024;
    QFile file(path);
    if (!file.exists())
        return;
    if (!file.open(QIODevice::ReadOnly)) {
        scan.problems.append(QStringLiteral("%1: cannot be read: %2").arg(path, file.errorString()));
        return;
    }
    if (file.size() > kMaxBytes) {
        scan.problems.append(QStringLiteral("%1: cannot be read: larger than 16 MiB").arg(path));
        return;
    }
    const QByteArray text = file.readAll();
    json::ParseOptions options;
    options.allowComments = true;
    json::Document document;
    if (const auto parsed = document.parse(text, options); !parsed) {
        scan.problems.append(QStringLiteral("%1: %2").arg(path, parsed.error().toString()));
        return;
    }
    const json::Value root = document.root();
    readServers(document, root.find("mcpServers"), client, path, scan);
    if (anyFormat || client == ClientKind::VsCode)
        readServers(document, root.find("servers"), client, path, scan);
    if (anyFormat)
        readGatewayServers(document, root.find("mcp_configs"), path, scan);
    // Claude Code keeps the servers of each project in the same file as those of the user.
    if (anyFormat || client == ClientKind::ClaudeCode) {
        for (const json::Member& project : root.find("projects").members())
            readServers(document, project.value.find("mcpServers"), client, path, scan);
    }
}

} // namespace

std::span<const ClientRow> clientTable()
{
    return kClients;
}

ClientPlaces ClientPlaces::ofThisUser(const QString& projectDir)
{
    ClientPlaces places;
    places.home = QDir::homePath();
    places.projectDir = projectDir;
#if defined(Q_OS_WIN)
    places.appData = qEnvironmentVariable("APPDATA");
#elif defined(Q_OS_MACOS)
    places.appData = places.home + QStringLiteral("/Library/Application Support");
#else
    places.appData = QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation);
#endif
    return places;
}

QStringList filesOf(ClientKind client, const ClientPlaces& places)
{
    QStringList files;
    const auto inProject = [&](const QString& name) {
        if (!places.projectDir.isEmpty())
            files.append(places.projectDir + name);
    };
    switch (client) {
    case ClientKind::ClaudeDesktop:
        files.append(places.appData + QStringLiteral("/Claude/claude_desktop_config.json"));
        break;
    case ClientKind::ClaudeCode:
        inProject(QStringLiteral("/.mcp.json"));
        files.append(places.home + QStringLiteral("/.claude.json"));
        break;
    case ClientKind::Cursor:
        inProject(QStringLiteral("/.cursor/mcp.json"));
        files.append(places.home + QStringLiteral("/.cursor/mcp.json"));
        break;
    case ClientKind::VsCode:
        inProject(QStringLiteral("/.vscode/mcp.json"));
        files.append(places.appData + QStringLiteral("/Code/User/mcp.json"));
        break;
    }
    return files;
}

ImportScan scanClients(const ClientPlaces& places)
{
    ImportScan scan;
    for (const ClientRow& client : kClients) {
        for (const QString& file : filesOf(client.kind, places))
            readFile(client.kind, file, false, scan);
    }
    return scan;
}

Result<ImportScan> scanFile(const QString& path)
{
    if (!QFileInfo::exists(path))
        return fail(ErrorCode::NotFound, QStringLiteral("there is no such file"), path);
    ClientKind client = ClientKind::ClaudeDesktop;
    if (path.endsWith(QLatin1String(".claude.json")) || path.endsWith(QLatin1String(".mcp.json")))
        client = ClientKind::ClaudeCode;
    else if (path.contains(QLatin1String(".cursor")))
        client = ClientKind::Cursor;
    else if (path.endsWith(QLatin1String("mcp.json")))
        client = ClientKind::VsCode;
    ImportScan scan;
    readFile(client, path, true, scan);
    if (scan.servers.isEmpty() && !scan.problems.isEmpty())
        return fail(ErrorCode::Parse, scan.problems.join(QLatin1Char('\n')), path);
    return scan;
}

QMap<QString, QByteArray> extractSecrets(FoundServer& found)
{
    QMap<QString, QByteArray> secrets;
    static const QRegularExpression scheme(QStringLiteral("^(bearer|basic|token|apikey|digest) +"),
                                           QRegularExpression::CaseInsensitiveOption);
    const auto move = [&](const QString& field, QString& value) {
        if (!found.secretFields.contains(field))
            return;
        const QString wanted = secretName(found.server.name, field);
        QString name = wanted;
        for (int number = 2; secrets.contains(name); ++number)
            name = QStringLiteral("%1-%2").arg(wanted).arg(number);
        // The scheme of an Authorization header is no secret, and the reference stays readable with it.
        const qsizetype kept = field.startsWith(QLatin1String("headers.")) ? scheme.match(value).capturedLength() : 0;
        secrets.insert(name, value.mid(kept).toUtf8());
        value = value.left(kept) + QStringLiteral("${vault:%1}").arg(name);
    };
    for (auto it = found.server.env.begin(); it != found.server.env.end(); ++it)
        move(QStringLiteral("env.") + it.key(), it.value());
    for (auto& [name, value] : found.server.headers)
        move(QStringLiteral("headers.") + name, value);
    ServerOAuth& oauth = found.server.oauth;
    move(QStringLiteral("oauth.clientSecret"), oauth.clientSecret);
    move(QStringLiteral("oauth.privateKey"), oauth.privateKey);
    move(QStringLiteral("oauth.idpClientSecret"), oauth.idpClientSecret);
    move(QStringLiteral("oauth.idToken"), oauth.idToken);
    found.secretFields.clear();
    return secrets;
}

Snippet snippetFor(ClientKind client, const ClientPlaces& places, quint16 port, const QString& program, const QString& token)
{
    const QString shown = token.isEmpty() ? QStringLiteral("PUT-THE-TOKEN-HERE") : token;
    const ClientRow& row = kClients[static_cast<std::size_t>(client)];
    json::Writer entry;
    entry.beginObject();
    if (row.stdioOnly) {
        entry.member("command", program).key("args").beginArray().value("bridge").endArray();
    } else {
        entry.member("type", "http")
            .member("url", QStringLiteral("http://127.0.0.1:%1/mcp").arg(port))
            .key("headers")
            .beginObject();
        entry.member("Authorization", QStringLiteral("Bearer ") + shown).endObject();
    }
    const QByteArray server = entry.endObject().take();
    Snippet snippet;
    snippet.path = filesOf(client, places).last();
    snippet.text = QStringLiteral("{\n  \"%1\": {\n    \"oriel\": %2\n  }\n}\n")
                       .arg(QLatin1String(row.serversKey), QString::fromUtf8(server));
    snippet.note = row.stdioOnly ? QStringLiteral("%1 starts 'oriel bridge'; no token is needed. Restart it after the change.")
                                       .arg(QLatin1String(row.name))
                                 : QStringLiteral("Make the token with 'oriel token add %1'.")
                                       .arg(QString::fromLatin1(row.name).toLower().replace(QLatin1Char(' '), QLatin1Char('-')));
    return snippet;
}

} // namespace oriel::config
