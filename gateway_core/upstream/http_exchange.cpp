// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/http_exchange.h"

namespace oriel::upstream {

namespace {

ErrorCode codeOfStatus(int status)
{
    switch (status) {
    case 401:
        return ErrorCode::Unauthenticated;
    case 403:
        return ErrorCode::PermissionDenied;
    case 404:
    case 410:
        return ErrorCode::NotFound;
    case 408:
    case 504:
        return ErrorCode::Timeout;
    case 413:
        return ErrorCode::TooLarge;
    case 429:
        return ErrorCode::ResourceExhausted;
    default:
        return status >= 500 || (status >= 300 && status < 400) ? ErrorCode::Unavailable : ErrorCode::InvalidArgument;
    }
}

QByteArrayView mediaType(const http::Headers& headers)
{
    const QByteArrayView value = headers.value("Content-Type");
    const qsizetype end = value.indexOf(';');
    return (end < 0 ? value : value.first(end)).trimmed();
}

} // namespace

Error errorOfStatus(int status, QByteArrayView body, const QString& server)
{
    QString text = QString::fromUtf8(body.first(std::min<qsizetype>(body.size(), 300))).simplified();
    QString remedy;
    if (status == 401 || status == 403) {
        remedy = QStringLiteral("Check the credentials under headers.");
    } else if (status >= 300 && status < 400) {
        remedy = QStringLiteral("Redirects are not followed; write the new address into url.");
    }
    return {codeOfStatus(status),
            text.isEmpty() ? QStringLiteral("The server answered with HTTP status %1.").arg(status)
                           : QStringLiteral("The server answered with HTTP status %1: %2").arg(QString::number(status), text),
            server, remedy};
}

StartFacts::Network networkOf(const http::ClientError& error)
{
    using Phase = http::ClientError::Phase;
    if (error.error.code == ErrorCode::Timeout) {
        return StartFacts::Network::Timeout;
    }
    switch (error.phase) {
    case Phase::Resolve:
        return StartFacts::Network::Resolve;
    case Phase::Connect:
        return StartFacts::Network::Refused;
    case Phase::Tls:
        return StartFacts::Network::Tls;
    case Phase::Queue:
    case Phase::Send:
    case Phase::Head:
    case Phase::Body:
        return StartFacts::Network::Other;
    }
    Q_UNREACHABLE();
}

void noteHead(StartFacts& facts, const http::ResponseHead& head)
{
    facts.httpStatus = head.status;
    facts.contentType = head.headers.value("Content-Type").toByteArray();
    facts.authenticate = head.headers.value("WWW-Authenticate").toByteArray();
    facts.location = head.headers.value("Location").toByteArray();
    facts.stage = std::max(facts.stage, StartStage::Handshake);
}

bool isEventStream(const http::Headers& headers)
{
    return http::equalsIgnoringCase(mediaType(headers), "text/event-stream");
}
bool isJson(const http::Headers& headers)
{
    return http::equalsIgnoringCase(mediaType(headers), "application/json");
}

} // namespace oriel::upstream
