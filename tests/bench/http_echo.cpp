// SPDX-License-Identifier: GPL-3.0-or-later
// Requests per second and processor time per request of http::Server: one thread echoes 1 kB POSTs over keep-alive connections.
// Then the same for http::Client: one thread calls that server, which runs on another.
#include "http/client.h"
#include "http/server.h"

#include <QCoreApplication>
#include <QThread>

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace oriel;

namespace {

double threadCpuSeconds()
{
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int connectTo(quint16 port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        std::abort();
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/// Keeps one request in flight on each connection until `total` answers have come. Gives the bytes of one answer.
void load(quint16 port, int connections, int total)
{
    const QByteArray body(1024, 'x');
    const QByteArray request = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + QByteArray::number(port) +
                               "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
                               "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\nMcp-Session-Id: 0123456789abcdef\r\n"
                               "MCP-Protocol-Version: 2025-11-25\r\nUser-Agent: bench\r\nContent-Length: 1024\r\n\r\n" +
                               body;
    std::vector<pollfd> polled;
    std::vector<QByteArray> received(static_cast<std::size_t>(connections));
    for (int i = 0; i < connections; ++i) {
        polled.push_back({connectTo(port), POLLIN, 0});
        if (::write(polled.back().fd, request.constData(), static_cast<std::size_t>(request.size())) != request.size())
            std::abort();
    }
    char buffer[8192];
    for (int answered = 0; answered < total;) {
        ::poll(polled.data(), polled.size(), -1);
        for (std::size_t i = 0; i < polled.size(); ++i) {
            if (!(polled[i].revents & POLLIN))
                continue;
            const ssize_t count = ::read(polled[i].fd, buffer, sizeof buffer);
            if (count <= 0)
                std::abort();
            received[i].append(buffer, count);
            const qsizetype headEnd = received[i].indexOf("\r\n\r\n");
            if (headEnd < 0 || received[i].size() < headEnd + 4 + body.size())
                continue;
            received[i].clear();
            ++answered;
            if (::write(polled[i].fd, request.constData(), static_cast<std::size_t>(request.size())) != request.size())
                std::abort();
        }
    }
    for (const pollfd& entry : polled)
        ::close(entry.fd);
}

/// Keeps `width` calls in flight through an http::Client on this thread until `total` are answered. Gives the seconds they took.
double call(quint16 port, int width, int total, const Clock& clock)
{
    http::Client client({}, clock);
    http::ClientRequest request;
    request.method = QByteArrayLiteral("POST");
    request.endpoint = http::Endpoint::fromUrl(QUrl(QStringLiteral("http://127.0.0.1:%1/mcp").arg(port))).value();
    request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}};
    request.body = QByteArray(1024, 'x');
    int sent = 0;
    int answered = 0;
    QEventLoop loop;
    std::function<void()> next = [&] {
        ++sent;
        http::ResponseHandler handler;
        handler.onEnd = [&](http::ResponseEnd&& end) {
            if (end.body.size() != request.body.size())
                std::abort();
            if (++answered == total)
                loop.quit();
            else if (sent < total)
                next();
        };
        handler.onError = [](const http::ClientError&) { std::abort(); };
        client.send(request, std::move(handler));
    };
    const std::int64_t begin = clock.monotonicNs();
    for (int i = 0; i < width; ++i)
        next();
    loop.exec();
    return static_cast<double>(clock.monotonicNs() - begin) / 1e9;
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    const int total = argc > 1 ? std::atoi(argv[1]) : 200'000;
    SystemClock clock;
    http::Server server({}, clock);
    server.setHandler([](http::Request&& request, http::Exchange exchange) {
        http::Response response;
        response.headers.addValidated("Content-Type", "application/json");
        response.body = std::move(request.body);
        exchange.respond(response);
    });
    const Result<quint16> port = server.listen(QHostAddress(QHostAddress::LocalHost), 0);
    if (!port) {
        std::fprintf(stderr, "%s\n", qPrintable(port.error().toString()));
        return 1;
    }
    std::printf("%-12s %12s %16s\n", "connections", "requests/s", "server us/request");
    for (const int connections : {1, 16, 64}) {
        QEventLoop loop;
        double seconds = 0;
        const double cpuBefore = threadCpuSeconds();
        QThread* client = QThread::create([&] {
            const std::int64_t begin = clock.monotonicNs();
            load(*port, connections, total);
            seconds = static_cast<double>(clock.monotonicNs() - begin) / 1e9;
        });
        QObject::connect(client, &QThread::finished, &loop, &QEventLoop::quit);
        client->start();
        loop.exec();
        client->wait();
        delete client;
        std::printf("%-12d %12.0f %16.2f\n", connections, total / seconds, (threadCpuSeconds() - cpuBefore) * 1e6 / total);
    }
    std::printf("\n%-12s %12s %16s\n", "calls at once", "calls/s", "client us/call");
    for (const int width : {1, 16, 64}) {
        QEventLoop loop;
        double seconds = 0;
        double cpu = 0;
        QThread* client = QThread::create([&] {
            const double cpuBefore = threadCpuSeconds();
            seconds = call(*port, width, total, clock);
            cpu = threadCpuSeconds() - cpuBefore;
        });
        QObject::connect(client, &QThread::finished, &loop, &QEventLoop::quit);
        client->start();
        loop.exec();
        client->wait();
        delete client;
        std::printf("%-12d %12.0f %16.2f\n", width, total / seconds, cpu * 1e6 / total);
    }
    return 0;
}
