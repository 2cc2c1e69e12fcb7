// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/exchange_text.h"

#include "ui/servers/wire_text.h"
#include "ui/widgets/format.h"

#include <algorithm>
#include <array>

namespace oriel::ui {
namespace {

using telemetry::WireDirection;
using telemetry::WireEra;
using telemetry::WireKind;

constexpr const char* kLists = "tools/list prompts/list resources/list resources/templates/list";
constexpr const char* kListChanges =
    "notifications/tools/list_changed notifications/prompts/list_changed notifications/resources/list_changed";

struct Reason {
    const char* methods; ///< parted by spaces; empty: any
    WireDirection direction;
    const char* words;
};

/// The first row that fits counts.
constexpr std::array kReasons{
    Reason{"initialize", WireDirection::ClientToGateway,
           "Oriel answers the handshake itself; each server had one of its own, at its start."},
    Reason{"notifications/initialized", WireDirection::ClientToGateway, "Ends the client's handshake with Oriel."},
    Reason{"server/discover", WireDirection::ClientToGateway, "Oriel answers for all its servers."},
    Reason{"ping", WireDirection::ClientToGateway, "Oriel answers pings itself."},
    Reason{kLists, WireDirection::ClientToGateway, "Answered from the catalogue; the servers' lists were read before."},
    Reason{"logging/setLevel", WireDirection::ClientToGateway,
           "Kept here: a server of before gets the lowest level of all clients, one of 2026-07-28 the level with each call."},
    Reason{"resources/subscribe", WireDirection::ClientToGateway,
           "Oriel holds one subscription a server: a server of 2026-07-28 gets it in the filter of subscriptions/listen."},
    Reason{"resources/unsubscribe", WireDirection::ClientToGateway,
           "Oriel holds one subscription a server and ends it when the last client has."},
    Reason{"subscriptions/listen", WireDirection::ClientToGateway,
           "Oriel listens to each server once: by a listen of its own, or by resources/subscribe at a server of before."},
    Reason{"notifications/subscriptions/acknowledged", WireDirection::GatewayToClient,
           "Says what of the filter can be heard through Oriel."},
    Reason{"notifications/cancelled", WireDirection::ClientToGateway,
           "Over HTTP a server of 2026-07-28 sees it as the end of its stream."},
    Reason{"notifications/cancelled", WireDirection::GatewayToServer,
           "Nobody waits any more: the time was up, or the client closed its stream."},
    Reason{"notifications/roots/list_changed", WireDirection::ClientToGateway, "Passed on to the servers that are ready."},
    Reason{"initialize", WireDirection::GatewayToServer, "Oriel's own handshake with this server, once a start."},
    Reason{"notifications/initialized", WireDirection::GatewayToServer, "Ends Oriel's own handshake with this server."},
    Reason{"server/discover", WireDirection::GatewayToServer, "Oriel asks for the era of this server, once a start."},
    Reason{"subscriptions/listen", WireDirection::GatewayToServer,
           "One for all clients: what they subscribe to becomes the filter of this request."},
    Reason{kLists, WireDirection::GatewayToServer, "Oriel reads the list for its catalogue."},
    Reason{"resources/subscribe", WireDirection::GatewayToServer, "One subscription for all clients that want this resource."},
    Reason{"resources/unsubscribe", WireDirection::GatewayToServer, "The last client that wanted this resource has gone."},
    Reason{kListChanges, WireDirection::ServerToGateway, "Oriel reads the list again and then tells the clients."},
    Reason{kListChanges, WireDirection::GatewayToClient, "Oriel's catalogue has changed."},
    Reason{"notifications/progress", WireDirection::ServerToGateway, "Not passed on: the client asked for no progress."},
    Reason{"ping", WireDirection::ServerToGateway, "Oriel answers pings itself."},
    Reason{"", WireDirection::ServerToGateway, "Ends at Oriel: no client waits for it."},
    Reason{"", WireDirection::GatewayToServer, "Oriel's own: no client sent it."},
    Reason{"", WireDirection::ClientToGateway, "It did not reach a server; the answer says why."},
    Reason{"", WireDirection::GatewayToClient, "Oriel's own: no server sent it."},
};

bool names(QByteArrayView methods, QByteArrayView method)
{
    if (methods.isEmpty())
        return true;
    const QList<QByteArray> each = methods.toByteArray().split(' ');
    return std::any_of(each.cbegin(), each.cend(), [method](const QByteArray& one) { return one == method; });
}

QString wordsFor(const telemetry::WireFrame& frame)
{
    for (const Reason& reason : kReasons) {
        if (reason.direction == frame.direction && names(reason.methods, frame.method))
            return QString::fromUtf8(reason.words);
    }
    return {};
}

const store::WireEntry* firstOf(const WireExchange& exchange, bool client)
{
    for (std::size_t i = 0; i < exchange.steps.size(); ++i) {
        if (const store::WireEntry* entry = client ? exchange.clientOf(i) : exchange.serverOf(i))
            return entry;
    }
    return nullptr;
}

bool isAcross(const WireExchange& exchange, bool fromLegacy)
{
    const store::WireEntry* client = firstOf(exchange, true);
    const store::WireEntry* server = firstOf(exchange, false);
    return client != nullptr && server != nullptr && client->frame.era != server->frame.era &&
           (client->frame.era == WireEra::Legacy) == fromLegacy;
}

QByteArray lastName(const QByteArray& path)
{
    // Keys of _meta hold dots themselves: "params._meta.io.modelcontextprotocol/clientInfo".
    if (const qsizetype meta = path.indexOf("_meta."); meta >= 0)
        return QByteArrayLiteral("_meta");
    return path.mid(path.lastIndexOf('.') + 1);
}

QString frameText(const store::WireEntry& entry)
{
    QStringList lines{QStringLiteral("%1  %2  %3  %4")
                          .arg(formatTime(entry.frame.timeUnixNs), peerText(entry.frame), peerBadge(entry), carrierText(entry))};
    for (const QString& field : mcpFields(entry))
        lines.append(field);
    lines.append(QString::fromUtf8(entry.frame.payload));
    if (entry.cut)
        lines.append(
            QStringLiteral("(the first %1 of %2)")
                .arg(formatBytes(std::uint64_t(entry.frame.payload.size())), formatBytes(std::uint64_t(entry.payloadBytes))));
    return lines.join(QLatin1Char('\n'));
}

} // namespace

QString stepTitle(const store::WireEntry& entry, bool fromClient)
{
    QStringList words{fromClient ? QStringLiteral("→") : QStringLiteral("←")};
    const telemetry::WireFrame& frame = entry.frame;
    const bool named = !frame.method.isEmpty() && frame.kind != WireKind::Response && frame.kind != WireKind::Error;
    words.append(named ? QString::fromUtf8(frame.method) : kindWord(frame.kind));
    if (!frame.rpcId.isEmpty())
        words.append(QStringLiteral("id ") + QString::fromUtf8(frame.rpcId.left(32)));
    return words.join(QLatin1Char(' '));
}

QString peerBadge(const store::WireEntry& entry)
{
    const bool client = isClientSide(entry.frame.direction);
    const QByteArray& name = client ? entry.frame.client : entry.frame.server;
    QStringList words{name.isEmpty() ? (client ? QStringLiteral("client") : QStringLiteral("server")) : QString::fromUtf8(name)};
    if (!entry.revision.isEmpty())
        words.append(QString::fromUtf8(entry.revision));
    if (const QString era = eraWord(entry.frame.era); !era.isEmpty())
        words.append(era);
    words.append(transportWord(entry.transport));
    return words.join(QStringLiteral(" · "));
}

QString aloneBecause(const WireExchange& exchange, std::size_t step)
{
    const store::WireEntry* client = exchange.clientOf(step);
    const store::WireEntry* server = exchange.serverOf(step);
    if ((client != nullptr) == (server != nullptr))
        return {};
    const telemetry::WireFrame& frame = (client != nullptr ? client : server)->frame;
    if (frame.direction == WireDirection::GatewayToClient && frame.kind == WireKind::Request)
        return QStringLiteral("One more question of the same answer that requires input.");
    if (frame.direction == WireDirection::ClientToGateway && (frame.kind == WireKind::Response || frame.kind == WireKind::Error))
        return QStringLiteral("Kept until all questions are answered; the retry carries it to the server.");
    if (frame.direction == WireDirection::GatewayToClient && frame.kind != WireKind::Notification && exchange.steps.size() <= 2)
        return QStringLiteral("Oriel's own answer.");
    return wordsFor(frame);
}

QString changedWords(const JsonDiff& diff)
{
    if (diff.state == JsonDiff::State::TooLong)
        return QStringLiteral("too long to compare at once");
    if (diff.state == JsonDiff::State::NotJson)
        return QStringLiteral("not comparable");
    QStringList names;
    for (const JsonChange& change : diff.changes) {
        if (change.kind == JsonChange::Kind::Same)
            continue;
        const QString name = QString::fromUtf8(lastName(change.path));
        if (!names.contains(name))
            names.append(name);
    }
    if (names.isEmpty())
        return QStringLiteral("nothing");
    const auto more = names.size() - 4;
    return names.mid(0, 4).join(QStringLiteral(", ")) + (more > 0 ? QStringLiteral(" and %1 more").arg(more) : QString());
}

QString whyChanged(const QByteArray& path, const WireExchange& exchange, std::size_t step)
{
    struct Why {
        const char* path;
        const char* words;
    };
    static constexpr std::array kWhys{
        Why{"id", "Each side counts its own requests"},
        Why{"params.name", "Clients see the server's name before the tool's"},
        Why{"params._meta.progressToken", "Each side has progress tokens of its own"},
        Why{"params.progressToken", "Each side has progress tokens of its own"},
        Why{"params._meta.traceparent", "The server's span is a child of Oriel's"},
        Why{"params._meta.tracestate", "Goes along with traceparent"},
        Why{"params._meta.io.modelcontextprotocol/protocolVersion", "Every request of 2026-07-28 names its revision"},
        Why{"params._meta.io.modelcontextprotocol/clientInfo", "To the server, Oriel is the client"},
        Why{"params._meta.io.modelcontextprotocol/clientCapabilities", "What the client behind the call can answer"},
        Why{"params._meta.io.modelcontextprotocol/logLevel", "2026-07-28 has the log level in each request"},
        Why{"params._meta.io.modelcontextprotocol/subscriptionId", "Each subscription has an id of its own"},
        Why{"params._meta", "What 2026-07-28 says with each request, and the trace"},
        Why{"params.logger", "Clients of all servers can tell whose logger it is"},
        Why{"params.requestState", "Belongs to the server that asked"},
        Why{"params.inputResponses", "Answers that the client gave to the server's questions"},
        Why{"result.resultType", "2026-07-28 requires it in each result"},
        Why{"result.ttlMs", "2026-07-28: how long the answer may be kept"},
        Why{"result.cacheScope", "2026-07-28: who may keep the answer"},
        Why{"error.code", "The two eras have different codes for it"},
    };
    for (const Why& why : kWhys) {
        if (path == why.path)
            return QString::fromUtf8(why.words);
    }
    const store::WireEntry* client = exchange.clientOf(step);
    const store::WireEntry* server = exchange.serverOf(step);
    if (client != nullptr && server != nullptr && client->frame.kind != server->frame.kind) {
        return isAcross(exchange, true) ? QStringLiteral("2026-07-28 answers \"input required\" where a server of before asks")
                                        : QStringLiteral("A server of before asks where 2026-07-28 answers \"input required\"");
    }
    return {};
}

QStringList mcpFields(const store::WireEntry& entry)
{
    QStringList fields;
    const telemetry::WireFrame& frame = entry.frame;
    const bool request = frame.direction == WireDirection::ClientToGateway || frame.direction == WireDirection::GatewayToServer;
    if (entry.transport != telemetry::Transport::Stdio && request) {
        if (!entry.revision.isEmpty() && frame.method != "initialize" &&
            std::none_of(frame.headers.cbegin(), frame.headers.cend(),
                         [](const auto& field) { return field.first.compare("MCP-Protocol-Version", Qt::CaseInsensitive) == 0; }))
            fields.append(QStringLiteral("MCP-Protocol-Version: ") + QString::fromUtf8(entry.revision));
        if (!entry.session.isEmpty() && frame.era == WireEra::Legacy && frame.method != "initialize")
            fields.append(QStringLiteral("Mcp-Session-Id: ") + QString::fromUtf8(entry.session));
    }
    for (const auto& [name, value] : frame.headers)
        fields.append(QString::fromUtf8(name) + QStringLiteral(": ") + QString::fromUtf8(value));
    if (request && entry.transport != telemetry::Transport::Stdio && isClientSide(frame.direction) &&
        frame.era == WireEra::Modern)
        fields.append(QStringLiteral("Mcp-Method, Mcp-Name: checked, they say the same as the body"));
    if (!frame.eventId.isEmpty())
        fields.append(QStringLiteral("event id: ") + QString::fromUtf8(frame.eventId));
    return fields;
}

QString exchangeAsText(const WireExchange& exchange)
{
    QStringList parts;
    for (std::size_t i = 0; i < exchange.steps.size(); ++i) {
        const store::WireEntry* client = exchange.clientOf(i);
        const store::WireEntry* server = exchange.serverOf(i);
        const bool clientFirst = exchange.steps[i].fromClient;
        for (const store::WireEntry* entry : {clientFirst ? client : server, clientFirst ? server : client}) {
            if (entry != nullptr)
                parts.append(frameText(*entry));
        }
        if (const QString alone = aloneBecause(exchange, i); !alone.isEmpty())
            parts.append(QStringLiteral("(%1)").arg(alone));
    }
    return parts.join(QStringLiteral("\n\n"));
}

} // namespace oriel::ui
