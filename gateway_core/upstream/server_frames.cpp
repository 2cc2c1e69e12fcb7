// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/semconv.h"
#include "upstream/server_connection_p.h"

namespace oriel::upstream {

namespace {

using telemetry::WireDirection;
using telemetry::WireKind;

/// The id of an answer that cannot be read, or of which only both ends are left. Servers write it first or last; else it stays
/// unknown.
std::optional<std::int64_t> idAtTheEnds(QByteArrayView head, QByteArrayView tail)
{
    const auto read = [](QByteArrayView text, bool last) -> std::optional<std::int64_t> {
        const QByteArrayView key("\"id\":");
        const qsizetype at = last ? text.lastIndexOf(key) : text.indexOf(key);
        if (at < 0) {
            return std::nullopt;
        }
        std::int64_t value = 0;
        int digits = 0;
        for (qsizetype i = at + key.size(); i < text.size() && digits < 18; ++i) {
            const char c = text.at(i);
            if (c == ' ' && digits == 0) {
                continue;
            }
            if (c < '0' || c > '9') {
                break;
            }
            value = value * 10 + (c - '0');
            ++digits;
        }
        return digits > 0 ? std::optional(value) : std::nullopt;
    };
    if (const auto id = read(head.first(std::min<qsizetype>(head.size(), 64)), false)) {
        return id;
    }
    return read(tail.last(std::min<qsizetype>(tail.size(), 64)), true);
}

} // namespace

Status ServerConnection::Private::sendRaw(const QByteArray& frame, const SendOptions& options, const telemetry::WireCall& call)
{
    if (!link || !link->transport) {
        return oriel::fail(ErrorCode::Unavailable, QStringLiteral("The server is not connected."), server.name);
    }
    if (auto message = mcp::readMessage(frame, document)) {
        const WireKind kind = message->isNotification()                    ? WireKind::Notification
                              : message->kind == mcp::Message::Kind::Error ? WireKind::Error
                              : message->isRequest()                       ? WireKind::Request
                                                                           : WireKind::Response;
        recordWire(WireDirection::GatewayToServer, kind, message->text(mcp::Field::Method),
                   message->rawOf(mcp::Field::Id).toByteArray(), frame, call, nullptr, options.headers);
    }
    return link->transport->send(frame, options);
}

void ServerConnection::Private::recordLog(telemetry::Severity severity, QByteArray body, QByteArrayView stream)
{
    telemetry::LogRecord log;
    log.timeUnixNs = log.observedUnixNs = context.clock->unixNs();
    log.severity = severity;
    log.body = std::move(body);
    log.source = name;
    log.attributes.push_back({telemetry::attributeName(telemetry::Attr::GatewayServerName), name});
    if (!stream.isEmpty()) {
        log.attributes.push_back({telemetry::attributeName(telemetry::Attr::LogIostream), stream.toByteArray()});
    }
    if (link && !link->trace.isFinished()) {
        log.traceId = link->trace.traceId();
        log.spanId = link->trace.rootSpanId();
    }
    context.recorder->recordLog(std::move(log));
}

void ServerConnection::Private::takeFrame(Link& from, const QByteArray& frame, const FrameOrigin& origin)
{
    if (from.retired) {
        return;
    }
    mcp::ReadOptions options;
    options.maxBytes = static_cast<std::uint32_t>(std::min<qsizetype>(context.maxLineBytes + 2, 512LL * 1024 * 1024));
    const bool batch = QByteArrayView(frame).trimmed().startsWith('[');
    if (!batch) {
        auto message = mcp::readMessage(frame, document, options);
        if (message) {
            takeMessage(from, std::move(*message), origin);
        } else {
            takeBroken(message.error(), frame);
        }
        return;
    }
    options.allowBatch = mcp::allowsBatches(revision);
    auto parsed = mcp::readFrame(frame, document, options);
    if (!parsed) {
        takeBroken(parsed.error(), frame);
        return;
    }
    for (mcp::MessageResult& message : parsed->messages) {
        if (from.retired) {
            return;
        }
        if (message) {
            takeMessage(from, std::move(*message), origin);
        } else {
            takeBroken(message.error(), frame);
        }
    }
}

void ServerConnection::Private::takeMessage(Link& from, mcp::Message&& message, const FrameOrigin& origin)
{
    Q_UNUSED(from);
    if (message.isAnswer()) {
        takeAnswer(std::move(message), origin);
        return;
    }
    const CallToken related{origin.requestId};
    recordWire(WireDirection::ServerToGateway, message.isRequest() ? WireKind::Request : WireKind::Notification,
               message.text(mcp::Field::Method), message.rawOf(mcp::Field::Id).toByteArray(), message.raw,
               wireCallOf(message, related), &origin);
    // What comes on the stream of a request of our own is no client's.
    const PendingCall* call = related.isValid() ? calls.find(related.id) : nullptr;
    const CallToken owner = call != nullptr && call->internal ? CallToken() : related;
    if (!message.isRequest()) {
        takeNotification(message, owner);
    } else if (origin.isOfEndedSession) {
        ++droppedNotifications; // the new session may have a question of the same id
    } else if (related.isValid() && call == nullptr && !isModern()) {
        (void)sendRaw(
            mcp::makeErrorResponse(message.id(), mcp::error_code::InternalError, "The request that this was asked for is over."),
            {});
    } else {
        takeRequest(message, owner);
    }
}

void ServerConnection::Private::takeBroken(const mcp::FrameError& error, const QByteArray& frame)
{
    ++strayAnswers;
    recordWire(WireDirection::ServerToGateway, WireKind::StrayOutput, {}, error.id.isValid() ? error.id.toJson() : QByteArray(),
               frame);
    recordLog(telemetry::Severity::Warn, "A message of the server was refused: " + error.message, "stdout");
    const std::optional<std::int64_t> id = error.id.isInteger() ? std::optional(error.id.number()) : idAtTheEnds(frame, frame);
    if (id && calls.find(*id) != nullptr) {
        Reply reply;
        reply.kind = Reply::Kind::Rejected;
        reply.error = {ErrorCode::Parse,
                       QStringLiteral("The server's answer was refused: %1").arg(QString::fromUtf8(error.message)), server.name,
                       QStringLiteral("This is a defect of the server; the wire log has the message.")};
        endCall(*id, std::move(reply), OperationMetrics::End::Failed);
    }
}

void ServerConnection::Private::takeAnswer(mcp::Message&& message, const FrameOrigin& origin)
{
    const mcp::RequestId id = message.id();
    if (isListenId(id)) {
        listenAnswered(message, origin);
        return;
    }
    PendingCall* call = id.isInteger() ? calls.find(id.number()) : nullptr;
    const bool known = call != nullptr && !call->queued;
    recordWire(WireDirection::ServerToGateway, message.kind == mcp::Message::Kind::Error ? WireKind::Error : WireKind::Response,
               {}, id.toJson(), message.raw, known ? call->wireCall() : telemetry::WireCall(), &origin);
    if (!known) {
        ++strayAnswers;
        const bool ours = id.isInteger() && id.number() > 0 && id.number() <= lastId;
        recordLog(telemetry::Severity::Warn,
                  (ours ? QByteArrayLiteral("An answer came late or twice and was dropped: id ")
                        : QByteArrayLiteral("An answer with an id that was never given out was dropped: id ")) +
                      id.toJson(),
                  {});
        return;
    }
    if (isModern() && !takeModernAnswer(id.number(), *call, message)) {
        return;
    }
    Reply reply;
    reply.kind = Reply::Kind::Response;
    reply.message = std::move(message);
    reply.timings.firstByteNs = origin.firstByteNs;
    endCall(id.number(), std::move(reply), OperationMetrics::End::Successful);
}

void ServerConnection::Private::takeRequest(const mcp::Message& message, CallToken related)
{
    if (isModern()) {
        ++strayAnswers;
        recordLog(telemetry::Severity::Warn,
                  "A request of the server was dropped: there are none in " + initializeResult.protocolVersion, {});
        return;
    }
    if (message.methodId == mcp::MethodId::Ping) {
        answerPing(message, related);
        return;
    }
    handler.onRequest(q, message, related);
}

void ServerConnection::Private::takeNotification(const mcp::Message& message, CallToken related)
{
    if (isModern()) {
        takeModernNotification(message, related);
    } else {
        deliverNotification(message, related);
    }
}

void ServerConnection::Private::deliverNotification(const mcp::Message& message, CallToken related)
{
    using mcp::MethodId;
    switch (message.methodId) {
    case MethodId::NotificationProgress: {
        const mcp::RequestId token = mcp::RequestId::fromJson(message.rawOf(mcp::Field::ParamsProgressToken));
        const PendingCall* call = token.isInteger() ? calls.find(token.number()) : nullptr;
        if (call != nullptr && call->handler != nullptr) {
            call->handler->onProgress({token.number()}, call->cookie, message);
            return;
        }
        // The token of a call that has become a task stays good; the handler knows which have.
        break;
    }
    case MethodId::NotificationToolsListChanged:
        listChanged(mcp::ListKind::Tools);
        return;
    case MethodId::NotificationPromptsListChanged:
        listChanged(mcp::ListKind::Prompts);
        return;
    case MethodId::NotificationResourcesListChanged:
        listChanged(mcp::ListKind::Resources);
        listChanged(mcp::ListKind::ResourceTemplates);
        return;
    default:
        break;
    }
    handler.onNotification(q, message, related);
}

void ServerConnection::Private::takeOversized(const QByteArray& head, const QByteArray& tail, qint64 bytes)
{
    ++strayLines;
    const QByteArray note = "A message of " + QByteArray::number(bytes) + " bytes was dropped: the limit is " +
                            QByteArray::number(context.maxLineBytes);
    recordWire(WireDirection::ServerToGateway, WireKind::StrayOutput, {}, {}, head);
    recordLog(telemetry::Severity::Error, note, "stdout");
    if (const auto id = idAtTheEnds(head, tail); id && calls.find(*id) != nullptr) {
        Reply reply;
        reply.kind = Reply::Kind::Rejected;
        reply.error = {
            ErrorCode::TooLarge,
            QStringLiteral("The server's answer of %1 bytes is beyond the limit of %2.").arg(bytes).arg(context.maxLineBytes),
            server.name, QStringLiteral("Let the tool return less at once, for example in pages.")};
        endCall(*id, std::move(reply), OperationMetrics::End::Failed);
    }
}

/// A late word of a session that has a successor says nothing of that one.
void ServerConnection::Private::sessionLost(const SendFailure& failure)
{
    if (failure.sessionLost && !failure.isOfEndedSession) {
        sessionLost();
    } else {
        sendQueued();
    }
}

void ServerConnection::Private::takeSendFailure(std::int64_t id, const SendFailure& failure)
{
    if (id != 0 && id == listening.previous) {
        listening.previous = 0;
        return;
    }
    if (id != 0 && id == listening.id) {
        listenEnded(failure.error.message.toUtf8());
        return;
    }
    PendingCall* call = calls.find(id);
    if (call == nullptr) {
        sessionLost(failure);
        return;
    }
    if (failure.sessionLost && !failure.maybeProcessed && !call->internal && !call->resent) {
        // A 404 says that the request was not processed, so it may go out again in the new session.
        call->resent = true;
        call->queued = true;
        --inFlight;
        queue.pushFront(id);
        sessionLost(failure);
        return;
    }
    if (id == initializeToken.id || !failure.sessionLost) {
        Reply reply;
        reply.kind = Reply::Kind::Unavailable;
        reply.error = failure.error;
        reply.httpStatus = failure.httpStatus;
        reply.unprocessed = failure.httpStatus == 0 && !failure.maybeProcessed;
        const bool isHandshake = id == initializeToken.id;
        endCall(id, std::move(reply), OperationMetrics::End::Failed);
        if (failure.noToken && failure.httpStatus == 401 && !isHandshake && canSend() && link) {
            tokenLost(failure.error);
        }
        return;
    }
    rejectWith(id, Reply::Kind::Unavailable, failure.error);
    sessionLost(failure);
}

} // namespace oriel::upstream
