// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/token_store.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "http/loopback_guard.h"

#include <QCryptographicHash>
#include <QFile>
#include <QSaveFile>

namespace oriel::downstream {

namespace {

constexpr qint64 kMaxFileBytes = 1024 * 1024;

QByteArray hashOf(QByteArrayView text)
{
    return QCryptographicHash::hash(text.toByteArray(), QCryptographicHash::Sha256);
}

bool isValidName(QByteArrayView name)
{
    return !name.isEmpty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    });
}

} // namespace

TokenStore::TokenStore(QString path, const Clock& clock, Random& random)
    : m_path(std::move(path)),
      m_clock(clock),
      m_random(random)
{}

Status TokenStore::load()
{
    m_tokens.clear();
    m_loaded = read();
    return m_loaded;
}

Status TokenStore::read()
{
    QFile file(m_path);
    if (!file.exists())
        return {};
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::Io, QStringLiteral("the token file cannot be read: %1").arg(file.errorString()), m_path);
    if (file.size() > kMaxFileBytes)
        return fail(ErrorCode::TooLarge, QStringLiteral("the token file is larger than 1 MiB"), m_path);
    const QByteArray text = file.readAll();
    json::Document document;
    if (const auto parsed = document.parseOrError(text, {}, m_path); !parsed)
        return fail(parsed.error());
    const auto broken = [this](const QString& message) {
        return fail(ErrorCode::Parse, message, m_path,
                    QStringLiteral("Restore the file from a backup, or remove it and add the clients' tokens again."));
    };
    const json::Value list = document.root().find("tokens");
    if (!list.isArray())
        return broken(QStringLiteral("there is no list of tokens"));
    QList<Token> tokens;
    for (const json::Value& entry : list.elements()) {
        Token token;
        token.name = entry.find("name").asUtf8();
        token.hash = QByteArray::fromHex(entry.find("sha256").asUtf8());
        token.mcpScope = entry.find("mcp").asBool().value_or(false);
        token.apiScope = entry.find("api").asBool().value_or(false);
        if (const QByteArray project = entry.find("project").asUtf8(); !project.isEmpty())
            token.project = project;
        token.user = entry.find("user").asUtf8();
        token.tenant = entry.find("tenant").asUtf8();
        token.createdUnixNs = entry.find("created").asInt64().value_or(0);
        if (!isValidName(token.name) || token.hash.size() != 32)
            return broken(QStringLiteral("an entry has no valid name or hash"));
        if (std::any_of(tokens.cbegin(), tokens.cend(), [&](const Token& other) { return other.name == token.name; }))
            return broken(QStringLiteral("two tokens have the name \"%1\"").arg(QString::fromLatin1(token.name)));
        tokens.append(std::move(token));
    }
    m_tokens = std::move(tokens);
    return {};
}

Status TokenStore::save() const
{
    if (!m_loaded)
        return m_loaded;
    json::Writer writer;
    writer.beginObject().key("tokens").beginArray();
    for (const Token& token : m_tokens) {
        if (token.transient)
            continue;
        writer.beginObject()
            .member("name", token.name)
            .member("sha256", token.hash.toHex())
            .member("mcp", token.mcpScope)
            .member("api", token.apiScope)
            .member("project", token.project)
            .member("user", token.user)
            .member("tenant", token.tenant)
            .member("created", token.createdUnixNs)
            .endObject();
    }
    writer.endArray().endObject();
    QSaveFile file(m_path);
    if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) ||
        file.write(writer.take()) < 0 || !file.commit())
        return fail(ErrorCode::Io, QStringLiteral("the token file cannot be written: %1").arg(file.errorString()), m_path);
    return {};
}

Result<QByteArray> TokenStore::add(const QByteArray& name, bool mcpScope, bool apiScope, const QByteArray& project)
{
    if (!isValidName(name))
        return fail(ErrorCode::InvalidArgument, QStringLiteral("a token's name has 1 to 64 letters, digits, '_', '.' or '-'"),
                    QString::fromUtf8(name));
    if (!mcpScope && !apiScope)
        return fail(ErrorCode::InvalidArgument, QStringLiteral("a token needs the scope mcp or api"), QString::fromUtf8(name));
    if (std::any_of(m_tokens.cbegin(), m_tokens.cend(), [&](const Token& token) { return token.name == name; }))
        return fail(ErrorCode::AlreadyExists, QStringLiteral("there is a token of this name"), QString::fromUtf8(name),
                    QStringLiteral("Revoke it first, or choose another name."));
    const QByteArray text =
        "oriel_" + m_random.secureBytes(32).toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    Token token;
    token.name = name;
    token.hash = hashOf(text);
    token.mcpScope = mcpScope;
    token.apiScope = apiScope;
    token.user = name;
    if (!project.isEmpty())
        token.project = project;
    token.createdUnixNs = m_clock.unixNs();
    m_tokens.append(std::move(token));
    if (const Status saved = save(); !saved) {
        m_tokens.removeLast();
        return fail(saved.error());
    }
    return text;
}

QByteArray TokenStore::addTransient(const QByteArray& name)
{
    const QByteArray text = m_random.secureBytes(32).toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    Token token;
    token.name = token.user = name;
    token.hash = hashOf(text);
    token.createdUnixNs = m_clock.unixNs();
    token.transient = true;
    m_tokens.append(std::move(token));
    return text;
}

Status TokenStore::revoke(const QByteArray& name)
{
    const auto it = std::find_if(m_tokens.begin(), m_tokens.end(), [&](const Token& token) { return token.name == name; });
    if (it == m_tokens.end())
        return fail(ErrorCode::NotFound, QStringLiteral("there is no token of this name"), QString::fromUtf8(name));
    const Token removed = *it;
    const qsizetype index = std::distance(m_tokens.begin(), it);
    m_tokens.erase(it);
    if (const Status saved = save(); !saved) {
        m_tokens.insert(index, removed);
        return saved;
    }
    return {};
}

const Token* TokenStore::verify(QByteArrayView text, Scope scope)
{
    const QByteArray hash = hashOf(text);
    Token* found = nullptr;
    for (Token& token : m_tokens) {
        if (http::constantTimeEquals(hash, token.hash))
            found = &token;
    }
    if (found == nullptr || !(scope == Scope::Mcp ? found->mcpScope : found->apiScope))
        return nullptr;
    found->lastUsedUnixNs = m_clock.unixNs();
    return found;
}

bool TokenStore::isKnown(QByteArrayView text) const
{
    const QByteArray hash = hashOf(text);
    bool known = false;
    for (const Token& token : m_tokens)
        known = http::constantTimeEquals(hash, token.hash) || known;
    return known;
}

} // namespace oriel::downstream
