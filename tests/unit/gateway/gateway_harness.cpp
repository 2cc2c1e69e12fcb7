// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_harness.h"

#include <QSignalSpy>
#include <QTest>

namespace oriel::gateway::test {

using namespace oriel::upstream::test;

config::Server named(config::Server server, const char* name)
{
    server.name = QString::fromLatin1(name);
    return server;
}

config::Server onCall(const char* name, const QString& lines)
{
    return named(
        scriptServer(QStringLiteral("handshake\nwhile read -r line; do\ncase \"$line\" in\n*tools/list*) answer \"$line\" "
                                    "\"$tools\";;\n*tools/call*) ") +
                     lines + QStringLiteral(" ;;\n*) echo \"$line\" >&2;;\nesac\ndone")),
        name);
}

void GatewayHarness::open(const QList<config::Server>& servers)
{
    config::Config configuration;
    configuration.servers = servers;
    open(configuration);
}

void GatewayHarness::open(const config::Config& configuration)
{
    upstream::ConnectionContext connections = quickContext(m_recorder);
    connections.clock = m_clock;
    connections.random = m_random;
    connections.httpClient = m_http;
    m_gateway = std::make_unique<Gateway>(Gateway::Dependencies{*m_clock, *m_random, m_recorder, std::move(connections)});
    QVERIFY(m_gateway->apply(configuration));
}

bool GatewayHarness::close()
{
    if (m_gateway == nullptr)
        return true;
    // Clients that leave take everything with them, and so does the end of the gateway.
    const auto sessions = m_gateway->sessions();
    for (const auto& session : sessions)
        m_gateway->sessionClosed(session);
    const auto holdsNothing = [this] {
        m_held = m_gateway->holdings().toText();
        return m_held.isEmpty();
    };
    bool isEmpty = QTest::qWaitFor(holdsNothing);
    QSignalSpy stopped(m_gateway.get(), &Gateway::stopped);
    m_gateway->shutDown();
    const bool isStopped = QTest::qWaitFor([&] { return stopped.count() == 1; });
    isEmpty = isEmpty && holdsNothing();
    m_gateway.reset();
    return isStopped && isEmpty;
}

std::shared_ptr<KeptReply> GatewayHarness::ask(const std::shared_ptr<KeptSession>& session, const QByteArray& text)
{
    json::Document document;
    const auto read = mcp::readMessage(text, document);
    if (!read)
        return nullptr;
    downstream::Incoming incoming;
    incoming.session = session;
    incoming.message = *read;
    incoming.startNs = m_clock->monotonicNs();
    incoming.startUnixNs = m_clock->unixNs();
    auto reply = std::make_shared<KeptReply>();
    if (read->isRequest())
        incoming.reply = reply;
    m_gateway->handleMessage(std::move(incoming));
    return reply;
}

std::shared_ptr<KeptReply> GatewayHarness::request(const std::shared_ptr<KeptSession>& session, const QByteArray& method,
                                                   const QByteArray& params, const QByteArray& id)
{
    return ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + '}');
}

std::shared_ptr<KeptSession> GatewayHarness::openSession(const QByteArray& server, const QByteArray& capabilities,
                                                         const QByteArray& token)
{
    auto session = std::make_shared<KeptSession>();
    session->server = server;
    auto client = std::make_shared<telemetry::ClientContext>();
    client->tokenName = token;
    session->client = std::move(client);
    m_gateway->sessionOpened(session);
    request(session, "initialize",
            "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":" + capabilities +
                ",\"clientInfo\":{\"name\":\"tester\",\"version\":\"1\"}}");
    return session;
}

bool GatewayHarness::allReady() const
{
    const auto statuses = m_gateway->serverStatuses();
    return std::all_of(statuses.cbegin(), statuses.cend(),
                       [](const auto& status) { return status.state == upstream::ServerState::Ready; });
}

const telemetry::CallRecord* GatewayHarness::record(QByteArrayView method) const
{
    const auto it = std::find_if(m_recorder.calls.crbegin(), m_recorder.calls.crend(),
                                 [&](const auto& call) { return QByteArrayView(call.method) == method; });
    return it == m_recorder.calls.crend() ? nullptr : &*it;
}

} // namespace oriel::gateway::test
