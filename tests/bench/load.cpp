// SPDX-License-Identifier: GPL-3.0-or-later
#include "load.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace oriel::bench {

namespace {

constexpr std::size_t kIdDigits = 10; ///< ids have a fixed width, so a request is patched in place
constexpr std::uint64_t kFirstId = 1'000'000'000;
constexpr std::string_view kInitialize =
    R"("method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}})";

[[noreturn]] void fail(std::string_view what, std::string_view text = {})
{
    std::fprintf(stderr, "bench_gateway: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
                 static_cast<int>(std::min<std::size_t>(text.size(), 600)), text.data());
    std::exit(1);
}

std::int64_t nowNs()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string requestText(std::uint64_t id, std::string_view tail)
{
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + "," + std::string(tail) + "}";
}

bool writeAll(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::string_view field(std::string_view head, std::string_view name)
{
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        const std::string_view line = head.substr(at + 2);
        if (line.size() > name.size() && line[name.size()] == ':' && ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
            const std::string_view value = line.substr(name.size() + 2);
            return value.substr(0, value.find("\r\n"));
        }
    }
    return {};
}

struct Answer {
    int status = 0;
    std::size_t bodyAt = 0;
    std::size_t end = 0;
};

/// Nothing while bytes are missing.
std::optional<Answer> wholeAnswer(std::string_view text)
{
    const std::size_t headEnd = text.find("\r\n\r\n");
    if (headEnd == std::string_view::npos)
        return std::nullopt;
    const std::string_view head = text.substr(0, headEnd);
    const std::string_view length = field(head, "Content-Length");
    if (length.empty())
        fail("an answer without Content-Length", head);
    const std::size_t end = headEnd + 4 + std::strtoull(length.data(), nullptr, 10);
    if (text.size() < end)
        return std::nullopt;
    return Answer{std::atoi(head.data() + std::min<std::size_t>(9, head.size())), headEnd + 4, end};
}

std::uint64_t idOf(std::string_view message)
{
    const std::size_t at = message.substr(0, 64).find("\"id\":");
    return at == std::string_view::npos ? 0 : std::strtoull(message.data() + at + 5, nullptr, 10);
}

} // namespace

double median(std::vector<double> values)
{
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

double Samples::percentileUs(double fraction)
{
    if (latencyNs.empty())
        return 0;
    const auto nth = latencyNs.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(latencyNs.size() - 1));
    std::nth_element(latencyNs.begin(), nth, latencyNs.end());
    return *nth / 1e3;
}

double Turns::percentileUs(double fraction)
{
    std::vector<double> values;
    for (Samples& turn : turns)
        values.push_back(turn.percentileUs(fraction));
    return median(std::move(values));
}

double Turns::perSecond() const
{
    std::vector<double> values;
    for (const Samples& turn : turns)
        values.push_back(turn.perSecond());
    return median(std::move(values));
}

std::size_t Turns::calls() const
{
    std::size_t calls = 0;
    for (const Samples& turn : turns)
        calls += turn.latencyNs.size();
    return calls;
}

RequestTail toolCall(std::string_view tool, std::size_t bytes)
{
    static constexpr std::string_view prose =
        "The harbour office keeps a list of every ship that came in with the tide, what it carried and who signed for it. ";
    RequestTail tail = R"("method":"tools/call","params":{"name":")" + std::string(tool) + R"(","arguments":{"text":")";
    while (tail.size() + 40 < bytes)
        tail += prose.substr(0, bytes - tail.size() - 40);
    return tail + R"("}})";
}

HttpConnection::HttpConnection(int port, Era era) : m_port(port), m_era(era)
{
    m_fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // sockaddr is the interface of the socket calls.
    if (::connect(m_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(m_fd);
        m_fd = -1;
        return;
    }
    const int on = 1;
    ::setsockopt(m_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

HttpConnection::~HttpConnection()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

int HttpConnection::release()
{
    return std::exchange(m_fd, -1);
}

std::string HttpConnection::postHead(std::size_t length, std::string_view tail) const
{
    std::string head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(m_port) +
                       "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
    if (!m_session.empty())
        head += "Mcp-Session-Id: " + m_session + "\r\nMCP-Protocol-Version: 2025-11-25\r\n";
    if (m_era == Era::Modern)
        head += modernFields(tail);
    return head + "User-Agent: bench\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

std::string_view HttpConnection::exchange(const std::string& request)
{
    m_received.clear();
    if (m_fd < 0 || !writeAll(m_fd, request))
        return {};
    for (std::optional<Answer> answer; !(answer = wholeAnswer(m_received));) {
        const std::size_t size = m_received.size();
        m_received.resize(size + std::max<std::size_t>(65'536, size));
        const ssize_t count = ::read(m_fd, m_received.data() + size, m_received.size() - size);
        m_received.resize(size + static_cast<std::size_t>(std::max<ssize_t>(0, count)));
        if (count <= 0)
            return {};
    }
    const Answer answer = *wholeAnswer(m_received);
    m_status = answer.status;
    return std::string_view(m_received).substr(answer.bodyAt, answer.end - answer.bodyAt);
}

std::string_view HttpConnection::call(std::string_view tail)
{
    const std::string body = requestText(++m_lastId, m_era == Era::Modern ? modernTail(tail) : std::string(tail));
    return exchange(postHead(body.size(), tail) + body);
}

std::string_view HttpConnection::get(std::string_view path)
{
    return exchange("GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(m_port) + "\r\n\r\n");
}

void HttpConnection::openSession()
{
    if (m_era == Era::Modern)
        return;
    if (call(kInitialize).find("\"result\"") == std::string_view::npos)
        fail("initialize was refused", m_received);
    m_session = field(m_received, "Mcp-Session-Id");
    const std::string body = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
    exchange(postHead(body.size()) + body);
    if (m_status != 202)
        fail("notifications/initialized was refused", m_received);
}

HttpLoad::HttpLoad(int port, int clients, const RequestTail& tail, Era era)
    : m_epoll(::epoll_create1(EPOLL_CLOEXEC)),
      m_clients(static_cast<std::size_t>(clients))
{
    for (std::size_t i = 0; i < m_clients.size(); ++i) {
        HttpConnection connection(port, era);
        if (!connection.isOpen())
            fail("no connection to port", std::to_string(port));
        connection.openSession();
        Client& client = m_clients[i];
        client.id = kFirstId;
        const std::string body = requestText(client.id, era == Era::Modern ? modernTail(tail) : tail);
        const std::string head = connection.postHead(body.size(), tail);
        client.request = head + body;
        client.idAt = head.size() + body.find("\"id\":") + 5;
        client.fd = connection.release();
        ::fcntl(client.fd, F_SETFL, O_NONBLOCK);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, client.fd, &event);
    }
}

HttpLoad::~HttpLoad()
{
    for (const Client& client : m_clients)
        ::close(client.fd);
    ::close(m_epoll);
}

void HttpLoad::send(Client& client)
{
    const std::string id = std::to_string(++client.id);
    client.request.replace(client.idAt, kIdDigits, id);
    client.sentNs = nowNs();
    if (!writeAll(client.fd, client.request))
        fail("write", std::strerror(errno));
}

bool HttpLoad::receive(Client& client)
{
    char buffer[65'536];
    const ssize_t count = ::read(client.fd, buffer, sizeof buffer);
    if (count < 0 && errno == EAGAIN)
        return false;
    if (count <= 0)
        fail("the connection was closed", client.received);
    client.received.append(buffer, static_cast<std::size_t>(count));
    const std::optional<Answer> answer = wholeAnswer(client.received);
    if (!answer)
        return false;
    const std::string_view body = std::string_view(client.received).substr(answer->bodyAt);
    if (answer->status != 200 || idOf(body) != client.id || body.find("\"result\"") == std::string_view::npos)
        fail("a wrong answer", client.received);
    client.received.clear();
    return true;
}

void HttpLoad::run(double seconds, std::size_t calls, Samples& samples)
{
    const std::int64_t begin = nowNs();
    const std::int64_t end = begin + static_cast<std::int64_t>(seconds * 1e9);
    std::size_t sent = 0;
    const auto next = [&](Client& client) {
        const bool more = (calls == 0 || sent < calls) && nowNs() < end;
        if (more) {
            send(client);
            ++sent;
        }
        return more;
    };
    std::size_t active = 0;
    for (Client& client : m_clients)
        active += next(client) ? 1 : 0;
    std::vector<epoll_event> events(m_clients.size());
    while (active > 0) {
        const int count = ::epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), 30'000);
        if (count == 0)
            fail("no answer within 30 s");
        for (int i = 0; i < count; ++i) {
            Client& client = m_clients[events[static_cast<std::size_t>(i)].data.u64];
            if (!receive(client))
                continue;
            samples.latencyNs.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(nowNs() - client.sentNs, UINT32_MAX)));
            active -= next(client) ? 0 : 1;
        }
    }
    samples.seconds += static_cast<double>(nowNs() - begin) / 1e9;
}

StdioLoad::StdioLoad(int in, int out, int clients, const RequestTail& tail, Era era)
    : m_in(in),
      m_out(out),
      m_clients(static_cast<std::uint64_t>(clients)),
      m_tail(era == Era::Modern ? modernTail(tail) : tail),
      m_sentNs(static_cast<std::size_t>(clients))
{
    if (era == Era::Modern)
        return;
    writeAll(m_in, requestText(0, kInitialize) + "\n");
    char buffer[4096];
    const ssize_t count = ::read(m_out, buffer, sizeof buffer);
    if (count <= 0 || std::string_view(buffer, static_cast<std::size_t>(count)).find("\"result\"") == std::string_view::npos)
        fail("initialize over stdio");
    writeAll(m_in, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
}

void StdioLoad::send(std::uint64_t id)
{
    m_line = requestText(id, m_tail);
    m_line += '\n';
    m_sentNs[id % m_clients] = nowNs();
    if (!writeAll(m_in, m_line))
        fail("write", std::strerror(errno));
}

void StdioLoad::run(double seconds, std::size_t calls, Samples& samples)
{
    const std::int64_t begin = nowNs();
    const std::int64_t end = begin + static_cast<std::int64_t>(seconds * 1e9);
    std::size_t sent = 0;
    std::size_t active = 0;
    const std::uint64_t base = (m_lastId / m_clients + 1) * m_clients;
    for (std::uint64_t i = 0; i < m_clients; ++i, ++active, ++sent)
        send(base + i);
    m_lastId = base + m_clients - 1;
    char buffer[65'536];
    while (active > 0) {
        const ssize_t count = ::read(m_out, buffer, sizeof buffer);
        if (count <= 0)
            fail("the server ended");
        m_received.append(buffer, static_cast<std::size_t>(count));
        std::size_t at = 0;
        for (std::size_t line; (line = m_received.find('\n', at)) != std::string::npos; at = line + 1) {
            const std::uint64_t id = idOf(std::string_view(m_received).substr(at, line - at));
            if (id < base || id > m_lastId + m_clients)
                fail("a wrong answer", m_received);
            const std::int64_t now = nowNs();
            samples.latencyNs.push_back(static_cast<std::uint32_t>(now - m_sentNs[id % m_clients]));
            --active;
            if (now < end && (calls == 0 || sent < calls)) {
                m_lastId = std::max(m_lastId, id + m_clients);
                send(id + m_clients);
                ++active;
                ++sent;
            }
        }
        m_received.erase(0, at);
    }
    samples.seconds += static_cast<double>(nowNs() - begin) / 1e9;
}

} // namespace oriel::bench
