// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTcpServer>

#ifdef Q_OS_LINUX
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

/// A TCP port of 127.0.0.1 that a server may leave and come back to: on Linux no other program gets it meanwhile, neither to
/// listen nor for a connection of its own, because a second socket stays bound to it.
class ReservedPort {
public:
    ReservedPort(const ReservedPort&) = delete;
    ReservedPort& operator=(const ReservedPort&) = delete;

#ifdef Q_OS_LINUX
    ReservedPort() : m_socket(bound(0))
    {
        sockaddr_in place{};
        socklen_t length = sizeof place;
        if (::getsockname(m_socket, reinterpret_cast<sockaddr*>(&place), &length) == 0)
            m_port = ntohs(place.sin_port);
    }
    ~ReservedPort()
    {
        ::close(m_socket);
    }

    [[nodiscard]] bool listen(QTcpServer& server)
    {
        const int socket = bound(m_port);
        if (m_port != 0 && ::listen(socket, SOMAXCONN) == 0 && server.setSocketDescriptor(socket))
            return true;
        ::close(socket);
        return false;
    }
#else
    ReservedPort() = default;
    [[nodiscard]] bool listen(QTcpServer& server)
    {
        if (!server.listen(QHostAddress::LocalHost, m_port))
            return false;
        m_port = server.serverPort();
        return true;
    }
#endif
    [[nodiscard]] quint16 port() const
    {
        return m_port;
    }

private:
#ifdef Q_OS_LINUX
    static int bound(quint16 port)
    {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int on = 1;
        (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_port = htons(port);
        place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        (void)::bind(socket, reinterpret_cast<const sockaddr*>(&place), sizeof place);
        return socket;
    }
    int m_socket;
#endif
    quint16 m_port = 0;
};
