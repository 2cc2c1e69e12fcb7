// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/random.h"
#include "full_telemetry.h"
#include "otlp/codec/response.h"
#include "otlp/exporters/exporter.h"
#include "otlp/pipeline/export_pipeline.h"
#include "reserved_port.h"
#include "scripted_backend.h"

#include <QDirIterator>
#include <QFile>
#include <QTest>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <mutex>
#include <thread>

using namespace oriel;
using namespace oriel::otlp;
using Kind = ExportOutcome::Kind;
using std::chrono::milliseconds;

namespace {

struct ReceivedCall {
    std::string method;
    std::multimap<std::string, std::string> metadata;
    QByteArray body;
};

struct Reply {
    grpc::Status status;
    QByteArray body;
    bool hang = false; ///< never answer
};

QByteArray bytesOf(const grpc::ByteBuffer& buffer)
{
    std::vector<grpc::Slice> slices;
    QByteArray out;
    if (buffer.Dump(&slices).ok()) {
        for (const grpc::Slice& slice : slices)
            out.append(reinterpret_cast<const char*>(slice.begin()), static_cast<qsizetype>(slice.size()));
    }
    return out;
}

/// A real gRPC server without generated code; answers each call with what its script says.
class GrpcBackend {
public:
    using Script = std::function<Reply(const ReceivedCall&)>;

    explicit GrpcBackend(Script script, quint16 port = 0) : m_script(std::move(script))
    {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(), &m_port);
        builder.RegisterAsyncGenericService(&m_service);
        m_queue = builder.AddCompletionQueue();
        m_server = builder.BuildAndStart();
        accept();
        m_thread = std::thread([this] { run(); });
    }
    ~GrpcBackend()
    {
        m_server->Shutdown(std::chrono::system_clock::now());
        m_queue->Shutdown();
        m_thread.join();
    }
    GrpcBackend(const GrpcBackend&) = delete;
    GrpcBackend& operator=(const GrpcBackend&) = delete;

    [[nodiscard]] QString url() const { return QStringLiteral("http://127.0.0.1:%1").arg(m_port); }
    [[nodiscard]] std::vector<ReceivedCall> calls() const
    {
        const std::lock_guard lock(m_mutex);
        return m_calls;
    }

private:
    enum class Step { Accept, Read, Finish };
    struct Call {
        grpc::GenericServerContext context;
        grpc::GenericServerAsyncReaderWriter stream{&context};
        grpc::ByteBuffer request;
        grpc::ByteBuffer answer;
        Step step = Step::Accept;
    };

    void accept()
    {
        auto* call = new Call;
        m_service.RequestCall(&call->context, &call->stream, m_queue.get(), m_queue.get(), call);
    }

    void reply(Call* call)
    {
        ReceivedCall received{call->context.method(), {}, bytesOf(call->request)};
        for (const auto& [name, value] : call->context.client_metadata())
            received.metadata.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
        const Reply answer = m_script(received);
        {
            const std::lock_guard lock(m_mutex);
            m_calls.push_back(received);
        }
        call->step = Step::Finish;
        if (answer.hang) {
            m_hanging.emplace_back(call);
            return;
        }
        if (!answer.status.ok()) {
            call->stream.Finish(answer.status, call);
            return;
        }
        const grpc::Slice slice(answer.body.constData(), static_cast<std::size_t>(answer.body.size()));
        call->answer = grpc::ByteBuffer(&slice, 1);
        call->stream.WriteAndFinish(call->answer, grpc::WriteOptions(), answer.status, call);
    }

    void run()
    {
        void* tag = nullptr;
        bool ok = false;
        while (m_queue->Next(&tag, &ok)) {
            auto* call = static_cast<Call*>(tag);
            if (!ok || call->step == Step::Finish) {
                delete call;
            } else if (call->step == Step::Accept) {
                accept();
                call->step = Step::Read;
                call->stream.Read(&call->request, call);
            } else {
                reply(call);
            }
        }
    }

    Script m_script;
    grpc::AsyncGenericService m_service;
    std::unique_ptr<grpc::ServerCompletionQueue> m_queue;
    std::unique_ptr<grpc::Server> m_server;
    std::thread m_thread;
    int m_port = 0;
    mutable std::mutex m_mutex;
    std::vector<ReceivedCall> m_calls;
    std::vector<std::unique_ptr<Call>> m_hanging;
};

config::Destination destinationOf(const QString& endpoint)
{
    config::Destination destination;
    destination.name = QStringLiteral("backend");
    destination.protocol = config::ExportProtocol::Grpc;
    destination.endpoint = endpoint;
    return destination;
}

std::string value(const ReceivedCall& call, const char* name)
{
    const auto found = call.metadata.find(name);
    return found != call.metadata.end() ? found->second : std::string();
}

} // namespace

class GrpcExporterTest : public QObject {
    Q_OBJECT

    ManualClock m_clock;

    std::unique_ptr<Exporter> make(const config::Destination& destination, SecretResolver secrets = {})
    {
        auto exporter = makeExporter(destination, {m_clock, std::move(secrets)});
        return exporter ? std::move(*exporter) : nullptr;
    }

    static std::optional<ExportOutcome> send(Exporter& exporter, Signal signal = Signal::Traces,
                                             const QByteArray& body = "request")
    {
        std::optional<ExportOutcome> outcome;
        exporter.exportBatch(signal, body, [&outcome](const ExportOutcome& result) { outcome = result; });
        return QTest::qWaitFor([&] { return outcome.has_value(); }, 20'000) ? outcome : std::nullopt;
    }

private Q_SLOTS:
#ifdef Q_OS_LINUX
    void nothingOfItRunsWhileThereIsNothingToSend()
    {
        const auto hasThread = [] {
            QDirIterator tasks(QStringLiteral("/proc/self/task"), QDir::Dirs | QDir::NoDotAndDotDot);
            while (tasks.hasNext()) {
                QFile name(tasks.next() + QStringLiteral("/comm"));
                if (name.open(QIODevice::ReadOnly) && name.readAll() == "oriel-grpc\n")
                    return true;
            }
            return false;
        };
        GrpcBackend backend([](const ReceivedCall&) { return Reply{}; });
        const auto exporter = makeExporter(destinationOf(backend.url()), {m_clock, {}, milliseconds(1)});
        for (std::size_t request = 1; request <= 2; ++request) {
            const auto outcome = send(**exporter);
            QCOMPARE(outcome->kind, Kind::Success);
            QCOMPARE(backend.calls().size(), request);
            QTRY_VERIFY(!hasThread());
        }
    }
#endif

    void aBackendThatEchoesTheKeyDoesNotMakeItKnown()
    {
        GrpcBackend backend([](const ReceivedCall& call) {
            return Reply{{grpc::StatusCode::UNAUTHENTICATED, "invalid key: " + value(call, "x-api-key")}, {}, false};
        });
        config::Destination destination = destinationOf(backend.url());
        destination.headers = {{QStringLiteral("x-api-key"), QStringLiteral("blue-horse-42")}};
        const auto exporter = make(destination);
        QCOMPARE(send(*exporter)->message, QStringLiteral("gRPC UNAUTHENTICATED: invalid key: [masked:sent]"));
    }

    void aRefusedTokenIsFetchedAnewOnce()
    {
        int tokens = 0;
        ScriptedBackend endpoint([&tokens](int, const ReceivedRequest&) {
            return ScriptedBackend::answer("200 OK", "{\"access_token\":\"t" + QByteArray::number(++tokens) + "\"}", {},
                                           "application/json");
        });
        std::atomic<bool> acceptsNothing = false;
        GrpcBackend backend([&acceptsNothing](const ReceivedCall& call) {
            const bool good = !acceptsNothing && value(call, "authorization") == "Bearer t2";
            return good ? Reply{} : Reply{{grpc::StatusCode::UNAUTHENTICATED, "expired"}, {}, false};
        });
        config::Destination destination = destinationOf(backend.url());
        destination.auth.kind = config::AuthKind::Entra;
        destination.auth.user = destination.auth.secret = destination.auth.tenant = destination.auth.scope = QStringLiteral("x");
        destination.auth.tokenUrl = endpoint.url();
        const auto exporter = make(destination);
        QCOMPARE(send(*exporter)->kind, Kind::Success);
        QCOMPARE(backend.calls().size(), 2U);
        acceptsNothing = true;
        const auto refused = send(*exporter);
        QCOMPARE(refused->kind, Kind::Unauthenticated);
        QVERIFY(refused->message.contains(QStringLiteral("expired")));
        QCOMPARE(tokens, 3);
        QCOMPARE(backend.calls().size(), 4U);
    }

    void whatGrpcDoesNotHaveIsRefusedAtOnce()
    {
        config::Destination destination = destinationOf(QStringLiteral("http://127.0.0.1:1"));
        destination.compression = QStringLiteral("zstd");
        QCOMPARE(makeExporter(destination, {m_clock, {}}).error().code, ErrorCode::Unsupported);
    }

    void eachSignalGoesToItsServiceWithItsMetadata()
    {
        GrpcBackend backend([](const ReceivedCall&) { return Reply{}; });
        config::Destination destination = destinationOf(backend.url());
        destination.headers = {{QStringLiteral("X-Api-Key"), QStringLiteral("${vault:key}")}};
        const auto exporter = make(destination, [](QStringView) -> Result<QByteArray> { return QByteArray("s3cr3t"); });
        QCOMPARE(exporter->encoding(), Encoding::Protobuf);
        const QByteArray body("\x0a\x00\xff", 3);
        for (const Signal signal : kSignals) {
            const auto outcome = send(*exporter, signal, body);
            QVERIFY2(outcome && outcome->kind == Kind::Success, outcome ? qPrintable(outcome->message) : "no answer");
            QCOMPARE(outcome->message, QStringLiteral("gRPC OK"));
        }
        const auto calls = backend.calls();
        QCOMPARE(calls.size(), std::size_t(3));
        QCOMPARE(calls[0].method, std::string("/opentelemetry.proto.collector.trace.v1.TraceService/Export"));
        QCOMPARE(calls[1].method, std::string("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"));
        QCOMPARE(calls[2].method, std::string("/opentelemetry.proto.collector.logs.v1.LogsService/Export"));
        QCOMPARE(calls[0].body, body);
        QCOMPARE(value(calls[0], "x-api-key"), std::string("s3cr3t"));
        QVERIFY(QByteArray::fromStdString(value(calls[0], "user-agent")).contains("OTel-OTLP-Exporter-Cpp/"));
    }

    void compressedAndLargeRequestsArrive()
    {
        GrpcBackend backend([](const ReceivedCall&) { return Reply{}; });
        config::Destination destination = destinationOf(backend.url());
        destination.compression = QStringLiteral("gzip");
        const auto exporter = make(destination);
        const QByteArray body(3'000'000, 'a');
        QCOMPARE(send(*exporter, Signal::Traces, body)->kind, Kind::Success);
        QCOMPARE(backend.calls()[0].body, body);
    }

    void partialSuccessIsRead()
    {
        GrpcBackend backend([](const ReceivedCall&) {
            return Reply{{}, encodeExportResponse(Signal::Traces, {4, QStringLiteral("4 too old")}, Encoding::Protobuf), false};
        });
        const auto exporter = make(destinationOf(backend.url()));
        const auto outcome = send(*exporter);
        QCOMPARE(outcome->kind, Kind::PartialSuccess);
        QCOMPARE(outcome->rejected, std::int64_t(4));
        QVERIFY(outcome->message.contains(QStringLiteral("4 too old")));
    }

    void dataThatWasTakenWithAnAnswerTooLargeToReadIsNotSentAgain()
    {
        GrpcBackend backend([](const ReceivedCall&) { return Reply{{}, QByteArray(5 * 1024 * 1024, 'x'), false}; });
        const auto exporter = make(destinationOf(backend.url()));
        const auto outcome = send(*exporter);
        QVERIFY(outcome.has_value());
        QVERIFY2(outcome->kind == Kind::Success, qPrintable(outcome->message));
        QVERIFY2(outcome->message.contains(QStringLiteral("the answer cannot be read")), qPrintable(outcome->message));
        QCOMPARE(backend.calls().size(), std::size_t(1));
        // The channel is as good as before.
        QCOMPARE(send(*exporter)->kind, Kind::Success);
    }

    /// The words are the same as gRPC's own for an answer.
    void aServerThatCallsTheRequestTooLargeHasNotTakenIt()
    {
        GrpcBackend backend([](const ReceivedCall&) {
            return Reply{
                {grpc::StatusCode::RESOURCE_EXHAUSTED, "Received message larger than max (5242880 vs. 4194304)"}, {}, false};
        });
        const auto exporter = make(destinationOf(backend.url()));
        const auto outcome = send(*exporter);
        QVERIFY(outcome.has_value());
        QCOMPARE(outcome->kind, Kind::Permanent);
        QCOMPARE(outcome->code, static_cast<int>(grpc::StatusCode::RESOURCE_EXHAUSTED));
    }

    void statusesAreJudgedByTheRulesOfOtlp_data()
    {
        QTest::addColumn<int>("code");
        QTest::addColumn<bool>("retryInfo");
        QTest::addColumn<int>("kind");
        const auto row = [](const char* name, grpc::StatusCode code, bool retryInfo, Kind kind) {
            QTest::newRow(name) << static_cast<int>(code) << retryInfo << static_cast<int>(kind);
        };
        using grpc::StatusCode;
        row("UNAVAILABLE", StatusCode::UNAVAILABLE, false, Kind::Retryable);
        row("UNAVAILABLE with RetryInfo", StatusCode::UNAVAILABLE, true, Kind::Retryable);
        row("ABORTED", StatusCode::ABORTED, false, Kind::Retryable);
        row("CANCELLED", StatusCode::CANCELLED, false, Kind::Retryable);
        row("OUT_OF_RANGE", StatusCode::OUT_OF_RANGE, false, Kind::Retryable);
        row("DATA_LOSS", StatusCode::DATA_LOSS, false, Kind::Retryable);
        row("DEADLINE_EXCEEDED", StatusCode::DEADLINE_EXCEEDED, false, Kind::Retryable);
        row("RESOURCE_EXHAUSTED with RetryInfo", StatusCode::RESOURCE_EXHAUSTED, true, Kind::Retryable);
        row("RESOURCE_EXHAUSTED", StatusCode::RESOURCE_EXHAUSTED, false, Kind::Permanent);
        row("INVALID_ARGUMENT", StatusCode::INVALID_ARGUMENT, false, Kind::Permanent);
        row("UNKNOWN", StatusCode::UNKNOWN, false, Kind::Permanent);
        row("INTERNAL", StatusCode::INTERNAL, false, Kind::Permanent);
        row("UNIMPLEMENTED", StatusCode::UNIMPLEMENTED, false, Kind::Misaddressed);
        row("UNAUTHENTICATED", StatusCode::UNAUTHENTICATED, false, Kind::Unauthenticated);
        row("PERMISSION_DENIED", StatusCode::PERMISSION_DENIED, false, Kind::Unauthenticated);
    }
    void statusesAreJudgedByTheRulesOfOtlp()
    {
        QFETCH(int, code);
        QFETCH(bool, retryInfo);
        QFETCH(int, kind);
        const RpcStatus details{code, QStringLiteral("busy"), retryInfo ? std::optional(milliseconds(2'500)) : std::nullopt};
        GrpcBackend backend([&](const ReceivedCall&) {
            return Reply{grpc::Status(static_cast<grpc::StatusCode>(code), "busy just now",
                                      encodeRpcStatus(details, Encoding::Protobuf).toStdString()),
                         {},
                         false};
        });
        const auto exporter = make(destinationOf(backend.url()));
        const auto outcome = send(*exporter);
        QVERIFY(outcome.has_value());
        QCOMPARE(static_cast<int>(outcome->kind), kind);
        QCOMPARE(outcome->code, code);
        QVERIFY2(outcome->message.contains(QStringLiteral("busy just now")), qPrintable(outcome->message));
        QCOMPARE(outcome->retryAfter, details.retryDelay);
    }

    void aUsedUpQuotaIsWaitedForAndCostsNothing()
    {
        std::atomic<bool> hasQuota = false;
        GrpcBackend backend([&hasQuota](const ReceivedCall&) {
            return hasQuota ? Reply{} : Reply{{grpc::StatusCode::RESOURCE_EXHAUSTED, "quota exceeded"}, {}, false};
        });
        SeededRandom random(1);
        ExportPipeline pipeline({m_clock, random, {}, {}, {}, {std::chrono::hours(1), std::chrono::hours(1)}});
        config::Telemetry settings;
        settings.destinations = {destinationOf(backend.url())};
        settings.spanInterval = milliseconds(10);
        pipeline.configure(settings, full::resource("oriel-test"), full::scope());
        QTRY_VERIFY(pipeline.wants(Signal::Traces));
        constexpr std::uint64_t kSpans = 100;
        std::vector<telemetry::SpanData> spans;
        for (std::uint64_t i = 1; i <= kSpans; ++i) {
            spans.push_back(full::span());
            spans.back().spanId = {i};
            spans.back().attributes = {{"text", QByteArray(4'096, 'x')}};
        }
        pipeline.submitSpans(std::move(spans));
        const auto status = [&pipeline] { return pipeline.status().value(0); };
        QTRY_COMPARE(status().state, DestinationState::Retrying);
        QCOMPARE(status().dropped, 0ULL);
        QCOMPARE(status().queued, kSpans);
        QVERIFY(status().lastError.contains(QStringLiteral("quota exceeded")));
        QVERIFY2(backend.calls().size() <= 5, QByteArray::number(static_cast<qulonglong>(backend.calls().size())).constData());
        hasQuota = true;
        pipeline.resume(QStringLiteral("backend"));
        QTRY_COMPARE(status().sent, kSpans);
        QCOMPARE(status().dropped, 0ULL);
    }

    void aBackendThatHangsIsGivenUp()
    {
        GrpcBackend backend([](const ReceivedCall&) { return Reply{{}, {}, true}; });
        config::Destination destination = destinationOf(backend.url());
        destination.timeout = milliseconds(200);
        const auto exporter = make(destination);
        const auto outcome = send(*exporter);
        QCOMPARE(outcome->kind, Kind::Retryable);
        QVERIFY(outcome->message.contains(QStringLiteral("DEADLINE_EXCEEDED")));
    }

    void nobodyListeningIsWorthAnotherTry()
    {
        const auto exporter = make(destinationOf(QStringLiteral("http://127.0.0.1:1")));
        const auto outcome = send(*exporter);
        QCOMPARE(outcome->kind, Kind::Retryable);
        QVERIFY(outcome->message.contains(QStringLiteral("UNAVAILABLE")));
    }

    /// gRPC would go on refusing by itself for up to two minutes.
    void aBackendThatComesBackIsReachedByTheNextTry()
    {
        const ReservedPort place;
        const auto taken = [](const ReceivedCall&) { return Reply{}; };
        const auto exporter = make(destinationOf(QStringLiteral("http://127.0.0.1:%1").arg(place.port())));
        for (int life = 0; life < 2; ++life) {
            for (int i = 0; i < 3; ++i)
                QCOMPARE(send(*exporter)->kind, Kind::Retryable);
            const GrpcBackend backend(taken, place.port());
            QCOMPARE(send(*exporter)->kind, Kind::Success);
            QCOMPARE(backend.calls().size(), std::size_t(1));
        }
    }

    void aHeaderThatGrpcCannotCarryPausesAndSaysWhatToDo()
    {
        config::Destination destination = destinationOf(QStringLiteral("http://127.0.0.1:1"));
        for (const auto& [name, text] : {std::pair(QStringLiteral("grpc-timeout"), QStringLiteral("1")),
                                         std::pair(QStringLiteral("User-Agent"), QStringLiteral("mine")),
                                         std::pair(QStringLiteral("b\u00e4d"), QStringLiteral("1")),
                                         std::pair(QStringLiteral("x-key"), QStringLiteral("line\nbreak"))}) {
            destination.headers = {{name, text}};
            const auto exporter = make(destination);
            const auto outcome = send(*exporter);
            QCOMPARE(outcome->kind, Kind::Unauthenticated);
            QVERIFY(outcome->message.contains(QStringLiteral("cannot be sent over gRPC: remove it")));
        }
    }

    void anExporterThatEndsCallsNobodyBack()
    {
        GrpcBackend backend([](const ReceivedCall&) { return Reply{{}, {}, true}; });
        auto exporter = make(destinationOf(backend.url()));
        bool called = false;
        exporter->exportBatch(Signal::Traces, "x", [&called](const ExportOutcome&) { called = true; });
        QTRY_COMPARE(backend.calls().size(), std::size_t(1));
        exporter.reset();
        QCoreApplication::processEvents();
        QVERIFY(!called);
    }

    void anExporterThatNeverSentEndsQuietly()
    {
        const auto exporter = make(destinationOf(QStringLiteral("https://collector.example")));
        QVERIFY(exporter != nullptr);
        config::Destination destination = destinationOf(QStringLiteral("https://collector.example"));
        destination.caFile = QStringLiteral("/nowhere/ca.pem");
        QVERIFY(make(destination) == nullptr);
        QVERIFY(make(destinationOf({})) == nullptr);
    }
};

QTEST_GUILESS_MAIN(GrpcExporterTest)
#include "tst_grpc_exporter.moc"
