// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/gateway_host.h"

#include "http/loopback_guard.h"

namespace oriel::service {

namespace {

upstream::ConnectionContext connectionContext(const GatewayHost::Dependencies& dependencies, http::Client& client,
                                              upstream::EraCache& eras)
{
    upstream::ConnectionContext context;
    context.clock = &dependencies.clock;
    context.random = &dependencies.random;
    context.recorder = &dependencies.recorder;
    context.httpClient = &client;
    context.eraCache = &eras;
    context.expand = dependencies.expandSecrets;
    context.clientVersion = dependencies.version;
    return context;
}

} // namespace

GatewayHost::GatewayHost(Dependencies dependencies, const config::Config& configuration, bool auth)
    : m_auth(auth),
      m_client({}, dependencies.clock),
      m_eras(dependencies.eraPath),
      m_tokens(dependencies.tokenPath, dependencies.clock, dependencies.random),
      m_gateway(std::make_unique<gateway::Gateway>(gateway::Gateway::Dependencies{
          dependencies.clock, dependencies.random, dependencies.recorder, connectionContext(dependencies, m_client, m_eras)})),
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
    options.auth = m_auth;
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
