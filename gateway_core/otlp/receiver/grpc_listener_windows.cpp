// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/port_holder.h"
#include "otlp/receiver/grpc_listener.h"
#include "otlp/receiver/grpc_server.h"

namespace oriel::otlp {

namespace {

class ListeningServer final : public GrpcListener {
public:
    explicit ListeningServer(std::unique_ptr<GrpcServer> server) : m_server(std::move(server)) {}
    [[nodiscard]] bool isServing() const override { return true; }

private:
    std::unique_ptr<GrpcServer> m_server;
};

std::string targetOf(const QHostAddress& address, quint16 port)
{
    const bool isSix = address.protocol() == QAbstractSocket::IPv6Protocol;
    return (isSix ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2")).arg(address.toString()).arg(port).toStdString();
}

} // namespace

Result<std::unique_ptr<GrpcListener>> GrpcListener::start(ReceiverService& service, const QList<QHostAddress>& addresses,
                                                          quint16 port, Timing timing)
{
    std::vector<std::string> targets;
    for (const QHostAddress& address : addresses)
        targets.push_back(targetOf(address, port));
    auto server = GrpcServer::start(service, timing.call, targets);
    if (!server)
        return fail(http::portInUse(addresses.front(), port));
    return std::make_unique<ListeningServer>(std::move(server));
}

} // namespace oriel::otlp
