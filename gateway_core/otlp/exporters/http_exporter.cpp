// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/http_exporter.h"

#include "base/clock.h"
#include "otlp/auth/client_tls.h"
#include "otlp/codec/content_coding.h"
#include "otlp/codec/decode.h"
#include "otlp/codec/gzip.h"
#include "otlp/codec/response.h"
#include "otlp/codec/zstd.h"
#include "otlp/exporters/resource_attributes.h"
#include "otlp/exporters/zipkin.h"

#include <QNetworkReply>
#include <QNetworkRequest>
#include <QTimer>

namespace oriel::otlp {

namespace {

constexpr qint64 kMaxAnswer = 4LL * 1024 * 1024;
const QLatin1StringView kAnswerTooLarge("it is larger than 4 MiB");

/// OTLP 1.11: no request above this, before compression.
constexpr qsizetype kMaxRequest = 64LL * 1024 * 1024;

/// Only statuses that the specification names may be tried again.
/// Not found, method not allowed, not acceptable, gone, unsupported media type: of where and how, not of what was sent.
bool isMisaddressed(int status)
{
    return status == 404 || status == 405 || status == 406 || status == 410 || status == 415;
}

bool isRetryable(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

/// A header that is Oriel's to say, whatever was configured.
void setHeader(RequestHeaders& headers, const QByteArray& name, const QByteArray& value)
{
    headers.removeIf([&](const auto& header) { return header.first.compare(name, Qt::CaseInsensitive) == 0; });
    headers.append({name, value});
}

/// What went wrong, in the backend's words when it has some.
QString explain(int status, const QString& reason, const QString& words)
{
    QString text = QStringLiteral("HTTP %1").arg(status);
    if (!reason.isEmpty())
        text += QLatin1Char(' ') + reason;
    return words.isEmpty() ? text : text + QStringLiteral(": ") + words;
}

} // namespace

HttpExporter::HttpExporter(const config::Destination& destination, const ExporterContext& context, QSslConfiguration tls)
    : m_destination(destination),
      m_context(context),
      m_encoding(encodingOf(destination.protocol)),
      m_tls(std::move(tls))
{
    m_network.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
    m_network.setAutoDeleteReplies(false);
}

HttpExporter::~HttpExporter() = default;

Result<std::unique_ptr<Exporter>> HttpExporter::create(const config::Destination& destination, const ExporterContext& context)
{
    const auto tls = clientTls(destination);
    if (!tls)
        return fail(tls.error());
    std::unique_ptr<HttpExporter> exporter(new HttpExporter(destination, context, *tls));
    for (const Signal signal : kSignals) {
        // A destination with only some signals' endpoints is fine when it takes only those.
        auto url = signalUrl(destination, signal);
        const bool wanted = signal == Signal::Traces    ? destination.traces
                            : signal == Signal::Metrics ? destination.metrics
                                                        : destination.logs;
        if (!url && wanted)
            return fail(url.error());
        if (url)
            exporter->m_urls[static_cast<std::size_t>(signal)] = *url;
    }
    auto authorizer = makeAuthorizer(destination, context);
    if (!authorizer)
        return fail(authorizer.error());
    exporter->m_authorizer = std::move(*authorizer);
    return std::unique_ptr<Exporter>(std::move(exporter));
}

Result<QByteArray> HttpExporter::bodyOf(Signal signal, const QByteArray& request) const
{
    auto body = withResourceAttributes(request, signal, m_encoding, m_destination.resourceAttributes);
    if (!body)
        return fail(body.error());
    if (m_destination.protocol == config::ExportProtocol::Zipkin) {
        if (signal != Signal::Traces)
            return fail(ErrorCode::Unsupported, QStringLiteral("Zipkin takes traces only"));
        const auto decoded = decodeTraces(*body, m_encoding);
        if (!decoded)
            return fail(decoded.error());
        body = zipkinSpans(decoded->spans);
    }
    const config::RequestLimits limits = m_destination.signalLimits.value(QLatin1StringView(signalName(signal)));
    const qint64 known = m_destination.maxRequestBytes > 0 ? m_destination.maxRequestBytes : limits.rawBytes;
    const qint64 raw = known > 0 ? std::min<qint64>(known, kMaxRequest) : kMaxRequest;
    const auto tooLarge = [](qint64 size, qint64 limit) {
        return fail(ErrorCode::TooLarge,
                    QStringLiteral("the request has %1 bytes and the backend takes %2").arg(size).arg(limit));
    };
    if (body->size() > raw)
        return tooLarge(body->size(), raw);
    if (m_destination.compression == QLatin1StringView("gzip"))
        body = gzip(*body);
    else if (m_destination.compression == QLatin1StringView("zstd"))
        body = zstd(*body);
    if (limits.wireBytes > 0 && body->size() > limits.wireBytes)
        return tooLarge(body->size(), limits.wireBytes);
    return body;
}

Result<RequestHeaders> HttpExporter::headersFor(Signal signal) const
{
    auto headers = configuredHeaders(m_destination, signal, m_context.secrets);
    if (!headers)
        return headers;
    const bool json = m_encoding == Encoding::Json || m_destination.protocol == config::ExportProtocol::Zipkin;
    setHeader(*headers, "Content-Type", contentType(json ? Encoding::Json : Encoding::Protobuf));
    if (!m_destination.compression.isEmpty())
        setHeader(*headers, "Content-Encoding", m_destination.compression.toLatin1());
    return headers;
}

QNetworkRequest HttpExporter::networkRequest(Signal signal, const RequestHeaders& headers) const
{
    QNetworkRequest request(m_urls[static_cast<std::size_t>(signal)]);
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    request.setAttribute(QNetworkRequest::CacheSaveControlAttribute, false);
    request.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::AuthenticationReuseAttribute, QNetworkRequest::Manual);
    request.setSslConfiguration(m_tls);
    request.setRawHeader("User-Agent", "Oriel/" ORIEL_VERSION " OTel-OTLP-Exporter-Cpp/" ORIEL_VERSION);
    // Said by us, so that Qt leaves the answer as it came: it takes one that ends too early for a whole one.
    request.setRawHeader("Accept-Encoding", "gzip");
    for (const auto& [name, value] : headers)
        request.setRawHeader(name, value);
    return request;
}

void HttpExporter::finish(Done done, const ExportOutcome& outcome)
{
    QMetaObject::invokeMethod(
        &m_network, [done = std::move(done), outcome] { done(outcome); }, Qt::QueuedConnection);
}

void HttpExporter::exportBatch(Signal signal, const QByteArray& request, Done done)
{
    using Kind = ExportOutcome::Kind;
    auto headers = headersFor(signal);
    // The vault may be locked just now, so the batch waits.
    if (!headers)
        return finish(std::move(done), {Kind::Retryable, 0, 0, headers.error().toString(), {}});
    const auto body = bodyOf(signal, request);
    if (!body) {
        constexpr int kContentTooLarge = 413;
        const int code = body.error().code == ErrorCode::TooLarge ? kContentTooLarge : 0;
        return finish(std::move(done), {Kind::Permanent, 0, code, body.error().toString(), {}});
    }
    authorize(std::make_shared<Attempt>(Attempt{signal, *body, std::move(*headers), std::move(done), false}));
}

void HttpExporter::authorize(std::shared_ptr<Attempt> attempt)
{
    if (!m_authorizer)
        return send(attempt, {});
    const OutgoingRequest outgoing{attempt->signal, m_urls[static_cast<std::size_t>(attempt->signal)], attempt->headers,
                                   attempt->body};
    m_authorizer->authorize(outgoing, [this, attempt](const Result<RequestHeaders>& authorization) {
        if (!authorization)
            return finish(std::move(attempt->done), unauthorizedOutcome(authorization.error()));
        send(attempt, *authorization);
    });
}

void HttpExporter::send(const std::shared_ptr<Attempt>& attempt, const RequestHeaders& authorization)
{
    QNetworkReply* reply = m_network.post(networkRequest(attempt->signal, attempt->headers + authorization), attempt->body);
    reply->setReadBufferSize(kMaxAnswer + 1);
    auto abortReason = std::make_shared<QString>();
    QObject::connect(reply, &QNetworkReply::readyRead, reply, [reply, abortReason] {
        if (reply->bytesAvailable() > kMaxAnswer) {
            *abortReason = kAnswerTooLarge;
            reply->abort();
        }
    });
    // QNetworkRequest's own transfer time-out starts anew with every byte; a backend that drips must not hold a batch for ever.
    if (m_destination.timeout.count() > 0) {
        auto* timer = new QTimer(reply);
        timer->setSingleShot(true);
        QObject::connect(timer, &QTimer::timeout, reply, [reply, abortReason, limit = m_destination.timeout] {
            *abortReason = QStringLiteral("no answer within %1 ms").arg(limit.count());
            reply->abort();
        });
        timer->start(m_destination.timeout);
    }
    QObject::connect(reply, &QNetworkReply::finished, &m_network, [this, reply, abortReason, attempt, authorization] {
        const QByteArray answer = reply->isOpen() ? reply->readAll() : QByteArray();
        ExportOutcome outcome = judge(*reply, answer, *abortReason);
        outcome.message = m_answerText.shown(outcome.message, attempt->headers + authorization, reply->request().url());
        reply->deleteLater();
        constexpr int kUnauthorized = 401;
        if (outcome.code == kUnauthorized && m_authorizer && !attempt->isSecond && m_authorizer->refused(authorization)) {
            attempt->isSecond = true;
            return authorize(attempt);
        }
        attempt->done(outcome);
    });
}

ExportOutcome HttpExporter::judge(QNetworkReply& reply, const QByteArray& received, const QString& abortReason) const
{
    using Kind = ExportOutcome::Kind;
    const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    const bool isTooLarge = abortReason == kAnswerTooLarge;
    if (!abortReason.isEmpty() && !isTooLarge)
        return {Kind::Retryable, 0, status, abortReason, {}};
    if (status == 0)
        return {Kind::Retryable, 0, 0, reply.errorString(), {}};
    // QNetworkAccessManager asks again by itself when a connection ends within the status line, and reads the next answer as the
    // rest of that line: the status is that of the broken one, and the other stands in the reason.
    const QString line = reply.attribute(QNetworkRequest::HttpReasonPhraseAttribute).toString();
    if (line.contains(QLatin1StringView("HTTP/1.")))
        return {Kind::Retryable, 0, status, QStringLiteral("the answer broke off"), {}};
    const auto decoded = isTooLarge ? Result<QByteArray>(fail(ErrorCode::TooLarge, abortReason))
                                    : decodeContent(received, reply.rawHeader("Content-Encoding"), kMaxAnswer);
    if (status < 200 || status > 299)
        return judgeError(reply, status, decoded.value_or(QByteArray()));
    if (!isTooLarge && reply.error() != QNetworkReply::NoError)
        return {Kind::Retryable, 0, status, reply.errorString(), {}};
    if (!m_destination.successCodes.isEmpty() && !m_destination.successCodes.contains(QString::number(status))) {
        return {
            Kind::Permanent,
            0,
            status,
            explain(
                status, line,
                QStringLiteral("this backend takes data with %1").arg(m_destination.successCodes.join(QStringLiteral(" or ")))),
            {}};
    }
    // The status says that the data was taken: an answer that cannot be read is no reason to send it again.
    if (!decoded) {
        const QString why = QStringLiteral("the answer cannot be read: %1").arg(decoded.error().message);
        return {Kind::Success, 0, status, explain(status, line, why), {}};
    }
    // Zipkin's says nothing.
    const bool speaksOtlp = m_destination.protocol != config::ExportProtocol::Zipkin;
    const auto partial = speaksOtlp ? decodeExportResponse(*decoded, m_encoding) : PartialSuccess{};
    if (!partial || *partial == PartialSuccess{})
        return {Kind::Success, 0, status, explain(status, line, {}), {}};
    return {Kind::PartialSuccess, partial->rejected, status, explain(status, line, partial->message), {}};
}

ExportOutcome HttpExporter::judgeError(QNetworkReply& reply, int status, const QByteArray& body) const
{
    using Kind = ExportOutcome::Kind;
    const QString reason = reply.attribute(QNetworkRequest::HttpReasonPhraseAttribute).toString();
    if (status >= 300 && status < 400) {
        const QString target =
            QUrl(QString::fromUtf8(reply.rawHeader("Location"))).toDisplayString(QUrl::RemoveUserInfo | QUrl::RemoveQuery);
        return {Kind::Misaddressed,
                0,
                status,
                explain(status, reason,
                        QStringLiteral("redirects are not followed; set the endpoint to %1 if that is right").arg(target)),
                {}};
    }
    const bool sameEncoding =
        reply.header(QNetworkRequest::ContentTypeHeader).toString().startsWith(QLatin1StringView(contentType(m_encoding)));
    QString words;
    std::optional<std::chrono::milliseconds> retryAfter;
    if (const auto rpc = sameEncoding ? decodeRpcStatus(body, m_encoding) : Result<RpcStatus>(fail(Error{}))) {
        words = rpc->message;
        retryAfter = rpc->retryDelay;
    } else {
        words = QString::fromUtf8(body);
    }
    if (reply.hasRawHeader("Retry-After")) {
        if (const auto asked = parseRetryAfter(reply.rawHeader("Retry-After"), m_context.clock.unixNs()))
            retryAfter = asked;
    }
    if (isRetryable(status))
        return {Kind::Retryable, 0, status, explain(status, reason, words), retryAfter};
    if (isMisaddressed(status)) {
        const QString url = reply.url().toDisplayString(QUrl::RemoveUserInfo | QUrl::RemoveQuery);
        return {Kind::Misaddressed, 0, status, explain(status, reason, words) + QStringLiteral(" (%1)").arg(url), {}};
    }
    const bool credentials = status == 401 || status == 403;
    return {credentials ? Kind::Unauthenticated : Kind::Permanent, 0, status, explain(status, reason, words), {}};
}

} // namespace oriel::otlp
