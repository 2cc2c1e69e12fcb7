// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/client_wire.h"
#include "gateway/subscriptions/listen_streams.h"
#include "gateway/tasks/task_lifecycle.h"

namespace oriel::gateway {

/// What servers and the gateway tell of tasks, to their owners alone and under the ids that those know. Gateway thread only.
class TaskNotices {
public:
    TaskNotices(const GatewayContext& context, ClientWire& wire, ListenStreams& streams, TaskLifecycle& lifecycle)
        : m_context(context),
          m_wire(wire),
          m_streams(streams),
          m_lifecycle(lifecycle)
    {}

    /// `detailed`: a result of tasks/get. Each listener that asked for the task hears of it once.
    void tell(Task& task, const QByteArray& detailed);
    /// notifications/tasks/status of a server of 2025-11-25.
    void relayStatus(const upstream::ServerConnection& connection, const mcp::Message& message);
    /// Progress of a call that has become a task: its token stays good until the task's end.
    void relayProgress(const upstream::ServerConnection& connection, const mcp::Message& message);
    /// The message with the task that it belongs to under the id that clients know; without it where none knows it.
    [[nodiscard]] mcp::Message shown(const upstream::ServerConnection& connection, const mcp::Message& message) const;

private:
    const GatewayContext& m_context;
    ClientWire& m_wire;
    ListenStreams& m_streams;
    TaskLifecycle& m_lifecycle;
};

} // namespace oriel::gateway
