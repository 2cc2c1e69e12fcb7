// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/loopback_ports.h"
#include "otlp/receiver/grpc_listener.h"

#include <QHostAddress>

#include <memory>

namespace oriel::otlp {

/// OTLP/gRPC without generated code: the Export methods of the trace, metrics and logs services; anything else is UNIMPLEMENTED.
/// Messages may be plain or gzip and are unpacked here, because gRPC itself would unpack any number of bytes. They are read,
/// decoded and answered on one thread of its own. Only so many calls are open at a time. Any thread may make and end it.
class GrpcReceiver final {
public:
    /// A loopback address, and the other of 127.0.0.1 and ::1 where that is free; port 0 picks a free one. AlreadyExists: the
    /// port is taken at `address`; the message names the program that holds it where the system tells. `service` outlives the
    /// receiver.
    static Result<std::unique_ptr<GrpcReceiver>> listen(ReceiverService& service, const QHostAddress& address, quint16 port,
                                                        GrpcListener::Timing timing = {});

    [[nodiscard]] quint16 port() const { return m_places.port; }
    [[nodiscard]] const http::LoopbackPorts& places() const { return m_places; }
    /// Does gRPC's server exist just now? Any thread.
    [[nodiscard]] bool isServing() const { return m_listener->isServing(); }

private:
    GrpcReceiver(std::unique_ptr<GrpcListener> listener, http::LoopbackPorts places);
    std::unique_ptr<GrpcListener> m_listener;
    http::LoopbackPorts m_places;
};

} // namespace oriel::otlp
