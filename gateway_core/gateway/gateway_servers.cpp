// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_splice.h"
#include "base/json_writer.h"
#include "gateway/gateway.h"
#include "gateway/waiting_list.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::MethodId;

namespace {

telemetry::Severity severityOf(QByteArrayView level)
{
    using telemetry::Severity;
    static constexpr std::array<Severity, 8> kSeverities{Severity::Debug, Severity::Info,     Severity::Notice, Severity::Warn,
                                                         Severity::Error, Severity::Critical, Severity::Alert,  Severity::Fatal};
    const auto known = downstream::logLevelFromText(level);
    return known ? kSeverities[static_cast<std::size_t>(*known)] : Severity::Info;
}

bool canAnswer(const downstream::Session& session, MethodId method)
{
    switch (method) {
    case MethodId::SamplingCreateMessage:
        return session.capabilities.sampling;
    case MethodId::ElicitationCreate:
        return session.capabilities.elicitation;
    case MethodId::RootsList:
        return session.capabilities.roots;
    default:
        return false;
    }
}

QByteArrayView listChangedMethod(mcp::ListKind kind)
{
    switch (kind) {
    case mcp::ListKind::Tools:
        return mcp::methodName(MethodId::NotificationToolsListChanged);
    case mcp::ListKind::Prompts:
        return mcp::methodName(MethodId::NotificationPromptsListChanged);
    case mcp::ListKind::Resources:
    case mcp::ListKind::ResourceTemplates:
        break;
    }
    return mcp::methodName(MethodId::NotificationResourcesListChanged);
}

} // namespace

int Gateway::indexOf(const upstream::ServerConnection& connection) const
{
    for (std::size_t i = 0; i < m_connections.size(); ++i) {
        if (m_connections[i].get() == &connection)
            return static_cast<int>(i);
    }
    return -1;
}

bool Gateway::sees(const downstream::Session& session, const upstream::ServerConnection& connection) const
{
    return session.server.isEmpty() || session.server == connection.name();
}

std::shared_ptr<downstream::Session> Gateway::sessionForRequest(const upstream::ServerConnection& connection,
                                                                const mcp::Message& message, upstream::CallToken related,
                                                                quint64* cookie) const
{
    // The call that the server is working on for a client that can answer; else the client seen last.
    const ActiveCall* call = nullptr;
    m_calls.forEach([&](quint64 candidateCookie, const ActiveCall& candidate) {
        if (candidate.connection != &connection || !canAnswer(*candidate.incoming.session, message.methodId))
            return;
        const bool isRelated = related.isValid() && candidate.token == related;
        if (call == nullptr || isRelated || (candidate.forwardedNs > call->forwardedNs && !(call->token == related))) {
            call = &candidate;
            *cookie = candidateCookie;
        }
    });
    if (call != nullptr)
        return call->incoming.session;
    std::shared_ptr<downstream::Session> latest;
    for (const auto& session : m_sessions) {
        if (mcp::isLegacy(session->revision) && sees(*session, connection) && session->isReachable() &&
            canAnswer(*session, message.methodId) && (latest == nullptr || session->lastSeenUnixNs > latest->lastSeenUnixNs))
            latest = session;
    }
    return latest;
}

void Gateway::onRequest(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    quint64 cookie = 0;
    const auto session = sessionForRequest(connection, message, related, &cookie);
    ActiveCall* call = m_calls.find(cookie);
    if (session == nullptr) {
        connection.reply(mcp::makeErrorResponse(message.id(), mcp::error_code::MethodNotFound,
                                                "No connected client can answer " + message.text(mcp::Field::Method) + "."));
        refuseForCapability(connection, message, related);
        return;
    }
    if (mcp::isModern(session->revision)) {
        holdForInput(message, *call, cookie);
        return;
    }
    const QByteArray frame = m_serverRequests.forward(connection, message, session);
    recordClientFrame(*session, telemetry::WireDirection::GatewayToClient, telemetry::WireKind::Request, &message, frame,
                      nullptr);
    if (call != nullptr) {
        telemetry::CallEvent event;
        event.offsetNs = now() - call->incoming.startNs;
        event.name = QByteArrayLiteral("mcp.server_request");
        event.attributes.push_back({QByteArrayLiteral("mcp.method.name"), message.text(mcp::Field::Method)});
        call->record.events.push_back(std::move(event));
        call->incoming.reply->notify(frame);
    } else {
        session->send(frame);
    }
}

void Gateway::onNotification(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    switch (message.methodId) {
    case MethodId::NotificationMessage:
        relayLogMessage(connection, message, related);
        break;
    case MethodId::NotificationCancelled:
        m_serverRequests.cancelledByServer(connection, message);
        break;
    case MethodId::NotificationResourcesUpdated: {
        const auto subscribers = m_subscriptions.of(connection.name(), message.text(mcp::Field::ParamsUri));
        for (const void* subscriber : subscribers) {
            tellListener(subscriber, message);
            if (const auto session = m_sessions.value(static_cast<const downstream::Session*>(subscriber))) {
                recordClientFrame(*session, telemetry::WireDirection::GatewayToClient, telemetry::WireKind::Notification,
                                  &message, message.raw, nullptr);
                session->send(message.raw);
            }
        }
        break;
    }
    default:
        for (const auto& session : std::as_const(m_sessions)) {
            if (session->isInitialized && mcp::isLegacy(session->revision) && sees(*session, connection))
                session->send(message.raw);
        }
        break;
    }
}

void Gateway::relayLogMessage(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    (void)m_document.parse(message.raw);
    const json::Value params = m_document.root().find("params");
    const QByteArray levelText = params.find("level").asUtf8();
    const json::Value data = params.find("data");
    ActiveCall* call = nullptr;
    m_calls.forEach([&](quint64, ActiveCall& candidate) {
        if (candidate.connection == &connection && (candidate.token == related || (call == nullptr && m_calls.count() == 1)))
            call = &candidate;
    });

    telemetry::LogRecord log;
    log.timeUnixNs = log.observedUnixNs = m_deps.clock.unixNs();
    log.severity = severityOf(levelText);
    log.severityText = levelText.left(16);
    log.body = telemetry::AnyValue(data.isString() ? data.asUtf8().left(64 * 1024) : data.raw().toByteArray().left(64 * 1024));
    log.source = connection.name();
    log.attributes.push_back({QByteArrayLiteral("mcp.method.name"), QByteArrayLiteral("notifications/message")});
    if (params.find("logger").isString())
        log.attributes.push_back({QByteArrayLiteral("mcp.logger"), params.find("logger").asUtf8().left(256)});
    if (call != nullptr) {
        log.traceId = call->record.traceId;
        log.spanId = call->record.hops.isEmpty() ? call->record.spanId : call->record.hops.last().spanId;
    }
    m_deps.recorder.recordLog(std::move(log));

    // Clients of all servers have to be able to tell whose logger it is.
    json::Splicer named(message.raw);
    const QByteArray logger =
        params.find("logger").isString() ? connection.name() + '/' + params.find("logger").asUtf8() : connection.name();
    const QByteArray quoted = json::quote(QByteArrayView(logger));
    named.setMember(params, "logger", quoted);
    const QByteArray framed = named.apply();
    const auto level = downstream::logLevelFromText(levelText).value_or(downstream::LogLevel::Info);
    for (const auto& session : std::as_const(m_sessions)) {
        const bool isModern = mcp::isModern(session->revision);
        if (!session->isInitialized || !sees(*session, connection) || (isModern && !session->logLevel) ||
            level < session->logLevel.value_or(downstream::LogLevel::Debug))
            continue;
        const QByteArray& frame = session->server.isEmpty() ? framed : message.raw;
        recordClientFrame(*session, telemetry::WireDirection::GatewayToClient, telemetry::WireKind::Notification, &message, frame,
                          nullptr);
        ActiveCall* owner =
            call != nullptr && call->incoming.session == session ? call : m_calls.newestOf(connection, session.get());
        if (isModern && (owner == nullptr || owner->incoming.reply == nullptr))
            continue;
        if (owner != nullptr)
            owner->incoming.reply->notify(frame);
        else
            session->send(frame);
    }
}

void Gateway::onStateChanged(upstream::ServerConnection& connection)
{
    const upstream::ServerState state = connection.state();
    const bool isReady = state == upstream::ServerState::Ready;
    const bool wasReady = m_ready.contains(&connection);
    m_deps.recorder.recordMetric(telemetry::MetricId::ServerStatus, {connection.name()}, isReady ? 1 : 0);
    if (isReady != wasReady) {
        m_deps.recorder.recordMetric(telemetry::MetricId::ActiveConnections, {connection.name()}, isReady ? 1 : -1);
        if (isReady)
            m_ready.insert(&connection);
        else
            m_ready.remove(&connection);
    }
    if (state == upstream::ServerState::Ready) {
        sendLevelUpstream(connection);
        resubscribe(connection);
    } else if (state != upstream::ServerState::Handshaking && state != upstream::ServerState::Listing) {
        m_serverRequests.connectionLost(connection);
    }
    // The connection may be the caller: what it leads to happens after it has returned.
    QMetaObject::invokeMethod(
        this,
        [this] {
            std::erase_if(m_retired, [](const auto& retired) { return retired->state() == upstream::ServerState::Stopped; });
            answerLists(false);
            Q_EMIT serversChanged();
            reportStopped();
        },
        Qt::QueuedConnection);
}

void Gateway::resubscribe(upstream::ServerConnection& connection)
{
    if (connection.isModern()) {
        connection.setListenFilter(m_subscriptions.urisOf(connection.name()));
        return;
    }
    for (const QByteArray& uri : m_subscriptions.reopen(connection.name()))
        callForResource(connection, MethodId::ResourcesSubscribe, uri);
}

void Gateway::callForResource(upstream::ServerConnection& connection, MethodId method, const QByteArray& uri)
{
    json::Writer params;
    params.beginObject().member("uri", uri).endObject();
    upstream::CallOptions options;
    options.operation = upstream::OperationType::Connectivity;
    connection.call(mcp::methodName(method), params.view(), options, *this);
}

void Gateway::setSubscribed(const QByteArray& server, const QByteArray& uri, bool subscribed)
{
    const int index = m_catalogue.serverIndex(server);
    if (index < 0)
        return;
    upstream::ServerConnection& connection = *m_connections[static_cast<std::size_t>(index)];
    if (connection.isModern())
        connection.setListenFilter(m_subscriptions.urisOf(server));
    else if (subscribed)
        callForResource(connection, MethodId::ResourcesSubscribe, uri);
    else if (connection.state() == upstream::ServerState::Ready)
        callForResource(connection, MethodId::ResourcesUnsubscribe, uri);
    if (subscribed)
        m_subscriptions.accept(server, uri);
}

void Gateway::abandonSubscription(const ActiveCall& call)
{
    const QByteArray& server = call.connection->name();
    const QByteArray& uri = call.record.routedTarget;
    // Whether the server took it is not known.
    if (call.incoming.message.methodId == MethodId::ResourcesSubscribe &&
        m_subscriptions.remove(server, uri, call.incoming.session.get()))
        setSubscribed(server, uri, false);
}

void Gateway::announceList(mcp::ListKind kind, const upstream::ServerConnection* of)
{
    const QByteArray frame = mcp::makeNotification(listChangedMethod(kind));
    tellListeners(kind, listChangedMethod(kind).toByteArray(), of);
    for (const auto& session : std::as_const(m_sessions)) {
        if (!session->isInitialized || mcp::isModern(session->revision) || (of != nullptr && !sees(*session, *of)))
            continue;
        recordClientFrame(*session, telemetry::WireDirection::GatewayToClient, telemetry::WireKind::Notification, nullptr, frame,
                          nullptr);
        session->send(frame);
    }
}

void Gateway::onListChanged(upstream::ServerConnection& connection, mcp::ListKind kind)
{
    const int index = indexOf(connection);
    if (index < 0)
        return;
    m_catalogue.update(index, kind, connection.items(kind));
    if (kind == mcp::ListKind::Tools) {
        m_toolHeaders.update(index, connection.items(kind));
        m_deps.recorder.recordMetric(telemetry::MetricId::ServersDiscovered, {connection.name()}, 1);
    }
    announceList(kind, &connection);
    QMetaObject::invokeMethod(
        this,
        [this] {
            answerLists(false);
            Q_EMIT serversChanged();
        },
        Qt::QueuedConnection);
}

} // namespace oriel::gateway
