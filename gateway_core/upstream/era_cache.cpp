// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/era_cache.h"

#include "base/json.h"
#include "base/json_writer.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QSaveFile>

#include <algorithm>

namespace oriel::upstream {

namespace {

constexpr qint64 kMaxFileBytes = 4 * 1024 * 1024;

} // namespace

QByteArray eraKeyOf(const config::Server& server)
{
    json::Writer writer;
    writer.beginArray().value(static_cast<int>(server.transport)).value(server.command).value(server.cwd).value(server.url);
    writer.beginArray();
    for (const QString& argument : server.args) {
        writer.value(argument);
    }
    writer.endArray().beginArray();
    for (auto it = server.env.cbegin(); it != server.env.cend(); ++it) {
        writer.value(it.key()).value(it.value());
    }
    writer.endArray().beginArray();
    for (const auto& [name, value] : server.headers) {
        writer.value(name).value(value);
    }
    writer.endArray().endArray();
    return QCryptographicHash::hash(writer.take(), QCryptographicHash::Sha256).toHex();
}

FileEraCache::FileEraCache(QString path, qsizetype limit) : m_path(std::move(path)), m_limit(limit)
{
    load();
}

std::optional<EraVerdict> FileEraCache::find(const QByteArray& key) const
{
    const auto it = m_verdicts.constFind(key);
    return it == m_verdicts.cend() ? std::nullopt : std::optional(*it);
}

void FileEraCache::store(const QByteArray& key, const EraVerdict& verdict)
{
    if (find(key) == verdict) {
        return;
    }
    m_verdicts.insert(key, verdict);
    while (m_verdicts.size() > m_limit) {
        const auto oldest =
            std::min_element(m_verdicts.cbegin(), m_verdicts.cend(),
                             [](const EraVerdict& a, const EraVerdict& b) { return a.checkedUnixNs < b.checkedUnixNs; });
        m_verdicts.erase(oldest);
    }
    save();
}

void FileEraCache::remove(const QByteArray& key)
{
    if (m_verdicts.remove(key)) {
        save();
    }
}

void FileEraCache::load()
{
    QFile file(m_path);
    if (!file.open(QIODevice::ReadOnly) || file.size() > kMaxFileBytes) {
        return;
    }
    const QByteArray text = file.readAll();
    json::Document document;
    if (!document.parse(text)) {
        return;
    }
    for (const json::Member& member : document.root().find("servers").members()) {
        const json::Value era = member.value.find("era");
        const std::optional<std::int64_t> checked = member.value.find("checkedUnixNs").asInt64();
        if (m_verdicts.size() >= m_limit || !checked || !(era.equals("modern") || era.equals("legacy"))) {
            continue;
        }
        m_verdicts.insert(member.key.asUtf8(), EraVerdict{era.equals("modern"), member.value.find("serverVersion").asUtf8(),
                                                          member.value.find("foundBy").asString(), *checked});
    }
}

void FileEraCache::save()
{
    QList<QByteArray> keys = m_verdicts.keys();
    std::sort(keys.begin(), keys.end());
    json::Writer writer;
    writer.beginObject().member("version", 1).key("servers").beginObject();
    for (const QByteArray& key : std::as_const(keys)) {
        const EraVerdict& verdict = m_verdicts[key];
        writer.key(key)
            .beginObject()
            .member("era", verdict.modern ? "modern" : "legacy")
            .member("serverVersion", verdict.serverVersion)
            .member("foundBy", verdict.foundBy)
            .member("checkedUnixNs", verdict.checkedUnixNs)
            .endObject();
    }
    writer.endObject().endObject();
    QDir().mkpath(QFileInfo(m_path).absolutePath());
    QSaveFile file(m_path);
    const QByteArray text = writer.take();
    const bool written = file.open(QIODevice::WriteOnly) && file.write(text) == text.size() && file.commit();
    m_lastWrite = written ? Status() : Status(fail(ErrorCode::Unavailable, file.errorString(), m_path));
}

} // namespace oriel::upstream
