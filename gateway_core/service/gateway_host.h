// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/http_endpoint.h"
#include "downstream/line_endpoint.h"
#include "downstream/token_store.h"
#include "gateway/gateway.h"
#include "http/client.h"
#include "oauth/credential_store.h"
#include "otlp/receiver/receiver.h"
#include "service/upstream_sign_ins.h"
#include "upstream/era_cache.h"

#include <QObject>

#include <memory>

namespace oriel::service {

/// Everything that lives on the gateway thread: the endpoint, the bridges' endpoint, the tokens, the gateway and its HTTP client.
/// Made, used and destroyed on that thread; the service posts to it.
class GatewayHost final : public QObject {
    Q_OBJECT
public:
    struct Dependencies {
        const Clock& clock;
        Random& random;
        telemetry::Recorder& recorder;
        QString tokenPath;
        QString eraPath; ///< what was found out about servers' revisions
        QByteArray version;
        std::function<Result<QString>(const QString&)> expandSecrets; ///< ${vault:name} and ${VAR}
        vault::Vault* vaultKeeper = nullptr;  ///< keeps what signing in to servers gives; null: none is signed in to
        QList<gateway::QuotaUse> quotas = {}; ///< what an earlier run used
    };

    GatewayHost(Dependencies dependencies, const config::Config& configuration);
    ~GatewayHost() override;

    /// Reads the tokens and listens. AlreadyExists: the port is taken, and the context names the holder where the system tells.
    Result<quint16> listen(const QString& host, quint16 port);
    Status apply(const config::Config& configuration);
    /// Where the receiver listens, for servers that are started from now on.
    void setReceiver(const otlp::ReceiverStatus& receiver) { m_receiver = receiver; }
    /// Cancels, stops and says `stopped` when no connection and no child is left.
    void stop(std::chrono::milliseconds grace);

    gateway::Gateway& gateway() { return *m_gateway; }
    downstream::HttpEndpoint& endpoint() { return *m_endpoint; }
    downstream::LineEndpoint& bridges() { return m_bridges; }
    downstream::TokenStore& tokens() { return m_tokens; }
    /// Null without a vault.
    UpstreamSignIns* signIns() { return m_signIns.get(); }

Q_SIGNALS:
    void stopped();

private:
    [[nodiscard]] upstream::ConnectionContext connectionContext(const Dependencies& dependencies);
    void makeSignIns(const Dependencies& dependencies);
    void startAgain(const QString& server);
    [[nodiscard]] downstream::HttpEndpoint::Options endpointOptions(const config::Config& configuration) const;

    otlp::ReceiverStatus m_receiver;
    config::ChildTelemetry m_childTelemetry;
    telemetry::Propagators m_propagators;
    http::Client m_client;
    upstream::FileEraCache m_eras;
    downstream::TokenStore m_tokens;
    std::unique_ptr<oauth::VaultCredentialStore> m_credentials;
    std::unique_ptr<UpstreamSignIns> m_signIns; ///< outlives the connections
    std::unique_ptr<gateway::Gateway> m_gateway;
    std::unique_ptr<downstream::HttpEndpoint> m_endpoint;
    downstream::LineEndpoint m_bridges;
    int m_stopping = 0;
};

} // namespace oriel::service
