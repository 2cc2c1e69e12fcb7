// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/response.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "otlp/codec/protobuf_reader.h"
#include "otlp/codec/protobuf_writer.h"

#include <QDateTime>
#include <QLocale>
#include <QTimeZone>

namespace oriel::otlp {

namespace {

using protobuf::Reader;
using std::chrono::milliseconds;

const char* rejectedKey(Signal signal)
{
    switch (signal) {
    case Signal::Traces:
        return "rejectedSpans";
    case Signal::Metrics:
        return "rejectedDataPoints";
    case Signal::Logs:
        return "rejectedLogRecords";
    }
    return "rejectedSpans";
}

constexpr std::int64_t kMaxSeconds = 24 * 60 * 60;

milliseconds clampedDelay(std::int64_t seconds, std::int64_t nanos)
{
    if (seconds < 0 || nanos < 0)
        return milliseconds(0);
    return milliseconds(std::min(seconds, kMaxSeconds) * 1000 + std::min<std::int64_t>(nanos, 999'999'999) / 1'000'000);
}

void readPartial(Reader reader, PartialSuccess& out)
{
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case protobuf::varint(fields::response::kRejected):
            out.rejected = reader.get_int64();
            break;
        case protobuf::bytes(fields::response::kMessage):
            out.message = QString::fromUtf8(protobuf::textOf(reader));
            break;
        default:
            reader.skip();
        }
    }
}

void readViolation(Reader reader, QList<FieldViolation>& out)
{
    FieldViolation violation;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case protobuf::bytes(fields::rpc_status::kField):
            violation.field = QString::fromUtf8(protobuf::textOf(reader));
            break;
        case protobuf::bytes(fields::rpc_status::kDescription):
            violation.description = QString::fromUtf8(protobuf::textOf(reader));
            break;
        default:
            reader.skip();
        }
    }
    out.append(violation);
}

void readViolations(Reader badRequest, QList<FieldViolation>& out)
{
    while (badRequest.next()) {
        if (badRequest.tag_and_type() == protobuf::bytes(fields::rpc_status::kFieldViolations))
            readViolation(badRequest.get_message(), out);
        else
            badRequest.skip();
    }
}

milliseconds readDelay(Reader retryInfo)
{
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    while (retryInfo.next()) {
        if (retryInfo.tag_and_type() != protobuf::bytes(fields::rpc_status::kRetryDelay)) {
            retryInfo.skip();
            continue;
        }
        Reader duration = retryInfo.get_message();
        while (duration.next()) {
            switch (duration.tag_and_type()) {
            case protobuf::varint(fields::rpc_status::kSeconds):
                seconds = duration.get_int64();
                break;
            case protobuf::varint(fields::rpc_status::kNanos):
                nanos = duration.get_int64();
                break;
            default:
                duration.skip();
            }
        }
    }
    return clampedDelay(seconds, nanos);
}

void readDetail(Reader any, RpcStatus& out)
{
    QByteArray type;
    Reader value;
    while (any.next()) {
        switch (any.tag_and_type()) {
        case protobuf::bytes(fields::rpc_status::kAnyType):
            type = protobuf::textOf(any);
            break;
        case protobuf::bytes(fields::rpc_status::kAnyValue):
            value = any.get_message();
            break;
        default:
            any.skip();
        }
    }
    if (type.endsWith("/google.rpc.RetryInfo"))
        out.retryDelay = readDelay(value);
    else if (type.endsWith("/google.rpc.BadRequest"))
        readViolations(value, out.violations);
}

Result<json::Value> parseObject(json::Document& document, QByteArrayView body)
{
    if (const Status parsed = document.parseOrError(body); !parsed)
        return fail(parsed.error());
    if (!document.root().isObject())
        return fail(ErrorCode::Parse, QStringLiteral("the answer is not a JSON object"));
    return document.root();
}

std::int64_t integerOf(const json::Value& value)
{
    return value.isString() ? value.asUtf8().toLongLong() : value.asInt64().value_or(0);
}

/// "1.500s", as google.protobuf.Duration is written in JSON.
std::optional<milliseconds> durationOf(const QByteArray& text)
{
    bool ok = false;
    const double said = text.endsWith('s') ? text.chopped(1).toDouble(&ok) : 0;
    if (!ok || !(said >= 0))
        return std::nullopt;
    const double seconds = std::min(said, static_cast<double>(kMaxSeconds));
    const auto whole = static_cast<std::int64_t>(seconds);
    return clampedDelay(whole, static_cast<std::int64_t>((seconds - static_cast<double>(whole)) * 1e9));
}

constexpr const char* kRetryInfo = "type.googleapis.com/google.rpc.RetryInfo";
constexpr const char* kBadRequest = "type.googleapis.com/google.rpc.BadRequest";

QByteArray rpcStatusJson(const RpcStatus& status)
{
    json::Writer writer;
    writer.beginObject();
    writer.member("code", status.code);
    writer.member("message", status.message);
    if (status.retryDelay || !status.violations.isEmpty())
        writer.key("details").beginArray();
    if (status.retryDelay) {
        writer.beginObject().member("@type", kRetryInfo);
        writer.member("retryDelay", QByteArray::number(static_cast<double>(status.retryDelay->count()) / 1000, 'f', 3) + 's');
        writer.endObject();
    }
    if (!status.violations.isEmpty()) {
        writer.beginObject().member("@type", kBadRequest).key("fieldViolations").beginArray();
        for (const FieldViolation& violation : status.violations)
            writer.beginObject().member("field", violation.field).member("description", violation.description).endObject();
        writer.endArray().endObject();
    }
    if (status.retryDelay || !status.violations.isEmpty())
        writer.endArray();
    writer.endObject();
    return writer.take();
}

void writeText(ProtobufWriter& writer, fields::Tag tag, const QString& text)
{
    const QByteArray utf8 = text.toUtf8();
    if (!utf8.isEmpty())
        writer.add_string(tag, utf8.constData(), static_cast<std::size_t>(utf8.size()));
}

QByteArray rpcStatusProtobuf(const RpcStatus& status)
{
    namespace f = fields::rpc_status;
    QByteArray out;
    ProtobufWriter writer(out);
    if (status.code != 0)
        writer.add_int32(f::kCode, status.code);
    writeText(writer, f::kMessage, status.message);
    if (status.retryDelay) {
        ProtobufWriter any(writer, f::kDetails);
        any.add_string(f::kAnyType, kRetryInfo);
        ProtobufWriter info(any, f::kAnyValue);
        ProtobufWriter duration(info, f::kRetryDelay);
        duration.add_int64(f::kSeconds, status.retryDelay->count() / 1000);
        duration.add_int32(f::kNanos, static_cast<std::int32_t>(status.retryDelay->count() % 1000) * 1'000'000);
    }
    if (!status.violations.isEmpty()) {
        ProtobufWriter any(writer, f::kDetails);
        any.add_string(f::kAnyType, kBadRequest);
        ProtobufWriter badRequest(any, f::kAnyValue);
        for (const FieldViolation& violation : status.violations) {
            ProtobufWriter message(badRequest, f::kFieldViolations);
            writeText(message, f::kField, violation.field);
            writeText(message, f::kDescription, violation.description);
        }
    }
    return out;
}

} // namespace

Result<PartialSuccess> decodeExportResponse(QByteArrayView body, Encoding encoding)
{
    if (body.isEmpty())
        return PartialSuccess{};
    if (encoding == Encoding::Protobuf) {
        return protobuf::guarded<PartialSuccess>(body, [](Reader reader, PartialSuccess& out) {
            while (reader.next()) {
                if (reader.tag_and_type() == protobuf::bytes(fields::response::kPartialSuccess))
                    readPartial(reader.get_message(), out);
                else
                    reader.skip();
            }
        });
    }
    json::Document document;
    const auto root = parseObject(document, body);
    if (!root)
        return fail(root.error());
    const json::Value partial = root->find("partialSuccess");
    PartialSuccess out;
    for (const Signal signal : kSignals)
        out.rejected += integerOf(partial.find(rejectedKey(signal)));
    out.message = partial.find("errorMessage").asString();
    return out;
}

QByteArray encodeExportResponse(Signal signal, const PartialSuccess& partial, Encoding encoding)
{
    const bool whole = partial == PartialSuccess{};
    if (encoding == Encoding::Json) {
        json::Writer writer;
        writer.beginObject();
        if (!whole) {
            writer.key("partialSuccess").beginObject();
            writer.member(rejectedKey(signal), QByteArray::number(static_cast<qlonglong>(partial.rejected)));
            writer.member("errorMessage", partial.message);
            writer.endObject();
        }
        writer.endObject();
        return writer.take();
    }
    QByteArray out;
    if (whole)
        return out;
    ProtobufWriter writer(out);
    ProtobufWriter message(writer, fields::response::kPartialSuccess);
    if (partial.rejected != 0)
        message.add_int64(fields::response::kRejected, partial.rejected);
    const QByteArray text = partial.message.toUtf8();
    if (!text.isEmpty())
        message.add_string(fields::response::kMessage, text.constData(), static_cast<std::size_t>(text.size()));
    message.commit();
    return out;
}

Result<RpcStatus> decodeRpcStatus(QByteArrayView body, Encoding encoding)
{
    if (encoding == Encoding::Protobuf) {
        return protobuf::guarded<RpcStatus>(body, [](Reader reader, RpcStatus& out) {
            while (reader.next()) {
                switch (reader.tag_and_type()) {
                case protobuf::varint(fields::rpc_status::kCode):
                    out.code = static_cast<int>(reader.get_int64());
                    break;
                case protobuf::bytes(fields::rpc_status::kMessage):
                    out.message = QString::fromUtf8(protobuf::textOf(reader));
                    break;
                case protobuf::bytes(fields::rpc_status::kDetails):
                    readDetail(reader.get_message(), out);
                    break;
                default:
                    reader.skip();
                }
            }
        });
    }
    json::Document document;
    const auto root = parseObject(document, body);
    if (!root)
        return fail(root.error());
    RpcStatus out;
    out.code = static_cast<int>(integerOf(root->find("code")));
    out.message = root->find("message").asString();
    for (const json::Value& detail : root->find("details").elements()) {
        if (detail.find("@type").asUtf8().endsWith("/google.rpc.RetryInfo"))
            out.retryDelay = durationOf(detail.find("retryDelay").asUtf8());
        if (!detail.find("@type").asUtf8().endsWith("/google.rpc.BadRequest"))
            continue;
        for (const json::Value& violation : detail.find("fieldViolations").elements())
            out.violations.append({violation.find("field").asString(), violation.find("description").asString()});
    }
    return out;
}

QByteArray encodeRpcStatus(const RpcStatus& status, Encoding encoding)
{
    return encoding == Encoding::Json ? rpcStatusJson(status) : rpcStatusProtobuf(status);
}

std::optional<milliseconds> parseRetryAfter(QByteArrayView value, std::int64_t nowUnixNs)
{
    const QByteArray text = value.trimmed().toByteArray();
    bool isNumber = false;
    const qlonglong seconds = text.toLongLong(&isNumber);
    if (isNumber)
        return seconds >= 0 ? std::optional(clampedDelay(seconds, 0)) : std::nullopt;
    // The three forms of an HTTP date, without the day's name: a two-digit year is read in the wrong century first, where it
    // would not fit.
    const QString withoutDayName = QString::fromLatin1(text).simplified().section(QLatin1Char(' '), 1);
    for (const auto& format : {QStringLiteral("dd MMM yyyy HH:mm:ss 'GMT'"), QStringLiteral("dd-MMM-yy HH:mm:ss 'GMT'"),
                               QStringLiteral("MMM d HH:mm:ss yyyy")}) {
        QDateTime date = QLocale::c().toDateTime(withoutDayName, format);
        if (!date.isValid())
            continue;
        date.setTimeZone(QTimeZone::utc());
        constexpr int kCentury = 100;
        if (date.date().year() < 1970)
            date = date.addYears(kCentury);
        const qint64 wait = date.toMSecsSinceEpoch() - nowUnixNs / 1'000'000;
        return clampedDelay(std::max<qint64>(wait, 0) / 1000, std::max<qint64>(wait, 0) % 1000 * 1'000'000);
    }
    return std::nullopt;
}

} // namespace oriel::otlp
