// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "mcp/message.h"

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

namespace oriel::mcp {

/// HTTP header names of the protocol; compare without case.
namespace header {
inline constexpr QByteArrayView SessionId = "Mcp-Session-Id";             ///< legacy
inline constexpr QByteArrayView ProtocolVersion = "MCP-Protocol-Version"; ///< 2025-06-18 and later
inline constexpr QByteArrayView LastEventId = "Last-Event-ID";            ///< legacy
inline constexpr QByteArrayView Method = "Mcp-Method";                    ///< 2026-07-28
inline constexpr QByteArrayView Name = "Mcp-Name";                        ///< 2026-07-28
inline constexpr QByteArrayView ParamPrefix = "Mcp-Param-";               ///< 2026-07-28
} // namespace header

/// Member names of `_meta` that belong to the protocol (2026-07-28).
namespace meta_key {
inline constexpr QByteArrayView ProtocolVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr QByteArrayView ClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr QByteArrayView ClientCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr QByteArrayView LogLevel = "io.modelcontextprotocol/logLevel";
inline constexpr QByteArrayView SubscriptionId = "io.modelcontextprotocol/subscriptionId";
inline constexpr QByteArrayView ServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr QByteArrayView RelatedTask = "io.modelcontextprotocol/related-task";

// Oriel's own, between one Oriel and another (gateway/federation.h).
inline constexpr QByteArrayView OrielInstance = "oriel/instance";
inline constexpr QByteArrayView OrielVia = "oriel/via";
} // namespace meta_key

/// A value for `Mcp-Name` and `Mcp-Param-*`: as it is when it is visible ASCII (inner spaces and tabs allowed), else
/// `=?base64?…?=`, also when the plain value looks like that (2026-07-28 basic/transports/streamable-http).
[[nodiscard]] QByteArray encodeHeaderValue(QByteArrayView utf8);
/// The inverse; Parse error for broken base64 or UTF-8.
[[nodiscard]] Result<QByteArray> decodeHeaderValue(QByteArrayView value);
/// A session id that may be sent back: visible ASCII 0x21 to 0x7E, not empty.
[[nodiscard]] bool isValidSessionId(QByteArrayView id);
/// What `Mcp-Name` must be for this request, or nothing when the method has no such header.
[[nodiscard]] std::optional<QByteArray> nameHeaderFor(const Message& message);
/// HeaderMismatch as a sentence when `Mcp-Method`/`Mcp-Name`/`MCP-Protocol-Version` (empty = absent) disagree with the body.
[[nodiscard]] Status checkModernHeaders(const Message& message, QByteArrayView version, QByteArrayView methodHeader,
                                        QByteArrayView name);

} // namespace oriel::mcp
