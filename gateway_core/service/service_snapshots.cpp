// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "service/control/limits_json.h"
#include "service/service_state.h"

#include <QDateTime>

namespace oriel::service {

namespace {

constexpr std::int64_t kPausePart = 100;
constexpr std::int64_t kLongestPauseMs = 10'000;
constexpr std::int64_t kRecentNs = 15LL * 60 * 1'000'000'000;
constexpr std::int64_t kSparkStepNs = 30LL * 1'000'000'000;
constexpr std::int64_t kRateNs = 10LL * 1'000'000'000;

ServerState stateOf(const upstream::ServerStatus& status)
{
    switch (status.state) {
    case upstream::ServerState::Stopped:
        return ServerState::Stopped;
    case upstream::ServerState::Starting:
    case upstream::ServerState::Handshaking:
    case upstream::ServerState::Listing:
        return ServerState::Starting;
    case upstream::ServerState::Ready:
        return ServerState::Ready;
    case upstream::ServerState::Backoff:
        return ServerState::Backoff;
    case upstream::ServerState::Failed:
        return ServerState::Failed;
    case upstream::ServerState::Stopping:
        return ServerState::Stopping;
    }
    return ServerState::Stopped;
}

QString clockText(std::int64_t unixNs)
{
    return QDateTime::fromMSecsSinceEpoch(unixNs / 1'000'000).toString(QStringLiteral("HH:mm:ss"));
}

QString stateTextOf(const upstream::ServerStatus& status, std::int64_t nowUnixNs)
{
    switch (status.state) {
    case upstream::ServerState::Stopped:
        return QStringLiteral("starts on first use");
    case upstream::ServerState::Starting:
        return QStringLiteral("starting");
    case upstream::ServerState::Handshaking:
        return QStringLiteral("waiting for its answer to initialize");
    case upstream::ServerState::Listing:
        return QStringLiteral("reading its lists");
    case upstream::ServerState::Ready:
        return QStringLiteral("ready since %1").arg(clockText(status.sinceUnixNs));
    case upstream::ServerState::Backoff: {
        const std::int64_t seconds =
            std::max<std::int64_t>(0, (status.nextStartUnixNs - nowUnixNs + 999'999'999) / 1'000'000'000);
        return QStringLiteral("%1, restart in %2 s")
            .arg(status.diagnosis.headline.isEmpty() ? QStringLiteral("ended") : status.diagnosis.headline)
            .arg(seconds);
    }
    case upstream::ServerState::Failed:
        return status.diagnosis.headline.isEmpty() ? QStringLiteral("failed") : status.diagnosis.headline;
    case upstream::ServerState::Stopping:
        return QStringLiteral("stopping");
    }
    return {};
}

QByteArrayView signInStateName(SignInState state)
{
    switch (state) {
    case SignInState::Unknown:
        return "unknown";
    case SignInState::Needed:
        return "needed";
    case SignInState::Awaited:
        return "awaited";
    case SignInState::Running:
        return "running";
    case SignInState::SignedIn:
        return "signed-in";
    }
    Q_UNREACHABLE();
}

/// What a sign-in has to say before everything else; empty: nothing.
QString signInTextOf(const ServerSnapshot& server)
{
    switch (server.signIn) {
    case SignInState::Needed:
        if (server.state == ServerState::Ready)
            return QStringLiteral("sign-in needed for more access");
        return server.diagnosis.wantsSignIn ? QStringLiteral("sign-in needed") : QString();
    case SignInState::Awaited:
        return QStringLiteral("waiting for you to sign in");
    case SignInState::Running:
        return QStringLiteral("signing in");
    case SignInState::Unknown:
    case SignInState::SignedIn:
        break;
    }
    return {};
}

} // namespace

void GatewayService::Private::schedulePublish()
{
    if (running && !publish.isActive())
        publish.start();
}

void GatewayService::Private::refreshServers()
{
    QMetaObject::invokeMethod(host, [this] {
        QList<upstream::ServerStatus> statuses = host->gateway().serverStatuses();
        QHash<QString, QList<ToolInfo>> byName;
        for (const gateway::Gateway::ExposedTool& tool : host->gateway().tools()) {
            ToolInfo info;
            info.server = QString::fromUtf8(tool.server);
            info.name = QString::fromUtf8(tool.entry.identity);
            info.exposedName = QString::fromUtf8(tool.exposedName);
            info.title = QString::fromUtf8(tool.entry.title);
            info.description = QString::fromUtf8(tool.entry.description);
            info.inputSchema = tool.entry.raw;
            byName[info.server].append(std::move(info));
        }
        std::vector<telemetry::WatchedProcess> processes;
        for (const upstream::ServerStatus& status : std::as_const(statuses)) {
            if (status.pid != 0)
                processes.push_back({status.name.toUtf8(), status.pid});
        }
        pipeline->setProcesses(std::move(processes));
        QMetaObject::invokeMethod(&q, [this, statuses = std::move(statuses), byName = std::move(byName)]() mutable {
            serverStatuses = std::move(statuses);
            tools = std::move(byName);
            Q_EMIT q.serversChanged();
            schedulePublish();
        });
    });
}

void GatewayService::Private::refreshSessions()
{
    QMetaObject::invokeMethod(host, [this] {
        QList<SessionSnapshot> list;
        for (const auto& session : host->gateway().sessions()) {
            SessionSnapshot snapshot;
            snapshot.id = QString::fromUtf8(session->id);
            snapshot.clientName = QString::fromUtf8(session->client->clientName);
            snapshot.clientVersion = QString::fromUtf8(session->client->clientVersion);
            snapshot.tokenName = QString::fromUtf8(session->client->tokenName);
            snapshot.protocolVersion = QString::fromUtf8(session->client->protocolVersion);
            snapshot.transport =
                session->client->transport == telemetry::Transport::Http ? QStringLiteral("http") : QStringLiteral("bridge");
            snapshot.sinceUnixNs = session->openedUnixNs;
            snapshot.lastSeenUnixNs = session->lastSeenUnixNs;
            snapshot.calls = session->calls;
            list.append(std::move(snapshot));
        }
        QMetaObject::invokeMethod(&q, [this, list = std::move(list)]() mutable {
            sessionList = std::move(list);
            Q_EMIT q.sessionsChanged();
            schedulePublish();
        });
    });
}

void GatewayService::Private::refreshTokens()
{
    QMetaObject::invokeMethod(host, [this] {
        QList<TokenSnapshot> list;
        for (const downstream::Token& token : host->tokens().tokens()) {
            QStringList scopes;
            if (token.mcpScope)
                scopes.append(QStringLiteral("mcp"));
            if (token.apiScope)
                scopes.append(QStringLiteral("api"));
            list.append({QString::fromUtf8(token.name), scopes, QString::fromUtf8(token.project), token.createdUnixNs,
                         token.lastUsedUnixNs});
        }
        QMetaObject::invokeMethod(&q, [this, list = std::move(list)]() mutable {
            tokenList = std::move(list);
            Q_EMIT q.tokensChanged();
        });
    });
}

void GatewayService::Private::refreshStatistics()
{
    const std::int64_t now = clock.unixNs();
    store::AggregateQuery recent;
    recent.fromUnixNs = now - kRecentNs;
    recent.toUnixNs = now + 1;
    recent.stepNs = kSparkStepNs;
    recent.groupBy = store::GroupBy::Server;
    recent.toolCallsOnly = true;
    struct Figures {
        store::AggregateResult servers;
        double rate = 0;
        std::int64_t p95 = 0;
        std::int64_t tookNs = 0;
    };
    read([this, recent, now](std::stop_token stop) {
        Figures figures;
        const std::int64_t began = clock.monotonicNs();
        figures.servers = stores->traces.aggregate(recent, stop);
        store::AggregateQuery all = recent;
        all.groupBy = store::GroupBy::None;
        all.stepNs = 0;
        const store::AggregateResult total = stores->traces.aggregate(all, stop);
        figures.p95 = total.groups.empty() ? 0 : static_cast<std::int64_t>(total.groups.front().total.p95Ns);
        all.fromUnixNs = now - kRateNs;
        const store::AggregateResult last = stores->traces.aggregate(all, stop);
        figures.rate =
            last.groups.empty() ? 0 : static_cast<double>(last.groups.front().total.calls) / (static_cast<double>(kRateNs) / 1e9);
        figures.tookNs = clock.monotonicNs() - began;
        return figures;
    }).then(&q, [this](const Figures& figures) {
        statisticsDue.setInterval(static_cast<int>(std::min(kPausePart * figures.tookNs / 1'000'000, kLongestPauseMs)));
        byServer = figures.servers;
        callsPerSecond = figures.rate;
        p95Ns = figures.p95;
        Q_EMIT q.serversChanged();
        schedulePublish();
    });
}

ServerSnapshot GatewayService::Private::snapshotOf(const config::Server& server) const
{
    ServerSnapshot snapshot;
    snapshot.config = server;
    snapshot.toolList = tools.value(server.name);
    for (ToolInfo& tool : snapshot.toolList)
        tool.enabled = !server.disabledTools.contains(tool.name);
    snapshot.canSignIn = UpstreamSignIns::canSignIn(server).has_value();
    if (const auto signIn = signIns.constFind(server.name); signIn != signIns.cend() && snapshot.canSignIn) {
        snapshot.signIn = static_cast<SignInState>(signIn->state);
        snapshot.signInText = signIn->text;
        snapshot.signInUrl = signIn->url;
    }
    if (!server.enabled) {
        snapshot.state = ServerState::Disabled;
        snapshot.stateText = QStringLiteral("disabled");
    }
    for (const upstream::ServerStatus& status : serverStatuses) {
        if (status.name != server.name || !server.enabled)
            continue;
        snapshot.state = stateOf(status);
        snapshot.stateText = stateTextOf(status, clock.unixNs());
        snapshot.sinceUnixNs = status.sinceUnixNs;
        snapshot.pid = status.pid;
        snapshot.resolvedCommand = status.commandLine;
        snapshot.serverName = QString::fromUtf8(status.serverName);
        snapshot.serverVersion = QString::fromUtf8(status.serverVersion);
        snapshot.protocolVersion = QString::fromUtf8(status.protocolVersion);
        snapshot.era = status.era;
        snapshot.eraFoundBy = status.eraFoundBy;
        snapshot.eraCheckedUnixNs = status.eraCheckedUnixNs;
        snapshot.clientConnections = status.clientConnections;
        snapshot.tools = static_cast<int>(status.tools);
        snapshot.prompts = static_cast<int>(status.prompts);
        snapshot.resources = static_cast<int>(status.resources);
        snapshot.inFlight = status.inFlight;
        snapshot.queued = status.queued;
        snapshot.circuit = circuitOf(status);
        snapshot.restarts = status.restarts;
        snapshot.diagnosis = {status.diagnosis.headline, status.diagnosis.cause, status.diagnosis.remedy,
                              status.diagnosis.details, status.diagnosis.code == upstream::DiagnosisCode::SignInRequired};
        if (const QString text = signInTextOf(snapshot); !text.isEmpty())
            snapshot.stateText = text;
        snapshot.lifecycleTraceId = status.lifecycleTraceId.isValid() ? status.lifecycleTraceId.toHex() : QByteArray();
        for (const QByteArray& line : status.stderrTail)
            snapshot.lastStderr.append(pipeline->masker()->maskText(QString::fromUtf8(line)));
    }
    for (const LimitSnapshot& limit : limitList) {
        if (limit.scope == QLatin1String("server") && limit.name == server.name)
            snapshot.limits.append(limit);
    }
    const QByteArray name = server.name.toUtf8();
    for (const store::AggregateGroup& group : byServer.groups) {
        if (group.key != name)
            continue;
        snapshot.calls = group.total.calls;
        snapshot.errors = group.total.errors;
        snapshot.p95Ns = static_cast<std::int64_t>(group.total.p95Ns);
        for (const store::AggregateBucket& bucket : group.buckets)
            snapshot.callsPerInterval.append(static_cast<double>(bucket.calls));
    }
    return snapshot;
}

QString GatewayService::Private::configError() const
{
    QStringList lines{readError, maskingError, gatewayError, metricsError};
    lines.removeAll(QString());
    return lines.join(QLatin1Char('\n'));
}

GatewayStatus GatewayService::status() const
{
    GatewayStatus status;
    status.listening = d->port != 0;
    status.endpoint = d->port != 0 ? QStringLiteral("http://127.0.0.1:%1/mcp").arg(d->port) : QString();
    status.listenError = d->listenError;
    status.authDisabled = !d->effective.gateway.auth;
    for (const config::Server& server : d->effective.servers)
        status.serversEnabled += server.enabled ? 1 : 0;
    for (const upstream::ServerStatus& server : d->serverStatuses)
        status.serversReady += server.state == upstream::ServerState::Ready ? 1 : 0;
    QSet<QString> users;
    for (const SessionSnapshot& session : d->sessionList)
        users.insert(session.tokenName);
    status.sessions = static_cast<int>(d->sessionList.size());
    status.users = static_cast<int>(users.size());
    status.callsPerSecond = d->callsPerSecond;
    status.p95Ns = d->p95Ns;
    if (d->stores != nullptr) {
        const store::TraceStoreStats stats = d->stores->traces.stats();
        status.traces = stats.traces;
        status.storeBytes = stats.memoryBytes;
        status.storeBudgetBytes = stats.budgetBytes;
    }
    status.auditRows = d->auditRows;
    status.dropped = d->buffer.dropped() + (d->exports != nullptr ? d->exports->inboxDropped() : 0);
    if (d->vaultKeeper != nullptr) {
        const vault::VaultStatus vault = d->vaultKeeper->status();
        status.vaultState = vault.text;
        status.vaultDegraded = vault.degraded();
    }
    status.configPath = d->options.configPath;
    status.configError = d->configError();
    if (d->auditState.health != store::AuditState::Health::Ok)
        status.auditError = d->auditState.error.toString();
    status.receiver = d->receiverSnapshot();
    return status;
}

QByteArray GatewayService::statusJson() const
{
    json::Writer writer;
    const GatewayStatus now = status();
    writer.beginObject()
        .member("version", ORIEL_VERSION)
        .member("endpoint", now.endpoint)
        .member("serversReady", now.serversReady)
        .member("serversEnabled", now.serversEnabled)
        .member("sessions", now.sessions)
        .member("callsPerSecond", now.callsPerSecond)
        .member("traces", now.traces)
        .member("dropped", now.dropped)
        .member("configError", now.configError)
        .key("servers")
        .beginArray();
    for (const ServerSnapshot& server : servers()) {
        writer.beginObject()
            .member("name", server.config.name)
            .member("state", server.stateText)
            .member("ready", server.state == ServerState::Ready)
            .member("tools", server.tools)
            .member("protocolVersion", server.protocolVersion)
            .member("era", server.era == config::Era::Modern   ? "modern"
                           : server.era == config::Era::Legacy ? "legacy"
                                                               : "")
            .member("eraFoundBy", server.eraFoundBy)
            .member("eraCheckedUnixNs", server.eraCheckedUnixNs)
            .member("clientConnections", server.clientConnections)
            .member("diagnosis", server.diagnosis.headline)
            .member("remedy", server.diagnosis.remedy)
            .member("inFlight", server.inFlight)
            .member("queued", server.queued);
        writeCircuit(writer, server.circuit);
        if (server.signIn != SignInState::Unknown)
            writer.member("signIn", signInStateName(server.signIn));
        if (!server.signInUrl.isEmpty())
            writer.member("signInUrl", server.signInUrl.toString(QUrl::FullyEncoded));
        writer.endObject();
    }
    writer.endArray();
    writeLimits(writer, d->limitList);
    writeReceiver(writer, now.receiver);
    writer.endObject();
    return writer.take();
}

QList<ServerSnapshot> GatewayService::servers() const
{
    QList<ServerSnapshot> list;
    for (const config::Server& server : d->effective.servers)
        list.append(d->snapshotOf(server));
    return list;
}

QList<SessionSnapshot> GatewayService::sessions() const
{
    return d->sessionList;
}

QList<TokenSnapshot> GatewayService::tokens() const
{
    return d->tokenList;
}

config::Config GatewayService::configuration() const
{
    return d->effective;
}

QString GatewayService::dataDirectory() const
{
    return d->options.dataDir;
}

} // namespace oriel::service
