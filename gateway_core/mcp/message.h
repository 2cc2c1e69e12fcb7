// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "mcp/errors.h"
#include "mcp/methods.h"
#include "mcp/request_id.h"

#include <QByteArray>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace oriel::mcp {

/// The members of a frame that a gateway reads or rewrites. Names tell the path.
enum class Field : std::uint8_t {
    // envelope
    JsonRpc,
    Id,
    Method,
    Params,
    Result,
    Error,
    // params
    ParamsName,
    ParamsUri,
    ParamsArguments,
    ParamsCursor,
    ParamsLevel, ///< logging/setLevel, notifications/message
    ParamsRef,
    ParamsRequestId,     ///< notifications/cancelled
    ParamsProgressToken, ///< notifications/progress
    ParamsTaskId,
    ParamsTask,
    ParamsProtocolVersion, ///< initialize
    ParamsCapabilities,    ///< initialize
    ParamsClientInfo,      ///< initialize
    ParamsInputResponses,
    ParamsRequestState,
    ParamsNotifications, ///< subscriptions/listen filter
    ParamsMeta,
    // params.ref
    RefType,
    RefName,
    RefUri,
    // params._meta
    MetaProgressToken,
    MetaTraceparent,
    MetaTracestate,
    MetaBaggage,
    MetaB3, ///< b3 and b3multi write their headers' names
    MetaB3TraceId,
    MetaB3SpanId,
    MetaB3Sampled,
    MetaB3Flags,
    MetaProtocolVersion,    ///< io.modelcontextprotocol/protocolVersion
    MetaClientInfo,         ///< io.modelcontextprotocol/clientInfo
    MetaClientCapabilities, ///< io.modelcontextprotocol/clientCapabilities
    MetaLogLevel,           ///< io.modelcontextprotocol/logLevel
    MetaSubscriptionId,     ///< io.modelcontextprotocol/subscriptionId
    MetaOrielVia,           ///< oriel/via: the Oriels that a message has come through
    MetaRelatedTask,        ///< io.modelcontextprotocol/related-task
    // result
    ResultIsError,
    ResultType,
    ResultNextCursor,
    ResultRequestState,
    ResultInputRequests,
    ResultTtlMs,      ///< 2026-07-28
    ResultCacheScope, ///< 2026-07-28
    ResultMeta,
    // error
    ErrorCode,
    ErrorMessage,
    ErrorData,
};
inline constexpr std::size_t FieldCount = static_cast<std::size_t>(Field::ErrorData) + 1;

/// "params._meta.traceparent".
[[nodiscard]] QByteArray fieldPath(Field field);
/// The member's key with its quotes: `"traceparent"`.
[[nodiscard]] QByteArrayView quotedKey(Field field);

/// One JSON-RPC message: its raw bytes and where the members that matter stand in them. A value; copying shares the bytes.
class Message {
public:
    enum class Kind : std::uint8_t { Invalid, Request, Notification, Response, Error };

    Kind kind = Kind::Invalid;
    MethodId methodId = MethodId::Unknown; ///< Unknown for responses and for methods that are in no revision
    bool resultIsError = false;            ///< result.isError is true: the tool failed
    int errorCode = 0;                     ///< of an Error
    QByteArray raw;                        ///< the frame, exactly as received

    [[nodiscard]] bool isRequest() const { return kind == Kind::Request; }
    [[nodiscard]] bool isNotification() const { return kind == Kind::Notification; }
    /// A Response or an Error.
    [[nodiscard]] bool isAnswer() const { return kind == Kind::Response || kind == Kind::Error; }

    [[nodiscard]] bool has(Field field) const { return span(field).isValid(); }
    [[nodiscard]] json::Span span(Field field) const { return m_spans[static_cast<std::size_t>(field)]; }
    /// From the first quote of the key of a `params._meta` member to the end of its value; only for Meta* fields.
    [[nodiscard]] json::Span memberSpan(Field field) const;
    [[nodiscard]] json::Kind kindOf(Field field) const { return json::kindOf(rawOf(field)); }
    /// The member's JSON text, or empty.
    [[nodiscard]] QByteArrayView rawOf(Field field) const
    {
        const json::Span where = span(field);
        return QByteArrayView(raw).sliced(where.begin, where.length);
    }
    /// A string member's content; empty when absent or of another kind.
    [[nodiscard]] QByteArray text(Field field) const { return json::unquote(rawOf(field)); }
    /// The same without a copy unless something is escaped.
    [[nodiscard]] QByteArrayView text(Field field, QByteArray& scratch) const { return json::unquote(rawOf(field), scratch); }

    [[nodiscard]] RequestId id() const { return RequestId::fromJson(rawOf(Field::Id)); }
    /// The method as it was written, also when it is Unknown.
    [[nodiscard]] QByteArrayView methodText(QByteArray& scratch) const { return text(Field::Method, scratch); }
    /// The field that names what the request is about (params.name, params.uri, params.ref.name …) by the table of methods.
    [[nodiscard]] std::optional<Field> targetField() const;
    /// True when `params._meta` names a protocol version: the sender speaks 2026-07-28 or later.
    [[nodiscard]] bool isModern() const { return has(Field::MetaProtocolVersion); }

private:
    friend class MessageReader;
    std::array<json::Span, FieldCount> m_spans{};
    static constexpr std::size_t FirstMeta = static_cast<std::size_t>(Field::MetaProgressToken);
    static constexpr std::size_t MetaCount = static_cast<std::size_t>(Field::MetaRelatedTask) - FirstMeta + 1;
    std::array<std::uint32_t, MetaCount> m_metaKeys{}; ///< where the keys of params._meta begin
};

/// Why a frame is not a message, ready to be answered.
struct FrameError {
    int code = error_code::ParseError; ///< ParseError, InvalidRequest or InvalidParams
    QByteArray message;                ///< one English sentence
    RequestId id;                      ///< the frame's id where it could be read
    bool answerable = true;            ///< false when the frame was an answer or a notification: nobody waits for an error

    /// The JSON-RPC error response (id null where unknown).
    [[nodiscard]] QByteArray toResponse() const { return makeErrorResponse(id, code, message); }
    [[nodiscard]] oriel::Error toError(const QString& context = {}) const;
};

struct ReadOptions {
    std::uint32_t maxBytes = 64U << 20U;
    int maxDepth = 128;
    bool allowBatch = false; ///< readFrame only: arrays of messages (2025-03-26)
    std::uint32_t maxBatch = 256;
};

using MessageResult = tl::expected<Message, FrameError>;

/// A frame as it came off the transport.
struct Frame {
    bool isBatch = false;                ///< answer with an array, even for one message
    std::vector<MessageResult> messages; ///< never empty; each carries its own raw bytes
};

/// Reads one message in one pass over `raw`. `document` is scratch that the caller keeps (its root is the frame afterwards).
/// Refused besides broken JSON: duplicate keys anywhere; keys that differ from a known one only in case (`Method`, `paramſ`);
/// jsonrpc other than "2.0"; ids that are neither string nor integer; params that are neither object nor null; an error without
/// an integer code; a known method without its target, or with a progress token that is neither string nor integer. Allocates
/// nothing on success once `document` is warm. Thread: any, one document per thread.
[[nodiscard]] MessageResult readMessage(const QByteArray& raw, json::Document& document, const ReadOptions& options = {});

/// Parses the frame or one member of a message that was read, with the liberties of readMessage; gives the root, which is Missing
/// for text that no message had. The text has to outlive the value.
[[nodiscard]] json::Value parsedAgain(QByteArrayView text, json::Document& document);

/// The same for transports where a batch may arrive.
[[nodiscard]] tl::expected<Frame, FrameError> readFrame(const QByteArray& raw, json::Document& document,
                                                        const ReadOptions& options = {});

} // namespace oriel::mcp
