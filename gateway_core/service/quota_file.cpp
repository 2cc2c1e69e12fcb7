// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/quota_file.h"

#include "base/json.h"
#include "base/json_writer.h"

#include <QFile>
#include <QSaveFile>

#include <algorithm>
#include <array>
#include <tuple>

namespace oriel::service {

using config::LimitScope;
using gateway::QuotaUse;

namespace {

constexpr qint64 kMaxFileBytes = 1024 * 1024;
constexpr std::array kScopes{LimitScope::Client, LimitScope::Project, LimitScope::Tenant, LimitScope::Server, LimitScope::Tool};

std::optional<LimitScope> scopeByName(QByteArrayView name)
{
    const auto found =
        std::find_if(kScopes.begin(), kScopes.end(), [&](LimitScope scope) { return gateway::limitScopeName(scope) == name; });
    return found == kScopes.end() ? std::nullopt : std::optional(*found);
}

QuotaUse::Window readWindow(const json::Value& value)
{
    const auto number = [&](const char* key) { return std::max<std::int64_t>(0, value.find(key).asInt64().value_or(0)); };
    return {number("startUnixNs"), number("calls"), number("tokens")};
}

void writeWindow(json::Writer& writer, const char* key, const QuotaUse::Window& window)
{
    writer.key(key)
        .beginObject()
        .member("startUnixNs", window.startUnixNs)
        .member("calls", window.calls)
        .member("tokens", window.tokens)
        .endObject();
}

} // namespace

QList<QuotaUse> QuotaFile::read()
{
    QFile file(m_path);
    if (!file.open(QIODevice::ReadOnly) || file.size() > kMaxFileBytes)
        return {};
    m_written = file.readAll();
    json::Document document;
    if (!document.parse(m_written))
        return {};
    QList<QuotaUse> quotas;
    for (const json::Value& entry : document.root().find("quotas").elements()) {
        if (const auto scope = scopeByName(entry.find("for").asUtf8()))
            quotas.append({*scope, entry.find("name").asUtf8(), readWindow(entry.find("hour")), readWindow(entry.find("day"))});
    }
    return quotas;
}

Status QuotaFile::write(const QList<QuotaUse>& quotas)
{
    QList<QuotaUse> sorted = quotas;
    std::sort(sorted.begin(), sorted.end(),
              [](const QuotaUse& a, const QuotaUse& b) { return std::tie(a.scope, a.name) < std::tie(b.scope, b.name); });
    json::Writer writer;
    writer.beginObject().member("version", 1).key("quotas").beginArray();
    for (const QuotaUse& quota : std::as_const(sorted)) {
        writer.beginObject().member("for", gateway::limitScopeName(quota.scope)).member("name", quota.name);
        writeWindow(writer, "hour", quota.hour);
        writeWindow(writer, "day", quota.day);
        writer.endObject();
    }
    const QByteArray text = writer.endArray().endObject().take();
    if (text == m_written || (quotas.isEmpty() && m_written.isEmpty()))
        return {};
    QSaveFile file(m_path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
        return fail(ErrorCode::Io, file.errorString(), m_path);
    m_written = text;
    return {};
}

} // namespace oriel::service
