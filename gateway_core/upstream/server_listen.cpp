// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "mcp/headers.h"
#include "upstream/server_connection_p.h"

#include <algorithm>

namespace oriel::upstream {

namespace {

/// A subscription that lasted so long was no failure.
constexpr std::int64_t kLastingNs = 5'000'000'000;
constexpr std::array<QByteArrayView, 3> kChanges{"toolsListChanged", "promptsListChanged", "resourcesListChanged"};

} // namespace

/// What the server shall tell of, as JSON; empty: nothing.
QByteArray ServerConnection::Private::listenFilter() const
{
    const mcp::ServerCapabilities& offered = initializeResult.capabilities;
    const std::array wanted{offered.toolsListChanged, offered.promptsListChanged, offered.resourcesListChanged};
    const bool subscribes = offered.resourcesSubscribe && !listening.uris.isEmpty();
    if (!subscribes && std::find(wanted.begin(), wanted.end(), true) == wanted.end()) {
        return {};
    }
    json::Writer filter;
    filter.beginObject();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i]) {
            filter.member(kChanges[i], true);
        }
    }
    if (subscribes) {
        filter.key("resourceSubscriptions").beginArray();
        for (const QByteArray& uri : listening.uris) {
            filter.value(uri);
        }
        filter.endArray();
    }
    filter.endObject();
    return filter.take();
}

void ServerConnection::Private::listen()
{
    static const QByteArray methodHeader = mcp::header::Method.toByteArray();
    listenTimer.stop();
    if (!isModern() || !canSend() || listening.id != 0 || listening.refused) {
        return;
    }
    const QByteArray filter = listenFilter();
    if (filter.isEmpty()) {
        return;
    }
    const std::int64_t id = ++lastId;
    listening.id = id;
    listening.acknowledged = false;
    listening.granted = {};
    listening.grantedUris.clear();
    listening.beganNs = context.clock->monotonicNs();
    SendOptions options;
    options.requestId = id;
    options.modern = true;
    if (isHttp()) {
        options.headers.append({methodHeader, QByteArrayLiteral("subscriptions/listen")});
    }
    const Status sent = sendRaw(modernRequest(id, "subscriptions/listen", "\"notifications\":" + filter), options);
    if (!sent) {
        listenEnded(sent.error().message.toUtf8());
    }
}

/// Listens with another filter; what was listened to goes on until the server has acknowledged that, so nothing is missed.
void ServerConnection::Private::listenAgain()
{
    if (!isModern() || !canSend()) {
        return;
    }
    if (listenFilter().isEmpty()) {
        stopListening(true);
        return;
    }
    const std::int64_t last = std::exchange(listening.id, 0);
    if (last != 0 && listening.acknowledged) {
        listening.previous = last;
    } else {
        endListening(last, true);
    }
    listen();
}

void ServerConnection::Private::stopListening(bool tellServer)
{
    listenTimer.stop();
    listening.acknowledged = false;
    endListening(std::exchange(listening.previous, 0), tellServer);
    endListening(std::exchange(listening.id, 0), tellServer);
}

bool ServerConnection::Private::isListenId(const mcp::RequestId& id) const
{
    return id.isInteger() && id.number() != 0 && (id.number() == listening.id || id.number() == listening.previous);
}

void ServerConnection::Private::endListening(std::int64_t id, bool tellServer)
{
    if (id == 0 || !link || !link->transport) {
        return;
    }
    if (tellServer && !isHttp() && canSend()) {
        (void)sendRaw(mcp::makeNotification("notifications/cancelled", "{\"requestId\":" + QByteArray::number(id) + '}'), {});
    }
    link->transport->forget(id);
}

void ServerConnection::Private::listenEnded(const QByteArray& why)
{
    const bool lasted = listening.acknowledged && context.clock->monotonicNs() - listening.beganNs > kLastingNs;
    listening.fruitless = lasted ? 0 : listening.fruitless + 1;
    endListening(std::exchange(listening.previous, 0), true);
    stopListening(false);
    recordLog(telemetry::Severity::Info, "The subscription to changes ended: " + why, {});
    const std::int64_t delay = std::min<std::int64_t>(context.firstBackoff.count() << std::clamp(listening.fruitless - 1, 0, 16),
                                                      context.maxBackoff.count());
    listenTimer.start(std::chrono::milliseconds(delay));
    handler.onListening(q);
}

void ServerConnection::Private::listenAnswered(const mcp::Message& message, const FrameOrigin& origin)
{
    const bool isError = message.kind == mcp::Message::Kind::Error;
    recordWire(telemetry::WireDirection::ServerToGateway, isError ? telemetry::WireKind::Error : telemetry::WireKind::Response,
               {}, message.id().toJson(), message.raw, {}, &origin);
    if (message.id().number() == listening.previous) {
        endListening(std::exchange(listening.previous, 0), false);
        return;
    }
    if (isError && message.errorCode == mcp::error_code::MethodNotFound) {
        listening.refused = true;
        stopListening(false);
        handler.onListening(q);
        return;
    }
    listenEnded(isError ? message.text(mcp::Field::ErrorMessage) : QByteArrayLiteral("the server ended it"));
}

void ServerConnection::Private::listenAcknowledged(const mcp::Message& message)
{
    json::Document honoured;
    if (!honoured.parse(message.rawOf(mcp::Field::ParamsNotifications))) {
        ++strayAnswers;
        return;
    }
    for (std::size_t i = 0; i < kChanges.size(); ++i) {
        listening.granted[i] = honoured.root().find(kChanges[i]).asBool().value_or(false);
    }
    for (const json::Value& uri : honoured.root().find("resourceSubscriptions").elements()) {
        listening.grantedUris.append(uri.asUtf8());
    }
    listening.acknowledged = true;
    const bool wentOn = listening.previous != 0;
    endListening(std::exchange(listening.previous, 0), true);
    handler.onListening(q);
    if (!std::exchange(listening.before, true) || wentOn) {
        return;
    }
    // Nobody told of what changed since the last one ended.
    for (const mcp::ListKind kind :
         {mcp::ListKind::Tools, mcp::ListKind::Prompts, mcp::ListKind::Resources, mcp::ListKind::ResourceTemplates}) {
        if (isCoveredByListen(kind)) {
            listChanged(kind);
        }
    }
}

bool ServerConnection::Private::isCoveredByListen(mcp::ListKind kind) const
{
    return listening.id != 0 && listening.acknowledged &&
           listening.granted[std::min<std::size_t>(static_cast<std::size_t>(kind), kChanges.size() - 1)];
}

} // namespace oriel::upstream
