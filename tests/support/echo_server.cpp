// SPDX-License-Identifier: GPL-3.0-or-later
// oriel-echo-server: the fast peer behind the gateway in benchmarks. stdio by default; --http PORT (0 picks one and prints it).
#include "echo_server_messages.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <unistd.h>
#include <vector>
#ifdef __linux__
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#endif

namespace oriel::echo {

namespace {

bool writeAll(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

int serveStdio(const Responder& responder)
{
    std::string buffer(1 << 16, '\0');
    std::size_t end = 0;
    std::size_t scanned = 0;
    std::string out;
    while (true) {
        if (end == buffer.size()) {
            buffer.resize(buffer.size() * 2);
        }
        const ssize_t got = ::read(STDIN_FILENO, buffer.data() + end, buffer.size() - end);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return 0;
        }
        end += static_cast<std::size_t>(got);
        std::size_t begin = 0;
        while (const void* found = std::memchr(buffer.data() + scanned, '\n', end - scanned)) {
            const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
            if (responder.answer(std::string_view(buffer).substr(begin, at - begin), out)) {
                out += '\n';
            }
            begin = scanned = at + 1;
        }
        if (!out.empty()) {
            if (!writeAll(STDOUT_FILENO, out)) {
                return 1;
            }
            out.clear();
            if (out.capacity() > (1 << 20)) {
                out.shrink_to_fit();
            }
        }
        std::memmove(buffer.data(), buffer.data() + begin, end - begin);
        end -= begin;
        scanned = end;
    }
}

#ifdef __linux__

struct Connection {
    std::string in;
    std::string out;
    std::size_t written = 0;
    bool wantsWrite = false;
};

bool equalsNoCase(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view header(std::string_view head, std::string_view name)
{
    std::size_t at = head.find("\r\n");
    while (at != std::string_view::npos && at + 2 < head.size()) {
        const std::size_t begin = at + 2;
        at = head.find("\r\n", begin);
        const std::string_view line = head.substr(begin, (at == std::string_view::npos ? head.size() : at) - begin);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && equalsNoCase(line.substr(0, colon), name)) {
            std::size_t value = colon + 1;
            while (value < line.size() && line[value] == ' ') {
                ++value;
            }
            return line.substr(value);
        }
    }
    return {};
}

class HttpServer {
public:
    HttpServer(const Responder& responder, const Options& options) : m_responder(responder), m_options(options) {}
    int run();

private:
    bool listenOn(int port);
    void acceptAll();
    void readFrom(int fd);
    void drop(int fd);
    bool flush(int fd, Connection& connection);
    /// False when more bytes are needed.
    bool takeRequest(Connection& connection);

    const Responder& m_responder;
    const Options& m_options;
    int m_listen = -1;
    int m_epoll = -1;
    std::map<int, Connection> m_connections;
    std::string m_body;
    std::string m_buffer = std::string(1 << 18, '\0');
};

bool HttpServer::listenOn(int port)
{
    m_listen = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(m_listen, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    // sockaddr is the interface of the socket calls.
    if (::bind(m_listen, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(m_listen, 128) != 0 ||
        ::getsockname(m_listen, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        std::perror("oriel-echo-server");
        return false;
    }
    std::printf("listening %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return true;
}

int HttpServer::run()
{
    if (!listenOn(m_options.port)) {
        return 1;
    }
    m_epoll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = m_listen;
    ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, m_listen, &event);
    std::vector<epoll_event> events(64);
    while (true) {
        const int count = ::epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno != EINTR) {
            return 1;
        }
        for (int i = 0; i < count; ++i) {
            const epoll_event& each = events[static_cast<std::size_t>(i)];
            if (each.data.fd == m_listen) {
                acceptAll();
                continue;
            }
            const auto it = m_connections.find(each.data.fd);
            if (it == m_connections.end()) {
                continue;
            }
            if ((each.events & EPOLLOUT) != 0 && !flush(each.data.fd, it->second)) {
                drop(each.data.fd);
                continue;
            }
            if ((each.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
                readFrom(each.data.fd);
            }
        }
    }
}

void HttpServer::acceptAll()
{
    while (true) {
        const int fd = ::accept4(m_listen, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event = {};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, fd, &event);
        m_connections[fd];
    }
}

void HttpServer::drop(int fd)
{
    m_connections.erase(fd);
    ::close(fd);
}

void HttpServer::readFrom(int fd)
{
    Connection& connection = m_connections[fd];
    while (true) {
        const ssize_t got = ::read(fd, m_buffer.data(), m_buffer.size());
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            drop(fd);
            return;
        }
        if (got < 0) {
            break;
        }
        connection.in.append(m_buffer.data(), static_cast<std::size_t>(got));
        if (static_cast<std::size_t>(got) < m_buffer.size()) {
            break;
        }
    }
    while (takeRequest(connection)) {
    }
    if (!flush(fd, connection)) {
        drop(fd);
    }
}

bool HttpServer::takeRequest(Connection& connection)
{
    const std::size_t headEnd = connection.in.find("\r\n\r\n");
    if (headEnd == std::string::npos) {
        return false;
    }
    const std::string_view head = std::string_view(connection.in).substr(0, headEnd);
    const std::string lengthText(header(head, "Content-Length"));
    const std::size_t length = lengthText.empty() ? 0 : std::strtoull(lengthText.c_str(), nullptr, 10);
    if (connection.in.size() < headEnd + 4 + length) {
        return false;
    }
    const std::string_view body = std::string_view(connection.in).substr(headEnd + 4, length);
    const bool initialize = m_options.session && body.find("\"initialize\"") != std::string_view::npos;
    std::string& out = connection.out;
    if (head.substr(0, 5) != "POST ") {
        out += head.substr(0, 7) == "DELETE " ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                                              : "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\nContent-Length: 0\r\n\r\n";
    } else if (m_options.session && !initialize && header(head, "Mcp-Session-Id").empty()) {
        out += "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    } else {
        m_body.clear();
        if (m_responder.answer(body, m_body)) {
            out += "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
            out += initialize ? "Mcp-Session-Id: echo-session-1\r\nContent-Length: " : "Content-Length: ";
            out += std::to_string(m_body.size());
            out += "\r\n\r\n";
            out += m_body;
        } else {
            out += "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
        }
    }
    connection.in.erase(0, headEnd + 4 + length);
    return !connection.in.empty();
}

bool HttpServer::flush(int fd, Connection& connection)
{
    while (connection.written < connection.out.size()) {
        const ssize_t written =
            ::send(fd, connection.out.data() + connection.written, connection.out.size() - connection.written, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            if (errno != EAGAIN) {
                return false;
            }
            if (!connection.wantsWrite) {
                connection.wantsWrite = true;
                epoll_event event = {};
                event.events = EPOLLIN | EPOLLOUT;
                event.data.fd = fd;
                ::epoll_ctl(m_epoll, EPOLL_CTL_MOD, fd, &event);
            }
            return true;
        }
        connection.written += static_cast<std::size_t>(written);
    }
    connection.out.clear();
    connection.written = 0;
    if (connection.wantsWrite) {
        connection.wantsWrite = false;
        epoll_event event = {};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(m_epoll, EPOLL_CTL_MOD, fd, &event);
    }
    return true;
}

#endif // __linux__

int usage()
{
    std::fputs("usage: oriel-echo-server [--http PORT] [--session] [--modern] [--tools N] [--big-bytes N]\n", stderr);
    return 2;
}

int run(int argc, char** argv)
{
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const bool hasValue = i + 1 < argc;
        if (argument == "--session") {
            options.session = true;
        } else if (argument == "--modern") {
            options.modern = true;
        } else if (argument == "--http" && hasValue) {
            options.port = std::atoi(argv[++i]);
        } else if (argument == "--tools" && hasValue) {
            options.tools = std::atoi(argv[++i]);
        } else if (argument == "--big-bytes" && hasValue) {
            options.bigBytes = static_cast<std::size_t>(std::strtoull(argv[++i], nullptr, 10));
        } else {
            return usage();
        }
    }
    const Responder responder(options);
    if (options.port < 0) {
        return serveStdio(responder);
    }
#ifdef __linux__
    return HttpServer(responder, options).run();
#else
    std::fputs("oriel-echo-server: --http is for Linux\n", stderr);
    return 2;
#endif
}

} // namespace

} // namespace oriel::echo

int main(int argc, char** argv)
{
    return oriel::echo::run(argc, argv);
}
