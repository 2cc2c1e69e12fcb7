// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/http_exporter.h"

#include "base/clock.h"
#include "otlp/gzip.h"
#include "otlp/response.h"

#include <QFile>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QSslCertificate>
#include <QSslKey>
#include <QTimer>

namespace oriel::otlp {

namespace {

constexpr qint64 kMaxAnswer = 4LL * 1024 * 1024;
constexpr qsizetype kMaxShownAnswer = 500;

Result<QByteArray> readFile(const QString& path, const QString& what)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return fail(ErrorCode::Io, QStringLiteral("the %1 cannot be read: %2").arg(what, file.errorString()), path,
                    QStringLiteral("Check the path and its permissions."));
    }
    return file.readAll();
}

/// Only statuses that the specification names may be tried again.
bool isRetryable(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

/// What went wrong, in the backend's words when it has some.
QString explain(int status, const QString& reason, const QString& words)
{
    QString text = QStringLiteral("HTTP %1").arg(status);
    if (!reason.isEmpty())
        text += QLatin1Char(' ') + reason;
    return words.isEmpty() ? text : text + QStringLiteral(": ") + words;
}

/// A plain-text answer, cut and without control characters.
QString readableText(const QByteArray& body)
{
    QString text = QString::fromUtf8(body.first(std::min(body.size(), kMaxShownAnswer)));
    for (QChar& character : text) {
        if (!character.isPrint())
            character = QLatin1Char(' ');
    }
    return text.simplified();
}

} // namespace

HttpExporter::HttpExporter(const config::Destination& destination, const ExporterContext& context)
    : m_destination(destination),
      m_context(context),
      m_encoding(encodingOf(destination.protocol)),
      m_tls(QSslConfiguration::defaultConfiguration())
{
    m_network.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
    m_network.setAutoDeleteReplies(false);
}

HttpExporter::~HttpExporter() = default;

Result<std::unique_ptr<Exporter>> HttpExporter::create(const config::Destination& destination, const ExporterContext& context)
{
    std::unique_ptr<HttpExporter> exporter(new HttpExporter(destination, context));
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
    if (const Status loaded = exporter->loadTls(); !loaded)
        return fail(loaded.error());
    return std::unique_ptr<Exporter>(std::move(exporter));
}

Status HttpExporter::loadTls()
{
    if (!m_destination.caFile.isEmpty()) {
        const auto pem = readFile(m_destination.caFile, QStringLiteral("certificate file"));
        if (!pem)
            return fail(pem.error());
        const QList<QSslCertificate> certificates = QSslCertificate::fromData(*pem, QSsl::Pem);
        if (certificates.isEmpty()) {
            return fail(ErrorCode::Parse, QStringLiteral("the certificate file holds no PEM certificate"), m_destination.caFile,
                        QStringLiteral("Give the certificate of the backend's authority in PEM form."));
        }
        m_tls.setCaCertificates(certificates);
    }
    if (m_destination.certFile.isEmpty() && m_destination.keyFile.isEmpty())
        return {};
    const auto certificate = readFile(m_destination.certFile, QStringLiteral("client certificate"));
    if (!certificate)
        return fail(certificate.error());
    const auto keyText = readFile(m_destination.keyFile, QStringLiteral("client key"));
    if (!keyText)
        return fail(keyText.error());
    const QList<QSslCertificate> chain = QSslCertificate::fromData(*certificate, QSsl::Pem);
    QSslKey key(*keyText, QSsl::Rsa);
    if (key.isNull())
        key = QSslKey(*keyText, QSsl::Ec);
    if (chain.isEmpty() || key.isNull()) {
        return fail(ErrorCode::Parse, QStringLiteral("the client certificate or its key is not PEM"),
                    chain.isEmpty() ? m_destination.certFile : m_destination.keyFile,
                    QStringLiteral("RSA and EC keys without a passphrase are read."));
    }
    m_tls.setLocalCertificateChain(chain);
    m_tls.setPrivateKey(key);
    return {};
}

Result<QNetworkRequest> HttpExporter::makeRequest(Signal signal) const
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
    for (const auto& [name, value] : m_destination.headers) {
        const auto resolved = resolveSecrets(value, m_context.secrets);
        if (!resolved)
            return fail(resolved.error());
        request.setRawHeader(name.toUtf8(), *resolved);
    }
    request.setHeader(QNetworkRequest::ContentTypeHeader, QByteArray(contentType(m_encoding)));
    if (m_destination.compression == QLatin1StringView("gzip"))
        request.setRawHeader("Content-Encoding", "gzip");
    return request;
}

void HttpExporter::exportBatch(Signal signal, const QByteArray& body, Done done)
{
    const auto request = makeRequest(signal);
    if (!request) {
        // The vault may be locked just now, so the batch waits.
        ExportOutcome outcome{ExportOutcome::Kind::Retryable, 0, 0, request.error().toString(), {}};
        QMetaObject::invokeMethod(
            &m_network, [done = std::move(done), outcome] { done(outcome); }, Qt::QueuedConnection);
        return;
    }
    const bool compress = m_destination.compression == QLatin1StringView("gzip");
    QNetworkReply* reply = m_network.post(*request, compress ? gzip(body) : body);
    reply->setReadBufferSize(kMaxAnswer + 1);
    auto abortReason = std::make_shared<QString>();
    QObject::connect(reply, &QNetworkReply::readyRead, reply, [reply, abortReason] {
        if (reply->bytesAvailable() > kMaxAnswer) {
            *abortReason = QStringLiteral("the answer is larger than 4 MiB");
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
    QObject::connect(reply, &QNetworkReply::finished, &m_network, [this, reply, abortReason, done = std::move(done)] {
        const QByteArray answer = reply->isOpen() ? reply->readAll() : QByteArray();
        const ExportOutcome outcome = judge(*reply, answer, *abortReason);
        reply->deleteLater();
        done(outcome);
    });
}

ExportOutcome HttpExporter::judge(QNetworkReply& reply, const QByteArray& body, const QString& abortReason) const
{
    using Kind = ExportOutcome::Kind;
    const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (!abortReason.isEmpty()) {
        const bool tooLarge = body.size() > kMaxAnswer || abortReason.contains(QLatin1StringView("MiB"));
        return {tooLarge ? Kind::Permanent : Kind::Retryable, 0, status, abortReason, {}};
    }
    if (status == 0)
        return {Kind::Retryable, 0, 0, reply.errorString(), {}};
    // QNetworkAccessManager asks again by itself when a connection ends within the status line, and reads the next answer as the
    // rest of that line: the status is that of the broken one, and the other stands in the reason.
    const QString line = reply.attribute(QNetworkRequest::HttpReasonPhraseAttribute).toString();
    if (line.contains(QLatin1StringView("HTTP/1.")))
        return {Kind::Retryable, 0, status, QStringLiteral("the answer broke off"), {}};
    if (status < 200 || status > 299)
        return judgeError(reply, status, body);
    if (reply.error() != QNetworkReply::NoError)
        return {Kind::Retryable, 0, status, reply.errorString(), {}};
    // An answer that cannot be read is no reason to send the data twice.
    const auto partial = decodeExportResponse(body, m_encoding);
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
        return {Kind::Permanent,
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
        words = readableText(body);
    }
    if (reply.hasRawHeader("Retry-After")) {
        if (const auto asked = parseRetryAfter(reply.rawHeader("Retry-After"), m_context.clock.unixNs()))
            retryAfter = asked;
    }
    if (isRetryable(status))
        return {Kind::Retryable, 0, status, explain(status, reason, words), retryAfter};
    const bool credentials = status == 401 || status == 403;
    return {credentials ? Kind::Unauthenticated : Kind::Permanent, 0, status, explain(status, reason, words), {}};
}

} // namespace oriel::otlp
