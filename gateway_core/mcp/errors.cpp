// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/errors.h"

#include "base/json_writer.h"

namespace oriel::mcp {

QByteArrayView errorCodeName(int code)
{
    switch (code) {
    case error_code::ParseError:
        return "ParseError";
    case error_code::InvalidRequest:
        return "InvalidRequest";
    case error_code::MethodNotFound:
        return "MethodNotFound";
    case error_code::InvalidParams:
        return "InvalidParams";
    case error_code::InternalError:
        return "InternalError";
    case error_code::ServerError:
        return "ServerError";
    case error_code::RequestTimeout:
        return "RequestTimeout";
    case error_code::ResourceNotFoundLegacy:
        return "ResourceNotFound";
    case error_code::UrlElicitationRequired:
        return "UrlElicitationRequired";
    case error_code::HeaderMismatch:
        return "HeaderMismatch";
    case error_code::MissingClientCapability:
        return "MissingRequiredClientCapability";
    case error_code::UnsupportedProtocolVersion:
        return "UnsupportedProtocolVersion";
    default:
        return {};
    }
}

int modernHttpStatus(int code)
{
    return code == error_code::MethodNotFound ? 404 : isModernError(code) ? 400 : 200;
}

bool isModernError(int code)
{
    return code == error_code::HeaderMismatch || code == error_code::MissingClientCapability ||
           code == error_code::UnsupportedProtocolVersion;
}

QByteArray makeErrorResponse(const RequestId& id, int code, QByteArrayView message, QByteArrayView data)
{
    json::Writer writer(96 + message.size() + data.size());
    writer.beginObject().member("jsonrpc", "2.0").rawMember("id", id.toJson());
    writer.key("error").beginObject().member("code", code).member("message", message);
    if (!data.isEmpty()) {
        writer.rawMember("data", data);
    }
    writer.endObject().endObject();
    return writer.take();
}

QByteArray makeResult(const RequestId& id, QByteArrayView result)
{
    json::Writer writer(64 + result.size());
    writer.beginObject().member("jsonrpc", "2.0").rawMember("id", id.toJson()).rawMember("result", result).endObject();
    return writer.take();
}

QByteArray makeRequest(const RequestId& id, QByteArrayView method, QByteArrayView params)
{
    json::Writer writer(96 + params.size());
    writer.beginObject().member("jsonrpc", "2.0").rawMember("id", id.toJson()).member("method", method);
    if (!params.isEmpty()) {
        writer.rawMember("params", params);
    }
    writer.endObject();
    return writer.take();
}

QByteArray makeNotification(QByteArrayView method, QByteArrayView params)
{
    json::Writer writer(80 + params.size());
    writer.beginObject().member("jsonrpc", "2.0").member("method", method);
    if (!params.isEmpty()) {
        writer.rawMember("params", params);
    }
    writer.endObject();
    return writer.take();
}

} // namespace oriel::mcp
