// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/gateway_context.h"
#include "telemetry/mcp_operation.h"

#include <optional>

namespace oriel::gateway {

/// A call of a client as the parent of what is asked or said for it.
struct CallParent {
    telemetry::TraceContext call{}; ///< its SERVER span; invalid: there is no such call
    SpanId hopSpanId{};             ///< its CLIENT span to the server
    QByteArray traceState{};
    bool parentSampled = true;
};
[[nodiscard]] CallParent parentOf(const telemetry::CallRecord& record);

/// Begins an operation: its trace is that of the peer's context in `message`, else of `ambient`, else a new one; a peer's context
/// beside an ambient one is the parent and the other a link (facts: OTel MCP conventions, context propagation). `message` is null
/// for what the gateway sends.
[[nodiscard]] telemetry::McpOperation beginOperation(const GatewayContext& context, telemetry::SpanKind kind, QByteArray method,
                                                     const mcp::Message* message, const telemetry::TraceContext& ambient,
                                                     const CallParent& call);

/// The spans and measurements of one request of a server to its client: SERVER, where the gateway takes it, and below it CLIENT,
/// where it asks the client. A question that came inside an answer (2026-07-28) was never a request to the gateway and has only
/// the second; a question that goes out inside an answer only the first. Both end together, as cancelled when nobody ended them.
/// Gateway thread only.
class RequestTrace {
public:
    explicit RequestTrace(const GatewayContext& context) : m_context(context) {}
    ~RequestTrace();
    RequestTrace(const RequestTrace&) = delete;
    RequestTrace& operator=(const RequestTrace&) = delete;

    void received(const mcp::Message& request, const std::shared_ptr<const telemetry::ServerContext>& server,
                  const CallParent& call);
    void asked(const downstream::Session& session, QByteArray method, QByteArray id, const CallParent& call);
    /// `frame`, a request, with the context of the CLIENT span in its `_meta`.
    [[nodiscard]] QByteArray withContext(const QByteArray& frame) const;

    void answered(); ///< with a result
    void answered(const mcp::Message& answer);
    /// The server is answered with this code; the client, as far as it was asked, did not answer.
    void failed(int rpcCode, const QByteArray& message, QByteArray clientErrorType = QByteArrayLiteral("cancelled"));
    /// Nobody is answered.
    void cancelled();

    /// `notification` came from the server; `frame`, which goes to the client, with the context of its own CLIENT span.
    void cancelReceived(const mcp::Message& notification);
    [[nodiscard]] QByteArray cancelSent(const QByteArray& frame);

private:
    void end(const telemetry::OperationEnd& received, const telemetry::OperationEnd& asked);
    [[nodiscard]] CallParent self() const;

    const GatewayContext& m_context;
    std::optional<telemetry::McpOperation> m_received;
    std::optional<telemetry::McpOperation> m_asked;
    bool m_ended = false;
};

/// The SERVER span of a notification that a client sent; `about`: the call that it names, or null.
void recordNotification(const GatewayContext& context, const downstream::Incoming& incoming, const telemetry::CallRecord* about);

} // namespace oriel::gateway
