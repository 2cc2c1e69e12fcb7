// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/admission/call_limits.h"
#include "gateway/admission/server_circuits.h"
#include "gateway/answers/answers.h"
#include "gateway/calls/active_calls.h"
#include "gateway/lists/catalogue.h"

#include <QObject>
#include <QTimer>

#include <optional>

namespace oriel::gateway {

/// Whether a call may go to its server: the server's circuit breaker, then rates, calls in flight and quotas (G13). Refused calls
/// are answered here, with what the client needs to know to come back. Gateway thread only.
class Admission final : public QObject {
    Q_OBJECT
public:
    /// `catalogue`: that of all servers, whose names limits of tools are written with.
    Admission(const GatewayContext& context, Answers& answers, const Catalogue& catalogue, QObject* parent = nullptr);

    /// Takes breakers and limits of the configuration that is in force now.
    void configure();

    /// True with `call` holding its leave: it counts until it is destroyed. False: refused and answered.
    [[nodiscard]] bool admit(downstream::Incoming& incoming, telemetry::CallRecord& record, const Catalogue::Route& found,
                             ActiveCall& call);
    /// The breaker's half of it, for a call that is sent again.
    [[nodiscard]] bool passCircuit(downstream::Incoming& incoming, telemetry::CallRecord& record, const QByteArray& server,
                                   ActiveCall& call);
    /// Tells the breaker how the call ended.
    void noteReply(ActiveCall& call, const upstream::Reply& reply);

    /// A connection's state has changed: a server that is ready is tried at once, one that was stopped has no open breaker.
    void followServer(const upstream::ServerConnection& connection, bool isShared);
    void closeCircuit(const QByteArray& server); ///< somebody has stopped or restarted it
    [[nodiscard]] bool isCircuitClosed(const QByteArray& server) const;
    [[nodiscard]] std::optional<upstream::CircuitStatus> circuitOf(const QByteArray& server) const;

    [[nodiscard]] std::vector<LimitUse> limitUse() { return m_limits.use(); }
    [[nodiscard]] QList<QuotaUse> quotas() { return m_limits.quotas(); }
    void restore(const QList<QuotaUse>& quotas) { m_limits.restore(quotas); } ///< before the first configure()

Q_SIGNALS:
    void circuitChanged(); ///< of some server; may come while a connection is calling
    void limitsChanged();  ///< calls were counted; at most once a second

private:
    void tellCircuit(const QByteArray& server, const upstream::CircuitBreaker& breaker);
    void refuse(downstream::Incoming& incoming, telemetry::CallRecord& record, const LimitRefusal& refusal);
    void reportLimits();

    const GatewayContext& m_context;
    Answers& m_answers;
    const Catalogue& m_catalogue;
    ServerCircuits m_circuits;
    CallLimits m_limits;
    QTimer m_report;
};

/// True for the methods that breakers, limits and retries are about; subscriptions are kept by the gateway and renewed with each
/// start of a server.
[[nodiscard]] bool isCall(mcp::MethodId method);
/// True when the status or error blames the request: 401 and 403 are no lack of a server, and neither is any other such.
[[nodiscard]] bool blamesRequest(const upstream::Reply& reply);

} // namespace oriel::gateway
