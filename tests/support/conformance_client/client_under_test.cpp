// SPDX-License-Identifier: GPL-3.0-or-later
#include "client_under_test.h"

#include "answers.h"
#include "base/json_writer.h"

#include <cstdio>

namespace oriel::conformance {

namespace {

using upstream::ServerState;

service::UpstreamSignIns::Settings signInSettings()
{
    service::UpstreamSignIns::Settings settings;
    settings.interactive = true;
    settings.client.clientMetadataDocument = QUrl(QStringLiteral("https://conformance-test.local/client-metadata.json"));
    return settings;
}

void say(const QString& text)
{
    std::fprintf(stderr, "%s\n", qUtf8Printable(text));
}

} // namespace

ClientUnderTest::ClientUnderTest(Scenario scenario)
    : m_scenario(std::move(scenario)),
      m_http({}, m_clock),
      m_browser(m_clock),
      m_signIns({m_clock, m_random, m_credentials, {}, [this](const QUrl& url) { return m_browser.open(url); }},
                signInSettings()),
      m_connection(std::make_unique<upstream::ServerConnection>(server(), context(), *this))
{
    connect(&m_signIns, &service::UpstreamSignIns::noted, this, [](const QString&, const QString& text) { say(text); });
}

ClientUnderTest::~ClientUnderTest() = default;

config::Server ClientUnderTest::server() const
{
    config::Server server;
    server.name = QStringLiteral("suite");
    server.transport = config::ServerTransport::StreamableHttp;
    server.url = m_scenario.url;
    server.era = m_scenario.isModern() ? config::Era::Modern : config::Era::Legacy;
    server.maxRestarts = 0;
    if (m_scenario.name.startsWith("auth/client-credentials"))
        server.oauth.grant = config::OAuthGrant::ClientCredentials;
    server.oauth.clientId = m_scenario.contextText("client_id");
    server.oauth.clientSecret = m_scenario.contextText("client_secret");
    server.oauth.privateKey = m_scenario.contextText("private_key_pem");
    server.oauth.idToken = m_scenario.contextText("idp_id_token");
    if (!server.oauth.idToken.isEmpty()) {
        server.oauth.grant = config::OAuthGrant::Enterprise;
        server.oauth.idpClientId = m_scenario.contextText("idp_client_id");
        server.oauth.idpTokenEndpoint = m_scenario.contextText("idp_token_endpoint");
    }
    return server;
}

upstream::ConnectionContext ClientUnderTest::context()
{
    upstream::ConnectionContext context;
    context.clock = &m_clock;
    context.random = &m_random;
    context.recorder = &m_recorder;
    context.httpClient = &m_http;
    context.clientVersion = QByteArrayLiteral(ORIEL_VERSION);
    context.clientCapabilities.roots = true;
    context.clientCapabilities.sampling = true;
    context.clientCapabilities.elicitation = true;
    context.clientCapabilities.elicitationForm = true;
    context.tokenSource = [this](const config::Server& each) { return m_signIns.sourceFor(each); };
    return context;
}

void ClientUnderTest::start()
{
    m_connection->start();
}

void ClientUnderTest::onStateChanged(upstream::ServerConnection& connection)
{
    switch (connection.state()) {
    case ServerState::Ready:
        // Not from within the callback: a call may end the connection.
        QMetaObject::invokeMethod(this, &ClientUnderTest::begin, Qt::QueuedConnection);
        break;
    case ServerState::Failed:
    case ServerState::Backoff: {
        const upstream::Diagnosis diagnosis = connection.status().diagnosis;
        QMetaObject::invokeMethod(
            this, [this, text = diagnosis.headline + QStringLiteral(". ") + diagnosis.cause] { end(1, text); },
            Qt::QueuedConnection);
        break;
    }
    case ServerState::Stopped:
        if (m_ending)
            Q_EMIT finished(m_exitCode);
        break;
    default:
        break;
    }
}

void ClientUnderTest::begin()
{
    if (std::exchange(m_begun, true))
        return;
    for (const Step& step : m_scenario.namedSteps())
        m_steps.push_back(step);
    if (m_steps.empty())
        listSteps();
    next();
}

void ClientUnderTest::listSteps()
{
    for (const mcp::ListEntry& tool : m_connection->items(mcp::ListKind::Tools)) {
        json::Document document;
        const bool read = document.parse(tool.raw).has_value();
        if (tool.identity == "json_schema_echo") {
            m_steps.push_back(toolCall(tool.identity, "{\"schema\":" + schemaOf("json_schema_2020_12_tool") + '}'));
            continue;
        }
        m_steps.push_back(toolCall(tool.identity, argumentsFor(read ? document.root().find("inputSchema") : json::Value())));
    }
    for (const mcp::ListEntry& resource : m_connection->items(mcp::ListKind::Resources)) {
        json::Writer params;
        m_steps.push_back({"resources/read", params.beginObject().member("uri", resource.identity).endObject().take()});
    }
    for (const mcp::ListEntry& prompt : m_connection->items(mcp::ListKind::Prompts)) {
        json::Writer params;
        m_steps.push_back({"prompts/get", params.beginObject().member("name", prompt.identity).endObject().take()});
    }
}

QByteArray ClientUnderTest::schemaOf(QByteArrayView name) const
{
    for (const mcp::ListEntry& tool : m_connection->items(mcp::ListKind::Tools)) {
        json::Document document;
        if (tool.identity == name && document.parse(tool.raw))
            return document.root().find("inputSchema").raw().toByteArray();
    }
    return QByteArrayLiteral("{}");
}

void ClientUnderTest::next()
{
    if (m_ending)
        return;
    if (m_steps.empty()) {
        end(0);
        return;
    }
    m_current = std::move(m_steps.front());
    m_steps.pop_front();
    json::Document document;
    const auto message =
        mcp::readMessage(mcp::makeRequest(mcp::RequestId(std::int64_t(1)), m_current.method, m_current.params), document);
    if (!message) {
        end(1, QStringLiteral("a request could not be made"));
        return;
    }
    m_connection->call(*message, {}, *this);
}

void ClientUnderTest::onReply(upstream::CallToken token, quint64 cookie, upstream::Reply& reply)
{
    Q_UNUSED(token);
    Q_UNUSED(cookie);
    if (reply.kind != upstream::Reply::Kind::Response) {
        end(1, QString::fromUtf8(m_current.method) + QStringLiteral(": ") + reply.error.toString());
        return;
    }
    takeResult(reply.message);
    next();
}

void ClientUnderTest::takeResult(const mcp::Message& answer)
{
    json::Document document;
    json::Document asked;
    if (!document.parse(answer.raw) || !asked.parse(m_current.params))
        return;
    const json::Value result = document.root().find("result");
    if (!result.find("resultType").equals("input_required"))
        return;
    m_steps.push_front({m_current.method, retryParams(asked.root(), result)});
    if (m_scenario.name == "sep-2322-client-request-state")
        m_steps.push_front(toolCall("test_mrtr_unrelated", "{}"));
}

void ClientUnderTest::onRequest(upstream::ServerConnection& connection, const mcp::Message& message, upstream::CallToken related)
{
    Q_UNUSED(related);
    json::Document document;
    const bool read = document.parse(message.raw).has_value();
    const QByteArray method = message.text(mcp::Field::Method);
    const QByteArray answer = answerTo(method, read ? document.root().find("params") : json::Value());
    connection.reply(answer.isEmpty() ? mcp::makeErrorResponse(message.id(), mcp::error_code::MethodNotFound, "no such method")
                                      : mcp::makeResult(message.id(), answer));
}

void ClientUnderTest::end(int exitCode, const QString& why)
{
    if (std::exchange(m_ending, true))
        return;
    if (!why.isEmpty())
        say(why);
    m_exitCode = exitCode;
    if (m_connection->state() == ServerState::Stopped)
        Q_EMIT finished(exitCode);
    else
        QMetaObject::invokeMethod(
            this, [this] { m_connection->stop(); }, Qt::QueuedConnection);
}

} // namespace oriel::conformance
