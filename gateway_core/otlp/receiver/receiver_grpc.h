// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/receiver/receiver_service.h"

#include <QHostAddress>

#include <memory>

namespace oriel::otlp {

/// OTLP/gRPC without generated code: the Export methods of the trace, metrics and logs services; anything else is UNIMPLEMENTED.
/// Messages may be plain or gzip and are unpacked here, because gRPC itself would unpack any number of bytes. They are read,
/// decoded and answered on one thread of its own, which sleeps while nothing comes. Any thread may make and end it.
class GrpcReceiver final {
public:
    /// A loopback address; port 0 picks a free one. AlreadyExists: the port is taken; the message names the program that holds it
    /// where the system tells. `service` outlives the receiver.
    static Result<std::unique_ptr<GrpcReceiver>> listen(ReceiverService& service, const QHostAddress& address, quint16 port);
    /// Ends open calls and joins its thread.
    ~GrpcReceiver();
    GrpcReceiver(const GrpcReceiver&) = delete;
    GrpcReceiver& operator=(const GrpcReceiver&) = delete;

    [[nodiscard]] quint16 port() const;

private:
    class Worker;
    explicit GrpcReceiver(std::unique_ptr<Worker> worker);
    std::unique_ptr<Worker> m_worker;
};

} // namespace oriel::otlp
