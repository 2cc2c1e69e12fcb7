// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/server_text.h"

#include "privacy/key_names.h"
#include "ui/widgets/format.h"
#include "upstream/program_search.h"

#include <QDateTime>
#include <QDir>
#include <QHash>
#include <QRegularExpression>
#include <QUrl>

#include <algorithm>
#include <cmath>

namespace oriel::ui {
namespace {

using service::ServerState;

bool isPortable(const QString& name)
{
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9_.-]{1,64}$"));
    return form.match(name).hasMatch();
}

/// HTTP's token characters (RFC 9110 §5.6.2).
bool isHeaderName(const QString& name)
{
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"));
    return form.match(name).hasMatch();
}

void checkCommand(const config::Server& server, QList<FieldError>& errors)
{
    if (server.command.trimmed().isEmpty())
        errors.append(
            {QStringLiteral("command"), QStringLiteral("Give the program to start, such as npx, uvx or an absolute path.")});
    else if (server.command.contains(QLatin1Char('\n')))
        errors.append({QStringLiteral("command"), QStringLiteral("The program is one line; arguments go below, one a line.")});
    if (!server.cwd.isEmpty() && !QDir::isAbsolutePath(server.cwd) && !server.cwd.startsWith(QLatin1String("${")))
        errors.append({QStringLiteral("cwd"), QStringLiteral("The folder is an absolute path; \"%1\" is not.").arg(server.cwd)});
    for (auto it = server.env.cbegin(); it != server.env.cend(); ++it) {
        if (it.key().isEmpty() || it.key().contains(QLatin1Char('=')) || it.key().contains(QLatin1Char(' ')))
            errors.append(
                {QStringLiteral("env"), QStringLiteral("\"%1\" cannot be the name of an environment variable.").arg(it.key())});
    }
}

void checkUrl(const config::Server& server, QList<FieldError>& errors)
{
    const QUrl url(server.url, QUrl::StrictMode);
    const bool reference = server.url.contains(QLatin1String("${"));
    if (server.url.isEmpty())
        errors.append({QStringLiteral("url"), QStringLiteral("Give the server's URL, such as https://mcp.example.com/mcp.")});
    else if (!reference && (!url.isValid() || (url.scheme() != QLatin1String("http") && url.scheme() != QLatin1String("https")) ||
                            url.host().isEmpty()))
        errors.append(
            {QStringLiteral("url"), QStringLiteral("Expected a URL that begins with http:// or https:// and names a host.")});
    else if (!reference && !url.userInfo().isEmpty())
        errors.append(
            {QStringLiteral("url"), QStringLiteral("A password in the URL would be shown and logged; put it into a header.")});
    for (const auto& [name, value] : server.headers) {
        if (!isHeaderName(name))
            errors.append({QStringLiteral("headers"), QStringLiteral("\"%1\" cannot be the name of a header.").arg(name)});
        if (value.contains(QLatin1Char('\n')) || value.contains(QLatin1Char('\r')))
            errors.append({QStringLiteral("headers"), QStringLiteral("The value of %1 has a line break.").arg(name)});
    }
}

} // namespace

Lamp lampOf(ServerState state)
{
    switch (state) {
    case ServerState::Disabled:
    case ServerState::Stopped:
        return Lamp::Idle;
    case ServerState::Starting:
    case ServerState::Stopping:
        return Lamp::Pending;
    case ServerState::Ready:
        return Lamp::Good;
    case ServerState::Backoff:
        return Lamp::Warning;
    case ServerState::Failed:
        return Lamp::Error;
    }
    return Lamp::Idle;
}

Lamp lampOf(const service::ServerSnapshot& server)
{
    if (server.state == ServerState::Ready && server.refusesCalls())
        return Lamp::Warning;
    const bool failed = server.state == ServerState::Failed;
    switch (server.signIn) {
    case service::SignInState::Needed:
        return (failed && server.diagnosis.wantsSignIn) || server.state == ServerState::Ready ? Lamp::Warning
                                                                                              : lampOf(server.state);
    case service::SignInState::Awaited:
    case service::SignInState::Running:
        return failed && server.diagnosis.wantsSignIn ? Lamp::Pending : lampOf(server.state);
    case service::SignInState::Unknown:
    case service::SignInState::SignedIn:
        break;
    }
    return lampOf(server.state);
}

QString stateWords(const service::ServerSnapshot& server)
{
    return server.refusesCalls() ? server.stateText + QStringLiteral(" · ") + server.circuit.text : server.stateText;
}

QString limitWords(const service::LimitSnapshot& limit)
{
    static const QHash<QString, QString> units{{QStringLiteral("callsPerSecond"), QStringLiteral("calls of the burst")},
                                               {QStringLiteral("concurrency"), QStringLiteral("calls in flight")},
                                               {QStringLiteral("callsPerHour"), QStringLiteral("calls this hour")},
                                               {QStringLiteral("callsPerDay"), QStringLiteral("calls today")},
                                               {QStringLiteral("tokensPerHour"), QStringLiteral("tokens this hour")},
                                               {QStringLiteral("tokensPerDay"), QStringLiteral("tokens today")}};
    QString words = QStringLiteral("%1 of %2 %3")
                        .arg(formatCount(std::int64_t(std::ceil(limit.used))), formatCount(std::int64_t(limit.allowed)),
                             units.value(limit.limit, limit.limit));
    if (limit.resetsUnixNs != 0)
        words += QStringLiteral(", anew at ") +
                 QDateTime::fromMSecsSinceEpoch(limit.resetsUnixNs / 1'000'000).toString(QStringLiteral("HH:mm"));
    return words;
}

QString transportWord(config::ServerTransport transport)
{
    switch (transport) {
    case config::ServerTransport::Stdio:
        return QStringLiteral("stdio");
    case config::ServerTransport::StreamableHttp:
        return QStringLiteral("http");
    case config::ServerTransport::LegacySse:
        return QStringLiteral("sse");
    }
    return {};
}

bool isSettled(ServerState state)
{
    return state != ServerState::Starting && state != ServerState::Stopping;
}

QString commandLineOf(const config::Server& server)
{
    return server.transport == config::ServerTransport::Stdio ? upstream::readableCommandLine(server.command, server.args)
                                                              : server.url;
}

QString brokenCommandLine(const config::Server& server, qsizetype width)
{
    const QString line = commandLineOf(server);
    if (line.size() <= width || server.transport != config::ServerTransport::Stdio)
        return line;
    QStringList parts{upstream::readableCommandLine(server.command, {})};
    for (const QString& argument : server.args)
        parts.append(upstream::readableCommandLine(argument, {}));
    return parts.join(QStringLiteral(" \\\n    "));
}

QString textFromArguments(const QStringList& arguments)
{
    return arguments.join(QLatin1Char('\n'));
}

QStringList argumentsFromText(const QString& text)
{
    QStringList lines = text.split(QLatin1Char('\n'));
    while (!lines.isEmpty() && lines.last().isEmpty())
        lines.removeLast();
    return lines;
}

bool isPlainSecret(const QString& name, const QString& value)
{
    const QByteArray key = name.toUtf8();
    const QByteArray plain = value.toUtf8();
    using privacy::KeyVerdict;
    const KeyVerdict verdict = privacy::judgeKeyName({key.constData(), std::size_t(key.size())});
    const bool secretName = verdict == KeyVerdict::Secret || verdict == KeyVerdict::StrictSecret;
    return secretName && !value.contains(QLatin1String("${")) &&
           !privacy::isPlaceholderValue({plain.constData(), std::size_t(plain.size())});
}

QString vaultNameOf(const QString& server, const QString& field)
{
    QString name = server + QLatin1Char('.') + field;
    static const QRegularExpression other(QStringLiteral("[^A-Za-z0-9_.-]"));
    name.replace(other, QStringLiteral("_"));
    return name.left(64);
}

SecretParts splitSecret(const QString& value)
{
    static const QRegularExpression scheme(QStringLiteral("^(Bearer|Basic|Token|ApiKey) +(?=\\S)"),
                                           QRegularExpression::CaseInsensitiveOption);
    const QString head = scheme.match(value).captured(0);
    return {head, value.mid(head.size()).toUtf8()};
}

QList<FieldError> validateServer(const config::Server& server, const QStringList& otherNames)
{
    QList<FieldError> errors;
    if (!isPortable(server.name))
        errors.append({QStringLiteral("name"), QStringLiteral("A name has 1 to 64 letters, digits, '_', '-' or '.'.")});
    else if (otherNames.contains(server.name))
        errors.append({QStringLiteral("name"), QStringLiteral("There is a server \"%1\" already.").arg(server.name)});
    if (server.transport == config::ServerTransport::Stdio)
        checkCommand(server, errors);
    else
        checkUrl(server, errors);
    if (server.concurrency < 0 || server.concurrency > 100'000)
        errors.append({QStringLiteral("concurrency"), QStringLiteral("Expected a number from 0 (no limit) to 100 000.")});
    return errors;
}

QString eraSentence(const service::ServerSnapshot& server)
{
    if (server.era == config::Era::Auto)
        return QStringLiteral("Which era of MCP it speaks is found out when it starts.");
    const QString era = server.era == config::Era::Modern ? QStringLiteral("Modern: no handshake, from 2026-07-28.")
                                                          : QStringLiteral("Legacy: with a handshake, up to 2025-11-25.");
    if (server.eraCheckedUnixNs == 0)
        return QStringLiteral("%1 Reason: %2.").arg(era, server.eraFoundBy);
    return QStringLiteral("%1 Reason: %2 (%3).").arg(era, server.eraFoundBy, formatDateTime(server.eraCheckedUnixNs).left(16));
}

QString connectionText(const service::ServerSnapshot& server)
{
    if (server.config.connection == config::ConnectionMode::Shared)
        return QStringLiteral("shared by all clients");
    if (server.era == config::Era::Modern)
        return QStringLiteral("shared by all clients, because it has no handshake");
    return QStringLiteral("one for each client, %1 now, %2 at most")
        .arg(server.clientConnections)
        .arg(server.config.maxConnections);
}

bool matchesFilter(const service::ServerSnapshot& server, const QString& filter)
{
    static const QRegularExpression term(QStringLiteral("^([A-Za-z_][A-Za-z0-9_.]*)\\s*(=~|!=|>=|<=|=|>|<)(.*)$"));
    bool named = false;
    bool found = false;
    for (const QString& word : filter.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const QRegularExpressionMatch match = term.match(word);
        if (match.hasMatch()) {
            QString value = match.captured(3);
            value.remove(QLatin1Char('"'));
            if (match.captured(1) != QLatin1String("server") || match.captured(2) != QLatin1String("="))
                continue;
            named = true;
            found = found || value == server.config.name;
        } else if (word != QLatin1String("AND") && word != QLatin1String("OR") && word != QLatin1String("NOT")) {
            if (!server.config.name.contains(word, Qt::CaseInsensitive) &&
                !commandLineOf(server.config).contains(word, Qt::CaseInsensitive))
                return false;
        }
    }
    return !named || found;
}

} // namespace oriel::ui
