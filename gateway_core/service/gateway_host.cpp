// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/gateway_host.h"

#include "http/loopback_guard.h"
#include "service/pipeline/child_telemetry.h"
#include "vault/vault.h"

namespace oriel::service {

upstream::ConnectionContext GatewayHost::connectionContext(const Dependencies& dependencies)
{
    makeSignIns(dependencies);
    upstream::ConnectionContext context;
    context.clock = &dependencies.clock;
    context.random = &dependencies.random;
    context.recorder = &dependencies.recorder;
    context.httpClient = &m_client;
    context.eraCache = &m_eras;
    context.expand = dependencies.expandSecrets;
    context.clientVersion = dependencies.version;
    context.childEnvironment = [this](const config::Server& server, const QByteArray& traceparent) {
        return childTelemetryEnvironment(server, m_childTelemetry, m_receiver, m_propagators, traceparent);
    };
    if (m_signIns)
        context.tokenSource = [this](const config::Server& server) { return m_signIns->sourceFor(server); };
    return context;
}

void GatewayHost::makeSignIns(const Dependencies& dependencies)
{
    if (dependencies.vaultKeeper == nullptr)
        return;
    m_credentials = std::make_unique<oauth::VaultCredentialStore>(*dependencies.vaultKeeper);
    m_signIns = std::make_unique<UpstreamSignIns>(
        UpstreamSignIns::Dependencies{dependencies.clock, dependencies.random, *m_credentials, dependencies.expandSecrets, {}},
        UpstreamSignIns::Settings());
    connect(dependencies.vaultKeeper, &vault::Vault::stateChanged, m_signIns.get(), &UpstreamSignIns::storeChanged);
    connect(m_signIns.get(), &UpstreamSignIns::signedIn, this, &GatewayHost::startAgain);
    connect(m_signIns.get(), &UpstreamSignIns::noted, this,
            [&recorder = dependencies.recorder, &clock = dependencies.clock](const QString& server, const QString& text) {
                telemetry::LogRecord log;
                log.timeUnixNs = log.observedUnixNs = clock.unixNs();
                log.severity = telemetry::Severity::Info;
                log.body = telemetry::AnyValue(("sign-in: " + text.toUtf8()));
                log.source = server.toUtf8();
                recorder.recordLog(std::move(log));
            });
}

/// Servers that failed for want of a token have one now; the others take it with their next request.
void GatewayHost::startAgain(const QString& server)
{
    for (const upstream::ServerStatus& status : m_gateway->serverStatuses()) {
        const bool down = status.state == upstream::ServerState::Failed || status.state == upstream::ServerState::Backoff;
        if (status.name == server && down)
            m_gateway->restartServer(server.toUtf8());
    }
}

GatewayHost::GatewayHost(Dependencies dependencies, const config::Config& configuration)
    : m_childTelemetry(configuration.receiver.childTelemetry),
      m_propagators(telemetry::propagatorsByName(configuration.telemetry.propagators)),
      m_client({}, dependencies.clock),
      m_eras(dependencies.eraPath),
      m_tokens(dependencies.tokenPath, dependencies.clock, dependencies.random),
      m_gateway(std::make_unique<gateway::Gateway>(gateway::Gateway::Dependencies{
          dependencies.clock, dependencies.random, dependencies.recorder, connectionContext(dependencies)})),
      m_endpoint(std::make_unique<downstream::HttpEndpoint>(
          downstream::HttpEndpoint::Dependencies{dependencies.clock, dependencies.random, m_tokens, dependencies.recorder,
                                                 *m_gateway},
          endpointOptions(configuration))),
      m_bridges(downstream::LineEndpoint::Dependencies{dependencies.clock, dependencies.random, *m_gateway})
{
    m_gateway->restoreQuotas(dependencies.quotas);
}

GatewayHost::~GatewayHost() = default;

downstream::HttpEndpoint::Options GatewayHost::endpointOptions(const config::Config& configuration) const
{
    downstream::HttpEndpoint::Options options;
    options.auth = configuration.gateway.auth;
    options.maxBodyBytes = configuration.gateway.maxBodyBytes;
    for (const QString& origin : configuration.gateway.allowedOrigins)
        options.allowedOrigins.append(origin.toUtf8());
    return options;
}

Result<quint16> GatewayHost::listen(const QString& host, quint16 port)
{
    if (const Status loaded = m_tokens.load(); !loaded)
        return fail(loaded.error());
    const auto address = http::parseListenAddress(host);
    if (!address)
        return fail(address.error());
    return m_endpoint->listen(*address, port);
}

Status GatewayHost::apply(const config::Config& configuration)
{
    m_childTelemetry = configuration.receiver.childTelemetry;
    m_propagators = telemetry::propagatorsByName(configuration.telemetry.propagators);
    m_endpoint->setOptions(endpointOptions(configuration));
    return m_gateway->apply(configuration);
}

void GatewayHost::stop(std::chrono::milliseconds grace)
{
    m_stopping = 2;
    const auto part = [this] {
        if (--m_stopping == 0)
            Q_EMIT stopped();
    };
    connect(m_gateway.get(), &gateway::Gateway::stopped, this, part, Qt::SingleShotConnection);
    m_gateway->shutDown();
    m_bridges.stop();
    m_endpoint->stop(grace, part);
}

} // namespace oriel::service
