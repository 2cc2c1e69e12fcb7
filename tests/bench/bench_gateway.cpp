// SPDX-License-Identifier: GPL-3.0-or-later
// What Oriel adds to a call: the same clients call the same servers directly and through `oriel --headless`, in turns within the
// same seconds. Then figures of its memory, idling and start. docs/performance.md explains the table.
#include "report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace oriel::bench {

namespace {

constexpr double kReadySeconds = 30;

struct Arguments {
    bool quick = false;
    std::string json;
    std::string only; ///< part of a case's name; empty: all
    int loadPort = 0; ///< only call what listens there
    std::size_t calls = 0;
    int clients = 16; ///< of --load
    std::filesystem::path bin;
};

[[noreturn]] void fail(const std::string& what)
{
    std::fprintf(stderr, "bench_gateway: %s\n", what.c_str());
    std::exit(1);
}

void nap(int milliseconds)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

int freePort()
{
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    // sockaddr is the interface of the socket calls.
    auto* general = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd, general, length) != 0 || ::getsockname(fd, general, &length) != 0)
        fail("no free port");
    ::close(fd);
    return ntohs(address.sin_port);
}

/// The seconds until `path` was answered with 200.
double waitFor(Process& process, int port, const char* path, const std::function<bool(std::string_view)>& accept)
{
    const double begin = monotonicSeconds();
    for (;;) {
        HttpConnection connection(port);
        if (connection.isOpen() && accept(connection.get(path)) && connection.status() == 200)
            return monotonicSeconds() - begin;
        if (!process.isRunning())
            fail("the program ended instead of listening");
        if (monotonicSeconds() - begin > kReadySeconds)
            fail(std::string("no usable answer to ") + path + " within 30 s");
        std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
}

/// A server with --http, ready to answer.
class HttpServer {
public:
    HttpServer(const Arguments& arguments, const std::vector<std::string>& options)
        : m_port(freePort()),
          m_process(arguments.bin / "oriel-echo-server", [&] {
              ProcessOptions made;
              made.arguments = {"--http", std::to_string(m_port)};
              made.arguments.insert(made.arguments.end(), options.begin(), options.end());
              return made;
          }())
    {
        for (const double end = monotonicSeconds() + kReadySeconds; !HttpConnection(m_port).isOpen(); nap(1)) {
            if (monotonicSeconds() > end)
                fail("oriel-echo-server does not listen");
        }
    }
    [[nodiscard]] int port() const { return m_port; }

private:
    int m_port;
    Process m_process;
};

std::string stdioServer(const Arguments& arguments, const std::string& name, const std::string& args = "")
{
    return "\"" + name + "\":{\"command\":\"" + (arguments.bin / "oriel-echo-server").string() + "\",\"args\":[" + args + "]}";
}

std::string httpServer(const std::string& name, int port)
{
    return "\"" + name + "\":{\"type\":\"http\",\"url\":\"http://127.0.0.1:" + std::to_string(port) + "/mcp\"}";
}

/// `oriel --headless`, or the bare gateway, with a configuration and a data directory of its own.
class Oriel {
public:
    Oriel(const Arguments& arguments, const std::string& servers, int processor = -1, bool bare = false)
        : m_program(arguments.bin / (bare ? "bench_bare_gateway" : "oriel")),
          m_processor(processor),
          m_bare(bare)
    {
        std::ofstream(config()) << "{\"mcpServers\":{" << servers << "}}";
        start();
        waitForServers();
    }

    void start()
    {
        m_port = freePort();
        ProcessOptions options;
        options.home = m_directory.path();
        options.logFile = m_directory.path() + "/log";
        options.processor = m_processor;
        if (m_bare)
            options.arguments = {config(), std::to_string(m_port), m_directory.path() + "/tokens.json"};
        else
            options.arguments = {"--headless", "--no-auth", "--port",     std::to_string(m_port),
                                 "--config",   config(),    "--data-dir", m_directory.path() + "/data"};
        m_process = std::make_unique<Process>(m_program, options);
        m_startSeconds = waitFor(*m_process, m_port, "/healthz", [](std::string_view) { return true; });
    }

    Process& process() { return *m_process; }
    [[nodiscard]] int port() const { return m_port; }
    [[nodiscard]] double startSeconds() const { return m_startSeconds; }

private:
    [[nodiscard]] std::string config() const { return m_directory.path() + "/config.json"; }

    /// tools/list waits for servers that are starting; servers that are retried take longer.
    void waitForServers()
    {
        const double end = monotonicSeconds() + kReadySeconds;
        for (;;) {
            HttpConnection connection(m_port);
            connection.openSession();
            if (connection.call(R"("method":"tools/list")").find("\"big\"") != std::string_view::npos ||
                connection.call(R"("method":"tools/list")").find("_big\"") != std::string_view::npos)
                return;
            if (monotonicSeconds() > end)
                fail("the servers are not ready");
            nap(20);
        }
    }

    TemporaryDirectory m_directory;
    std::string m_program;
    int m_processor;
    bool m_bare;
    int m_port = 0;
    double m_startSeconds = 0;
    std::unique_ptr<Process> m_process;
};

ThreadUsages difference(ThreadUsages after, const ThreadUsages& before)
{
    for (auto& [name, usage] : after) {
        if (const auto it = before.find(name); it != before.end()) {
            usage.cpuSeconds -= it->second.cpuSeconds;
            usage.switches -= it->second.switches;
        }
    }
    return after;
}

class Bench {
public:
    explicit Bench(Arguments arguments) : m_arguments(std::move(arguments)) {}
    int run();

private:
    [[nodiscard]] bool wants(const std::string& name) const { return name.find(m_arguments.only) != std::string::npos; }
    /// Both loads in turns; Oriel's usage includes what its other threads finish shortly after.
    void compare(const std::string& name, Load& direct, Load& through, Oriel& oriel);
    void stdioUpstream();
    void httpUpstream();
    void eras();
    void oneCore();
    void telemetryOff();
    void toolList();
    void bigResult();
    void memoryAndIdle();
    void startUp();

    Arguments m_arguments;
    Report m_report;
};

void Bench::compare(const std::string& name, Load& direct, Load& through, Oriel& oriel)
{
    const int rounds = m_arguments.quick ? 2 : 8;
    const double slice = m_arguments.quick ? 0.2 : 0.6;
    Comparison result;
    result.name = name;
    Samples warmUp;
    direct.run(slice / 2, 0, warmUp);
    through.run(slice / 2, 0, warmUp);
    nap(50);
    const ThreadUsages before = oriel.process().usage();
    for (int i = 0; i < rounds; ++i) {
        direct.run(slice / 2, 0, result.direct.turns.emplace_back());
        through.run(slice, 0, result.through.turns.emplace_back());
    }
    nap(100);
    result.usage = difference(oriel.process().usage(), before);
    m_report.comparisons.push_back(std::move(result));
}

void Bench::stdioUpstream()
{
    Oriel oriel(m_arguments, stdioServer(m_arguments, "echo"));
    for (const int clients : {1, 16, 64}) {
        const std::string name = "stdio upstream, clients: " + std::to_string(clients);
        if (!wants(name))
            continue;
        ProcessOptions options;
        options.pipes = true;
        const Process server(m_arguments.bin / "oriel-echo-server", options);
        StdioLoad direct(server.in(), server.out(), clients, toolCall("echo", 1024));
        HttpLoad through(oriel.port(), clients, toolCall("echo__echo", 1024));
        compare(name, direct, through, oriel);
    }
}

void Bench::httpUpstream()
{
    const HttpServer server(m_arguments, {});
    Oriel oriel(m_arguments, httpServer("echo", server.port()));
    for (const int clients : {1, 16, 64}) {
        const std::string name = "HTTP upstream, clients: " + std::to_string(clients);
        if (!wants(name))
            continue;
        HttpLoad direct(server.port(), clients, toolCall("echo", 1024));
        HttpLoad through(oriel.port(), clients, toolCall("echo__echo", 1024));
        compare(name, direct, through, oriel);
    }
}

/// Calls within 2026-07-28 and across the eras. The direct run is the server alone with clients of its own era, as nobody can
/// speak to it in the other one.
void Bench::eras()
{
    struct Case {
        const char* name;
        const char* server;
        Era client;
        bool isLegacyServer;
    };
    constexpr std::array kCases{Case{"modern client, modern server, HTTP", "modern", Era::Modern, false},
                                Case{"modern client, modern server, stdio", "pipe", Era::Modern, false},
                                Case{"legacy client, modern server, HTTP", "modern", Era::Legacy, false},
                                Case{"modern client, legacy server, HTTP", "legacy", Era::Modern, true}};
    constexpr std::array kClients{1, 16};
    const auto nameOf = [](const Case& one, int clients) {
        return std::string(one.name) + ", clients: " + std::to_string(clients);
    };
    const bool isWanted = std::any_of(kCases.begin(), kCases.end(), [&](const Case& one) {
        return std::any_of(kClients.begin(), kClients.end(), [&](int clients) { return wants(nameOf(one, clients)); });
    });
    if (!isWanted)
        return;
    const HttpServer modern(m_arguments, {"--modern"});
    const HttpServer legacy(m_arguments, {});
    Oriel oriel(m_arguments, httpServer("modern", modern.port()) + "," + httpServer("legacy", legacy.port()) + "," +
                                 stdioServer(m_arguments, "pipe", R"("--modern")"));
    for (const Case& one : kCases) {
        for (const int clients : kClients) {
            const std::string name = nameOf(one, clients);
            if (!wants(name))
                continue;
            HttpLoad through(oriel.port(), clients, toolCall(std::string(one.server) + "__echo", 1024), one.client);
            if (std::strcmp(one.server, "pipe") == 0) {
                ProcessOptions options;
                options.pipes = true;
                options.arguments = {"--modern"};
                const Process server(m_arguments.bin / "oriel-echo-server", options);
                StdioLoad direct(server.in(), server.out(), clients, toolCall("echo", 1024), Era::Modern);
                compare(name, direct, through, oriel);
                continue;
            }
            HttpLoad direct(one.isLegacyServer ? legacy.port() : modern.port(), clients, toolCall("echo", 1024),
                            one.isLegacyServer ? Era::Legacy : Era::Modern);
            compare(name, direct, through, oriel);
        }
    }
}

void Bench::oneCore()
{
    const std::string name = "HTTP, 16 clients, Oriel on 1 core";
    if (!wants(name))
        return;
    const HttpServer server(m_arguments, {});
    Oriel oriel(m_arguments, httpServer("echo", server.port()), 0);
    HttpLoad direct(server.port(), 16, toolCall("echo", 1024));
    HttpLoad through(oriel.port(), 16, toolCall("echo__echo", 1024));
    compare(name, direct, through, oriel);
}

void Bench::telemetryOff()
{
    const std::string name = "HTTP, 16 clients: telemetry off, on";
    if (!wants(name))
        return;
    const HttpServer server(m_arguments, {});
    Oriel bare(m_arguments, httpServer("echo", server.port()), -1, true);
    Oriel whole(m_arguments, httpServer("echo", server.port()));
    HttpLoad without(bare.port(), 16, toolCall("echo__echo", 1024));
    HttpLoad withTelemetry(whole.port(), 16, toolCall("echo__echo", 1024));
    const ThreadUsages before = bare.process().usage();
    compare(name, without, withTelemetry, whole);
    Comparison& result = m_report.comparisons.back();
    double cpuWithout = 0;
    for (const auto& [thread, usage] : difference(bare.process().usage(), before))
        cpuWithout += usage.cpuSeconds;
    // The warm-up, as long as one turn, is in the processor time and not in the calls.
    const double turns = static_cast<double>(result.direct.turns.size());
    cpuWithout *= turns / (turns + 1) * 1e6 / static_cast<double>(result.direct.calls());
    m_report.figures.push_back(
        {"telemetry on the gateway thread, per call", result.cpuUsPerCall("oriel-gateway") - cpuWithout, "us", "<= 5"});
}

void Bench::toolList()
{
    const std::string name = "tools/list, 10 servers x 20 tools";
    if (!wants(name))
        return;
    const HttpServer server(m_arguments, {"--tools", "199"});
    std::string servers;
    for (int i = 0; i < 10; ++i)
        servers += (i == 0 ? "" : ",") + stdioServer(m_arguments, "s" + std::to_string(i), R"("--tools","19")");
    Oriel oriel(m_arguments, servers);
    const RequestTail list = R"("method":"tools/list","params":{})";
    HttpLoad direct(server.port(), 1, list);
    HttpLoad through(oriel.port(), 1, list);
    compare(name, direct, through, oriel);
}

void Bench::bigResult()
{
    if (!wants("10 MB result"))
        return;
    const HttpServer server(m_arguments, {});
    Oriel oriel(m_arguments, httpServer("echo", server.port()) + "," + stdioServer(m_arguments, "pipe"));
    const auto timeOf = [](HttpConnection& connection, const RequestTail& tail) {
        const double begin = monotonicSeconds();
        if (connection.call(tail).size() < 10 * 1024 * 1024)
            fail("the 10 MB result did not come");
        return (monotonicSeconds() - begin) * 1e3;
    };
    HttpConnection direct(server.port());
    HttpConnection through(oriel.port());
    direct.openSession();
    through.openSession();
    for (const char* upstream : {"echo", "pipe"}) {
        const double before = oriel.process().statusBytes("VmRSS");
        oriel.process().resetPeak();
        const RequestTail tail = toolCall(std::string(upstream) + "__big", 64);
        const double first = timeOf(through, tail);
        nap(100);
        const double peak = oriel.process().statusBytes("VmHWM") - before;
        std::vector<double> directMs;
        std::vector<double> throughMs{first};
        for (int i = 0; i < (m_arguments.quick ? 2 : 9); ++i) {
            directMs.push_back(timeOf(direct, toolCall("big", 64)));
            throughMs.push_back(timeOf(through, tail));
        }
        const std::string by = std::string("10 MB result, ") + (upstream[0] == 'e' ? "HTTP" : "stdio") + " upstream: ";
        m_report.figures.push_back({by + "HTTP direct", median(directMs), "ms", ""});
        m_report.figures.push_back({by + "through Oriel", median(throughMs), "ms", ""});
        m_report.figures.push_back(
            {by + "peak memory / result", peak / (10.0 * 1024 * 1024), "results", "<= 3 (2 extra copies)"});
    }
}

void Bench::memoryAndIdle()
{
    if (!wants("memory and idle"))
        return;
    Oriel oriel(m_arguments, stdioServer(m_arguments, "echo"));
    const auto anonymousMb = [&] { return oriel.process().statusBytes("RssAnon") / 1e6; };
    m_report.figures.push_back({"anonymous memory after the start", anonymousMb(), "MB", ""});
    HttpLoad load(oriel.port(), 16, toolCall("echo__echo", 1024));
    const std::size_t calls = m_arguments.quick ? 2'000 : 100'000;
    Samples ignored;
    load.run(1e6, calls, ignored);
    nap(200);
    m_report.figures.push_back({"anonymous memory after " + std::to_string(calls) + " calls", anonymousMb(), "MB", "<= 120"});
    const double middle = anonymousMb();
    load.run(1e6, calls, ignored);
    nap(200);
    m_report.figures.push_back(
        {"growth over the next " + std::to_string(calls) + " calls", anonymousMb() - middle, "MB", "about 0"});

    nap(m_arguments.quick ? 300 : 5'000);
    const double seconds = m_arguments.quick ? 1 : 10;
    const ThreadUsages before = oriel.process().usage();
    nap(static_cast<int>(seconds * 1e3));
    double cpu = 0;
    std::uint64_t switches = 0;
    for (const auto& [name, usage] : difference(oriel.process().usage(), before)) {
        cpu += usage.cpuSeconds;
        switches += usage.switches;
    }
    m_report.figures.push_back({"idle: processor time", cpu / seconds * 100, "%", "0"});
    m_report.figures.push_back({"idle: times scheduled", static_cast<double>(switches) / seconds, "/s", "0"});
}

void Bench::startUp()
{
    if (!wants("start"))
        return;
    Oriel oriel(m_arguments, stdioServer(m_arguments, "echo"));
    m_report.figures.push_back({"first start: until /healthz answers", oriel.startSeconds() * 1e3, "ms", "<= 200"});
    {
        HttpLoad load(oriel.port(), 4, toolCall("echo__echo", 1024));
        Samples ignored;
        load.run(1e6, 1'000, ignored);
    }
    std::vector<double> seconds;
    for (int i = 0; i < (m_arguments.quick ? 1 : 5); ++i) {
        oriel.process().stop();
        oriel.start();
        seconds.push_back(oriel.startSeconds());
    }
    m_report.figures.push_back({"start with data: until /healthz answers", median(seconds) * 1e3, "ms", "<= 200"});
}

int Bench::run()
{
    if (m_arguments.loadPort != 0) {
        // For a profiler or debugger at the other end: the clients call echo__echo of a gateway that runs already.
        HttpLoad load(m_arguments.loadPort, m_arguments.clients, toolCall("echo__echo", 1024));
        Samples samples;
        load.run(1e6, m_arguments.calls, samples);
        std::printf("%.0f calls/s, p50 %.0f us, p99 %.0f us\n", samples.perSecond(), samples.percentileUs(0.5),
                    samples.percentileUs(0.99));
        return 0;
    }
    if (wants("stdio upstream, clients: 1 16 64") || m_arguments.only.rfind("stdio", 0) == 0)
        stdioUpstream();
    if (wants("HTTP upstream, clients: 1 16 64") || m_arguments.only.rfind("HTTP upstream", 0) == 0)
        httpUpstream();
    eras();
    oneCore();
    telemetryOff();
    toolList();
    bigResult();
    memoryAndIdle();
    startUp();
    m_report.print();
    if (!m_arguments.json.empty() && !m_report.writeJson(m_arguments.json))
        fail("cannot write " + m_arguments.json);
    return 0;
}

} // namespace

} // namespace oriel::bench

int main(int argc, char** argv)
{
    oriel::bench::Arguments arguments;
    arguments.bin = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const bool hasValue = i + 1 < argc;
        if (argument == "--quick") {
            arguments.quick = true;
        } else if (argument == "--json" && hasValue) {
            arguments.json = argv[++i];
        } else if (argument == "--only" && hasValue) {
            arguments.only = argv[++i];
        } else if (argument == "--load" && i + 2 < argc) {
            arguments.loadPort = std::atoi(argv[++i]);
            arguments.calls = std::strtoull(argv[++i], nullptr, 10);
        } else if (argument == "--clients" && hasValue) {
            arguments.clients = std::max(1, std::atoi(argv[++i]));
        } else {
            std::fputs("usage: bench_gateway [--quick] [--json FILE] [--only PART-OF-A-CASE] [--load PORT CALLS [--clients N]]\n",
                       stderr);
            return 2;
        }
    }
    return oriel::bench::Bench(std::move(arguments)).run();
}
