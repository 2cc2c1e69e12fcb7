// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/clients/log_relay.h"

#include "base/json_splice.h"
#include "base/json_writer.h"
#include "mcp/errors.h"

namespace oriel::gateway {

using mcp::MethodId;
using telemetry::Outcome;

namespace {

telemetry::Severity severityOf(QByteArrayView level)
{
    using telemetry::Severity;
    static constexpr std::array<Severity, 8> kSeverities{Severity::Debug, Severity::Info,     Severity::Notice, Severity::Warn,
                                                         Severity::Error, Severity::Critical, Severity::Alert,  Severity::Fatal};
    const auto known = downstream::logLevelFromText(level);
    return known ? kSeverities[static_cast<std::size_t>(*known)] : Severity::Info;
}

} // namespace

void LogRelay::setLevel(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    const auto level = downstream::logLevelFromText(incoming.message.text(mcp::Field::ParamsLevel));
    if (!level) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            "Invalid params: level is one of debug, info, notice, warning, error, critical, alert, emergency.");
        return;
    }
    incoming.session->logLevel = level;
    tellServersOf(*incoming.session);
    m_answers.sendResult(incoming, record, "{}");
}

void LogRelay::tellServersOf(const downstream::Session& session)
{
    for (std::size_t i = 0; i < m_pool.shared().size(); ++i) {
        upstream::ServerConnection* connection = m_pool.connectionOf(session, static_cast<int>(i));
        if (connection != nullptr && m_pool.sees(session, *connection))
            tellServer(*connection);
    }
}

void LogRelay::tellServer(upstream::ServerConnection& connection)
{
    if (connection.isModern() || !connection.initializeResult().capabilities.logging ||
        connection.state() != upstream::ServerState::Ready)
        return;
    std::optional<downstream::LogLevel> lowest;
    for (const auto& session : m_sessions.all()) {
        if (session->logLevel && m_pool.sees(*session, connection) && (!lowest || *session->logLevel < *lowest))
            lowest = session->logLevel;
    }
    // A server that is told the same again may be an Oriel that tells ours in turn.
    const auto told = m_levels.constFind(&connection);
    if (!lowest || (told != m_levels.constEnd() && *told == *lowest))
        return;
    m_levels.insert(&connection, *lowest);
    json::Writer params;
    params.beginObject().member("level", logLevelName(*lowest)).endObject();
    upstream::CallOptions options;
    options.operation = upstream::OperationType::Connectivity;
    connection.call(mcp::methodName(MethodId::LoggingSetLevel), params.view(), options, m_ignored);
}

void LogRelay::recordLog(const upstream::ServerConnection& connection, const json::Value& params, const ActiveCall* call)
{
    const QByteArray levelText = params.find("level").asUtf8();
    const json::Value data = params.find("data");
    telemetry::LogRecord log;
    log.timeUnixNs = log.observedUnixNs = m_context.clock.unixNs();
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
    m_context.recorder.recordLog(std::move(log));
}

void LogRelay::relay(const upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    (void)mcp::parsedAgain(message.raw, m_document);
    const json::Value params = m_document.root().find("params");
    const QByteArray levelText = params.find("level").asUtf8();
    ActiveCall* call = m_calls.find(m_calls.causeOf(connection, related));
    recordLog(connection, params, call);

    // Clients of all servers have to be able to tell whose logger it is.
    json::Splicer named(message.raw);
    const QByteArray logger =
        params.find("logger").isString() ? connection.name() + '/' + params.find("logger").asUtf8() : connection.name();
    const QByteArray quoted = json::quote(QByteArrayView(logger));
    named.setMember(params, "logger", quoted);
    const QByteArray framed = named.apply();
    const auto level = downstream::logLevelFromText(levelText).value_or(downstream::LogLevel::Info);
    for (const auto& session : m_sessions.all()) {
        const bool isModern = mcp::isModern(session->revision);
        const bool isOwners = call != nullptr && call->incoming.session == session;
        // What belongs to a call is its client's alone; what has no mark of one is everybody's, but there is no everybody in
        // 2026-07-28.
        if (!isOwners && (related.isValid() || isModern))
            continue;
        if (!session->isInitialized || !m_pool.sees(*session, connection) || (isModern && !session->logLevel) ||
            level < session->logLevel.value_or(downstream::LogLevel::Debug))
            continue;
        const QByteArray& frame = session->server.isEmpty() ? framed : message.raw;
        const ActiveCall* owner = isOwners ? call : m_calls.newestOf(connection, session.get());
        if (owner != nullptr && owner->incoming.reply != nullptr)
            owner->incoming.reply->notify(frame);
        else if (!isModern)
            session->send(frame);
        m_wire.recordNotification(*session, message, frame, owner != nullptr ? &owner->record : nullptr,
                                  owner != nullptr ? owner->incoming.reply.get() : nullptr);
    }
}

} // namespace oriel::gateway
