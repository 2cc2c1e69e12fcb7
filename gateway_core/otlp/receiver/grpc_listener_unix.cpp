// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/background_thread.h"
#include "http/port_holder.h"
#include "otlp/receiver/grpc_listener.h"
#include "otlp/receiver/grpc_server.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace oriel::otlp {

using std::chrono::milliseconds;

namespace {

class Descriptor {
public:
    explicit Descriptor(int fd = -1) : m_fd(fd) {}
    Descriptor(Descriptor&& other) noexcept : m_fd(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        std::swap(m_fd, other.m_fd);
        return *this;
    }
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    [[nodiscard]] int get() const { return m_fd; }
    [[nodiscard]] int release() { return std::exchange(m_fd, -1); }

private:
    int m_fd;
};

/// Neither waits nor reaches a child process.
void makeOwn(int fd)
{
    (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void switchOn(int fd, int level, int option)
{
    const int on = 1;
    (void)::setsockopt(fd, level, option, &on, sizeof on);
}

struct Place {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

Place placeOf(const QHostAddress& address, quint16 port)
{
    Place place;
    if (address.protocol() == QAbstractSocket::IPv6Protocol) {
        auto& six = reinterpret_cast<sockaddr_in6&>(place.storage);
        const Q_IPV6ADDR bytes = address.toIPv6Address();
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        std::copy(std::begin(bytes.c), std::end(bytes.c), six.sin6_addr.s6_addr);
        place.length = sizeof six;
    } else {
        auto& four = reinterpret_cast<sockaddr_in&>(place.storage);
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        four.sin_addr.s_addr = htonl(address.toIPv4Address());
        place.length = sizeof four;
    }
    return place;
}

Result<Descriptor> listenAt(const QHostAddress& address, quint16 port)
{
    const Place place = placeOf(address, port);
    Descriptor socket(::socket(place.storage.ss_family, SOCK_STREAM, 0));
    makeOwn(socket.get());
    switchOn(socket.get(), SOL_SOCKET, SO_REUSEADDR);
    if (place.storage.ss_family == AF_INET6)
        switchOn(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&place.storage), place.length) == 0 &&
        ::listen(socket.get(), SOMAXCONN) == 0)
        return socket;
    if (errno == EADDRINUSE)
        return fail(http::portInUse(address, port));
    return fail(ErrorCode::Io, qt_error_string(errno), QStringLiteral("%1:%2").arg(address.toString()).arg(port));
}

/// Waits at the sockets on a thread of its own.
class Doorbell final : public GrpcListener {
public:
    Doorbell(ReceiverService& service, std::vector<Descriptor> sockets, Descriptor wake, Descriptor waker, Timing timing)
        : m_service(service),
          m_timing(timing),
          m_sockets(std::move(sockets)),
          m_wake(std::move(wake)),
          m_waker(std::move(waker)),
          m_thread([this] {
              enterBackground("oriel-grpc-bell");
              run();
          })
    {}
    ~Doorbell() override
    {
        m_waker = Descriptor();
        m_thread.join();
    }
    [[nodiscard]] bool isServing() const override { return m_serving; }

private:
    /// The system has no descriptor left, for one: the sockets stay readable, and asking again at once would only spin.
    static constexpr milliseconds kPause{250};
    /// A call may be on its way when its connection ends.
    static constexpr milliseconds kLastCalls{1'000};

    void run()
    {
        std::vector<pollfd> watched;
        watched.push_back({m_wake.get(), POLLIN, 0});
        for (const Descriptor& socket : m_sockets)
            watched.push_back({socket.get(), POLLIN, 0});
        bool isPaused = false;
        for (;;) {
            const auto count = static_cast<nfds_t>(isPaused ? 1 : watched.size());
            (void)::poll(watched.data(), count, isPaused ? static_cast<int>(kPause.count()) : untilIdle());
            if (watched.front().revents != 0)
                break;
            isPaused = !acceptAll();
            if (m_server && m_server->idleFor() >= m_timing.idle) {
                m_server->close(kLastCalls);
                m_server.reset();
                m_serving = false;
            }
        }
        m_server.reset();
    }

    /// For poll().
    [[nodiscard]] int untilIdle() const
    {
        if (!m_server)
            return -1;
        return static_cast<int>(std::max(milliseconds(1), m_timing.idle - m_server->idleFor()).count());
    }

    /// False: something keeps it from accepting.
    bool acceptAll()
    {
        for (const Descriptor& socket : m_sockets) {
            for (;;) {
                Descriptor connection(::accept(socket.get(), nullptr, nullptr));
                if (connection.get() >= 0)
                    serve(std::move(connection));
                else if (errno == EAGAIN || errno == EWOULDBLOCK)
                    break;
                else if (errno != EINTR && errno != ECONNABORTED)
                    return false;
            }
        }
        return true;
    }

    void serve(Descriptor connection)
    {
        makeOwn(connection.get());
        switchOn(connection.get(), IPPROTO_TCP, TCP_NODELAY);
        if (!m_server)
            m_server = GrpcServer::start(m_service, m_timing.call);
        m_serving = m_server != nullptr;
        if (m_server)
            m_server->serve(connection.release());
    }

    ReceiverService& m_service;
    const Timing m_timing;
    const std::vector<Descriptor> m_sockets;
    Descriptor m_wake; ///< readable once the other end is closed
    Descriptor m_waker;
    std::unique_ptr<GrpcServer> m_server; ///< its thread
    std::atomic<bool> m_serving{false};
    std::thread m_thread;
};

} // namespace

Result<std::unique_ptr<GrpcListener>> GrpcListener::start(ReceiverService& service, const QList<QHostAddress>& addresses,
                                                          quint16 port, Timing timing)
{
    std::vector<Descriptor> sockets;
    for (const QHostAddress& address : addresses) {
        auto socket = listenAt(address, port);
        if (!socket)
            return fail(socket.error());
        sockets.push_back(std::move(*socket));
    }
    int ends[2];
    if (::pipe(ends) != 0)
        return fail(ErrorCode::Io, qt_error_string(errno));
    makeOwn(ends[0]);
    makeOwn(ends[1]);
    return std::make_unique<Doorbell>(service, std::move(sockets), Descriptor(ends[0]), Descriptor(ends[1]), timing);
}

} // namespace oriel::otlp
