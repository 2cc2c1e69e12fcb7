// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/receiver/receiver_grpc.h"

namespace oriel::otlp {

GrpcReceiver::GrpcReceiver(std::unique_ptr<GrpcListener> listener, http::LoopbackPorts places)
    : m_listener(std::move(listener)),
      m_places(std::move(places))
{}

Result<std::unique_ptr<GrpcReceiver>> GrpcReceiver::listen(ReceiverService& service, const QHostAddress& address, quint16 port,
                                                           GrpcListener::Timing timing)
{
    const auto places = http::loopbackPorts(address, port);
    if (!places)
        return fail(places.error());
    QList<QHostAddress> addresses{address};
    if (places->hasBoth())
        addresses.append(*places->other);
    auto listener = GrpcListener::start(service, addresses, places->port, timing);
    if (!listener)
        return fail(listener.error());
    return std::unique_ptr<GrpcReceiver>(new GrpcReceiver(std::move(*listener), *places));
}

} // namespace oriel::otlp
