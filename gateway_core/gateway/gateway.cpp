// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gateway.h"

#include "gateway/calls/context_policy.h"
#include "gateway/clients/extensions.h"

namespace oriel::gateway {

namespace {

/// What every connection gets: a superset of what clients may be able to do, since all share one.
upstream::ConnectionContext connectionContext(upstream::ConnectionContext context, const GatewayContext& shared)
{
    mcp::ClientCapabilities& offered = context.clientCapabilities;
    offered.sampling = true;
    offered.elicitation = true;
    offered.elicitationForm = true;
    offered.elicitationUrl = true;
    offered.samplingTools = true;
    offered.samplingContext = true;
    offered.roots = true;
    offered.rootsListChanged = true;
    declareExtensions(offered);
    context.orielInstance = shared.instance;
    context.contextPolicy = &shared.policy;
    return context;
}

} // namespace

Gateway::Gateway(Dependencies dependencies, QObject* parent)
    : QObject(parent),
      m_context{dependencies.clock,
                dependencies.random,
                dependencies.recorder,
                QByteArray::number(dependencies.random.next64(), 16),
                dependencies.connections.clientVersion,
                dependencies.heldForNs},
      m_wire(m_context.clock, m_context.recorder),
      m_answers(m_context, m_wire),
      m_pool(m_context, connectionContext(std::move(dependencies.connections), m_context), *this, *this),
      m_sessions(m_context),
      m_handshake(m_context, m_answers, m_pool),
      m_calls(m_context),
      m_admission(m_context, m_answers, m_pool.catalogue()),
      m_router(m_context, m_answers, m_pool),
      m_dispatch(m_context, m_calls, m_admission, *this),
      m_replies(m_context, m_wire, m_answers),
      m_logs(m_context, m_wire, m_answers, m_pool, m_sessions, m_calls, *this),
      m_pages(m_context, m_wire),
      m_heldInput(m_context, m_answers, m_calls, m_pages, *this),
      m_rounds(m_context, m_wire, m_answers, m_calls, m_pages, *this),
      m_requests(m_context, m_wire, m_pool, m_sessions, m_calls, m_pages, m_heldInput),
      m_streams(m_context, m_wire, m_pool),
      m_resources(m_context, m_answers, m_pool, *this),
      m_lists(m_context, m_answers, m_pool),
      m_listChanges(m_wire, m_pool, m_sessions, m_streams),
      m_tasks(m_context, m_wire, m_answers, m_pool, m_calls, m_pages, m_streams, *this),
      m_listening(m_context, m_answers, m_pool, m_streams, m_resources, m_tasks),
      m_cancellation(m_context, m_answers, m_calls, m_resources, m_tasks)
{
    connect(&m_pool, &ConnectionPool::changed, this, &Gateway::serversChanged);
    connect(&m_admission, &Admission::limitsChanged, this, &Gateway::limitsChanged);
    connect(&m_admission, &Admission::circuitChanged, this, &Gateway::serversChanged, Qt::QueuedConnection);
    connect(&m_answers.held(), &HeldAnswers::emptied, this, &Gateway::reportStopped);
}

Gateway::~Gateway() = default;

Status Gateway::apply(const config::Config& configuration)
{
    auto planned = ConnectionPool::plan(configuration);
    if (!planned)
        return fail(planned.error());
    m_context.config = configuration;
    m_handshake.configure();
    m_lists.configure();
    m_admission.configure();
    m_context.policy = contextPolicyOf(configuration);
    if (m_pool.apply(std::move(*planned))) {
        for (const auto kind : {mcp::ListKind::Tools, mcp::ListKind::Prompts, mcp::ListKind::Resources})
            m_listChanges.announce(kind);
    }
    m_lists.answerReady();
    Q_EMIT serversChanged();
    return {};
}

void Gateway::shutDown()
{
    m_context.isShuttingDown = true;
    m_lists.answerAll();
    m_resources.settleAll();
    m_listening.endAll();
    m_tasks.endAll();
    m_cancellation.endAll();
    m_heldInput.clear();
    m_pool.stopAll();
    QMetaObject::invokeMethod(this, &Gateway::reportStopped, Qt::QueuedConnection);
}

void Gateway::reportStopped()
{
    if (!m_context.isShuttingDown || !m_answers.held().isEmpty() || !m_pool.isDown())
        return;
    m_context.isShuttingDown = false;
    m_sessions.endAll();
    Q_EMIT stopped();
}

void Gateway::restartServer(const QByteArray& name)
{
    m_pool.restart(name);
    m_admission.closeCircuit(name);
}

QList<upstream::ServerStatus> Gateway::serverStatuses() const
{
    QList<upstream::ServerStatus> statuses = m_pool.statuses();
    for (upstream::ServerStatus& status : statuses) {
        if (const auto circuit = m_admission.circuitOf(status.name.toUtf8()))
            status.circuit = *circuit;
    }
    return statuses;
}

bool Gateway::isInUse(const ClientConnections::Client& client, const ClientConnections::Own& own) const
{
    return m_resources.isWatched(own.key) || m_tasks.isWorking(*own.connection) || m_lists.isWaiting(*client.session) ||
           m_calls.cookieIf([&](const ActiveCall& call) { return call.connection == own.connection.get(); }) != 0;
}

void Gateway::onRetiring(upstream::ServerConnection& connection)
{
    m_cancellation.endConnection(connection);
    m_tasks.endConnection(connection);
    m_pages.forget(connection);
    m_calls.requests().connectionLost(connection);
    m_logs.forget(connection);
}

Holdings Gateway::holdings() const
{
    Holdings held;
    held.add("sessions", m_sessions.all().size())
        .add("users", m_sessions.userCount())
        .add("active calls", static_cast<qsizetype>(m_calls.count()))
        .add("held answers", m_answers.held().count())
        .add("listeners", static_cast<qsizetype>(m_streams.all().size()))
        .add("server requests", m_calls.requests().count())
        .add("roots of clients", m_calls.requests().rootsCount())
        .add("waiting lists", static_cast<qsizetype>(m_lists.count()))
        .add("opened pages", m_pages.count());
    m_tasks.addHoldings(held);
    m_heldInput.addHoldings(held);
    m_resources.addHoldings(held);
    m_pool.addHoldings(held);
    return held;
}

} // namespace oriel::gateway
