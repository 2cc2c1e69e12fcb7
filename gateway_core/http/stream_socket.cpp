// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/stream_socket.h"

#include <algorithm>
#include <utility>

#ifdef Q_OS_WIN
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace oriel::http {

namespace {

#ifdef Q_OS_WIN
using NativeSocket = SOCKET;
constexpr int sendFlags = 0;
constexpr int shutdownSend = SD_SEND;
bool wouldBlock()
{
    return WSAGetLastError() == WSAEWOULDBLOCK;
}
bool interrupted()
{
    return false;
}
bool setNonBlocking(NativeSocket s)
{
    u_long on = 1;
    return ioctlsocket(s, FIONBIO, &on) == 0;
}
void closeNative(NativeSocket s)
{
    closesocket(s);
}
int toSize(qsizetype size)
{
    return static_cast<int>(std::min<qsizetype>(size, 1 << 30));
}
#else
using NativeSocket = int;
#ifdef MSG_NOSIGNAL
constexpr int sendFlags = MSG_NOSIGNAL;
#else
constexpr int sendFlags = 0;
#endif
constexpr int shutdownSend = SHUT_WR;
bool wouldBlock()
{
    return errno == EAGAIN || errno == EWOULDBLOCK;
}
bool interrupted()
{
    return errno == EINTR;
}
bool setNonBlocking(NativeSocket s)
{
    const int flags = ::fcntl(s, F_GETFL);
    return flags >= 0 && ::fcntl(s, F_SETFL, flags | O_NONBLOCK) == 0;
}
void closeNative(NativeSocket s)
{
    ::close(s);
}
std::size_t toSize(qsizetype size)
{
    return static_cast<std::size_t>(size);
}
#endif

NativeSocket native(qintptr descriptor)
{
    return static_cast<NativeSocket>(descriptor);
}

void setOption(NativeSocket s, int level, int name)
{
    const int on = 1;
    ::setsockopt(s, level, name, reinterpret_cast<const char*>(&on), sizeof on);
}

} // namespace

StreamSocket::StreamSocket(qintptr descriptor) : m_descriptor(descriptor) {}

StreamSocket::~StreamSocket()
{
    close();
}

bool StreamSocket::start(std::function<void()> readable, std::function<void()> writable)
{
    const NativeSocket s = native(m_descriptor);
    if (!setNonBlocking(s))
        return false;
    setOption(s, IPPROTO_TCP, TCP_NODELAY);
#ifdef SO_NOSIGPIPE
    setOption(s, SOL_SOCKET, SO_NOSIGPIPE);
#endif
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(s, reinterpret_cast<sockaddr*>(&peer), &size) == 0) {
        m_peer = QHostAddress(reinterpret_cast<const sockaddr*>(&peer));
        m_peerPort = ntohs(peer.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_port
                                                      : reinterpret_cast<const sockaddr_in*>(&peer)->sin_port);
    }
    m_writable = std::move(writable);
    m_readNotifier = new QSocketNotifier(m_descriptor, QSocketNotifier::Read);
    QObject::connect(m_readNotifier, &QSocketNotifier::activated, m_readNotifier,
                     [callback = std::move(readable)] { callback(); });
    return true;
}

StreamSocket::ReadState StreamSocket::read(char* data, qsizetype size, qsizetype* count)
{
    if (!isOpen())
        return ReadState::Failed;
    while (true) {
        const auto got = ::recv(native(m_descriptor), data, toSize(size), 0);
        if (got > 0) {
            *count = static_cast<qsizetype>(got);
            return ReadState::Bytes;
        }
        if (got == 0)
            return ReadState::End;
        if (!interrupted())
            return wouldBlock() ? ReadState::WouldBlock : ReadState::Failed;
    }
}

qsizetype StreamSocket::write(QByteArrayView bytes)
{
    if (!isOpen())
        return -1;
    while (true) {
        const auto sent = ::send(native(m_descriptor), bytes.data(), toSize(bytes.size()), sendFlags);
        if (sent >= 0)
            return static_cast<qsizetype>(sent);
        if (interrupted())
            continue;
        if (!wouldBlock())
            return -1;
        if (!m_writeNotifier) {
            m_writeNotifier = new QSocketNotifier(m_descriptor, QSocketNotifier::Write);
            QObject::connect(m_writeNotifier, &QSocketNotifier::activated, m_writeNotifier, [this] {
                m_writeNotifier->setEnabled(false);
                m_writable();
            });
        }
        m_writeNotifier->setEnabled(true);
        return 0;
    }
}

void StreamSocket::setReading(bool on)
{
    if (m_readNotifier)
        m_readNotifier->setEnabled(on);
}

void StreamSocket::shutdownSending()
{
    if (isOpen())
        ::shutdown(native(m_descriptor), shutdownSend);
}

void StreamSocket::close()
{
    for (QSocketNotifier** notifier : {&m_readNotifier, &m_writeNotifier}) {
        if (!*notifier)
            continue;
        // It may be this very notifier whose signal is being handled.
        (*notifier)->setEnabled(false);
        (*notifier)->disconnect();
        std::exchange(*notifier, nullptr)->deleteLater();
    }
    if (isOpen())
        closeNative(native(std::exchange(m_descriptor, -1)));
}

} // namespace oriel::http
