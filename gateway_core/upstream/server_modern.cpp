// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "mcp/headers.h"
#include "upstream/server_connection_p.h"

namespace oriel::upstream {

using mcp::Field;
using mcp::MethodId;

void ServerConnection::Private::setModernMeta(mcp::Rewrite& rewrite, const QByteArray& clientCapabilities,
                                              const QByteArray& logLevel) const
{
    rewrite.setMeta(Field::MetaProtocolVersion, mcp::toText(revision));
    rewrite.setMetaRaw(Field::MetaClientInfo, clientInfo);
    rewrite.setMetaRaw(Field::MetaClientCapabilities, clientCapabilities.isEmpty() ? ownCapabilities : clientCapabilities);
    if (logLevel.isEmpty()) {
        rewrite.removeMeta(Field::MetaLogLevel);
    } else {
        rewrite.setMeta(Field::MetaLogLevel, logLevel);
    }
}

void ServerConnection::Private::removeModernMeta(mcp::Rewrite& rewrite)
{
    for (const Field field :
         {Field::MetaProtocolVersion, Field::MetaClientInfo, Field::MetaClientCapabilities, Field::MetaLogLevel}) {
        rewrite.removeMeta(field);
    }
}

/// A request of our own with the `_meta` that it needs; `members` are further members of params.
QByteArray ServerConnection::Private::modernRequest(std::int64_t id, QByteArrayView method, QByteArrayView members) const
{
    json::Writer meta;
    meta.beginObject().member(mcp::meta_key::ProtocolVersion, mcp::toText(isModern() ? revision : mcp::NewestModern));
    meta.rawMember(mcp::meta_key::ClientInfo, clientInfo).rawMember(mcp::meta_key::ClientCapabilities, ownCapabilities);
    meta.endObject();
    QByteArray params = "{\"_meta\":" + meta.take();
    if (!members.isEmpty()) {
        params.append(',').append(members);
    }
    return mcp::makeRequest(mcp::RequestId(id), method, params + '}');
}

void ServerConnection::Private::addModernHeaders(SendOptions& options, const mcp::Message& message, QByteArrayView target)
{
    static const QByteArray methodHeader = mcp::header::Method.toByteArray();
    static const QByteArray nameHeader = mcp::header::Name.toByteArray();
    options.modern = true;
    options.headers.clear();
    if (!isHttp()) {
        return;
    }
    const QByteArrayView known = mcp::methodName(message.methodId);
    options.headers.append({methodHeader, message.methodId == MethodId::Unknown
                                              ? mcp::encodeHeaderValue(message.text(Field::Method))
                                              : QByteArray::fromRawData(known.data(), known.size())});
    const std::optional<Field> targetField = message.targetField();
    if (!targetField || !mcp::method(message.methodId).targetNamesHeader) {
        return;
    }
    const QByteArray named = target.isEmpty() ? message.text(*targetField) : target.toByteArray();
    options.headers.append({nameHeader, mcp::encodeHeaderValue(named)});
    if (message.methodId != MethodId::ToolsCall || paramHeaders.isEmpty()) {
        return;
    }
    const auto wanted = paramHeaders.constFind(named);
    if (wanted != paramHeaders.cend() && document.parse(message.rawOf(Field::ParamsArguments))) {
        options.headers.append(mcp::paramHeaderValues(*wanted, document.root()));
    }
}

void ServerConnection::Private::addDiscoverHeaders(SendOptions& options) const
{
    options.modern = true;
    if (isHttp()) {
        options.headers = {{mcp::header::ProtocolVersion.toByteArray(), mcp::toText(mcp::NewestModern).toByteArray()},
                           {mcp::header::Method.toByteArray(), QByteArrayLiteral("server/discover")}};
    }
}

/// The era turned out to be another one than the frame was written for.
void ServerConnection::Private::reframe(PendingCall& call)
{
    mcp::ReadOptions options;
    options.maxBytes = static_cast<std::uint32_t>(std::min<qsizetype>(call.frame.size() + 1, 512LL * 1024 * 1024));
    const auto message = mcp::readMessage(call.frame, document, options);
    if (!message) {
        return;
    }
    mcp::Rewrite rewrite(*message);
    call.sendOptions.headers.clear();
    call.sendOptions.modern = false;
    if (isModern()) {
        setModernMeta(rewrite, call.clientCapabilities, call.logLevel);
        addModernHeaders(call.sendOptions, *message, {});
    } else {
        removeModernMeta(rewrite);
    }
    call.frame = rewrite.apply();
    call.modern = isModern();
}

/// Tools whose `x-mcp-header` breaks the rules are not offered; of the others it is kept which headers a call needs.
void ServerConnection::Private::keepParamHeaders(std::vector<mcp::ListEntry>& tools)
{
    paramHeaders.clear();
    json::Document schema;
    std::erase_if(tools, [this, &schema](const mcp::ListEntry& tool) {
        if (!tool.raw.contains("x-mcp-header") || !schema.parse(tool.raw)) {
            return false;
        }
        auto headers = mcp::readParamHeaders(schema.root().find("inputSchema"));
        if (!headers) {
            recordLog(telemetry::Severity::Warn,
                      "The tool " + tool.name + " is left out, its definition is not valid: " + headers.error().message.toUtf8(),
                      {});
            return true;
        }
        if (!headers->empty()) {
            paramHeaders.insert(tool.identity, std::move(*headers));
        }
        return false;
    });
}

bool ServerConnection::Private::mayNotify(const QByteArray& frame)
{
    // Over HTTP this revision has no notifications from clients at all.
    const auto message = mcp::readMessage(frame, document);
    return message && !isHttp() && mcp::method(message->methodId).clientMaySend(revision);
}

void ServerConnection::Private::rejectAnswer(std::int64_t id, const QString& why)
{
    ++strayAnswers;
    recordLog(telemetry::Severity::Warn, "An answer of the server was refused: " + why.toUtf8(), {});
    Reply reply;
    reply.kind = Reply::Kind::Rejected;
    reply.error = {ErrorCode::Parse, QStringLiteral("The server's answer was refused: %1").arg(why), server.name,
                   QStringLiteral("This is a defect of the server; the wire log has the message.")};
    endCall(id, std::move(reply), OperationMetrics::End::Failed);
}

/// Puts a call back that the server did not process. HTTP only: its frame is still there.
bool ServerConnection::Private::sendAgain(std::int64_t id, PendingCall& call)
{
    if (!isHttp() || call.internal || call.resent) {
        return false;
    }
    call.resent = true;
    call.queued = true;
    --inFlight;
    queue.pushFront(id);
    return true;
}

/// False when the answer goes no further.
bool ServerConnection::Private::takeModernAnswer(std::int64_t id, PendingCall& call, const mcp::Message& message)
{
    if (id == initializeToken.id) {
        return true;
    }
    if (message.kind == mcp::Message::Kind::Error) {
        return takeModernError(id, call, message);
    }
    QByteArray scratch;
    const QByteArrayView type = message.text(Field::ResultType, scratch);
    if (!message.has(Field::ResultType) || type == "complete") {
        return true;
    }
    const MethodId method = mcp::methodFromName(call.method);
    if (type == "task" && method == MethodId::ToolsCall) {
        return true;
    }
    if (type != "input_required") {
        rejectAnswer(id, QStringLiteral("its resultType is unknown."));
        return false;
    }
    const bool hasRequests = message.has(Field::ResultInputRequests);
    if (!mcp::method(method).mayRequireInput) {
        rejectAnswer(id, QStringLiteral("%1 cannot require input.").arg(QString::fromUtf8(call.method)));
        return false;
    }
    if ((!hasRequests && !message.has(Field::ResultRequestState)) ||
        (hasRequests && message.kindOf(Field::ResultInputRequests) != json::Kind::Object)) {
        rejectAnswer(id, QStringLiteral("it requires input and does not say which."));
        return false;
    }
    return true;
}

/// What the connection itself got wrong is not the client's to hear.
bool ServerConnection::Private::takeModernError(std::int64_t id, PendingCall& call, const mcp::Message& message)
{
    if (message.errorCode == mcp::error_code::HeaderMismatch) {
        // The tool may have other headers than at the time of the list.
        if (call.method == "tools/call" && sendAgain(id, call)) {
            call.modern = false;
            awaitsTools = true;
            lists[static_cast<std::size_t>(mcp::ListKind::Tools)].reader->start();
            return false;
        }
        rejectAnswer(id, QStringLiteral("it found the request's headers wrong (%1).")
                             .arg(QString::fromUtf8(message.text(Field::ErrorMessage))));
        return false;
    }
    if (message.errorCode == mcp::error_code::UnsupportedProtocolVersion) {
        forgetVerdict();
        if (!sendAgain(id, call)) {
            rejectAnswer(id, QStringLiteral("it no longer speaks %1.").arg(QString::fromUtf8(initializeResult.protocolVersion)));
        }
        sessionLost();
        return false;
    }
    return true;
}

void ServerConnection::Private::takeModernNotification(const mcp::Message& message, CallToken related)
{
    const MethodId method = message.methodId;
    const bool onListen = isListenId(mcp::RequestId(related.id));
    if (method == MethodId::NotificationCancelled) {
        const auto over = mcp::RequestId::fromJson(message.rawOf(Field::ParamsRequestId));
        if (isListenId(over) && over.number() == listening.previous) {
            endListening(std::exchange(listening.previous, 0), false);
        } else if (isListenId(over)) {
            listenEnded("the server ended it");
        } else {
            ++strayAnswers;
        }
        return;
    }
    const bool tagged = message.has(Field::MetaSubscriptionId);
    const bool needsListen =
        tagged || method == MethodId::NotificationSubscriptionsAcknowledged || method == MethodId::NotificationToolsListChanged ||
        method == MethodId::NotificationPromptsListChanged || method == MethodId::NotificationResourcesListChanged ||
        method == MethodId::NotificationResourcesUpdated || method == MethodId::NotificationTasks;
    if (!needsListen) {
        deliverNotification(message, onListen ? CallToken() : related);
        return;
    }
    const auto tag = tagged ? mcp::RequestId::fromJson(message.rawOf(Field::MetaSubscriptionId)) : mcp::RequestId(listening.id);
    const bool ours = isListenId(tag) && (!isHttp() || onListen);
    if (!ours) {
        ++strayAnswers;
        recordLog(telemetry::Severity::Warn, message.text(Field::Method) + " of no subscription of ours was dropped.", {});
        return;
    }
    if (method == MethodId::NotificationSubscriptionsAcknowledged) {
        if (tag == mcp::RequestId(listening.id)) {
            listenAcknowledged(message);
        }
        return;
    }
    if (!listening.acknowledged && listening.previous == 0) {
        recordLog(telemetry::Severity::Warn, message.text(Field::Method) + " came before the subscription was acknowledged.", {});
    }
    if (!tagged) {
        deliverNotification(message, {});
        return;
    }
    const QByteArray frame = mcp::Rewrite(message).removeMeta(Field::MetaSubscriptionId).apply();
    if (const auto untagged = mcp::readMessage(frame, document)) {
        deliverNotification(*untagged, {});
    }
}

} // namespace oriel::upstream
