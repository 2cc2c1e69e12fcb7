// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/receiver/grpc_server.h"

#include "base/background_thread.h"
#include "otlp/codec/gzip.h"

// gRPC's headers are not written for our warnings.
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

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace oriel::otlp {

namespace {

/// Calls whose messages may be in memory at a time; further ones wait in their connections.
constexpr std::size_t kMaxCalls = 8;
constexpr int kMaxStreams = 64;

std::optional<Signal> signalOf(const std::string& method)
{
    if (method == "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        return Signal::Traces;
    if (method == "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")
        return Signal::Metrics;
    if (method == "/opentelemetry.proto.collector.logs.v1.LogsService/Export")
        return Signal::Logs;
    return std::nullopt;
}

Result<QByteArray> messageOf(const grpc::ByteBuffer& buffer)
{
    std::vector<grpc::Slice> slices;
    if (!buffer.Dump(&slices).ok())
        return fail(ErrorCode::Parse, QStringLiteral("the message cannot be read"));
    QByteArray message;
    message.reserve(static_cast<qsizetype>(buffer.Length()));
    for (const grpc::Slice& slice : slices)
        message.append(reinterpret_cast<const char*>(slice.begin()), static_cast<qsizetype>(slice.size()));
    // No protobuf message begins like a gzip file: that would be a field of wire type 7.
    if (message.startsWith("\x1f\x8b"))
        return gunzip(message, kMaxReceivedBytes);
    return message;
}

/// With the details of `status` in grpc-status-details-bin.
grpc::Status withDetails(const RpcStatus& status)
{
    return {static_cast<grpc::StatusCode>(status.code), status.message.toStdString(),
            encodeRpcStatus(status, Encoding::Protobuf).toStdString()};
}

grpc::Status statusFor(const Error& error)
{
    return error.code == ErrorCode::TooLarge ? grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, error.message.toStdString())
                                             : withDetails(unreadable(error.message));
}

grpc::Status busyStatus()
{
    return withDetails({static_cast<int>(grpc::StatusCode::UNAVAILABLE),
                        QStringLiteral("the store cannot keep up just now; send it again"),
                        kReceiverRetryDelay,
                        {}});
}

} // namespace

/// The server and the thread that serves it. A call goes through Accept, Read and Finish; the object goes with the last.
class GrpcServer::Calls {
public:
    Calls(ReceiverService& service, std::chrono::milliseconds callTimeout) : m_service(service), m_callTimeout(callTimeout) {}
    Calls(const Calls&) = delete;
    Calls& operator=(const Calls&) = delete;
    ~Calls()
    {
        close(std::chrono::milliseconds(0));
        if (m_queue)
            m_queue->Shutdown();
        if (m_thread.joinable())
            m_thread.join();
    }

    void close(std::chrono::milliseconds patience)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stopping = true;
        }
        if (m_server)
            m_server->Shutdown(std::chrono::system_clock::now() + patience);
    }

    /// Without targets, connections come by serve().
    bool start(const std::vector<std::string>& targets)
    {
        grpc::ServerBuilder builder;
        std::vector<int> ports(targets.size());
        if (targets.empty())
            m_acceptor = builder.experimental().AddExternalConnectionAcceptor(
                grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, grpc::InsecureServerCredentials());
        for (std::size_t i = 0; i < targets.size(); ++i)
            builder.AddListeningPort(targets[i], grpc::InsecureServerCredentials(), &ports[i]);
        builder.RegisterAsyncGenericService(&m_generic);
        builder.SetMaxReceiveMessageSize(static_cast<int>(kMaxReceivedBytes));
        builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
        builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
        builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
        // Else a second program could listen on the same port, and each would get a part.
        builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
        m_queue = builder.AddCompletionQueue();
        m_server = builder.BuildAndStart();
        if (!m_server || std::any_of(ports.begin(), ports.end(), [](int port) { return port <= 0; })) {
            // gRPC wants its queue empty.
            if (m_server)
                m_server->Shutdown();
            m_server.reset();
            m_queue->Shutdown();
            run();
            m_queue.reset();
            return false;
        }
        touch();
        m_thread = std::thread([this] {
            enterBackground("oriel-grpc-in");
            accept();
            run();
        });
        return true;
    }

    void serve(int socket)
    {
        touch();
        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
        connection.fd = socket;
        m_acceptor->HandleNewConnection(&connection);
    }

    [[nodiscard]] std::chrono::milliseconds idleFor() const
    {
        if (m_openCalls.load() != 0)
            return std::chrono::milliseconds(0);
        return std::chrono::duration_cast<std::chrono::milliseconds>(Time::now() - m_lastUse.load());
    }

private:
    using Time = std::chrono::steady_clock;
    enum class Step { Accept, Read, Finish };
    struct Call {
        grpc::GenericServerContext context;
        grpc::GenericServerAsyncReaderWriter stream{&context};
        grpc::ByteBuffer request;
        grpc::ByteBuffer answer;
        Step step = Step::Accept;
        Time::time_point due = Time::time_point::max(); ///< when its step is cancelled
    };

    void touch() { m_lastUse = Time::now(); }

    void accept()
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping || m_accepting || m_calls.size() >= kMaxCalls)
            return;
        m_accepting = true;
        auto* call = new Call;
        m_generic.RequestCall(&call->context, &call->stream, m_queue.get(), m_queue.get(), call);
    }

    void begin(Call* call, Step step) const
    {
        call->step = step;
        call->due = Time::now() + m_callTimeout;
    }

    void finish(Call* call, const grpc::Status& status) const
    {
        begin(call, Step::Finish);
        call->stream.Finish(status, call);
    }

    void accepted(Call* call)
    {
        m_calls.push_back(call);
        m_openCalls = m_calls.size();
        m_accepting = false;
        accept();
        if (!signalOf(call->context.method()))
            return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "this receiver takes traces, metrics and logs"});
        if (m_service.isBusy()) {
            m_service.countBusy();
            return finish(call, busyStatus());
        }
        begin(call, Step::Read);
        call->stream.Read(&call->request, call);
    }

    void received(Call* call)
    {
        const Signal signal = *signalOf(call->context.method());
        const Result<QByteArray> message = messageOf(call->request);
        call->request.Clear();
        if (!message) {
            m_service.countFailed();
            return finish(call, statusFor(message.error()));
        }
        const ReceivedOutcome outcome = m_service.take(signal, *message, Encoding::Protobuf);
        if (outcome.kind == ReceivedOutcome::Kind::Busy)
            return finish(call, busyStatus());
        if (outcome.kind == ReceivedOutcome::Kind::TooLarge)
            return finish(call, {grpc::StatusCode::RESOURCE_EXHAUSTED, outcome.partial.message.toStdString()});
        if (outcome.kind == ReceivedOutcome::Kind::Malformed)
            return finish(call, withDetails(unreadable(outcome.partial.message, signal)));
        const QByteArray body = encodeExportResponse(signal, outcome.partial, Encoding::Protobuf);
        const grpc::Slice slice(body.constData(), static_cast<std::size_t>(body.size()));
        call->answer = grpc::ByteBuffer(&slice, 1);
        begin(call, Step::Finish);
        call->stream.WriteAndFinish(call->answer, grpc::WriteOptions(), grpc::Status::OK, call);
    }

    /// The next event; false once the queue is shut down.
    bool next(void** tag, bool* ok)
    {
        using Next = grpc::CompletionQueue::NextStatus;
        for (;;) {
            Time::time_point due = Time::time_point::max();
            for (const Call* call : m_calls)
                due = std::min(due, call->due);
            if (due == Time::time_point::max())
                return m_queue->Next(tag, ok);
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Time::now());
            const Next status = m_queue->AsyncNext(tag, ok, std::chrono::system_clock::now() + left);
            if (status != Next::TIMEOUT)
                return status == Next::GOT_EVENT;
            // Not before: what waits in the queue may be the message of a call that only this thread has kept waiting.
            cancelLate();
        }
    }

    void cancelLate()
    {
        const Time::time_point now = Time::now();
        for (Call* call : m_calls) {
            if (call->due > now)
                continue;
            call->due = Time::time_point::max();
            call->context.TryCancel();
        }
    }

    void run()
    {
        void* tag = nullptr;
        bool ok = false;
        while (next(&tag, &ok)) {
            auto* call = static_cast<Call*>(tag);
            switch (call->step) {
            case Step::Accept:
                if (ok)
                    accepted(call);
                else
                    delete call;
                break;
            case Step::Read:
                // Without a message: the sender has gone, or gRPC has refused what is too large and said so.
                if (ok)
                    received(call);
                else
                    finish(call, withDetails(unreadable(QStringLiteral("there was no message"))));
                break;
            case Step::Finish:
                m_calls.erase(std::find(m_calls.begin(), m_calls.end(), call));
                touch();
                m_openCalls = m_calls.size();
                delete call;
                accept();
                break;
            }
        }
    }

    ReceiverService& m_service;
    grpc::AsyncGenericService m_generic;
    std::unique_ptr<grpc::ServerCompletionQueue> m_queue;
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> m_acceptor;
    std::unique_ptr<grpc::Server> m_server;
    std::thread m_thread;
    const std::chrono::milliseconds m_callTimeout;
    std::vector<Call*> m_calls; ///< accepted and not finished; worker thread
    bool m_accepting = false;   ///< worker thread
    std::atomic<std::size_t> m_openCalls{0};
    std::atomic<Time::time_point> m_lastUse{Time::time_point()}; ///< of the last call's end or of a new connection
    std::mutex m_mutex;                                          ///< no call may be asked for once the queue is being shut down
    bool m_stopping = false;
};

GrpcServer::GrpcServer(std::unique_ptr<Calls> calls) : m_calls(std::move(calls)) {}

GrpcServer::~GrpcServer() = default;

std::unique_ptr<GrpcServer> GrpcServer::start(ReceiverService& service, std::chrono::milliseconds callTimeout,
                                              const std::vector<std::string>& targets)
{
    auto calls = std::make_unique<Calls>(service, callTimeout);
    if (!calls->start(targets))
        return nullptr;
    return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(calls)));
}

void GrpcServer::serve(int socket)
{
    m_calls->serve(socket);
}

void GrpcServer::close(std::chrono::milliseconds patience)
{
    m_calls->close(patience);
}

std::chrono::milliseconds GrpcServer::idleFor() const
{
    return m_calls->idleFor();
}

} // namespace oriel::otlp
