// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/capabilities.h"
#include "mcp/revision.h"
#include "telemetry/call_record.h"

#include <QByteArray>
#include <QSet>

#include <memory>
#include <optional>

namespace oriel::downstream {

/// MCP log levels (RFC 5424), least severe first.
enum class LogLevel : quint8 { Debug, Info, Notice, Warning, Error, Critical, Alert, Emergency };
std::optional<LogLevel> logLevelFromText(QByteArrayView text);
QByteArrayView logLevelName(LogLevel level); ///< "debug" …

/// One client's connection in the sense of the legacy revisions: from `initialize` to DELETE or the end of its pipe.
/// The transport owns it and sends; the gateway keeps its state here. Gateway thread only.
class Session {
public:
    virtual ~Session() = default;

    QByteArray id;                                          ///< the Mcp-Session-Id; of a bridge, an id of ours
    QByteArray server;                                      ///< the one server it sees (`/mcp/<server>`); empty: all of them
    std::shared_ptr<const telemetry::ClientContext> client; ///< replaced by the gateway when `initialize` told the names
    mcp::Revision revision = mcp::NewestLegacy;
    mcp::ClientCapabilities capabilities;
    QByteArray capabilitiesJson;      ///< the same as the client wrote it
    bool isInitialized = false;       ///< `initialize` was answered
    std::optional<LogLevel> logLevel; ///< what logging/setLevel asked for
    std::int64_t openedUnixNs = 0;
    std::int64_t lastSeenUnixNs = 0;
    std::uint64_t calls = 0;

    /// A frame that belongs to no request of the client: on the GET stream, or the next line of a bridge.
    virtual void send(const QByteArray& frame) = 0;
    /// The id of the event that send() wrote last; empty where events have none.
    [[nodiscard]] virtual QByteArray lastEventId() const { return {}; }
    /// True while the client can be reached without a request of its own.
    [[nodiscard]] virtual bool isReachable() const = 0;
    /// Ends it from our side: the client has to initialize again.
    virtual void close() = 0;
};

} // namespace oriel::downstream
