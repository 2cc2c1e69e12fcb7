// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/clients/handshake.h"

#include "gateway/clients/offer.h"
#include "gateway/connections/federation.h"
#include "mcp/errors.h"
#include "mcp/initialize.h"
#include "telemetry/metrics.h"

namespace oriel::gateway {

using telemetry::Outcome;

bool Handshake::initialize(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    downstream::Session& session = *incoming.session;
    (void)mcp::parsedAgain(incoming.message.raw, m_document);
    const auto params = mcp::InitializeParams::parse(m_document.root().find("params"));
    if (!params) {
        m_answers.sendError(incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams, params.error().message.toUtf8());
        session.close();
        return false;
    }
    if (session.isInitialized)
        m_pool.endClient(session); // its connections were declared with what it said before
    session.revision = mcp::negotiate(params->protocolVersion);
    session.capabilities = params->capabilities;
    session.capabilitiesJson = params->capabilities.toJson();
    auto client = std::make_shared<telemetry::ClientContext>(*session.client);
    client->clientName = params->clientInfo.name.left(128);
    client->clientVersion = params->clientInfo.version.left(64);
    client->protocolVersion = mcp::toText(session.revision).toByteArray();
    session.client = std::move(client);
    session.isInitialized = true;
    record.client = session.client;

    mcp::InitializeResult result;
    result.protocolVersion = session.client->protocolVersion;
    result.capabilities = capabilitiesFor(m_pool, session);
    result.serverInfo = ownInfo();
    result.instructions = instructionsFor(m_pool, session);
    result.orielInstance = m_context.instance;
    countAnswer();
    m_answers.sendResult(incoming, record, result.toJson());
    return true;
}

void Handshake::discover(downstream::Incoming& incoming, telemetry::CallRecord& record)
{
    mcp::DiscoverResult result;
    for (auto revision = mcp::AllRevisions.rbegin(); revision != mcp::AllRevisions.rend(); ++revision)
        result.supportedVersions.append(mcp::toText(*revision).toByteArray());
    result.capabilities = capabilitiesFor(m_pool, *incoming.session);
    result.serverInfo = ownInfo();
    result.instructions = instructionsFor(m_pool, *incoming.session);
    result.orielInstance = m_context.instance;
    countAnswer();
    m_answers.sendResult(incoming, record, result.toJson());
}

mcp::Implementation Handshake::ownInfo() const
{
    return {federation::kName.toByteArray(), QByteArrayLiteral("Oriel"), m_context.version, {}};
}

void Handshake::countAnswer()
{
    m_context.recorder.recordMetric(m_isFresh ? telemetry::MetricId::CacheMisses : telemetry::MetricId::CacheHits,
                                    {QByteArrayLiteral("gateway_config")}, 1);
    m_isFresh = false;
}

} // namespace oriel::gateway
