// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/loopback_ports.h"

#include "http/loopback_guard.h"
#include "http/port_holder.h"

#include <QTcpServer>

namespace oriel::http {

namespace {

std::optional<QHostAddress> otherLoopback(const QHostAddress& address)
{
    const QHostAddress four(QHostAddress::LocalHost);
    const QHostAddress six(QHostAddress::LocalHostIPv6);
    if (address != four && address != six)
        return std::nullopt;
    return address == four ? six : four;
}

} // namespace

Result<LoopbackPorts> loopbackPorts(const QHostAddress& address, quint16 port)
{
    const QString where = QStringLiteral("%1:%2").arg(address.toString()).arg(port);
    if (!isLoopback(address))
        return fail(ErrorCode::InvalidArgument, QStringLiteral("Listening is allowed on loopback addresses only"), where,
                    QStringLiteral("Use 127.0.0.1 or ::1."));
    const std::optional<QHostAddress> other = otherLoopback(address);
    constexpr int kAttempts = 8; // a port that is free at one address may be taken at the other
    for (int attempt = 1;; ++attempt) {
        QTcpServer first;
        if (!first.listen(address, port))
            return first.serverError() == QAbstractSocket::AddressInUseError ? fail(portInUse(address, port))
                                                                             : fail(ErrorCode::Io, first.errorString(), where);
        LoopbackPorts found{first.serverPort(), other, {}};
        QTcpServer second;
        if (!other || second.listen(*other, found.port))
            return found;
        if (second.serverError() != QAbstractSocket::AddressInUseError) {
            // The machine does not have it.
            found.other.reset();
            return found;
        }
        if (port == 0 && attempt < kAttempts)
            continue;
        found.otherError = portInUse(*other, found.port);
        return found;
    }
}

bool isPortFree(const QHostAddress& address, quint16 port)
{
    return QTcpServer().listen(address, port);
}

} // namespace oriel::http
