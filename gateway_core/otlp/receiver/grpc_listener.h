// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/receiver/receiver_service.h"

#include <QHostAddress>
#include <QList>

#include <chrono>
#include <memory>

namespace oriel::otlp {

/// The listening sockets of the gRPC receiver, from start() to the end of the object.
///
/// On Unix they are our own, and gRPC's server is made when a connection comes and ended when nobody has called for a while, so
/// that nothing runs while nothing comes. On Windows gRPC, which takes no sockets of others there, listens itself.
class GrpcListener {
public:
    struct Timing {
        /// A call whose message is not there by then, or whose answer is not taken, is cancelled: it would keep others waiting.
        std::chrono::milliseconds call{30'000};
        /// Without a call for so long the connections end. Senders come again by themselves with their next call.
        std::chrono::milliseconds idle{30'000};
    };
    /// At the port of each address. `service` outlives it. AlreadyExists: the port is taken.
    static Result<std::unique_ptr<GrpcListener>> start(ReceiverService& service, const QList<QHostAddress>& addresses,
                                                       quint16 port, Timing timing);
    virtual ~GrpcListener() = default;
    GrpcListener(const GrpcListener&) = delete;
    GrpcListener& operator=(const GrpcListener&) = delete;

    /// Does gRPC's server exist just now? Any thread.
    [[nodiscard]] virtual bool isServing() const = 0;

protected:
    GrpcListener() = default;
};

} // namespace oriel::otlp
