// SPDX-License-Identifier: GPL-3.0-or-later
// Measures the OTLP receiver against the table "Q, R" of the product: spans taken, decoded, masked and stored by one core. The
// sender is another process, so the processor time of this one is the receiver's: gRPC, sockets, kernel and disk included.
#include "base/random.h"
#include "otlp/codec/decode.h"
#include "otlp/receiver/receiver.h"
#include "service/pipeline/masking.h"
#include "service/received/received_pipeline.h"

#include <QCoreApplication>
#include <QProcess>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QThread>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <cstdio>
#include <sys/resource.h>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

constexpr int kSpansARequest = 512; // what an SDK sends at most
constexpr double kTarget = 300'000;
constexpr unsigned long kPauseMs = 20; // of a sender that is asked to come again

/// Requests as a server's SDK sends them: eight attributes, two hundred names, ids that never come again.
std::vector<QByteArray> makeRequests(int count, otlp::Encoding encoding)
{
    SeededRandom random(11);
    auto resource = std::make_shared<Resource>();
    resource->attributes = {{"service.name", QByteArray("notes")}, {"service.instance.id", QByteArray("i-1")}};
    auto scope = std::make_shared<Scope>();
    scope->name = "http";
    std::vector<QByteArray> requests;
    for (int n = 0; n < count; ++n) {
        std::vector<SpanData> spans;
        for (int i = 0; i < kSpansARequest; ++i) {
            SpanData& span = spans.emplace_back();
            span.traceId = i % 8 == 0 ? TraceId::generate(random) : spans[spans.size() - 2].traceId;
            span.spanId = SpanId::generate(random);
            span.name = "operation " + QByteArray::number(static_cast<int>(random.next64() % 200));
            span.kind = SpanKind::Client;
            span.flags = 0x101;
            span.startUnixNs = 1'700'000'000'000'000'000 + n * 1'000'000LL + i;
            span.endUnixNs = span.startUnixNs + static_cast<std::int64_t>(random.next64() % 50'000'000);
            span.resource = resource;
            span.scope = scope;
            span.attributes = {{"http.request.method", QByteArray("GET")},
                               {"http.route", "/items/" + QByteArray::number(static_cast<int>(random.next64() % 20))},
                               {"http.response.status_code", AnyValue(std::int64_t{200})},
                               {"server.address", QByteArray("127.0.0.1")},
                               {"server.port", AnyValue(std::int64_t{8080})},
                               {"network.protocol.version", QByteArray("1.1")},
                               {"thread.id", AnyValue(static_cast<std::int64_t>(random.next64() % 64))},
                               {"url.scheme", QByteArray("http")}};
        }
        requests.push_back(otlp::encodeTraces(spans, encoding));
    }
    return requests;
}

// --- the sender's process ---

bool sendOverGrpc(quint16 port, const std::vector<QByteArray>& requests, int count)
{
    grpc::GenericStub stub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
    for (int i = 0; i < count;) {
        const QByteArray& request = requests[static_cast<std::size_t>(i) % requests.size()];
        grpc::ClientContext context;
        const grpc::Slice slice(request.constData(), static_cast<std::size_t>(request.size()));
        grpc::CompletionQueue queue;
        auto call = stub.PrepareUnaryCall(&context, "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                                          grpc::ByteBuffer(&slice, 1), &queue);
        grpc::ByteBuffer answer;
        grpc::Status status;
        call->StartCall();
        call->Finish(&answer, &status, call.get());
        void* tag = nullptr;
        bool ok = false;
        queue.Next(&tag, &ok);
        if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
            QThread::msleep(kPauseMs);
            continue;
        }
        if (!status.ok())
            return false;
        ++i;
    }
    return true;
}

bool sendOverHttp(quint16 port, const std::vector<QByteArray>& requests, int count, const char* type)
{
    QTcpSocket socket;
    socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    if (!socket.waitForConnected())
        return false;
    for (int i = 0; i < count;) {
        const QByteArray& request = requests[static_cast<std::size_t>(i) % requests.size()];
        socket.write("POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:" + QByteArray::number(port) + "\r\nContent-Type: " + type +
                     "\r\nContent-Length: " + QByteArray::number(request.size()) + "\r\n\r\n" + request);
        QByteArray answer;
        while (!answer.contains("\r\n\r\n")) {
            if (!socket.waitForReadyRead())
                return false;
            answer += socket.readAll();
        }
        if (answer.startsWith("HTTP/1.1 503")) {
            QThread::msleep(kPauseMs);
            continue;
        }
        if (!answer.startsWith("HTTP/1.1 200"))
            return false;
        ++i;
    }
    return true;
}

int runSender(const QStringList& arguments)
{
    const QString how = arguments.at(2);
    const auto port = static_cast<quint16>(arguments.at(3).toInt());
    const int count = arguments.at(4).toInt();
    const auto requests =
        makeRequests(std::min(count, 64), how == QLatin1String("json") ? otlp::Encoding::Json : otlp::Encoding::Protobuf);
    const bool sent = how == QLatin1String("grpc")   ? sendOverGrpc(port, requests, count)
                      : how == QLatin1String("json") ? sendOverHttp(port, requests, count, "application/json")
                                                     : sendOverHttp(port, requests, count, "application/x-protobuf");
    return sent ? 0 : 1;
}

// --- the receiver's process ---

double processorSeconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool measure(const char* what, const QString& how, int requests, double target = 0)
{
    const QTemporaryDir directory;
    const SystemClock clock;
    SystemRandom random;
    service::Stores stores(directory.path(), config::Config(), clock, random, QByteArray(32, 'k'), {});
    otlp::ExportPipeline exports({clock, random, {}, {}, {}, {}});
    service::ReceivedTelemetry received;
    const auto masker = *service::makeMasker({});
    service::ReceivedPipeline pipeline({clock, received, stores, exports, [masker] { return masker; }, "mark"});
    QThread telemetryThread;
    QThread receiverThread;
    pipeline.moveToThread(&telemetryThread);
    pipeline.start();
    otlp::OtlpReceiver receiver(clock, received, {"bench", "mark"});
    receiver.moveToThread(&receiverThread);
    telemetryThread.start();
    receiverThread.start();
    QMetaObject::invokeMethod(
        &receiver,
        [&] {
            receiver.configure({true, QHostAddress(QHostAddress::LocalHost), 0, 0});
        },
        Qt::BlockingQueuedConnection);
    bool good = stores.open().has_value();
    const otlp::ReceiverStatus status = receiver.status();
    const quint16 port = how == QLatin1String("grpc") ? status.grpcPort : status.httpPort;

    const double before = processorSeconds();
    QProcess sender;
    sender.start(QCoreApplication::applicationFilePath(),
                 {QStringLiteral("--send"), how, QString::number(port), QString::number(requests)});
    good = sender.waitForFinished(-1) && sender.exitCode() == 0 && good;
    QMetaObject::invokeMethod(&pipeline, &service::ReceivedPipeline::drain, Qt::BlockingQueuedConnection);
    const double seconds = processorSeconds() - before;
    const auto spans = static_cast<double>(receiver.counts().spans);
    good = good && spans == static_cast<double>(requests) * kSpansARequest;
    const double rate = spans / seconds;
    std::printf("%-52s %14.0f %-8s target >= %.0f  %s\n", what, rate, "spans/s", target,
                !good           ? "FAILED"
                : rate < target ? "MISSED"
                                : "ok");
    std::fflush(stdout);

    QMetaObject::invokeMethod(
        &receiver, [&] { receiver.close(); }, Qt::BlockingQueuedConnection);
    for (QThread* thread : {&receiverThread, &telemetryThread}) {
        thread->quit();
        thread->wait();
    }
    stores.close();
    return good;
}

} // namespace

int main(int argc, char** argv)
{
    const QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() == 5 && arguments.at(1) == QLatin1String("--send"))
        return runSender(arguments);
    const int requests = arguments.contains(QStringLiteral("--quick")) ? 20 : 2'000;
    bool good = measure("OTLP/gRPC in: decoded, masked, stored", QStringLiteral("grpc"), requests, kTarget);
    good = measure("OTLP/HTTP protobuf in", QStringLiteral("http"), requests, kTarget) && good;
    good = measure("OTLP/HTTP JSON in", QStringLiteral("json"), requests / 4) && good;
    return good ? 0 : 1;
}
