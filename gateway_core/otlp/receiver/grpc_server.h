// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/receiver/receiver_service.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace oriel::otlp {

/// The Export methods over gRPC, without generated code. Messages are read, decoded and answered on one thread of its own, which
/// sleeps while nothing comes; only so many calls are open at a time. While one exists, gRPC's own timer threads wake once a
/// second each. Any thread may make and end it, not the one that answers.
class GrpcServer final {
public:
    /// Listens at `targets` ("127.0.0.1:4317"); without any, it serves the connections that it is given. A call whose message is
    /// not there after `callTimeout`, or whose answer is not taken, is cancelled. `service` outlives the server. Null: gRPC
    /// cannot listen there.
    static std::unique_ptr<GrpcServer> start(ReceiverService& service, std::chrono::milliseconds callTimeout,
                                             const std::vector<std::string>& targets = {});
    /// Ends open calls and joins its thread.
    ~GrpcServer();
    GrpcServer(const GrpcServer&) = delete;
    GrpcServer& operator=(const GrpcServer&) = delete;

    /// Takes over a connected, non-blocking socket. Only where it listens at no target. Any thread.
    void serve(int socket);
    /// Takes no call any more and tells senders that their connections end; calls that have come may end within `patience`, for
    /// which it waits. Not the thread that answers.
    void close(std::chrono::milliseconds patience);
    /// Since the last call ended or the last connection came; 0 while a call is open. Any thread.
    [[nodiscard]] std::chrono::milliseconds idleFor() const;

private:
    class Calls;
    explicit GrpcServer(std::unique_ptr<Calls> calls);
    std::unique_ptr<Calls> m_calls;
};

} // namespace oriel::otlp
