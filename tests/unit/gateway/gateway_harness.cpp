// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_harness.h"

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

bool allReady(const Gateway& gateway)
{
    const auto statuses = gateway.serverStatuses();
    return std::all_of(statuses.cbegin(), statuses.cend(),
                       [](const auto& status) { return status.state == upstream::ServerState::Ready; });
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
    m_gateway =
        std::make_unique<Gateway>(Gateway::Dependencies{*m_clock, *m_random, m_recorder, std::move(connections), m_heldForNs});
    QVERIFY(m_gateway->apply(configuration));
}

void GatewayHarness::openReady(const QList<config::Server>& servers)
{
    open(servers);
    QTRY_VERIFY_WITH_TIMEOUT(allReady(), 20'000);
}

void GatewayHarness::apply(const QList<config::Server>& servers)
{
    config::Config configuration;
    configuration.servers = servers;
    QVERIFY(m_gateway->apply(configuration));
}

bool GatewayHarness::close()
{
    if (m_gateway == nullptr)
        return true;
    // Clients that leave take everything with them, and so does the end of the gateway.
    leaveAll();
    const bool isEmpty = QTest::qWaitFor([this] { return holdsNothing(); });
    const bool isStopped = shutDown();
    const bool isStillEmpty = isEmpty && holdsNothing();
    m_gateway.reset();
    return isStopped && isStillEmpty;
}

bool GatewayHarness::stop()
{
    if (m_gateway == nullptr)
        return true;
    const bool isStopped = shutDown();
    leaveAll();
    const bool isEmpty = QTest::qWaitFor([this] { return holdsNothing(); });
    m_gateway.reset();
    return isStopped && isEmpty;
}

bool GatewayHarness::holdsNothing()
{
    m_held = m_gateway->holdings().toText();
    return m_held.isEmpty();
}

bool GatewayHarness::shutDown()
{
    QSignalSpy stopped(m_gateway.get(), &Gateway::stopped);
    m_gateway->shutDown();
    return QTest::qWaitFor([&] { return stopped.count() == 1; });
}

void GatewayHarness::leaveAll()
{
    const auto sessions = m_gateway->sessions();
    for (const auto& session : sessions)
        m_gateway->sessionClosed(session);
}

GatewayHarness::Reply GatewayHarness::ask(const Session& session, const QByteArray& text)
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

GatewayHarness::Reply GatewayHarness::request(const Session& session, const QByteArray& method, const QByteArray& params,
                                              const QByteArray& id)
{
    return ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + '}');
}

GatewayHarness::Reply GatewayHarness::call(const Session& session, const QByteArray& tool, const QByteArray& id)
{
    return request(session, "tools/call", "{\"name\":\"" + tool + "\",\"arguments\":{}}", id);
}

void GatewayHarness::notify(const Session& session, const QByteArray& method)
{
    ask(session, "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\"}");
}

void GatewayHarness::answer(const Session& session, const QByteArray& question, const QByteArray& result)
{
    json::Document document;
    const auto read = mcp::readMessage(question, document);
    QVERIFY(read);
    ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + read->id().toJson() + ",\"result\":" + result + '}');
}

GatewayHarness::Session GatewayHarness::openSession(const Client& client)
{
    auto session = std::make_shared<KeptSession>();
    session->server = client.server;
    auto context = std::make_shared<telemetry::ClientContext>();
    context->tokenName = client.token;
    session->client = std::move(context);
    m_gateway->sessionOpened(session);
    request(session, "initialize",
            "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":" + client.capabilities + ",\"clientInfo\":{\"name\":\"" +
                client.name + "\",\"version\":\"1\"}}");
    return session;
}

GatewayHarness::Session GatewayHarness::openModern(const QByteArray& capabilities)
{
    auto session = std::make_shared<KeptSession>();
    session->reachable = false;
    session->revision = mcp::NewestModern;
    session->capabilitiesJson = capabilities;
    json::Document document;
    if (document.parse(capabilities))
        session->capabilities = mcp::ClientCapabilities::parse(document.root());
    session->isInitialized = true;
    session->client = std::make_shared<telemetry::ClientContext>();
    m_gateway->sessionOpened(session);
    return session;
}

upstream::ServerStatus GatewayHarness::status(const QString& name) const
{
    const auto statuses = m_gateway->serverStatuses();
    const auto it = std::find_if(statuses.cbegin(), statuses.cend(), [&](const auto& one) { return one.name == name; });
    return it == statuses.cend() ? upstream::ServerStatus() : *it;
}

const telemetry::CallRecord* GatewayHarness::record(QByteArrayView method) const
{
    const auto it = std::find_if(m_recorder.calls.crbegin(), m_recorder.calls.crend(),
                                 [&](const auto& call) { return QByteArrayView(call.method) == method; });
    return it == m_recorder.calls.crend() ? nullptr : &*it;
}

} // namespace oriel::gateway::test
