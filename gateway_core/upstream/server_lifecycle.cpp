// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/semconv.h"
#include "upstream/program_search.h"
#include "upstream/server_connection_p.h"

#include <QUrl>

#include <algorithm>

namespace oriel::upstream {

namespace {

using telemetry::Attr;
using telemetry::attributeName;
using Step = LifecycleTrace::Step;

/// Handshakes in a row whose session is gone before the lists are read.
constexpr int kSessionsLostAtOnce = 3;
constexpr std::int64_t kLongestTtlMs = 24LL * 3'600 * 1'000;

/// Failures that another try cannot mend; a person has to.
bool isWorthRetrying(DiagnosisCode code)
{
    switch (code) {
    case DiagnosisCode::CommandNotFound:
    case DiagnosisCode::NotExecutable:
    case DiagnosisCode::WorkingDirectoryMissing:
    case DiagnosisCode::VersionRefused:
    case DiagnosisCode::InvalidUrl:
    case DiagnosisCode::AuthenticationRequired:
    case DiagnosisCode::SignInRequired:
    case DiagnosisCode::Forbidden:
    case DiagnosisCode::Redirected:
    case DiagnosisCode::NotFound:
    case DiagnosisCode::NotMcp:
    case DiagnosisCode::LeadsBack:
        return false;
    default:
        return true;
    }
}

telemetry::Transport telemetryTransport(config::ServerTransport transport)
{
    switch (transport) {
    case config::ServerTransport::Stdio:
        return telemetry::Transport::Stdio;
    case config::ServerTransport::StreamableHttp:
        return telemetry::Transport::Http;
    case config::ServerTransport::LegacySse:
        return telemetry::Transport::Sse;
    }
    Q_UNREACHABLE();
}

} // namespace

void ServerConnection::Private::setState(ServerState next)
{
    if (state == next) {
        return;
    }
    state = next;
    stateSinceUnixNs = context.clock->unixNs();
    handler.onStateChanged(q);
}

void ServerConnection::Private::start()
{
    failures = 0;
    restarts = 0;
    if (state == ServerState::Stopping) {
        startWhenClosed = true;
        return;
    }
    if (state == ServerState::Stopped || state == ServerState::Failed || state == ServerState::Backoff) {
        launch();
    }
}

void ServerConnection::Private::stop()
{
    startWhenClosed = false;
    restartTimer.stop();
    healthyTimer.stop();
    watcher.reset();
    for (List& list : lists) {
        list.reader->abandon();
    }
    failCalls({ErrorCode::Unavailable, QStringLiteral("The server was stopped."), server.name, {}}, true);
    initializeToken = {};
    prober.reset();
    stopListening(true);
    if (link) {
        link->closingUnixNs = context.clock->unixNs();
        setState(ServerState::Stopping);
        link->transport->close();
    } else if (state != ServerState::Stopping) {
        setState(retired.empty() ? ServerState::Stopped : ServerState::Stopping);
    }
}

void ServerConnection::Private::restart(const QString& reason)
{
    recordLifecycle(QStringLiteral("restart: %1").arg(reason));
    if (state != ServerState::Stopped) {
        stop();
    }
    start();
}

void ServerConnection::Private::launch()
{
    restartTimer.stop();
    if (!retired.empty()) {
        startWhenClosed = true;
        return;
    }
    diagnosis = {};
    stderrTail.clear();
    auto fresh =
        std::make_unique<Link>(*this, LifecycleTrace(*context.clock, *context.random, *context.recorder, name, policy()));
    link = std::move(fresh);
    lifecycleTraceId = link->trace.traceId();
    link->trace.begin(Step::Spawn);
    Result<std::unique_ptr<Transport>> made = makeTransport(*link);
    setState(ServerState::Starting);
    if (!made) {
        Diagnosis failure;
        failure.code = DiagnosisCode::SpawnFailed;
        failure.headline = QStringLiteral("%1 did not start: its configuration cannot be used").arg(server.name);
        failure.cause = made.error().toString();
        failure.remedy = made.error().remedy;
        diagnosis = failure;
        link->trace.finish(diagnosis, {});
        link.reset();
        failCalls(diagnosis.toError(server.name), true);
        failedNs = context.clock->monotonicNs();
        setState(ServerState::Failed);
        return;
    }
    link->transport = std::move(*made);
    recordLifecycle(QStringLiteral("start: %1")
                        .arg(server.transport == config::ServerTransport::Stdio ? readableCommandLine(server.command, server.args)
                                                                                : server.url));
    link->transport->start();
}

void ServerConnection::Private::transportStarted()
{
    telemetry::Attributes attributes;
    if (const qint64 pid = link->transport->processId(); pid != 0) {
        attributes.push_back({QByteArrayLiteral("process.pid"), static_cast<std::int64_t>(pid)});
        attributes.push_back({QByteArrayLiteral("process.executable.path"), link->transport->facts().program.toUtf8()});
        commandLine = readableCommandLine(link->transport->facts().program, server.args);
        recordLifecycle(QStringLiteral("spawned: process %1").arg(pid));
    }
    link->trace.end(Step::Spawn, {}, std::move(attributes));
    link->trace.begin(Step::FirstByte);
    link->stage = StartStage::FirstByte;
    setState(ServerState::Handshaking);
    handshake();
}

StartFacts ServerConnection::Private::currentFacts() const
{
    StartFacts facts = link->transport->facts();
    facts.server = server.name;
    facts.stage = std::max(facts.stage, link->stage);
    if (facts.requestedVersion.isEmpty()) {
        facts.requestedVersion = mcp::toText(mcp::NewestLegacy).toByteArray();
    }
    return facts;
}

void ServerConnection::Private::updateContext()
{
    auto fresh = std::make_shared<telemetry::ServerContext>();
    fresh->name = name;
    fresh->transport = telemetryTransport(server.transport);
    fresh->protocolVersion = initializeResult.protocolVersion;
    fresh->serverName = initializeResult.serverInfo.name;
    fresh->serverVersion = initializeResult.serverInfo.version;
    if (server.transport != config::ServerTransport::Stdio) {
        const QUrl url(server.url);
        fresh->address = url.host().toUtf8();
        fresh->port = static_cast<quint16>(url.port(url.scheme() == QLatin1String("https") ? 443 : 80));
    }
    if (link && link->transport) {
        fresh->sessionId = link->transport->sessionId();
        fresh->pid = link->transport->processId();
    }
    serverContext = std::move(fresh);
}

void ServerConnection::Private::beginLists()
{
    link->stage = StartStage::List;
    link->trace.begin(Step::List);
    setState(ServerState::Listing);
    paramHeaders.clear();
    QList<QByteArray> uris = std::move(listening.uris);
    listening = {};
    listening.uris = std::move(uris);
    listen();
    const mcp::ServerCapabilities& offered = initializeResult.capabilities;
    // A server that declares nothing at all is asked for tools anyway: some forget to.
    const bool nothing = !offered.tools && !offered.prompts && !offered.resources;
    const std::array wanted{offered.tools || nothing, offered.prompts, offered.resources, offered.resources};
    for (std::size_t i = 0; i < lists.size(); ++i) {
        lists[i].listed = !wanted[i];
        lists[i].reader->abandon();
        if (!wanted[i]) {
            const bool had = !lists[i].entries.empty();
            lists[i].entries.clear();
            if (had) {
                handler.onListChanged(q, static_cast<mcp::ListKind>(i));
            }
        }
    }
    awaitsTools = isModern() && isHttp() && wanted[0];
    for (std::size_t i = 0; i < lists.size(); ++i) {
        if (wanted[i]) {
            lists[i].reader->start();
        }
    }
    sendQueued();
    if (!std::any_of(lists.begin(), lists.end(), [](const List& list) { return list.reader->isRunning(); })) {
        becomeReady();
    }
}

void ServerConnection::Private::listDone(mcp::ListKind kind, Result<std::vector<mcp::ListEntry>> entries)
{
    List& list = lists[static_cast<std::size_t>(kind)];
    if (entries) {
        if (kind == mcp::ListKind::Tools && isModern() && isHttp()) {
            keepParamHeaders(*entries);
        }
        list.staleNs = context.clock->monotonicNs() + std::min<std::int64_t>(list.reader->ttlMs(), kLongestTtlMs) * 1'000'000;
        list.entries = std::move(*entries);
        list.listed = true;
        handler.onListChanged(q, kind);
    } else if (canSend()) {
        recordLog(telemetry::Severity::Warn, entries.error().toString().toUtf8(), {});
        diagnosis.code = DiagnosisCode::ListFailed;
        diagnosis.headline = QStringLiteral("%1: a list could not be read").arg(server.name);
        diagnosis.cause = entries.error().message;
        diagnosis.remedy = QStringLiteral("What the server offers is incomplete here; read its log, then restart it.");
    }
    if (kind == mcp::ListKind::Tools && std::exchange(awaitsTools, false)) {
        sendQueued();
    }
    const bool running = std::any_of(lists.begin(), lists.end(), [](const List& each) { return each.reader->isRunning(); });
    if (state == ServerState::Listing && !running) {
        becomeReady();
    }
}

void ServerConnection::Private::listChanged(mcp::ListKind kind)
{
    lists[static_cast<std::size_t>(kind)].changed = true;
    if (!listTimer.isActive()) {
        listTimer.start(context.listDebounce);
    }
}

void ServerConnection::Private::becomeReady()
{
    sessionsLost = 0;
    link->stage = StartStage::Ready;
    const auto count = [this](mcp::ListKind kind) {
        return static_cast<std::int64_t>(lists[static_cast<std::size_t>(kind)].entries.size());
    };
    link->trace.end(Step::List, {},
                    {{QByteArrayLiteral("server.tools"), count(mcp::ListKind::Tools)},
                     {QByteArrayLiteral("server.prompts"), count(mcp::ListKind::Prompts)},
                     {QByteArrayLiteral("server.resources"), count(mcp::ListKind::Resources)}});
    telemetry::Attributes attributes{{attributeName(Attr::McpProtocolVersion), initializeResult.protocolVersion}};
    if (const qint64 pid = link->transport->processId(); pid != 0) {
        attributes.push_back({QByteArrayLiteral("process.pid"), static_cast<std::int64_t>(pid)});
    }
    link->trace.finish({}, std::move(attributes));
    healthyTimer.start(context.healthyAfter);
    watchFiles();
    setState(ServerState::Ready);
    recordLifecycle(QStringLiteral("ready"));
    sendQueued();
}

void ServerConnection::Private::sessionLost()
{
    if (!canSend() || !link) {
        return;
    }
    if (++sessionsLost > kSessionsLostAtOnce) {
        StartFacts facts = currentFacts();
        facts.httpStatus = 404;
        facts.httpBody = QByteArrayLiteral("it forgets each session at once");
        fail(facts);
        return;
    }
    recordLifecycle(QStringLiteral("the session was lost; a new handshake begins"));
    stopListening(false);
    link->triedInitialize = link->triedDiscover = false;
    link->refusal.reset();
    for (List& list : lists) {
        list.reader->abandon();
    }
    link->stage = StartStage::Handshake;
    setState(ServerState::Handshaking);
    handshake();
}

/// The server took no token any more, and there is no other: nothing else can be asked of it either.
void ServerConnection::Private::tokenLost(const Error& error)
{
    StartFacts facts = currentFacts();
    facts.httpStatus = 401;
    facts.httpBody.clear();
    facts.tokenError = error;
    fail(facts);
}

void ServerConnection::Private::retireLink()
{
    if (!link) {
        return;
    }
    link->retired = true;
    Link& ending = *link;
    retired.push_back(std::move(link));
    if (ending.closed) {
        afterRetired();
        return;
    }
    if (ending.closingUnixNs == 0) {
        ending.closingUnixNs = context.clock->unixNs();
    }
    ending.transport->close();
}

/// Transports are destroyed from the event loop, never from within their own callbacks.
void ServerConnection::Private::afterRetired()
{
    QMetaObject::invokeMethod(
        &q,
        [this] {
            std::erase_if(retired, [](const std::unique_ptr<Link>& each) { return each->closed; });
            if (!retired.empty()) {
                return;
            }
            if (std::exchange(startWhenClosed, false)) {
                launch();
            } else if (state == ServerState::Stopping) {
                setState(ServerState::Stopped);
            }
        },
        Qt::QueuedConnection);
}

void ServerConnection::Private::linkClosed(Link& ending, const CloseReason& reason)
{
    const bool requested = reason.kind == CloseReason::Kind::Requested;
    const StartFacts& told = ending.transport->facts();
    if (told.pid != 0 || ending.readyNs != 0) {
        ending.trace.exit(told, ending.closingUnixNs != 0 ? ending.closingUnixNs : context.clock->unixNs(), requested);
    }
    if (ending.readyNs != 0) {
        const double lasted = static_cast<double>(context.clock->monotonicNs() - ending.readyNs) / 1e9;
        const bool http = server.transport != config::ServerTransport::Stdio;
        context.recorder->recordMetric(telemetry::MetricId::McpClientSessionDuration,
                                       {requested ? QByteArray() : QByteArrayLiteral("connection_closed"),
                                        initializeResult.protocolVersion, http ? QByteArrayLiteral("http") : QByteArray(),
                                        http ? QByteArrayLiteral("1.1") : QByteArray(),
                                        http ? QByteArrayLiteral("tcp") : QByteArrayLiteral("pipe"), serverContext->address,
                                        http ? QByteArray::number(serverContext->port) : QByteArray()},
                                       lasted);
    }
    if (told.exited) {
        recordLifecycle(told.exitSignal != 0 ? QStringLiteral("exit: process %1, signal %2").arg(told.pid).arg(told.exitSignal)
                                             : QStringLiteral("exit: process %1, code %2").arg(told.pid).arg(told.exitCode));
    }
    if (ending.retired) {
        afterRetired();
        return;
    }
    if (requested || state == ServerState::Stopping) {
        ending.trace.finish({}, {});
        stopListening(false);
        retireLink();
        return;
    }
    StartFacts facts = currentFacts();
    facts.waited = std::max(facts.waited, timeoutOf(OperationType::Connectivity));
    fail(facts);
}

void ServerConnection::Private::fail(const StartFacts& facts)
{
    if (initializeToken.isValid() && discovering && !isHttp()) {
        forgetVerdict(); // it may be that it ended because of the question
    }
    initializeToken = {};
    prober.reset();
    stopListening(false);
    healthyTimer.stop();
    for (List& list : lists) {
        list.reader->abandon();
    }
    diagnosis = diagnose(facts);
    if (diagnosis.isEmpty()) {
        diagnosis.code = DiagnosisCode::Unknown;
    }
    telemetry::Attributes attributes;
    if (facts.pid != 0) {
        attributes.push_back({QByteArrayLiteral("process.pid"), static_cast<std::int64_t>(facts.pid)});
    }
    link->trace.finish(diagnosis, std::move(attributes));
    recordLifecycle(diagnosis.headline + QStringLiteral(". ") + diagnosis.cause);
    recordLog(telemetry::Severity::Error,
              (diagnosis.headline + QStringLiteral(". ") + diagnosis.cause + QLatin1Char(' ') + diagnosis.remedy).toUtf8(), {});
    failCalls(diagnosis.toError(server.name), true);
    retireLink();
    scheduleRestart();
}

void ServerConnection::Private::scheduleRestart()
{
    ++failures;
    failedNs = context.clock->monotonicNs();
    if (!isWorthRetrying(diagnosis.code) || failures > server.maxRestarts) {
        setState(ServerState::Failed);
        return;
    }
    ++restarts;
    const std::int64_t doubled = context.firstBackoff.count() << std::min(failures - 1, 16);
    const std::int64_t base = std::min<std::int64_t>(doubled, context.maxBackoff.count());
    // A tenth to either side, so that servers that fell together do not rise together.
    const std::int64_t jitter = base / 10;
    const std::int64_t delay =
        base - jitter + static_cast<std::int64_t>(context.random->next64() % static_cast<std::uint64_t>(2 * jitter + 1));
    nextStartUnixNs = context.clock->unixNs() + delay * 1'000'000;
    restartTimer.start(std::chrono::milliseconds(delay));
    setState(ServerState::Backoff);
}

} // namespace oriel::upstream
