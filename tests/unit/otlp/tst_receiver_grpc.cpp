// SPDX-License-Identifier: GPL-3.0-or-later
#include "full_telemetry.h"
#include "keeping_sink.h"
#include "otlp/codec/gzip.h"
#include "otlp/receiver/receiver_grpc.h"

#include <QTcpSocket>
#include <QTest>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <thread>

using namespace oriel;
using namespace oriel::otlp;
using namespace oriel::otlp::test;

namespace {

const char kTraces[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const char kMetrics[] = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const char kLogs[] = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

struct Reply {
    grpc::Status status;
    QByteArray body;
};

/// A client without generated code.
class Client {
public:
    explicit Client(quint16 port)
    {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        m_stub = std::make_unique<grpc::GenericStub>(
            grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), arguments));
    }

    Reply call(const char* method, const QByteArray& message, grpc_compression_algorithm compression = GRPC_COMPRESS_NONE)
    {
        grpc::ClientContext context;
        context.set_compression_algorithm(compression);
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
        const grpc::Slice slice(message.constData(), static_cast<std::size_t>(message.size()));
        const grpc::ByteBuffer request(&slice, 1);
        grpc::CompletionQueue queue;
        auto call = m_stub->PrepareUnaryCall(&context, method, request, &queue);
        Reply reply;
        grpc::ByteBuffer answer;
        call->StartCall();
        call->Finish(&answer, &reply.status, this);
        void* tag = nullptr;
        bool ok = false;
        queue.Next(&tag, &ok);
        std::vector<grpc::Slice> slices;
        if (reply.status.ok() && answer.Dump(&slices).ok()) {
            for (const grpc::Slice& part : slices)
                reply.body.append(reinterpret_cast<const char*>(part.begin()), static_cast<qsizetype>(part.size()));
        }
        return reply;
    }

    [[nodiscard]] grpc::GenericStub& stub() { return *m_stub; }

private:
    std::unique_ptr<grpc::GenericStub> m_stub;
};

/// A call whose headers are sent and whose message never comes.
class SilentCall {
public:
    explicit SilentCall(Client& client) : m_stream(client.stub().PrepareCall(&m_context, kTraces, &m_queue))
    {
        m_stream->StartCall(this);
        waitForEvent();
    }
    SilentCall(const SilentCall&) = delete;
    SilentCall& operator=(const SilentCall&) = delete;
    ~SilentCall()
    {
        m_context.TryCancel();
        (void)end();
    }
    /// What the server made of it; waits for that.
    grpc::StatusCode end()
    {
        if (!m_status) {
            m_status.emplace();
            m_stream->Finish(&*m_status, this);
            waitForEvent();
        }
        return m_status->error_code();
    }

private:
    void waitForEvent()
    {
        void* tag = nullptr;
        bool ok = false;
        m_queue.Next(&tag, &ok);
    }
    grpc::ClientContext m_context;
    grpc::CompletionQueue m_queue;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> m_stream;
    std::optional<grpc::Status> m_status;
};

struct ReceiverFixture {
    explicit ReceiverFixture(GrpcListener::Timing timing = {}) : service(sink, {"4711", "mark"})
    {
        if (auto listening = GrpcReceiver::listen(service, QHostAddress(QHostAddress::LocalHost), 0, timing))
            receiver = std::move(*listening);
    }
    Reply call(const char* method, const QByteArray& message, grpc_compression_algorithm compression = GRPC_COMPRESS_NONE)
    {
        return Client(receiver->port()).call(method, message, compression);
    }

    KeepingSink sink;
    ReceiverService service;
    std::unique_ptr<GrpcReceiver> receiver;
};

QByteArray traces()
{
    const telemetry::SpanData span = full::span();
    return encodeTraces({&span, 1}, Encoding::Protobuf);
}

} // namespace

class ReceiverGrpcTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everySignalIsTakenPlainAndGzip()
    {
        ReceiverFixture fixture;
        QVERIFY(fixture.receiver != nullptr);
        const telemetry::LogRecord log = full::log();
        const ScopedMetrics metrics = full::metrics();
        for (const grpc_compression_algorithm compression : {GRPC_COMPRESS_NONE, GRPC_COMPRESS_GZIP}) {
            const Reply spans = fixture.call(kTraces, traces(), compression);
            QVERIFY2(spans.status.ok(), spans.status.error_message().c_str());
            QVERIFY(spans.body.isEmpty());
            QVERIFY(fixture.call(kLogs, encodeLogs({&log, 1}, Encoding::Protobuf), compression).status.ok());
            QVERIFY(fixture.call(kMetrics, encodeMetrics({&metrics, 1}, Encoding::Protobuf), compression).status.ok());
        }
        QCOMPARE(fixture.sink.spans().size(), std::size_t(2));
        QCOMPARE(fixture.sink.spans().at(1).name, full::span().name);
        QCOMPARE(fixture.sink.logs().size(), std::size_t(2));
        QCOMPARE(fixture.sink.metrics().size(), std::size_t(2));
    }

    void anEmptyRequestIsASuccess()
    {
        ReceiverFixture fixture;
        QVERIFY(fixture.call(kTraces, {}).status.ok());
        QVERIFY(fixture.sink.isEmpty());
    }

    void whatIsLeftOutIsToldAsAPartialSuccess()
    {
        ReceiverFixture fixture;
        telemetry::SpanData span = full::span();
        span.traceId = {};
        const Reply reply = fixture.call(kTraces, encodeTraces({&span, 1}, Encoding::Protobuf));
        QVERIFY(reply.status.ok());
        QCOMPARE(decodeExportResponse(reply.body, Encoding::Protobuf)->rejected, std::int64_t(1));
    }

    void whatCannotBeReadIsAnInvalidArgument()
    {
        ReceiverFixture fixture;
        for (const auto& [message, field] : {std::pair{traces().chopped(2), QStringLiteral("resource_spans")},
                                             std::pair{gzip(traces()).chopped(5), QStringLiteral("body")}}) {
            const Reply reply = fixture.call(kTraces, message);
            QCOMPARE(reply.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
            const QString said = QString::fromStdString(reply.status.error_message());
            const auto details = decodeRpcStatus(QByteArray::fromStdString(reply.status.error_details()), Encoding::Protobuf);
            QVERIFY(details.has_value());
            QCOMPARE(*details, (RpcStatus{3, said, {}, {{field, said}}}));
        }
        QCOMPARE(fixture.service.counts().failed, std::uint64_t(2));
        QVERIFY(fixture.sink.isEmpty());
    }

    void otherServicesAreUnimplemented()
    {
        ReceiverFixture fixture;
        for (const char* method : {"/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
                                   "/opentelemetry.proto.collector.trace.v1.TraceService/Import"})
            QCOMPARE(fixture.call(method, {}).status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
        QVERIFY(fixture.call(kTraces, traces()).status.ok());
    }

    void whatIsTooLargeIsExhaustedPlainAndUnpacked()
    {
        ReceiverFixture fixture;
        const QByteArray large(kMaxReceivedBytes + 1, '\0');
        QCOMPARE(fixture.call(kTraces, large).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        QCOMPARE(fixture.call(kTraces, large, GRPC_COMPRESS_GZIP).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        // A gigabyte in a megabyte: were it unpacked whole, nobody would see it but for the time and memory.
        const QByteArray part = gzip(QByteArray(16 * 1024 * 1024, '\0'));
        QByteArray bomb;
        for (int i = 0; i < 64; ++i)
            bomb += part;
        QCOMPARE(fixture.call(kTraces, bomb).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        QVERIFY(fixture.call(kTraces, traces()).status.ok());
    }

    void moreThanFourMebibytesAreTaken()
    {
        ReceiverFixture fixture;
        telemetry::SpanData span = full::span();
        span.attributes = {{"text", QByteArray(6 * 1024 * 1024, 'x')}};
        QVERIFY(fixture.call(kTraces, encodeTraces({&span, 1}, Encoding::Protobuf)).status.ok());
        QCOMPARE(fixture.sink.spans().size(), std::size_t(1));
    }

    void aStoreThatCannotKeepUpAsksTheSenderToComeAgain()
    {
        ReceiverFixture fixture;
        fixture.sink.setFull(true);
        const Reply reply = fixture.call(kTraces, traces());
        QCOMPARE(reply.status.error_code(), grpc::StatusCode::UNAVAILABLE);
        const auto details = decodeRpcStatus(QByteArray::fromStdString(reply.status.error_details()), Encoding::Protobuf);
        QVERIFY(details && details->retryDelay == kReceiverRetryDelay);
        QCOMPARE(fixture.service.counts().busy, std::uint64_t(1));
        fixture.sink.setFull(false);
        QVERIFY(fixture.call(kTraces, traces()).status.ok());
    }

    void manySendersAtATimeAreAllServed()
    {
        ReceiverFixture fixture;
        constexpr int kSenders = 12;
        constexpr int kEach = 20;
        std::atomic<int> taken{0};
        std::vector<std::thread> senders;
        for (int i = 0; i < kSenders; ++i) {
            senders.emplace_back([&] {
                Client client(fixture.receiver->port());
                for (int n = 0; n < kEach; ++n)
                    taken += client.call(kTraces, traces()).status.ok() ? 1 : 0;
            });
        }
        for (std::thread& sender : senders)
            sender.join();
        QCOMPARE(taken.load(), kSenders * kEach);
        QCOMPARE(fixture.sink.spans().size(), std::size_t(kSenders * kEach));
    }

    void callsThatStaySilentDoNotKeepOthersOut()
    {
        ReceiverFixture fixture({.call = std::chrono::milliseconds(500)});
        // One connection, so that the server sees them in this order.
        Client client(fixture.receiver->port());
        std::vector<std::unique_ptr<SilentCall>> silent(8);
        for (auto& call : silent)
            call = std::make_unique<SilentCall>(client);
        const Reply reply = client.call(kTraces, traces());
        QVERIFY2(reply.status.ok(), reply.status.error_message().c_str());
        for (const auto& call : silent)
            QCOMPARE(call->end(), grpc::StatusCode::CANCELLED);
        QCOMPARE(fixture.sink.spans().size(), std::size_t(1));
    }

    void grpcRunsOnlyWhileSomebodySends()
    {
        ReceiverFixture fixture({.idle = std::chrono::milliseconds(1'000)});
        QVERIFY(!fixture.receiver->isServing());
        Client client(fixture.receiver->port());
        for (int round = 1; round <= 3; ++round) {
            const Reply reply = client.call(kTraces, traces());
            QVERIFY2(reply.status.ok(), reply.status.error_message().c_str());
            QCOMPARE(fixture.sink.spans().size(), static_cast<std::size_t>(round));
            QTRY_VERIFY_WITH_TIMEOUT(!fixture.receiver->isServing(), 20'000);
        }
    }

    void aCallThatIsOpenKeepsTheServer()
    {
        ReceiverFixture fixture({.idle = std::chrono::milliseconds(1'000)});
        Client client(fixture.receiver->port());
        {
            const SilentCall silent(client);
            // Further calls on the same connection: none of them may find the server gone.
            const QDeadlineTimer twice(2'000);
            for (int i = 0; i < 20 || !twice.hasExpired(); ++i)
                QVERIFY(Client(fixture.receiver->port()).call(kTraces, traces()).status.ok());
            QVERIFY(fixture.receiver->isServing());
        }
        QTRY_VERIFY_WITH_TIMEOUT(!fixture.receiver->isServing(), 20'000);
    }

    void aPeerThatIsSilentOrSpeaksHttpOneKeepsNothing()
    {
        ReceiverFixture fixture({.idle = std::chrono::milliseconds(100)});
        QTcpSocket silent;
        silent.connectToHost(QHostAddress(QHostAddress::LocalHost), fixture.receiver->port());
        QTcpSocket wrong;
        wrong.connectToHost(QHostAddress(QHostAddress::LocalHost), fixture.receiver->port());
        wrong.write("POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        QTRY_COMPARE_WITH_TIMEOUT(silent.state(), QAbstractSocket::UnconnectedState, 20'000);
        QTRY_COMPARE_WITH_TIMEOUT(wrong.state(), QAbstractSocket::UnconnectedState, 20'000);
        QTRY_VERIFY_WITH_TIMEOUT(!fixture.receiver->isServing(), 20'000);
        // A sender tries again when its connection ends before its first call has come.
        QTRY_VERIFY_WITH_TIMEOUT(fixture.call(kTraces, traces()).status.ok(), 20'000);
    }

    void twoReceiversDoNotShareAPort()
    {
        ReceiverFixture fixture;
        const auto second =
            GrpcReceiver::listen(fixture.service, QHostAddress(QHostAddress::LocalHost), fixture.receiver->port());
        QVERIFY(!second && second.error().code == ErrorCode::AlreadyExists);
        const auto outside = GrpcReceiver::listen(fixture.service, QHostAddress(QHostAddress::AnyIPv4), 0);
        QVERIFY(!outside && outside.error().code == ErrorCode::InvalidArgument);
    }
};

QTEST_GUILESS_MAIN(ReceiverGrpcTest)
#include "tst_receiver_grpc.moc"
