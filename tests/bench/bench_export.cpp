// SPDX-License-Identifier: GPL-3.0-or-later
// Measures the way out: what a million spans cost in memory while their backend is dead, and how fast they are written, and
// then delivered to a backend that is there. Prints one line for each.
#include "base/clock.h"
#include "base/random.h"
#include "otlp/pipeline/export_pipeline.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QSemaphore>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QThread>

#include <chrono>
#include <cstdio>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kSpans = 1'000'000;
constexpr std::uint64_t kChunk = 4'096;

double anonymousMegabytes()
{
    QFile status(QStringLiteral("/proc/self/status"));
    if (!status.open(QIODevice::ReadOnly))
        return 0;
    for (const QByteArray& line : status.readAll().split('\n')) {
        if (line.startsWith("RssAnon:"))
            return line.mid(8).trimmed().split(' ').first().toDouble() / 1024;
    }
    return 0;
}

std::vector<telemetry::SpanData> spans(std::uint64_t first, std::uint64_t count)
{
    std::vector<telemetry::SpanData> all(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        telemetry::SpanData& span = all[i];
        span.traceId = {1, first + i};
        span.spanId = {first + i};
        span.name = "tools/call weather__get";
        span.startUnixNs = 1'700'000'000'000'000'000;
        span.endUnixNs = span.startUnixNs + 1'000'000;
        span.attributes = {{"mcp.method.name", QByteArray("tools/call")},
                           {"gen_ai.tool.name", QByteArray("weather__get")},
                           {"jsonrpc.request.id", QByteArray::number(quint64(first + i))}};
    }
    return all;
}

DestinationStatus waitFor(const ExportPipeline& pipeline, std::uint64_t queued)
{
    for (;;) {
        const QList<DestinationStatus> status = pipeline.status();
        if (!status.isEmpty() && status[0].queued + status[0].dropped >= queued)
            return status[0];
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
}

/// Takes every request over HTTP, on a thread of its own.
class Backend final : public QThread {
public:
    Backend()
    {
        start();
        m_listening.acquire();
    }
    ~Backend() override
    {
        quit();
        wait();
    }
    [[nodiscard]] QString url() const { return QStringLiteral("http://127.0.0.1:%1").arg(m_port); }

protected:
    void run() override
    {
        QTcpServer server;
        QObject::connect(&server, &QTcpServer::newConnection, &server, [&server] {
            QTcpSocket* socket = server.nextPendingConnection();
            auto received = std::make_shared<QByteArray>();
            QObject::connect(socket, &QTcpSocket::readyRead, socket, [socket, received] { answer(*socket, *received); });
        });
        (void)server.listen(QHostAddress::LocalHost);
        m_port = server.serverPort();
        m_listening.release();
        exec();
    }

private:
    static void answer(QTcpSocket& socket, QByteArray& received)
    {
        received += socket.readAll();
        const qsizetype head = received.indexOf("\r\n\r\n");
        const qsizetype at = received.left(head < 0 ? 0 : head).toLower().indexOf("content-length:");
        if (head < 0 || at < 0 || at > head)
            return;
        const qsizetype length = received.mid(at + 15, received.indexOf('\r', at) - at - 15).trimmed().toLongLong();
        if (received.size() < head + 4 + length)
            return;
        received.clear();
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n");
    }

    QSemaphore m_listening;
    quint16 m_port = 0;
};

/// Seconds until nothing waits any more.
double deliver(ExportPipeline& pipeline, config::Telemetry settings)
{
    const Backend backend;
    settings.destinations[0].endpoint = backend.url();
    const auto start = std::chrono::steady_clock::now();
    pipeline.configure(settings, std::make_shared<telemetry::Resource>(), std::make_shared<telemetry::Scope>());
    while (pipeline.status()[0].queued > 0)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

int main(int argc, char** argv)
{
    const QCoreApplication application(argc, argv);
    const QTemporaryDir directory;
    const SystemClock clock;
    SystemRandom random;
    PipelineOptions options{clock, random, {}, {}, {}, {}};
    options.spoolDirectory = directory.filePath(QStringLiteral("spool"));
    ExportPipeline pipeline(options);
    config::Telemetry settings;
    settings.spanInterval = 1ms;
    config::Destination dead;
    dead.name = QStringLiteral("dead");
    dead.endpoint = QStringLiteral("http://127.0.0.1:9"); // the discard port, where nobody listens
    settings.destinations = {dead};
    pipeline.configure(settings, std::make_shared<telemetry::Resource>(), std::make_shared<telemetry::Scope>());

    (void)waitFor(pipeline, 0);
    std::uint64_t given = 0;
    double warm = 0;
    double peak = 0;
    const auto start = std::chrono::steady_clock::now();
    while (given < kSpans) {
        pipeline.submitSpans(spans(given + 1, kChunk));
        given += kChunk;
        (void)waitFor(pipeline, given);
        const double now = anonymousMegabytes();
        if (given <= kSpans / 10)
            warm = std::max(warm, now);
        peak = std::max(peak, now);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const DestinationStatus status = pipeline.status()[0];
    std::printf("%-52s %14.1f %-8s target <= 50\n", "memory with a dead backend, a million spans", peak, "MB");
    std::printf("%-52s %14.1f %-8s target <= 8\n", "  of which since the first 100,000", peak - warm, "MB");
    std::printf("%-52s %14.0f %-8s\n", "spans encoded and written to the spool", static_cast<double>(given) / seconds, "spans/s");
    std::printf("%-52s %14.1f %-8s\n", "spool on the disk", static_cast<double>(status.queuedBytes) / 1e6, "MB");
    std::printf("%-52s %14llu %-8s\n", "lost", static_cast<unsigned long long>(status.dropped), "spans");
    const double delivery = deliver(pipeline, settings);
    std::printf("%-52s %14.0f %-8s\n", "spans read, sent over HTTP and answered for",
                static_cast<double>(status.queued) / delivery, "spans/s");
    return pipeline.status()[0].sent + status.dropped == given ? 0 : 1;
}
