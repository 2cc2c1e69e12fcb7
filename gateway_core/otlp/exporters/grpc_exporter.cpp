// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/grpc_exporter.h"

#include "base/background_thread.h"
#include "otlp/codec/response.h"
#include "otlp/exporters/resource_attributes.h"

#include <QFile>
#include <QTimer>

// gRPC's headers are not written for our warnings.
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
#include <grpcpp/security/credentials.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

namespace oriel::otlp {

namespace {

/// Of an answer. gRPC reports a larger one in the words and with the code in which it tells a client that its request is larger
/// than the server takes (4,194,304 bytes where nobody says otherwise); only the number tells who said it.
constexpr int kMaxAnswer = 4 * 1024 * 1024 + 1;

constexpr const char* methodOf(Signal signal)
{
    switch (signal) {
    case Signal::Traces:
        return "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    case Signal::Metrics:
        return "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    case Signal::Logs:
        return "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    }
    return "";
}

Result<std::string> readFile(const QString& path)
{
    if (path.isEmpty())
        return std::string();
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return fail(ErrorCode::Io, QStringLiteral("the certificate or key cannot be read: %1").arg(file.errorString()), path,
                    QStringLiteral("Check the path and its permissions."));
    }
    return file.readAll().toStdString();
}

/// gRPC ends the process when a header name or value is outside its grammar, so these have to be found before.
bool isSendable(const QByteArray& name, const QByteArray& value)
{
    if (name.isEmpty() || name.startsWith("grpc-") || name == "content-type" || name == "te" || name == "user-agent")
        return false;
    const bool nameIsLegal = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    return nameIsLegal && std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

QByteArray toBytes(const grpc::ByteBuffer& buffer)
{
    std::vector<grpc::Slice> slices;
    QByteArray out;
    if (!buffer.Dump(&slices).ok())
        return out;
    for (const grpc::Slice& slice : slices)
        out.append(reinterpret_cast<const char*>(slice.begin()), static_cast<qsizetype>(slice.size()));
    return out;
}

bool isRetryable(grpc::StatusCode code, bool hasRetryInfo)
{
    switch (code) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
        return true;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
        return hasRetryInfo;
    default:
        return false;
    }
}

const char* codeName(grpc::StatusCode code)
{
    static constexpr std::array kNames{
        "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};
    const auto index = static_cast<std::size_t>(code);
    return index < kNames.size() ? kNames[index] : "UNKNOWN";
}

/// Did the server answer with more than kMaxAnswer?
bool isAnswerTooLarge(const grpc::Status& status)
{
    return status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
           status.error_message().find("Received message larger than max") != std::string::npos &&
           status.error_message().find(" vs. " + std::to_string(kMaxAnswer) + ")") != std::string::npos;
}

ExportOutcome judge(const grpc::Status& status, const grpc::ByteBuffer& answer)
{
    using Kind = ExportOutcome::Kind;
    // A server that refuses answers with a status alone: who sends a message has taken the data.
    if (isAnswerTooLarge(status))
        return {Kind::Success, 0, 0, QStringLiteral("gRPC OK: the answer cannot be read: it is larger than 4 MiB"), {}};
    if (status.ok()) {
        const auto partial = decodeExportResponse(toBytes(answer), Encoding::Protobuf);
        if (!partial || *partial == PartialSuccess{})
            return {Kind::Success, 0, 0, QStringLiteral("gRPC OK"), {}};
        return {Kind::PartialSuccess, partial->rejected, 0, QStringLiteral("gRPC OK: ") + partial->message, {}};
    }
    std::optional<std::chrono::milliseconds> retryAfter;
    const QByteArray details = QByteArray::fromStdString(status.error_details());
    if (!details.isEmpty()) {
        if (const auto rpc = decodeRpcStatus(details, Encoding::Protobuf))
            retryAfter = rpc->retryDelay;
    }
    QString message = QStringLiteral("gRPC %1").arg(QLatin1StringView(codeName(status.error_code())));
    if (!status.error_message().empty())
        message += QStringLiteral(": ") + QString::fromStdString(status.error_message()).simplified();
    const int code = static_cast<int>(status.error_code());
    if (isRetryable(status.error_code(), retryAfter.has_value()))
        return {Kind::Retryable, 0, code, message, retryAfter};
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
        return {Kind::Misaddressed, 0, code, message, {}};
    const bool credentials =
        status.error_code() == grpc::StatusCode::UNAUTHENTICATED || status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
    return {credentials ? Kind::Unauthenticated : Kind::Permanent, 0, code, message, {}};
}

struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
    grpc::ByteBuffer answer;
    grpc::Status status;
    Exporter::Done done;
};

} // namespace

/// The channels and the thread that waits for their answers. Ending it cancels what is under way and joins.
class GrpcExporter::Worker {
public:
    explicit Worker(QObject& home) : m_home(home) {}
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker()
    {
        {
            const std::lock_guard lock(m_mutex);
            for (Call* call : m_calls)
                call->context.TryCancel();
        }
        m_queue.Shutdown();
        if (m_thread.joinable())
            m_thread.join();
        else
            run(); // gRPC wants its queue empty, also when nothing was ever sent
    }

    Status open(const config::Destination& destination)
    {
        for (const Signal signal : kSignals) {
            const auto target = grpcTarget(destination, signal);
            const bool wanted = signal == Signal::Traces    ? destination.traces
                                : signal == Signal::Metrics ? destination.metrics
                                                            : destination.logs;
            if (!target && wanted)
                return fail(target.error());
            if (!target)
                continue;
            auto& channel = m_channels[{target->target, target->tls}];
            if (!channel) {
                const auto credentials = makeCredentials(destination, target->tls);
                if (!credentials)
                    return fail(credentials.error());
                grpc::ChannelArguments arguments;
                arguments.SetUserAgentPrefix("Oriel/" ORIEL_VERSION " OTel-OTLP-Exporter-Cpp/" ORIEL_VERSION);
                // Two destinations with the same address must not share a connection, since their certificates may differ.
                arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
                arguments.SetMaxReceiveMessageSize(kMaxAnswer);
                channel = grpc::CreateCustomChannel(target->target.toStdString(), *credentials, arguments);
            }
            m_stubs[static_cast<std::size_t>(signal)] = std::make_unique<grpc::GenericStub>(channel);
        }
        return {};
    }

    void start(Signal signal, const QByteArray& request, std::unique_ptr<Call> call)
    {
        const grpc::Slice slice(request.constData(), static_cast<std::size_t>(request.size()));
        const grpc::ByteBuffer buffer(&slice, 1);
        Call* const tag = call.release();
        {
            const std::lock_guard lock(m_mutex);
            m_calls.insert(tag);
        }
        if (!m_thread.joinable())
            m_thread = std::thread([this] {
                enterBackground("oriel-grpc");
                run();
            });
        tag->reader =
            m_stubs[static_cast<std::size_t>(signal)]->PrepareUnaryCall(&tag->context, methodOf(signal), buffer, &m_queue);
        tag->reader->StartCall();
        tag->reader->Finish(&tag->answer, &tag->status, tag);
    }

    [[nodiscard]] bool serves(Signal signal) const { return m_stubs[static_cast<std::size_t>(signal)] != nullptr; }

private:
    static Result<std::shared_ptr<grpc::ChannelCredentials>> makeCredentials(const config::Destination& destination, bool tls)
    {
        if (!tls)
            return grpc::InsecureChannelCredentials();
        const auto roots = readFile(destination.caFile);
        const auto key = readFile(destination.keyFile);
        const auto chain = readFile(destination.certFile);
        for (const auto* file : {&roots, &key, &chain}) {
            if (!*file)
                return fail(file->error());
        }
        grpc::SslCredentialsOptions options;
        options.pem_root_certs = *roots;
        options.pem_private_key = *key;
        options.pem_cert_chain = *chain;
        return grpc::SslCredentials(options);
    }

    void run()
    {
        void* tag = nullptr;
        bool ok = false;
        while (m_queue.Next(&tag, &ok)) {
            std::unique_ptr<Call> call(static_cast<Call*>(tag));
            {
                const std::lock_guard lock(m_mutex);
                m_calls.erase(call.get());
            }
            const ExportOutcome outcome = judge(call->status, call->answer);
            QMetaObject::invokeMethod(
                &m_home, [done = std::move(call->done), outcome] { done(outcome); }, Qt::QueuedConnection);
        }
    }

    QObject& m_home;
    grpc::CompletionQueue m_queue;
    std::map<std::pair<QString, bool>, std::shared_ptr<grpc::Channel>> m_channels;
    std::array<std::unique_ptr<grpc::GenericStub>, kSignalCount> m_stubs;
    std::thread m_thread;
    std::mutex m_mutex;
    std::unordered_set<Call*> m_calls;
};

GrpcExporter::GrpcExporter(const config::Destination& destination, const ExporterContext& context)
    : m_destination(destination),
      m_context(context),
      m_home(std::make_unique<QObject>()),
      m_idleTimer(new QTimer(m_home.get()))
{
    m_idleTimer->setSingleShot(true);
    QObject::connect(m_idleTimer, &QTimer::timeout, m_home.get(), [this] { m_worker.reset(); });
}

GrpcExporter::~GrpcExporter()
{
    // The worker posts to the home, so it has to end first.
    m_worker.reset();
}

Result<std::unique_ptr<Exporter>> GrpcExporter::create(const config::Destination& destination, const ExporterContext& context)
{
    if (destination.compression == QLatin1StringView("zstd")) {
        return fail(ErrorCode::Unsupported, QStringLiteral("zstd is for HTTP; gRPC has gzip"), QStringLiteral("compression"),
                    QStringLiteral("Use gzip, or http/protobuf."));
    }
    std::unique_ptr<GrpcExporter> exporter(new GrpcExporter(destination, context));
    auto authorizer = makeAuthorizer(destination, context);
    if (!authorizer)
        return fail(authorizer.error());
    exporter->m_authorizer = std::move(*authorizer);
    if (const Status opened = exporter->openChannels(); !opened)
        return fail(opened.error());
    return std::unique_ptr<Exporter>(std::move(exporter));
}

Status GrpcExporter::openChannels()
{
    if (!m_worker) {
        auto worker = std::make_unique<Worker>(*m_home);
        if (Status opened = worker->open(m_destination); !opened)
            return opened;
        m_worker = std::move(worker);
    }
    if (m_inFlight == 0)
        m_idleTimer->start(m_context.idleChannels);
    return {};
}

void GrpcExporter::answered(ExportOutcome::Kind kind)
{
    if (--m_inFlight != 0)
        return;
    if (kind == ExportOutcome::Kind::Retryable)
        m_worker.reset();
    else
        m_idleTimer->start(m_context.idleChannels);
}

void GrpcExporter::finish(Done done, const ExportOutcome& outcome)
{
    QMetaObject::invokeMethod(
        m_home.get(), [done = std::move(done), outcome] { done(outcome); }, Qt::QueuedConnection);
}

void GrpcExporter::exportBatch(Signal signal, const QByteArray& request, Done done)
{
    using Kind = ExportOutcome::Kind;
    auto headers = configuredHeaders(m_destination, signal, m_context.secrets);
    if (!headers)
        return finish(std::move(done), {Kind::Retryable, 0, 0, headers.error().toString(), {}});
    const auto amended = withResourceAttributes(request, signal, Encoding::Protobuf, m_destination.resourceAttributes);
    if (!amended)
        return finish(std::move(done), {Kind::Permanent, 0, 0, amended.error().toString(), {}});
    authorize(std::make_shared<Attempt>(Attempt{signal, *amended, std::move(*headers), std::move(done), false}));
}

void GrpcExporter::authorize(std::shared_ptr<Attempt> attempt)
{
    if (!m_authorizer)
        return send(attempt, {});
    m_authorizer->authorize({attempt->signal, {}, attempt->headers, {}},
                            [this, attempt](const Result<RequestHeaders>& authorization) {
                                if (!authorization)
                                    return finish(std::move(attempt->done), unauthorizedOutcome(authorization.error()));
                                send(attempt, *authorization);
                            });
}

void GrpcExporter::send(const std::shared_ptr<Attempt>& attempt, const RequestHeaders& authorization)
{
    using Kind = ExportOutcome::Kind;
    if (const Status opened = openChannels(); !opened)
        return finish(std::move(attempt->done), {Kind::Retryable, 0, 0, opened.error().toString(), {}});
    if (!m_worker->serves(attempt->signal)) {
        return finish(std::move(attempt->done),
                      {Kind::Permanent,
                       0,
                       0,
                       QStringLiteral("there is no endpoint for %1").arg(QLatin1StringView(signalName(attempt->signal))),
                       {}});
    }
    auto call = std::make_unique<Call>();
    for (const auto& [name, value] : attempt->headers + authorization) {
        const QByteArray key = name.toLower();
        if (!isSendable(key, value)) {
            // Nothing is wrong with the data: it waits until the header is corrected.
            return finish(std::move(attempt->done),
                          {ExportOutcome::Kind::Unauthenticated,
                           0,
                           0,
                           QStringLiteral("the header \"%1\" cannot be sent over gRPC: remove it, or give it a name of a-z, 0-9, "
                                          "\"-\", \"_\" and \".\" that is not gRPC's own, and a value in one line of ASCII")
                               .arg(QString::fromUtf8(name)),
                           {}});
        }
        call->context.AddMetadata(key.toStdString(), value.toStdString());
    }
    if (m_destination.timeout.count() > 0)
        call->context.set_deadline(std::chrono::system_clock::now() + m_destination.timeout);
    if (m_destination.compression == QLatin1StringView("gzip"))
        call->context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    call->done = [this, attempt, authorization](ExportOutcome outcome) {
        answered(outcome.kind);
        outcome.message = m_answerText.shown(outcome.message, attempt->headers + authorization);
        const bool refused = outcome.code == static_cast<int>(grpc::StatusCode::UNAUTHENTICATED);
        if (refused && m_authorizer && !attempt->isSecond && m_authorizer->refused(authorization)) {
            attempt->isSecond = true;
            return authorize(attempt);
        }
        attempt->done(outcome);
    };
    ++m_inFlight;
    m_idleTimer->stop();
    m_worker->start(attempt->signal, attempt->request, std::move(call));
}

} // namespace oriel::otlp
