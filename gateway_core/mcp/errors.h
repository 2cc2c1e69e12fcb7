// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/request_id.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

namespace oriel::mcp {

/// Every error code of JSON-RPC and of the MCP revisions (2026-07-28 basic/index, "Error codes"), plus those the SDKs use.
namespace error_code {
inline constexpr int ParseError = -32700;
inline constexpr int InvalidRequest = -32600;
inline constexpr int MethodNotFound = -32601;
inline constexpr int InvalidParams = -32602;
inline constexpr int InternalError = -32603;
inline constexpr int ServerError = -32000;            ///< legacy general range -32000..-32019
inline constexpr int RequestTimeout = -32001;         ///< what the SDKs use for a call that took too long
inline constexpr int ResourceNotFoundLegacy = -32002; ///< not to be emitted since 2026-07-28, still accepted
inline constexpr int UrlElicitationRequired = -32042; ///< 2025-11-25 only
inline constexpr int HeaderMismatch = -32020;
inline constexpr int MissingClientCapability = -32021;
inline constexpr int UnsupportedProtocolVersion = -32022;
} // namespace error_code

/// "InvalidParams" and the like, for spans and logs; empty for codes of no known meaning.
[[nodiscard]] QByteArrayView errorCodeName(int code);
/// -32020..-32022: the peer speaks 2026-07-28, whatever else the answer says (2026-07-28 basic/versioning).
[[nodiscard]] bool isModernError(int code);

/// The status of an HTTP answer that holds nothing but this error (2026-07-28 basic/transports/streamable-http).
[[nodiscard]] int modernHttpStatus(int code);

/// One JSON-RPC error response. An invalid id is printed as null. `data` is JSON text or empty.
[[nodiscard]] QByteArray makeErrorResponse(const RequestId& id, int code, QByteArrayView message, QByteArrayView data = {});
/// One JSON-RPC result response; `result` is JSON text of an object.
[[nodiscard]] QByteArray makeResult(const RequestId& id, QByteArrayView result);
/// `params` is JSON text of an object, or empty for none.
[[nodiscard]] QByteArray makeRequest(const RequestId& id, QByteArrayView method, QByteArrayView params = {});
[[nodiscard]] QByteArray makeNotification(QByteArrayView method, QByteArrayView params = {});

} // namespace oriel::mcp
