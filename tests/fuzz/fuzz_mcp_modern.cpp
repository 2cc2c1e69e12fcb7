// SPDX-License-Identifier: GPL-3.0-or-later
// The codec of 2026-07-28: what `_meta` says of a client, headers that repeat the body, results that ask for input and their
// retries. What is spliced in or out leaves everything else as it was.
#include "base/json_splice.h"
#include "fuzz_support.h"
#include "mcp/headers.h"
#include "mcp/initialize.h"
#include "mcp/param_headers.h"
#include "mcp/rewrite.h"

using namespace oriel;
using namespace oriel::mcp;
using fuzz::require;

namespace {

bool isHeaderText(QByteArrayView value)
{
    return std::all_of(value.begin(), value.end(), [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
}

void checkHeaderValue(QByteArrayView value)
{
    const auto decoded = decodeHeaderValue(value);
    if (!decoded) {
        return;
    }
    const QByteArray encoded = encodeHeaderValue(*decoded);
    require(isHeaderText(encoded));
    const auto again = decodeHeaderValue(encoded);
    require(again.has_value() && *again == *decoded);
}

/// The headers that are made for a message fit it, and others do not.
void checkHeaders(const Message& message)
{
    const auto name = nameHeaderFor(message);
    const QByteArray target = name ? message.text(*message.targetField()) : QByteArray();
    if (name) {
        const auto decoded = decodeHeaderValue(*name);
        require(isHeaderText(*name) && decoded.has_value() && *decoded == target);
    }
    if (!message.has(Field::MetaProtocolVersion) || !message.isRequest()) {
        return;
    }
    const QByteArray version = message.text(Field::MetaProtocolVersion);
    const QByteArray method = message.text(Field::Method);
    if (version.isEmpty() || method.isEmpty()) {
        return;
    }
    require(checkModernHeaders(message, version, method, name.value_or(QByteArray())).has_value());
    require(!checkModernHeaders(message, version + 'x', method, name.value_or(QByteArray())));
    require(!checkModernHeaders(message, version, method + 'x', name.value_or(QByteArray())));
    require(!name || !checkModernHeaders(message, version, method, encodeHeaderValue(target + 'x')));
}

/// Towards a modern server: the protocol's own members are the gateway's, whatever the client sent.
void checkMeta(const Message& message, const json::Value& before)
{
    if (!message.isRequest() && !message.isNotification()) {
        return;
    }
    const QByteArray out = Rewrite(message)
                               .setMeta(Field::MetaProtocolVersion, "2026-07-28")
                               .setMetaRaw(Field::MetaClientInfo, R"({"name":"oriel"})")
                               .setMetaRaw(Field::MetaClientCapabilities, "{}")
                               .removeMeta(Field::MetaLogLevel)
                               .setMetaRaw(Field::MetaSubscriptionId, "17")
                               .apply();
    json::Document document;
    const auto again = readMessage(out, document);
    require(again.has_value() && again->isModern() && again->text(Field::MetaProtocolVersion) == "2026-07-28");
    require(!again->has(Field::MetaLogLevel) && again->rawOf(Field::MetaSubscriptionId) == QByteArrayView("17"));
    QList<QByteArray> changed;
    for (const Field field : {Field::MetaProtocolVersion, Field::MetaClientInfo, Field::MetaClientCapabilities,
                              Field::MetaLogLevel, Field::MetaSubscriptionId}) {
        changed.append(fieldPath(field));
    }
    const json::Value meta = before.find("params").find("_meta");
    if (meta.exists() && !meta.isObject()) {
        changed.append(fieldPath(Field::ParamsMeta));
    }
    require(fuzz::sameElsewhere(before, document.root(), changed));

    Rewrite towardsLegacy(*again);
    for (const Field field :
         {Field::MetaProtocolVersion, Field::MetaClientInfo, Field::MetaClientCapabilities, Field::MetaSubscriptionId}) {
        towardsLegacy.removeMeta(field);
    }
    json::Document plain;
    const QByteArray stripped = towardsLegacy.apply();
    const auto legacy = readMessage(stripped, plain);
    require(legacy.has_value() && !legacy->isModern());
    require(fuzz::sameElsewhere(document.root(), plain.root(), changed));
}

/// The result of an older server, made one of 2026-07-28.
void checkCompletion(const Message& message, const json::Value& before)
{
    if (message.kind != Message::Kind::Response) {
        return;
    }
    for (const bool cacheable : {false, true}) {
        const QByteArray out = Rewrite(message).completeResult(cacheable).apply();
        json::Document document;
        const auto again = readMessage(out, document);
        require(again.has_value());
        const bool isPlain = message.kindOf(Field::Result) == json::Kind::Object && !message.has(Field::ResultType);
        if (isPlain) {
            const json::Value result = document.root().find("result");
            require(result.find("resultType").equals("complete"));
            require(!cacheable || (result.find("ttlMs").exists() && result.find("cacheScope").exists()));
        }
        require(fuzz::sameElsewhere(before, document.root(), {"result.resultType", "result.ttlMs", "result.cacheScope"}));
    }
}

/// A retry: the answers and the state go into the request as it was.
void checkRetry(const Message& message, const json::Value& before)
{
    const json::Value params = before.find("params");
    if (!message.isRequest() || !params.isObject() || message.has(Field::ParamsInputResponses) ||
        message.has(Field::ParamsRequestState)) {
        return;
    }
    json::Splicer splicer(message.raw);
    splicer.insertMember(message.span(Field::Params), "\"inputResponses\"", R"({"a":{}})");
    splicer.insertMember(message.span(Field::Params), "\"requestState\"", "\"s\"");
    const QByteArray out = splicer.apply();
    json::Document document;
    const auto again = readMessage(out, document);
    require(again.has_value() && again->text(Field::ParamsRequestState) == "s" && again->has(Field::ParamsInputResponses));
    require(fuzz::sameElsewhere(before, document.root(), {"params.inputResponses", "params.requestState"}));
}

void checkDiscovery(const json::Value& root)
{
    if (const auto result = DiscoverResult::parse(root.find("result"))) {
        const QByteArray text = result->toJson();
        json::Document document;
        const auto again = DiscoverResult::parse(parsedAgain(text, document));
        require(again.has_value() && again->toJson() == text && again->supportedVersions == result->supportedVersions);
        (void)newestCommon(result->supportedVersions);
    }
    const QList<QByteArray> supported = supportedVersionsOf(root.find("error").find("data"));
    const QByteArray data = unsupportedVersionData(supported.isEmpty() ? QByteArray() : supported.first());
    json::Document document;
    require(document.parse(data).has_value() && supportedVersionsOf(document.root()).contains("2026-07-28"));
}

void checkParamHeaders(const json::Value& root)
{
    for (const json::Value& tool : root.find("result").find("tools").elements()) {
        const auto headers = readParamHeaders(tool.find("inputSchema"));
        if (!headers) {
            continue;
        }
        for (const auto& [name, value] : paramHeaderValues(*headers, tool.find("example"))) {
            require(name.startsWith(header::ParamPrefix) && isHeaderText(name) && isHeaderText(value));
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const QByteArray raw(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    checkHeaderValue(raw);
    json::Document document;
    const auto message = readMessage(raw, document);
    if (!message) {
        return 0;
    }
    const json::Value root = document.root();
    checkHeaders(*message);
    checkMeta(*message, root);
    checkCompletion(*message, root);
    checkRetry(*message, root);
    checkDiscovery(root);
    checkParamHeaders(root);
    return 0;
}
