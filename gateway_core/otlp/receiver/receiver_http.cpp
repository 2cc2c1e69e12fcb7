// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/receiver/receiver_http.h"

#include "http/loopback_guard.h"
#include "otlp/codec/gzip.h"
#include "telemetry/prometheus_negotiation.h"

namespace oriel::otlp {

namespace {

/// google.rpc.Code
enum class RpcCode : int {
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Unavailable = 14
};

http::ServerLimits limits()
{
    http::ServerLimits limits;
    limits.maxBodyBytes = kMaxReceivedBytes;
    limits.maxPartialBodyBytes = 2 * kMaxReceivedBytes;
    limits.requestTimeout = std::chrono::seconds(60);
    return limits;
}

std::optional<Signal> signalOf(QByteArrayView path)
{
    for (const Signal signal : kSignals) {
        if (path == QByteArray("/v1/") + signalName(signal))
            return signal;
    }
    return std::nullopt;
}

/// By the media type; its parameters do not matter.
std::optional<Encoding> encodingOf(const http::Headers& headers)
{
    QByteArrayView type = headers.value("Content-Type");
    if (const qsizetype parameters = type.indexOf(';'); parameters >= 0)
        type = type.first(parameters);
    type = type.trimmed();
    for (const Encoding encoding : {Encoding::Protobuf, Encoding::Json}) {
        if (http::equalsIgnoringCase(type, contentType(encoding)))
            return encoding;
    }
    return std::nullopt;
}

bool isGzip(const http::Headers& headers)
{
    return http::equalsIgnoringCase(headers.value("Content-Encoding").trimmed(), "gzip");
}

bool hasKnownCoding(const http::Headers& headers)
{
    const QByteArrayView coding = headers.value("Content-Encoding").trimmed();
    return headers.count("Content-Encoding") <= 1 &&
           (coding.isEmpty() || isGzip(headers) || http::equalsIgnoringCase(coding, "identity"));
}

/// Packs the body for who takes that, where it makes it smaller.
void pack(const http::Headers& asked, http::Response& response)
{
    if (response.body.isEmpty())
        return;
    response.headers.set("Vary", "Accept-Encoding");
    if (!telemetry::acceptsGzip(asked.value("Accept-Encoding")))
        return;
    if (QByteArray packed = gzip(response.body); !packed.isEmpty() && packed.size() < response.body.size()) {
        response.headers.set("Content-Encoding", "gzip");
        response.body = std::move(packed);
    }
}

/// In the request's encoding; in JSON where that is not known.
http::Response problem(const http::Headers& asked, int httpStatus, const RpcStatus& status)
{
    const Encoding encoding = encodingOf(asked).value_or(Encoding::Json);
    http::Response response;
    response.status = httpStatus;
    response.headers.set("Content-Type", contentType(encoding));
    if (status.retryDelay)
        response.headers.set("Retry-After", QByteArray::number((status.retryDelay->count() + 999) / 1000));
    response.body = encodeRpcStatus(status, encoding);
    pack(asked, response);
    return response;
}

http::Response problem(const http::Headers& asked, int httpStatus, RpcCode code, const QString& message,
                       std::optional<std::chrono::milliseconds> retryDelay = {})
{
    return problem(asked, httpStatus, RpcStatus{static_cast<int>(code), message, retryDelay, {}});
}

http::Response busy(const http::Headers& asked)
{
    return problem(asked, 503, RpcCode::Unavailable, QStringLiteral("The store cannot keep up just now; send it again."),
                   kReceiverRetryDelay);
}

RpcCode codeFor(int status)
{
    switch (status) {
    case 408:
        return RpcCode::DeadlineExceeded;
    case 413:
    case 431:
        return RpcCode::ResourceExhausted;
    case 503:
        return RpcCode::Unavailable;
    default:
        return RpcCode::InvalidArgument;
    }
}

} // namespace

HttpReceiver::HttpReceiver(ReceiverService& service, const Clock& clock) : m_service(service), m_server(limits(), clock)
{
    m_server.setHeadCheck([this](const http::Request& head) { return refuse(head); });
    m_server.setHandler([this](http::Request&& request, http::Exchange exchange) { exchange.respond(answer(request)); });
    m_server.setOnRefusal([this](const http::Request& head, http::Response& response) {
        const QString words = QString::fromUtf8(response.body).trimmed();
        const bool again = response.status == 503;
        if (again)
            m_service.countBusy();
        if (response.status == 400) {
            response = problem(head.headers, 400, unreadable(words));
            return;
        }
        response = problem(head.headers, response.status, codeFor(response.status), words,
                           again ? std::optional(kReceiverRetryDelay) : std::nullopt);
    });
}

Status HttpReceiver::listen(const QHostAddress& address, quint16 port)
{
    const auto places = http::loopbackPorts(address, port);
    if (!places)
        return fail(places.error());
    m_places = *places;
    if (const auto listening = m_server.listen(address, places->port); !listening)
        return fail(listening.error());
    if (m_places.hasBoth()) {
        if (const Status listening = m_server.listenAlso(*m_places.other); !listening)
            m_places.otherError = listening.error();
    }
    return {};
}

std::optional<http::Response> HttpReceiver::refuse(const http::Request& head)
{
    if (!http::isHostAllowed(head.headers, m_server.port()) || !http::isOriginAllowed(head.headers))
        return problem(head.headers, 403, RpcCode::PermissionDenied,
                       QStringLiteral("The receiver serves programs of this machine only: use 127.0.0.1, localhost or [::1]."));
    if (!signalOf(head.path()))
        return problem(head.headers, 404, RpcCode::NotFound,
                       QStringLiteral("The receiver serves /v1/traces, /v1/metrics and /v1/logs."));
    if (head.method != "POST") {
        http::Response response = problem(head.headers, 405, RpcCode::Unimplemented, QStringLiteral("Use POST."));
        response.headers.set("Allow", "POST");
        return response;
    }
    if (!encodingOf(head.headers))
        return problem(head.headers, 415, RpcCode::InvalidArgument,
                       QStringLiteral("Content-Type is application/x-protobuf or application/json."));
    if (!hasKnownCoding(head.headers)) {
        http::Response response =
            problem(head.headers, 415, RpcCode::InvalidArgument, QStringLiteral("Content-Encoding is gzip or absent."));
        response.headers.set("Accept-Encoding", "gzip");
        return response;
    }
    if (m_service.isBusy()) {
        m_service.countBusy();
        return busy(head.headers);
    }
    return std::nullopt;
}

http::Response HttpReceiver::answer(const http::Request& request)
{
    const auto signal = signalOf(request.path());
    const auto encoding = encodingOf(request.headers);
    if (!signal || !encoding)
        return problem(request.headers, 404, RpcCode::NotFound, QStringLiteral("There is no such path."));
    if (m_service.isBusy()) {
        m_service.countBusy();
        return busy(request.headers);
    }
    QByteArray message = request.body;
    if (isGzip(request.headers)) {
        auto unpacked = gunzip(request.body, kMaxReceivedBytes);
        if (!unpacked) {
            m_service.countFailed();
            const bool large = unpacked.error().code == ErrorCode::TooLarge;
            return large ? problem(request.headers, 413, RpcCode::ResourceExhausted, unpacked.error().message)
                         : problem(request.headers, 400, unreadable(unpacked.error().message));
        }
        message = std::move(*unpacked);
    }
    const ReceivedOutcome outcome = m_service.take(*signal, message, *encoding);
    if (outcome.kind == ReceivedOutcome::Kind::Busy)
        return busy(request.headers);
    if (outcome.kind == ReceivedOutcome::Kind::TooLarge)
        return problem(request.headers, 413, RpcCode::ResourceExhausted, outcome.partial.message);
    if (outcome.kind == ReceivedOutcome::Kind::Malformed)
        return problem(request.headers, 400, unreadable(outcome.partial.message, signal, outcome.field));
    http::Response response;
    response.headers.set("Content-Type", contentType(*encoding));
    response.body = encodeExportResponse(*signal, outcome.partial, *encoding);
    pack(request.headers, response);
    return response;
}

} // namespace oriel::otlp
