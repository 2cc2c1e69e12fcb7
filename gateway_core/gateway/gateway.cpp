// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gateway.h"

#include "gateway/answers/refused_messages.h"
#include "gateway/clients/extensions.h"
#include "mcp/errors.h"

namespace oriel::gateway {

namespace {

/// What every connection gets: a superset of what clients may be able to do, since all share one.
upstream::ConnectionContext connectionContext(upstream::ConnectionContext context, const QByteArray& instance)
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
    context.orielInstance = instance;
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
      m_pool(m_context, connectionContext(std::move(dependencies.connections), m_context.instance), *this, *this),
      m_sessions(m_context),
      m_handshake(m_context, m_answers, m_pool),
      m_heldCalls(m_context.random),
      m_calls(m_heldCalls, m_serverRequests),
      m_admission(m_context, m_answers, m_pool.catalogue()),
      m_dispatch(m_context, m_calls, m_admission, *this),
      m_logs(m_context, m_wire, m_answers, m_pool, m_sessions, m_calls, *this),
      m_pages(m_context, m_wire),
      m_heldInput(m_context, m_answers, m_calls, m_heldCalls, m_pages, *this),
      m_rounds(m_context, m_wire, m_answers, m_calls, m_serverRequests, m_pages, *this),
      m_requests(m_context, m_wire, m_pool, m_sessions, m_calls, m_serverRequests, m_pages, m_heldInput),
      m_streams(m_context, m_wire, m_pool),
      m_resources(m_context, m_answers, m_pool, *this),
      m_lists(m_context, m_answers, m_pool),
      m_listChanges(m_wire, m_pool, m_sessions, m_streams),
      m_tasks(m_context, m_wire, m_answers, m_pool, m_calls, m_serverRequests, m_pages, m_streams, *this)
{
    connect(&m_pool, &ConnectionPool::changed, this, &Gateway::serversChanged);
    connect(&m_admission, &Admission::limitsChanged, this, &Gateway::limitsChanged);
    connect(&m_admission, &Admission::circuitChanged, this, &Gateway::serversChanged, Qt::QueuedConnection);
    connect(&m_answers.held(), &HeldAnswers::emptied, this, &Gateway::reportStopped);
}

Gateway::~Gateway() = default;

void Gateway::shutDown()
{
    m_context.isShuttingDown = true;
    m_lists.answerAll();
    m_resources.settleAll();
    for (auto& listener : m_streams.takeIf([](const Listener&) { return true; }))
        endListener(std::move(listener), telemetry::Outcome::Ok, {});
    m_tasks.endAll();
    for (const quint64 cookie : m_calls.select([](const ActiveCall&) { return true; })) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        call->connection->cancel(call->token, "Oriel is shutting down");
        if (call->incoming.reply == nullptr)
            continue;
        call->dropOpenHop();
        m_answers.sendError(call->incoming, call->record, telemetry::Outcome::Cancelled, QByteArrayLiteral("shutting_down"),
                            mcp::error_code::ServerError, "Oriel is shutting down.");
    }
    m_heldInput.clear();
    m_pool.stopAll();
    QMetaObject::invokeMethod(this, &Gateway::reportStopped, Qt::QueuedConnection);
}

void Gateway::reportStopped()
{
    if (!m_context.isShuttingDown || !m_answers.held().isEmpty() || !m_pool.isDown())
        return;
    m_context.isShuttingDown = false;
    Q_EMIT stopped();
}

void Gateway::messageRefused(const downstream::Incoming& incoming, const downstream::Refusal& refusal)
{
    recordRefused(m_context, m_wire, incoming, refusal);
}

Status Gateway::apply(const config::Config& configuration)
{
    auto planned = ConnectionPool::plan(configuration);
    if (!planned)
        return fail(planned.error());
    m_context.config = configuration;
    m_handshake.configure();
    m_lists.configure();
    m_admission.configure();
    m_context.policy = {configuration.telemetry.foreignContextAsLink, configuration.telemetry.passBaggage};
    if (m_pool.apply(std::move(*planned))) {
        for (const auto kind : {mcp::ListKind::Tools, mcp::ListKind::Prompts, mcp::ListKind::Resources})
            m_listChanges.announce(kind);
    }
    m_lists.answerReady();
    Q_EMIT serversChanged();
    return {};
}

void Gateway::onRetiring(upstream::ServerConnection& connection)
{
    for (const quint64 cookie : m_calls.select([&](const ActiveCall& call) { return call.connection == &connection; })) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        connection.cancel(call->token, "the server was removed or changed");
        if (call->incoming.reply == nullptr)
            continue; // its client was asked for input and was answered with that
        m_resources.abandon(*call);
        call->dropOpenHop();
        m_answers.sendError(call->incoming, call->record, telemetry::Outcome::Unavailable, QByteArrayLiteral("unavailable"),
                            mcp::error_code::ServerError,
                            connection.name() +
                                ": the server was removed or its configuration changed while it worked on this request.");
    }
    m_tasks.endConnection(connection);
    m_pages.forget(connection);
    m_serverRequests.connectionLost(connection);
    m_logs.forget(connection);
}

bool Gateway::isInUse(const ClientConnections::Client& client, const ClientConnections::Own& own) const
{
    bool isUsed = m_resources.isWatched(own.key);
    m_calls.forEach([&](quint64, const ActiveCall& call) { isUsed = isUsed || call.connection == own.connection.get(); });
    isUsed = isUsed || m_tasks.isWorking(*own.connection);
    return isUsed || m_lists.isWaiting(*client.session);
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

bool Gateway::servesAlone(QByteArrayView server) const
{
    return m_pool.catalogue().serverIndex(server) >= 0;
}

void Gateway::sessionOpened(const std::shared_ptr<downstream::Session>& session)
{
    m_sessions.open(session);
    if (session->logLevel)
        m_logs.tellServersOf(*session);
    Q_EMIT sessionsChanged();
}

void Gateway::sessionClosed(const std::shared_ptr<downstream::Session>& session)
{
    if (!m_sessions.close(session))
        return;
    for (const quint64 cookie : m_calls.select([&](const ActiveCall& call) { return call.incoming.session == session; })) {
        const std::unique_ptr<ActiveCall> call = m_calls.end(cookie);
        call->connection->cancel(call->token, "the client disconnected");
        m_tasks.leave(*call);
        if (call->incoming.reply == nullptr)
            continue;
        call->dropOpenHop();
        recordError(call->record, telemetry::Outcome::Cancelled, QByteArrayLiteral("cancelled"), 0, "the client disconnected");
        Answers::endUnanswered(call->incoming, "The session was ended.");
        m_answers.endRecord(call->record, call->incoming);
    }
    m_lists.endSession(*session);
    m_tasks.endSession(*session);
    m_pages.forget(*session);
    m_serverRequests.sessionClosed(*session);
    for (auto& listener : m_streams.takeIf([&](const Listener& one) { return one.incoming.session == session; }))
        endListener(std::move(listener), telemetry::Outcome::Cancelled, "the client disconnected");
    m_resources.removeSubscriber(session.get());
    m_pool.endClient(*session);
    Q_EMIT sessionsChanged();
}

} // namespace oriel::gateway
