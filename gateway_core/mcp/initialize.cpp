// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/initialize.h"

#include "mcp/headers.h"

namespace oriel::mcp {

namespace {

tl::unexpected<Error> missing(const char* member, const char* kind)
{
    return fail(ErrorCode::Parse, QStringLiteral("%1 must be %2").arg(QLatin1StringView(member), QLatin1StringView(kind)));
}

} // namespace

Implementation Implementation::parse(const json::Value& object)
{
    Implementation result;
    for (const json::Member& member : object.members()) {
        QByteArray* known = member.key.equals("name")      ? &result.name
                            : member.key.equals("title")   ? &result.title
                            : member.key.equals("version") ? &result.version
                                                           : nullptr;
        if (known == nullptr) {
            result.other.insert(member.key.asUtf8(), member.value.raw().toByteArray());
        } else if (member.value.isString()) {
            *known = member.value.asUtf8();
        }
    }
    return result;
}

void Implementation::write(json::Writer& writer) const
{
    writer.beginObject().member("name", name);
    if (!title.isEmpty()) {
        writer.member("title", title);
    }
    writer.member("version", version);
    for (auto it = other.cbegin(); it != other.cend(); ++it) {
        writer.rawMember(it.key(), it.value());
    }
    writer.endObject();
}

Result<InitializeParams> InitializeParams::parse(const json::Value& params)
{
    if (!params.isObject()) {
        return missing("params", "an object");
    }
    const json::Value version = params.find("protocolVersion");
    if (!version.isString()) {
        return missing("params.protocolVersion", "a string");
    }
    const json::Value capabilities = params.find("capabilities");
    if (!capabilities.isObject()) {
        return missing("params.capabilities", "an object");
    }
    const json::Value info = params.find("clientInfo");
    if (!info.isObject() || !info.find("name").isString()) {
        return missing("params.clientInfo", "an object with a name");
    }
    return InitializeParams{version.asUtf8(), ClientCapabilities::parse(capabilities), Implementation::parse(info)};
}

QByteArray InitializeParams::toJson() const
{
    json::Writer writer;
    writer.beginObject().member("protocolVersion", protocolVersion).key("capabilities");
    capabilities.write(writer);
    writer.key("clientInfo");
    clientInfo.write(writer);
    writer.endObject();
    return writer.take();
}

Result<InitializeResult> InitializeResult::parse(const json::Value& result)
{
    if (!result.isObject()) {
        return missing("result", "an object");
    }
    const json::Value version = result.find("protocolVersion");
    if (!version.isString()) {
        return missing("result.protocolVersion", "a string");
    }
    InitializeResult read;
    read.protocolVersion = version.asUtf8();
    read.capabilities = ServerCapabilities::parse(result.find("capabilities"));
    read.serverInfo = Implementation::parse(result.find("serverInfo"));
    read.instructions = result.find("instructions").asUtf8();
    read.orielInstance = result.find("_meta").find(meta_key::OrielInstance).asUtf8();
    return read;
}

QByteArray InitializeResult::toJson() const
{
    json::Writer writer;
    writer.beginObject().member("protocolVersion", protocolVersion).key("capabilities");
    capabilities.write(writer);
    writer.key("serverInfo");
    serverInfo.write(writer);
    if (!instructions.isEmpty()) {
        writer.member("instructions", instructions);
    }
    if (!orielInstance.isEmpty()) {
        writer.key("_meta").beginObject().member(meta_key::OrielInstance, orielInstance).endObject();
    }
    writer.endObject();
    return writer.take();
}

Result<DiscoverResult> DiscoverResult::parse(const json::Value& result)
{
    const json::Value versions = result.find("supportedVersions");
    if (!versions.isArray()) {
        return missing("result.supportedVersions", "an array of strings");
    }
    DiscoverResult read;
    for (const json::Value& version : versions.elements()) {
        if (!version.isString()) {
            return missing("result.supportedVersions", "an array of strings");
        }
        read.supportedVersions.append(version.asUtf8());
    }
    read.capabilities = ServerCapabilities::parse(result.find("capabilities"));
    read.serverInfo = Implementation::parse(result.find("_meta").find(meta_key::ServerInfo));
    read.instructions = result.find("instructions").asUtf8();
    read.orielInstance = result.find("_meta").find(meta_key::OrielInstance).asUtf8();
    read.ttlMs = qMax<std::int64_t>(0, result.find("ttlMs").asInt64().value_or(0));
    read.isPublic = result.find("cacheScope").equals("public");
    return read;
}

QByteArray DiscoverResult::toJson() const
{
    json::Writer writer;
    writer.beginObject().member("resultType", "complete").key("supportedVersions").beginArray();
    for (const QByteArray& version : supportedVersions) {
        writer.value(version);
    }
    writer.endArray().key("capabilities");
    capabilities.write(writer);
    if (!instructions.isEmpty()) {
        writer.member("instructions", instructions);
    }
    writer.member("ttlMs", ttlMs).member("cacheScope", isPublic ? QByteArrayView("public") : QByteArrayView("private"));
    writer.key("_meta").beginObject().key(meta_key::ServerInfo);
    serverInfo.write(writer);
    if (!orielInstance.isEmpty()) {
        writer.member(meta_key::OrielInstance, orielInstance);
    }
    writer.endObject().endObject();
    return writer.take();
}

QByteArray unsupportedVersionData(QByteArrayView requested)
{
    json::Writer data;
    data.beginObject().key("supported").beginArray();
    for (const Revision revision : AllRevisions) {
        if (isModern(revision))
            data.value(toText(revision));
    }
    data.endArray().member("requested", requested).endObject();
    return data.take();
}

Revision negotiate(QByteArrayView requested)
{
    const std::optional<Revision> known = revisionFromText(requested);
    return known && isLegacy(*known) ? *known : NewestLegacy;
}

std::optional<Revision> newestCommon(const QList<QByteArray>& versions)
{
    std::optional<Revision> newest;
    for (const QByteArray& version : versions) {
        const std::optional<Revision> known = revisionFromText(version);
        if (known && (!newest || *known > *newest)) {
            newest = known;
        }
    }
    return newest;
}

QList<QByteArray> supportedVersionsOf(const json::Value& errorData)
{
    QList<QByteArray> versions;
    for (const json::Value& version : errorData.find("supported").elements()) {
        if (version.isString()) {
            versions.append(version.asUtf8());
        }
    }
    return versions;
}

Result<Revision> acceptAnswer(QByteArrayView answered)
{
    const std::optional<Revision> known = revisionFromText(answered);
    if (known && isLegacy(*known)) {
        return *known;
    }
    return fail(ErrorCode::Unsupported,
                QStringLiteral("The server answered initialize with protocol version \"%1\"; Oriel speaks %2 to %3 there")
                    .arg(QString::fromUtf8(answered), QString::fromUtf8(toText(Revision::V2024_11_05)),
                         QString::fromUtf8(toText(NewestLegacy))));
}

} // namespace oriel::mcp
