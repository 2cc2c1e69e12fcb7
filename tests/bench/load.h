// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "era.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oriel::bench {

double median(std::vector<double> values);

/// What the clients of one case saw in one turn.
struct Samples {
    std::vector<std::uint32_t> latencyNs;
    double seconds = 0;

    /// In µs; `fraction` 0.5 is the median.
    [[nodiscard]] double percentileUs(double fraction);
    [[nodiscard]] double perSecond() const { return seconds > 0 ? static_cast<double>(latencyNs.size()) / seconds : 0; }
};

/// The turns of one side. A figure is the median of its turns, so that one turn in which the machine did something else does not
/// decide.
struct Turns {
    std::vector<Samples> turns;

    [[nodiscard]] double percentileUs(double fraction);
    [[nodiscard]] double perSecond() const;
    [[nodiscard]] std::size_t calls() const;
};

/// Clients that each keep exactly one request in flight. They live over several runs, so two of them can take turns.
class Load {
public:
    virtual ~Load() = default;
    /// Adds to `samples` until `seconds` have passed or `calls` were answered (0: no bound). Ends the program with a message when
    /// an answer is not the right one.
    virtual void run(double seconds, std::size_t calls, Samples& samples) = 0;
};

/// The part of a JSON-RPC request after its id, from `"method"` on, without the closing brace.
using RequestTail = std::string;
/// tools/call whose request is about `bytes` long.
RequestTail toolCall(std::string_view tool, std::size_t bytes);

/// One blocking keep-alive HTTP connection; gives whole answers.
class HttpConnection {
public:
    explicit HttpConnection(int port, Era era = Era::Legacy);
    ~HttpConnection();
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    [[nodiscard]] bool isOpen() const { return m_fd >= 0; }
    /// Initializes an MCP session on `/mcp` of the port; nothing to do in the modern era. Ends the program when that is refused.
    void openSession();
    /// POSTs a JSON-RPC request; gives the body of the answer. Empty when the connection broke.
    std::string_view call(std::string_view tail);
    std::string_view get(std::string_view path);
    [[nodiscard]] int status() const { return m_status; }
    /// The head of the POST of a request, in the session if there is one, with a body of `length` bytes.
    [[nodiscard]] std::string postHead(std::size_t length, std::string_view tail = {}) const;
    /// The socket; the caller closes it.
    int release();

private:
    std::string_view exchange(const std::string& request);

    int m_port;
    Era m_era;
    int m_fd = -1;
    int m_status = 0;
    std::uint64_t m_lastId = 0;
    std::string m_session;
    std::string m_received;
};

/// `clients` sessions, each on a connection of its own, on one epoll.
class HttpLoad final : public Load {
public:
    HttpLoad(int port, int clients, const RequestTail& tail, Era era = Era::Legacy);
    ~HttpLoad() override;
    void run(double seconds, std::size_t calls, Samples& samples) override;

private:
    struct Client {
        int fd = -1;
        std::string request; ///< with room for the id
        std::size_t idAt = 0;
        std::uint64_t id = 0;
        std::int64_t sentNs = 0;
        std::string received;
    };
    void send(Client& client);
    bool receive(Client& client);

    int m_epoll;
    std::vector<Client> m_clients;
};

/// `clients` requests in flight on one pipe pair to an MCP server.
class StdioLoad final : public Load {
public:
    StdioLoad(int in, int out, int clients, const RequestTail& tail, Era era = Era::Legacy);
    void run(double seconds, std::size_t calls, Samples& samples) override;

private:
    void send(std::uint64_t id);

    int m_in;
    int m_out;
    std::uint64_t m_lastId = 0;
    std::uint64_t m_clients;
    RequestTail m_tail;
    std::string m_line;
    std::string m_received;
    std::vector<std::int64_t> m_sentNs; ///< by id modulo clients
};

} // namespace oriel::bench
