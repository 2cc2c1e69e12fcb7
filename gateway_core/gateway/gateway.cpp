// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gateway.h"

#include "gateway/answers/refused_messages.h"
#include "gateway/clients/extensions.h"
#include "gateway/lists/waiting_list.h"
#include "gateway/tasks/task_listing.h"
#include "mcp/errors.h"

namespace oriel::gateway {

namespace {

bool needsNewConnection(const config::Server& before, const config::Server& after)
{
    config::Server comparable = after;
    comparable.disabledTools = before.disabledTools;
    comparable.circuitBreaker = before.circuitBreaker;
    comparable.retries = before.retries;
    return !(comparable == before);
}

Catalogue::Server catalogueEntry(const config::Server& server)
{
    Catalogue::Server entry{server.name.toUtf8(), {}};
    for (const QString& tool : server.disabledTools)
        entry.disabledTools.insert(tool.toUtf8());
    return entry;
}

/// In the order of the metric's row: error.type, mcp.protocol.version, network.protocol.name, network.protocol.version,
/// network.transport.
telemetry::LabelValues sessionLabels(const downstream::Session& session)
{
    const bool http = session.client->transport == telemetry::Transport::Http;
    return {QByteArray(), session.client->protocolVersion, http ? QByteArrayLiteral("http") : QByteArray(),
            http ? QByteArrayLiteral("1.1") : QByteArray(), http ? QByteArrayLiteral("tcp") : QByteArrayLiteral("pipe")};
}

} // namespace

Gateway::Gateway(Dependencies dependencies, QObject* parent)
    : QObject(parent),
      m_connectionContext(std::move(dependencies.connections)),
      m_context{dependencies.clock,
                dependencies.random,
                dependencies.recorder,
                QByteArray::number(dependencies.random.next64(), 16),
                m_connectionContext.clientVersion,
                dependencies.heldForNs},
      m_wire(m_context.clock, m_context.recorder),
      m_answers(m_context, m_wire),
      m_heldCalls(m_context.random),
      m_calls(m_heldCalls, m_serverRequests),
      m_admission(m_context, m_answers, m_catalogue),
      m_dispatch(m_context, m_calls, m_admission, *this),
      m_subscribeReplies([this](const Subscriptions::Key& key, const mcp::Message* answer) { subscribeAnswered(key, answer); }),
      m_tasks(m_context.random)
{
    mcp::ClientCapabilities& offered = m_connectionContext.clientCapabilities;
    offered.sampling = true;
    offered.elicitation = true;
    offered.elicitationForm = true;
    offered.elicitationUrl = true;
    offered.samplingTools = true;
    offered.samplingContext = true;
    offered.roots = true;
    offered.rootsListChanged = true;
    declareExtensions(offered);
    m_connectionContext.orielInstance = m_context.instance;
    for (QTimer* timer : {&m_listDeadline, &m_heldDeadline, &m_idleConnections, &m_taskTimer, &m_awaitDeadline, &m_gather})
        timer->setSingleShot(true);
    connect(&m_taskTimer, &QTimer::timeout, this, &Gateway::onTaskTimer);
    connect(&m_idleConnections, &QTimer::timeout, this, &Gateway::endIdleConnections);
    connect(&m_awaitDeadline, &QTimer::timeout, this, &Gateway::settleAllSubscriptions);
    m_heldDeadline.setTimerType(Qt::PreciseTimer); // never before the deadline
    connect(&m_admission, &Admission::limitsChanged, this, &Gateway::limitsChanged);
    connect(&m_admission, &Admission::circuitChanged, this, &Gateway::serversChanged, Qt::QueuedConnection);
    connect(&m_heldDeadline, &QTimer::timeout, this, &Gateway::expireHeld);
    connect(&m_gather, &QTimer::timeout, this, &Gateway::askGathered);
    connect(&m_listDeadline, &QTimer::timeout, this, [this] { answerLists(true); });
    connect(&m_answers.held(), &HeldAnswers::emptied, this, &Gateway::reportStopped);
}

Gateway::~Gateway() = default;

std::unique_ptr<upstream::ServerConnection> Gateway::makeConnection(const config::Server& server)
{
    upstream::ConnectionContext context = m_connectionContext;
    context.timeouts = m_context.config.gateway.timeouts;
    // Over the shared connection of a server that clients have their own to, nobody could answer it anything.
    if (server.connection == config::ConnectionMode::PerClient)
        context.clientCapabilities = {};
    return std::make_unique<upstream::ServerConnection>(server, std::move(context), *this);
}

void Gateway::retire(std::unique_ptr<upstream::ServerConnection> connection)
{
    QList<quint64> orphans;
    m_calls.forEach([&](quint64 cookie, const ActiveCall& call) {
        if (call.connection == connection.get())
            orphans.append(cookie);
    });
    for (const quint64 cookie : orphans) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        connection->cancel(call->token, "the server was removed or changed");
        if (call->incoming.reply == nullptr)
            continue; // its client was asked for input and was answered with that
        abandonSubscription(*call);
        call->dropOpenHop();
        m_answers.sendError(call->incoming, call->record, telemetry::Outcome::Unavailable, QByteArrayLiteral("unavailable"),
                            mcp::error_code::ServerError,
                            connection->name() +
                                ": the server was removed or its configuration changed while it worked on this request.");
    }
    dropTasks([&](const Task& task) { return task.connection == connection.get(); });
    m_taskTools.forget(*connection);
    m_urlElicitations.forget(*connection);
    m_serverRequests.connectionLost(*connection);
    m_levels.remove(connection.get());
    connection->stop();
    if (connection->state() == upstream::ServerState::Stopped)
        connection.release()->deleteLater();
    else
        m_retired.push_back(std::move(connection));
}

Status Gateway::apply(const config::Config& configuration)
{
    QList<Catalogue::Server> entries;
    QList<config::Server> wanted;
    for (const config::Server& server : configuration.servers) {
        if (!server.enabled)
            continue;
        entries.append(catalogueEntry(server));
        wanted.append(server);
    }
    Catalogue next;
    if (Status valid = next.reset(entries, configuration.gateway.separator.toUtf8(), configuration.gateway.prefixSingleServer);
        !valid)
        return valid;
    m_context.config = configuration;
    m_configFresh = true;
    m_isConfigured = true;
    m_admission.configure();
    m_context.policy = {configuration.telemetry.foreignContextAsLink, configuration.telemetry.passBaggage};

    auto previous = std::move(m_connections);
    m_connections.clear();
    m_catalogue = std::move(next);
    m_toolHeaders.reset();
    QList<upstream::ServerConnection*> fresh;
    for (const config::Server& server : std::as_const(wanted)) {
        const auto same = std::find_if(previous.begin(), previous.end(), [&](const auto& connection) {
            return connection != nullptr && !needsNewConnection(connection->server(), server);
        });
        m_context.recorder.recordMetric(same == previous.end() ? telemetry::MetricId::CacheMisses
                                                               : telemetry::MetricId::CacheHits,
                                        {QByteArrayLiteral("server_config")}, 1);
        if (same != previous.end()) {
            m_connections.push_back(std::move(*same));
            const int index = static_cast<int>(m_connections.size()) - 1;
            for (const auto kind :
                 {mcp::ListKind::Tools, mcp::ListKind::Prompts, mcp::ListKind::Resources, mcp::ListKind::ResourceTemplates}) {
                if (kind == mcp::ListKind::Tools)
                    m_catalogue.offerAsTasks(index, TaskTools::decidesItself(*m_connections.back()));
                m_catalogue.update(index, kind, entriesOf(*m_connections.back(), kind));
            }
            m_toolHeaders.update(index, m_connections.back()->items(mcp::ListKind::Tools));
        } else {
            m_connections.push_back(makeConnection(server));
            if (server.start == config::StartMode::AtLaunch)
                fresh.append(m_connections.back().get());
        }
    }
    for (auto& connection : previous) {
        if (connection != nullptr)
            retire(std::move(connection));
    }
    rebuildClients();
    for (upstream::ServerConnection* connection : std::as_const(fresh))
        connection->start();
    if (!previous.empty()) {
        for (const auto kind : {mcp::ListKind::Tools, mcp::ListKind::Prompts, mcp::ListKind::Resources})
            announceList(kind);
    }
    answerLists(false);
    Q_EMIT serversChanged();
    return {};
}

void Gateway::shutDown()
{
    m_context.isShuttingDown = true;
    answerLists(true);
    settleAllSubscriptions();
    for (auto& listener : m_listeners.takeIf([](const Listener&) { return true; }))
        endListener(std::move(listener), telemetry::Outcome::Ok, {});
    dropTasks([](const Task&) { return true; });
    QList<quint64> cookies;
    m_calls.forEach([&](quint64 cookie, const ActiveCall&) { cookies.append(cookie); });
    for (const quint64 cookie : std::as_const(cookies)) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        call->connection->cancel(call->token, "Oriel is shutting down");
        if (call->incoming.reply == nullptr)
            continue;
        call->dropOpenHop();
        m_answers.sendError(call->incoming, call->record, telemetry::Outcome::Cancelled, QByteArrayLiteral("shutting_down"),
                            mcp::error_code::ServerError, "Oriel is shutting down.");
    }
    m_heldCalls.clear();
    retireAll(m_clients.takeIf([](const auto&, const auto&) { return true; }));
    for (const auto& connection : m_connections) {
        connection->stop();
        onStateChanged(*connection);
    }
    QMetaObject::invokeMethod(this, &Gateway::reportStopped, Qt::QueuedConnection);
}

void Gateway::reportStopped()
{
    const auto isDown = [](const auto& kept) {
        return kept->state() == upstream::ServerState::Stopped || kept->state() == upstream::ServerState::Failed;
    };
    if (!m_context.isShuttingDown || !m_retired.empty() || !m_answers.held().isEmpty() ||
        !std::all_of(m_connections.cbegin(), m_connections.cend(), isDown))
        return;
    m_context.isShuttingDown = false;
    Q_EMIT stopped();
}

void Gateway::messageRefused(const downstream::Incoming& incoming, const downstream::Refusal& refusal)
{
    recordRefused(m_context, m_wire, incoming, refusal);
}

bool Gateway::servesAlone(QByteArrayView server) const
{
    return m_catalogue.serverIndex(server) >= 0;
}

void Gateway::countSessions(const downstream::Session& session, int delta)
{
    m_context.recorder.recordMetric(telemetry::MetricId::ActiveSessions, {}, delta);
    int& sessionsOfUser = m_users[session.client->userId];
    sessionsOfUser += delta;
    if ((delta > 0 && sessionsOfUser == 1) || sessionsOfUser == 0)
        m_context.recorder.recordMetric(telemetry::MetricId::ActiveUsers, {}, delta);
    if (sessionsOfUser == 0)
        m_users.remove(session.client->userId);
}

void Gateway::sessionOpened(const std::shared_ptr<downstream::Session>& session)
{
    m_sessions.insert(session.get(), session);
    countSessions(*session, 1);
    if (session->logLevel)
        sendLevelUpstream(*session);
    Q_EMIT sessionsChanged();
}

void Gateway::sessionClosed(const std::shared_ptr<downstream::Session>& session)
{
    if (m_sessions.remove(session.get()) == 0)
        return;
    countSessions(*session, -1);
    QList<quint64> cookies;
    m_calls.forEach([&](quint64 cookie, const ActiveCall& call) {
        if (call.incoming.session == session)
            cookies.append(cookie);
    });
    for (const quint64 cookie : std::as_const(cookies)) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        call->connection->cancel(call->token, "the client disconnected");
        leaveTask(*call);
        if (call->incoming.reply == nullptr)
            continue;
        call->dropOpenHop();
        recordError(call->record, telemetry::Outcome::Cancelled, QByteArrayLiteral("cancelled"), 0, "the client disconnected");
        Answers::endUnanswered(call->incoming, "The session was ended.");
        m_answers.endRecord(call->record, call->incoming);
    }
    const auto isOfSession = [&](const auto& waiting) {
        if (waiting->incoming.session != session)
            return false;
        Answers::endUnanswered(waiting->incoming, "The session was ended.");
        return true;
    };
    std::erase_if(m_waitingLists, isOfSession);
    std::erase_if(m_taskListings, isOfSession);
    if (mcp::isLegacy(session->revision))
        dropTasks([owner = taskOwner(*session)](const Task& task) { return task.owner == owner; });
    m_urlElicitations.forget(*session);
    m_serverRequests.sessionClosed(*session);
    for (auto& listener : m_listeners.takeIf([&](const Listener& one) { return one.incoming.session == session; }))
        endListener(std::move(listener), telemetry::Outcome::Cancelled, "the client disconnected");
    m_awaited.drop(session.get());
    for (const auto& [server, uri] : m_subscriptions.removeSession(session.get()))
        setSubscribed(server, uri, false);
    retireAll(m_clients.takeClient(*session));
    const double seconds = static_cast<double>(m_context.clock.unixNs() - session->openedUnixNs) / 1e9;
    m_context.recorder.recordMetric(telemetry::MetricId::McpServerSessionDuration, sessionLabels(*session), seconds);
    Q_EMIT sessionsChanged();
}

} // namespace oriel::gateway
