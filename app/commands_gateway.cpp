// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_writer.h"
#include "commands.h"
#include "downstream/token_store.h"
#include "service/control/doctor.h"
#include "service/control/local_control.h"
#include "terminal.h"

#include <QDateTime>
#include <QDir>

namespace oriel::app {

namespace {

bool isRunning(const Options& options)
{
    return service::readRuntime(options.dataDir).has_value();
}

/// The tokens of a data directory that no Oriel owns just now.
class OwnTokens {
public:
    explicit OwnTokens(const Options& options) : m_store(options.dataDir + QStringLiteral("/tokens.json"), m_clock, m_random)
    {
        QDir().mkpath(options.dataDir);
    }
    downstream::TokenStore& store() { return m_store; }

private:
    SystemClock m_clock;
    SystemRandom m_random;
    downstream::TokenStore m_store;
};

} // namespace

int tokenAdd(const Options& options)
{
    const bool mcp = !options.apiOnly;
    const bool api = options.apiScope || options.apiOnly;
    Result<QByteArray> token;
    if (isRunning(options)) {
        json::Writer arguments;
        arguments.beginObject().member("name", options.name).member("project", options.project).key("scopes").beginArray();
        if (mcp)
            arguments.value("mcp");
        if (api)
            arguments.value("api");
        arguments.endArray().endObject();
        token = service::sendCommand(options.dataDir, "token.add", arguments.take());
        if (token)
            token = json::unquote(*token);
    } else {
        OwnTokens own(options);
        if (const Status loaded = own.store().load(); !loaded)
            return reportError(loaded.error());
        token = own.store().add(options.name.toUtf8(), mcp, api, options.project.toUtf8());
    }
    if (!token)
        return reportError(token.error());
    printLine(QString::fromLatin1(*token));
    printError(QStringLiteral("This token is shown once. Clients send it as 'Authorization: Bearer ...'."));
    return Success;
}

int tokenList(const Options& options)
{
    OwnTokens own(options);
    if (const Status loaded = own.store().load(); !loaded)
        return reportError(loaded.error());
    for (const downstream::Token& token : own.store().tokens()) {
        QStringList scopes;
        if (token.mcpScope)
            scopes.append(QStringLiteral("mcp"));
        if (token.apiScope)
            scopes.append(QStringLiteral("api"));
        printLine(QStringLiteral("%1  %2  project %3  since %4")
                      .arg(QString::fromUtf8(token.name).leftJustified(24), scopes.join(QLatin1Char(',')).leftJustified(8),
                           QString::fromUtf8(token.project),
                           QDateTime::fromMSecsSinceEpoch(token.createdUnixNs / 1'000'000).toString(Qt::ISODate)));
    }
    if (own.store().tokens().isEmpty())
        printError(QStringLiteral("There is no token yet: 'oriel token add NAME' makes one."));
    return Success;
}

int tokenRevoke(const Options& options)
{
    if (isRunning(options)) {
        json::Writer arguments;
        arguments.beginObject().member("name", options.name).endObject();
        const auto done = service::sendCommand(options.dataDir, "token.revoke", arguments.take());
        return done ? Success : reportError(done.error());
    }
    OwnTokens own(options);
    if (const Status loaded = own.store().load(); !loaded)
        return reportError(loaded.error());
    const Status revoked = own.store().revoke(options.name.toUtf8());
    return revoked ? Success : reportError(revoked.error());
}

int doctor(const Options& options)
{
    QList<service::DoctorCheck> checks;
    if (isRunning(options)) {
        const auto answer = service::sendCommand(options.dataDir, "doctor", {});
        if (!answer)
            return reportError(answer.error());
        checks = service::doctorFromJson(*answer);
    } else {
        service::DoctorInput input;
        input.configPath = options.configPath;
        input.dataDir = options.dataDir;
        input.running = false;
        checks = service::runDoctor(input);
        checks.prepend(
            {QStringLiteral("gateway"), service::DoctorCheck::Verdict::Warning,
             QStringLiteral("no Oriel is running with this data directory"),
             QStringLiteral("Start it with 'oriel' or 'oriel --headless' to check ports, servers and destinations as well.")});
    }
    printLine(service::doctorText(checks).trimmed());
    const bool failed = std::any_of(checks.cbegin(), checks.cend(), [](const service::DoctorCheck& check) {
        return check.verdict == service::DoctorCheck::Verdict::Failure;
    });
    return failed ? Failure : Success;
}

} // namespace oriel::app
