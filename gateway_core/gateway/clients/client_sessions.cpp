// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/clients/client_sessions.h"

#include "telemetry/metrics.h"

namespace oriel::gateway {

namespace {

/// In the order of the metric's row: error.type, mcp.protocol.version, network.protocol.name, network.protocol.version,
/// network.transport.
telemetry::LabelValues sessionLabels(const downstream::Session& session)
{
    const bool http = session.client->transport == telemetry::Transport::Http;
    return {QByteArray(), session.client->protocolVersion, http ? QByteArrayLiteral("http") : QByteArray(),
            http ? QByteArrayLiteral("1.1") : QByteArray(), http ? QByteArrayLiteral("tcp") : QByteArrayLiteral("pipe")};
}

} // namespace

void ClientSessions::open(const Pointer& session)
{
    m_sessions.insert(session.get(), session);
    count(*session, 1);
}

bool ClientSessions::close(const Pointer& session)
{
    if (m_sessions.remove(session.get()) == 0)
        return false;
    count(*session, -1);
    if (!m_isEnded)
        measure(*session);
    return true;
}

void ClientSessions::endAll()
{
    if (std::exchange(m_isEnded, true))
        return;
    for (const Pointer& session : std::as_const(m_sessions))
        measure(*session);
}

void ClientSessions::measure(const downstream::Session& session)
{
    const double seconds = static_cast<double>(m_context.clock.unixNs() - session.openedUnixNs) / 1e9;
    m_context.recorder.recordMetric(telemetry::MetricId::McpServerSessionDuration, sessionLabels(session), seconds);
}

void ClientSessions::count(const downstream::Session& session, int delta)
{
    m_context.recorder.recordMetric(telemetry::MetricId::ActiveSessions, {}, delta);
    int& sessionsOfUser = m_users[session.client->userId];
    sessionsOfUser += delta;
    if ((delta > 0 && sessionsOfUser == 1) || sessionsOfUser == 0)
        m_context.recorder.recordMetric(telemetry::MetricId::ActiveUsers, {}, delta);
    if (sessionsOfUser == 0)
        m_users.remove(session.client->userId);
}

} // namespace oriel::gateway
