// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/message.h"

#include <span>

namespace oriel::mcp {

namespace {

enum class Owner : std::uint8_t { Envelope, Params, Ref, Meta, Result, Error };

struct FieldRow {
    Field field;
    Owner owner;
    QByteArrayView quoted;

    [[nodiscard]] constexpr QByteArrayView key() const { return {quoted.data() + 1, quoted.size() - 2}; }
};

constexpr std::array<FieldRow, FieldCount> Rows{{
    {Field::JsonRpc, Owner::Envelope, "\"jsonrpc\""},
    {Field::Id, Owner::Envelope, "\"id\""},
    {Field::Method, Owner::Envelope, "\"method\""},
    {Field::Params, Owner::Envelope, "\"params\""},
    {Field::Result, Owner::Envelope, "\"result\""},
    {Field::Error, Owner::Envelope, "\"error\""},
    {Field::ParamsName, Owner::Params, "\"name\""},
    {Field::ParamsUri, Owner::Params, "\"uri\""},
    {Field::ParamsArguments, Owner::Params, "\"arguments\""},
    {Field::ParamsCursor, Owner::Params, "\"cursor\""},
    {Field::ParamsLevel, Owner::Params, "\"level\""},
    {Field::ParamsRef, Owner::Params, "\"ref\""},
    {Field::ParamsRequestId, Owner::Params, "\"requestId\""},
    {Field::ParamsProgressToken, Owner::Params, "\"progressToken\""},
    {Field::ParamsTaskId, Owner::Params, "\"taskId\""},
    {Field::ParamsTask, Owner::Params, "\"task\""},
    {Field::ParamsProtocolVersion, Owner::Params, "\"protocolVersion\""},
    {Field::ParamsCapabilities, Owner::Params, "\"capabilities\""},
    {Field::ParamsClientInfo, Owner::Params, "\"clientInfo\""},
    {Field::ParamsInputResponses, Owner::Params, "\"inputResponses\""},
    {Field::ParamsRequestState, Owner::Params, "\"requestState\""},
    {Field::ParamsNotifications, Owner::Params, "\"notifications\""},
    {Field::ParamsMeta, Owner::Params, "\"_meta\""},
    {Field::RefType, Owner::Ref, "\"type\""},
    {Field::RefName, Owner::Ref, "\"name\""},
    {Field::RefUri, Owner::Ref, "\"uri\""},
    {Field::MetaProgressToken, Owner::Meta, "\"progressToken\""},
    {Field::MetaTraceparent, Owner::Meta, "\"traceparent\""},
    {Field::MetaTracestate, Owner::Meta, "\"tracestate\""},
    {Field::MetaBaggage, Owner::Meta, "\"baggage\""},
    {Field::MetaB3, Owner::Meta, "\"b3\""},
    {Field::MetaB3TraceId, Owner::Meta, "\"X-B3-TraceId\""},
    {Field::MetaB3SpanId, Owner::Meta, "\"X-B3-SpanId\""},
    {Field::MetaB3Sampled, Owner::Meta, "\"X-B3-Sampled\""},
    {Field::MetaB3Flags, Owner::Meta, "\"X-B3-Flags\""},
    {Field::MetaProtocolVersion, Owner::Meta, "\"io.modelcontextprotocol/protocolVersion\""},
    {Field::MetaClientInfo, Owner::Meta, "\"io.modelcontextprotocol/clientInfo\""},
    {Field::MetaClientCapabilities, Owner::Meta, "\"io.modelcontextprotocol/clientCapabilities\""},
    {Field::MetaLogLevel, Owner::Meta, "\"io.modelcontextprotocol/logLevel\""},
    {Field::MetaSubscriptionId, Owner::Meta, "\"io.modelcontextprotocol/subscriptionId\""},
    {Field::MetaOrielVia, Owner::Meta, "\"oriel/via\""},
    {Field::MetaRelatedTask, Owner::Meta, "\"io.modelcontextprotocol/related-task\""},
    {Field::ResultIsError, Owner::Result, "\"isError\""},
    {Field::ResultType, Owner::Result, "\"resultType\""},
    {Field::ResultNextCursor, Owner::Result, "\"nextCursor\""},
    {Field::ResultRequestState, Owner::Result, "\"requestState\""},
    {Field::ResultInputRequests, Owner::Result, "\"inputRequests\""},
    {Field::ResultTtlMs, Owner::Result, "\"ttlMs\""},
    {Field::ResultCacheScope, Owner::Result, "\"cacheScope\""},
    {Field::ResultMeta, Owner::Result, "\"_meta\""},
    {Field::ErrorCode, Owner::Error, "\"code\""},
    {Field::ErrorMessage, Owner::Error, "\"message\""},
    {Field::ErrorData, Owner::Error, "\"data\""},
}};

constexpr bool rowsFollowFields()
{
    for (std::size_t i = 0; i < Rows.size(); ++i) {
        if (static_cast<std::size_t>(Rows[i].field) != i) {
            return false;
        }
    }
    return true;
}
static_assert(rowsFollowFields());

constexpr std::span<const FieldRow> rowsOf(Owner owner)
{
    std::size_t first = 0;
    while (Rows[first].owner != owner) {
        ++first;
    }
    std::size_t last = first;
    while (last < Rows.size() && Rows[last].owner == owner) {
        ++last;
    }
    return std::span(Rows).subspan(first, last - first);
}

QByteArrayView pathOf(Owner owner)
{
    switch (owner) {
    case Owner::Envelope:
        return "";
    case Owner::Params:
        return "params.";
    case Owner::Ref:
        return "params.ref.";
    case Owner::Meta:
        return "params._meta.";
    case Owner::Result:
        return "result.";
    case Owner::Error:
        return "error.";
    }
    return {};
}

bool isAscii(QByteArrayView text)
{
    unsigned char all = 0;
    for (const char c : text) {
        all |= static_cast<unsigned char>(c);
    }
    return all < 0x80;
}

struct Match {
    const FieldRow* row = nullptr;
    bool variant = false; ///< the key is the row's in another case
};

Match matchKey(std::span<const FieldRow> rows, const json::Value& key)
{
    const QByteArrayView raw = key.raw();
    if (key.isPlain() && isAscii(raw)) {
        for (const FieldRow& row : rows) {
            if (row.quoted.size() != raw.size()) {
                continue;
            }
            if (row.quoted == raw) {
                return {&row, false};
            }
            if (raw.compare(row.quoted, Qt::CaseInsensitive) == 0) {
                return {&row, true};
            }
        }
        return {};
    }
    for (const FieldRow& row : rows) {
        if (key.equals(row.key())) {
            return {&row, false};
        }
        if (key.isCaseVariantOf(row.key())) {
            return {&row, true};
        }
    }
    return {};
}

bool isId(QByteArrayView raw)
{
    return RequestId::fromJson(raw).isValid();
}

} // namespace

QByteArray fieldPath(Field field)
{
    const FieldRow& row = Rows[static_cast<std::size_t>(field)];
    return pathOf(row.owner).toByteArray().append(row.key());
}

QByteArrayView quotedKey(Field field)
{
    return Rows[static_cast<std::size_t>(field)].quoted;
}

json::Span Message::memberSpan(Field field) const
{
    const auto index = static_cast<std::size_t>(field) - FirstMeta;
    Q_ASSERT(index < MetaCount);
    const json::Span value = span(field);
    return value.isValid() ? json::Span{m_metaKeys[index], value.end() - m_metaKeys[index]} : json::Span{};
}

std::optional<Field> Message::targetField() const
{
    switch (method(methodId).target) {
    case Target::None:
        break;
    case Target::Name:
        return Field::ParamsName;
    case Target::Uri:
        return Field::ParamsUri;
    case Target::TaskId:
        return Field::ParamsTaskId;
    case Target::Ref:
        return has(Field::RefName) ? Field::RefName : Field::RefUri;
    }
    return std::nullopt;
}

oriel::Error FrameError::toError(const QString& context) const
{
    return {oriel::ErrorCode::Parse, QString::fromUtf8(message), context, {}};
}

/// Fills one Message from one object of a parsed document.
class MessageReader {
public:
    MessageReader(const json::Value& object, std::uint32_t base) : m_object(object), m_base(base) {}

    /// `raw` is the object's own text (and what surrounds it when `base` is 0).
    MessageResult read(const QByteArray& raw)
    {
        m_message.raw = raw;
        if (!m_object.isObject()) {
            return refuse(error_code::InvalidRequest, QByteArrayLiteral("A message is a JSON object"));
        }
        if (!readMembers(m_object, rowsOf(Owner::Envelope)) || !readEnvelope() || !readBodies() || !checkMethod()) {
            return tl::unexpected(failure());
        }
        return std::move(m_message);
    }

private:
    tl::unexpected<FrameError> refuse(int code, QByteArray message)
    {
        problem(code, std::move(message));
        return tl::unexpected(failure());
    }
    bool problem(int code, QByteArray message)
    {
        m_error.code = code;
        m_error.message = std::move(message);
        return false;
    }
    bool invalidRequest(QByteArray message) { return problem(error_code::InvalidRequest, std::move(message)); }
    bool invalidParams(Field field, QByteArrayView what)
    {
        return problem(error_code::InvalidParams, fieldPath(field).append(' ').append(what));
    }
    FrameError failure()
    {
        m_error.id = m_message.id();
        const bool isAnswer = !m_message.has(Field::Method) && (m_message.has(Field::Result) || m_message.has(Field::Error));
        const bool isNotification = m_message.kindOf(Field::Method) == json::Kind::String && !m_message.has(Field::Id);
        m_error.answerable = !isAnswer && !isNotification;
        return m_error;
    }

    bool readMembers(const json::Value& object, std::span<const FieldRow> rows);
    bool readEnvelope();
    bool readBodies();
    bool checkMethod();
    bool checkTarget();
    [[nodiscard]] json::Value value(Field field) const { return m_values[static_cast<std::size_t>(field)]; }

    json::Value m_object;
    std::uint32_t m_base;
    Message m_message;
    FrameError m_error;
    std::array<json::Value, FieldCount> m_values;
};

bool MessageReader::readMembers(const json::Value& object, std::span<const FieldRow> rows)
{
    const char* variantOf = nullptr;
    QByteArray variant;
    for (const json::Member& member : object.members()) {
        const Match match = matchKey(rows, member.key);
        if (match.row == nullptr) {
            continue;
        }
        if (match.variant) {
            // The rest is read first, so that the refusal carries the id.
            variantOf = match.row->quoted.data();
            variant = member.key.raw().toByteArray();
            continue;
        }
        const auto index = static_cast<std::size_t>(match.row->field);
        const json::Span at = member.value.span();
        m_values[index] = member.value;
        m_message.m_spans[index] = {at.begin - m_base, at.length};
        if (match.row->owner == Owner::Meta) {
            m_message.m_metaKeys[index - Message::FirstMeta] = member.key.span().begin - m_base;
        }
    }
    if (variantOf != nullptr) {
        return invalidRequest("The key " + variant + " differs from " + variantOf + " only in case");
    }
    return true;
}

bool MessageReader::readEnvelope()
{
    Message& message = m_message;
    if (!value(Field::JsonRpc).equals("2.0")) {
        return invalidRequest(QByteArrayLiteral("jsonrpc must be \"2.0\""));
    }
    const bool hasId = message.has(Field::Id);
    const bool hasResult = message.has(Field::Result);
    const bool hasError = message.has(Field::Error);
    if (message.has(Field::Method)) {
        if (!value(Field::Method).isString()) {
            return invalidRequest(QByteArrayLiteral("method must be a string"));
        }
        if (hasResult || hasError) {
            return invalidRequest(QByteArrayLiteral("A message has either a method or a result or an error"));
        }
        if (hasId && !isId(message.rawOf(Field::Id))) {
            return invalidRequest(QByteArrayLiteral("id must be a string or an integer"));
        }
        message.kind = hasId ? Message::Kind::Request : Message::Kind::Notification;
        QByteArray scratch;
        message.methodId = methodFromName(value(Field::Method).utf8(scratch));
        const json::Value params = value(Field::Params);
        return !params.exists() || params.isObject() || params.isNull() ||
               invalidRequest(QByteArrayLiteral("params must be an object"));
    }
    if (hasResult == hasError) {
        return invalidRequest(QByteArrayLiteral("A message has either a method or a result or an error"));
    }
    // Nobody knows the id of a frame that could not be read, so an error may come without one.
    const bool mayLackId = hasError && (!hasId || value(Field::Id).isNull());
    if (!mayLackId && !isId(message.rawOf(Field::Id))) {
        return invalidRequest(QByteArrayLiteral("id must be a string or an integer"));
    }
    message.kind = hasError ? Message::Kind::Error : Message::Kind::Response;
    return true;
}

bool MessageReader::readBodies()
{
    if (!readMembers(value(Field::Params), rowsOf(Owner::Params)) || !readMembers(value(Field::ParamsRef), rowsOf(Owner::Ref)) ||
        !readMembers(value(Field::ParamsMeta), rowsOf(Owner::Meta)) ||
        !readMembers(value(Field::Result), rowsOf(Owner::Result)) || !readMembers(value(Field::Error), rowsOf(Owner::Error))) {
        return false;
    }
    m_message.resultIsError = value(Field::ResultIsError).asBool().value_or(false);
    if (m_message.kind == Message::Kind::Error) {
        const std::optional<std::int64_t> code = value(Field::ErrorCode).asInt64();
        if (!code || *code != static_cast<int>(*code)) {
            return invalidRequest(QByteArrayLiteral("error.code must be an integer"));
        }
        m_message.errorCode = static_cast<int>(*code);
    }
    return true;
}

bool MessageReader::checkMethod()
{
    if (m_message.methodId == MethodId::Unknown) {
        return true;
    }
    if (m_message.has(Field::MetaProgressToken) && !isId(m_message.rawOf(Field::MetaProgressToken))) {
        return invalidParams(Field::MetaProgressToken, "must be a string or an integer");
    }
    if (m_message.methodId == MethodId::NotificationProgress && !isId(m_message.rawOf(Field::ParamsProgressToken))) {
        return invalidParams(Field::ParamsProgressToken, "must be a string or an integer");
    }
    return checkTarget();
}

bool MessageReader::checkTarget()
{
    const std::optional<Field> target = m_message.targetField();
    return !target || value(*target).isString() || invalidParams(*target, "must be a string");
}

namespace {

json::ParseOptions scannerOptions(const ReadOptions& options)
{
    json::ParseOptions scanner;
    scanner.maxBytes = options.maxBytes;
    scanner.maxDepth = options.maxDepth;
    // Peers that cut a text in the middle of a pair (JavaScript's well-formed stringify writes \ud83d) are relayed, not refused.
    scanner.allowLoneSurrogates = true;
    return scanner;
}

FrameError broken(const json::ParseError& error)
{
    using Reason = json::ParseError::Reason;
    FrameError frame;
    frame.code =
        error.reason == Reason::Syntax || error.reason == Reason::Utf8 ? error_code::ParseError : error_code::InvalidRequest;
    frame.message =
        "Byte " + QByteArray::number(error.offset) + ": " + (error.reason == Reason::Syntax ? "expected " : "") + error.expected;
    return frame;
}

} // namespace

json::Value parsedAgain(QByteArrayView text, json::Document& document)
{
    ReadOptions liberal;
    liberal.maxBytes = ~0U;
    (void)document.parse(text, scannerOptions(liberal));
    return document.root();
}

MessageResult readMessage(const QByteArray& raw, json::Document& document, const ReadOptions& options)
{
    if (const auto parsed = document.parse(raw, scannerOptions(options)); !parsed) {
        return tl::unexpected(broken(parsed.error()));
    }
    const json::Value root = document.root();
    if (root.isArray()) {
        return tl::unexpected(
            FrameError{error_code::InvalidRequest, QByteArrayLiteral("Batches are not part of this revision"), {}, true});
    }
    return MessageReader(root, 0).read(raw);
}

tl::expected<Frame, FrameError> readFrame(const QByteArray& raw, json::Document& document, const ReadOptions& options)
{
    Frame frame;
    if (const auto parsed = document.parse(raw, scannerOptions(options)); !parsed) {
        return tl::unexpected(broken(parsed.error()));
    }
    const json::Value root = document.root();
    if (!root.isArray()) {
        frame.messages.push_back(MessageReader(root, 0).read(raw));
        return frame;
    }
    if (!options.allowBatch) {
        return tl::unexpected(
            FrameError{error_code::InvalidRequest, QByteArrayLiteral("Batches are not part of this revision"), {}, true});
    }
    if (root.size() == 0 || root.size() > options.maxBatch) {
        const QByteArray limit = QByteArray::number(options.maxBatch);
        return tl::unexpected(FrameError{error_code::InvalidRequest, "A batch holds 1 to " + limit + " messages", {}, true});
    }
    frame.isBatch = true;
    frame.messages.reserve(root.size());
    for (const json::Value& element : root.elements()) {
        frame.messages.push_back(MessageReader(element, element.span().begin).read(element.raw().toByteArray()));
    }
    return frame;
}

} // namespace oriel::mcp
