// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/challenge.h"

#include "http/headers.h"
#include "oauth/scopes.h"

#include <algorithm>

namespace oriel::oauth {

namespace {

tl::unexpected<Error> malformed(const char* what)
{
    return fail(ErrorCode::Parse, QStringLiteral("the WWW-Authenticate field is malformed: %1").arg(QLatin1StringView(what)));
}

bool isTokenChar(char c)
{
    return http::isToken(QByteArrayView(&c, 1));
}

bool isToken68Char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || QByteArrayView("-._~+/").contains(c);
}

class Reader {
public:
    explicit Reader(QByteArrayView text) : m_text(text) {}

    [[nodiscard]] bool atEnd() const { return m_at == m_text.size(); }
    [[nodiscard]] char peek() const { return atEnd() ? '\0' : m_text[m_at]; }
    [[nodiscard]] qsizetype position() const { return m_at; }
    void rewind(qsizetype position) { m_at = position; }
    void skipBlanks()
    {
        while (peek() == ' ' || peek() == '\t')
            ++m_at;
    }
    /// Blanks and commas: lists may have empty elements (RFC 9110 §5.6.1).
    bool skipCommas()
    {
        bool comma = false;
        while (peek() == ' ' || peek() == '\t' || peek() == ',')
            comma |= m_text[m_at++] == ',';
        return comma;
    }
    bool take(char c)
    {
        if (peek() != c || atEnd())
            return false;
        ++m_at;
        return true;
    }
    QByteArray token() { return takeWhile(isTokenChar); }
    QByteArray token68()
    {
        QByteArray taken = takeWhile(isToken68Char);
        if (!taken.isEmpty())
            taken += takeWhile([](char c) { return c == '='; });
        return taken;
    }
    std::optional<QByteArray> quoted()
    {
        QByteArray content;
        while (!atEnd()) {
            char c = m_text[m_at++];
            if (c == '"')
                return content;
            if (c == '\\') {
                if (atEnd())
                    return std::nullopt;
                c = m_text[m_at++];
            }
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t')
                return std::nullopt;
            content += c;
        }
        return std::nullopt;
    }

private:
    template <class Accept> QByteArray takeWhile(Accept accept)
    {
        const qsizetype begin = m_at;
        while (!atEnd() && accept(m_text[m_at]))
            ++m_at;
        return m_text.sliced(begin, m_at - begin).toByteArray();
    }

    QByteArrayView m_text;
    qsizetype m_at = 0;
};

/// `name = value`; nullopt and the reader where it was when something else stands there.
std::optional<Result<std::pair<QByteArray, QByteArray>>> parameterAt(Reader& reader)
{
    const qsizetype begin = reader.position();
    const QByteArray name = reader.token().toLower();
    reader.skipBlanks();
    if (name.isEmpty() || !reader.take('=')) {
        reader.rewind(begin);
        return std::nullopt;
    }
    reader.skipBlanks();
    if (reader.take('"')) {
        const auto value = reader.quoted();
        if (!value)
            return malformed("a quoted value has no end or holds a control character");
        return std::pair(name, *value);
    }
    const QByteArray value = reader.token();
    if (value.isEmpty()) {
        reader.rewind(begin);
        return std::nullopt;
    }
    return std::pair(name, value);
}

Status readParameters(Reader& reader, Challenge& challenge)
{
    while (true) {
        const auto parameter = parameterAt(reader);
        if (!parameter)
            return {};
        if (!*parameter)
            return fail(parameter->error());
        if (!challenge.parameter((*parameter)->first).isNull())
            return malformed("a parameter is given twice");
        if (challenge.parameters.size() == kMaxChallengeParameters)
            return fail(ErrorCode::TooLarge, QStringLiteral("a WWW-Authenticate challenge has too many parameters"));
        challenge.parameters.append(**parameter);
        const qsizetype behind = reader.position();
        if (!reader.skipCommas()) {
            reader.skipBlanks();
            if (!reader.atEnd())
                return malformed("parameters are not separated by commas");
            return {};
        }
        // What follows the comma may be the next challenge; its own loop steps over the comma.
        const qsizetype next = reader.position();
        if (!parameterAt(reader)) {
            reader.rewind(behind);
            return {};
        }
        reader.rewind(next);
    }
}

} // namespace

QByteArray Challenge::parameter(QByteArrayView name) const
{
    const auto found =
        std::find_if(parameters.begin(), parameters.end(), [name](const auto& entry) { return entry.first == name; });
    if (found == parameters.end())
        return {};
    return found->second.isNull() ? QByteArray("") : found->second;
}

Result<QList<Challenge>> parseChallenges(QByteArrayView field)
{
    if (field.size() > kMaxChallengeBytes)
        return fail(ErrorCode::TooLarge, QStringLiteral("the WWW-Authenticate field is too long"));
    QList<Challenge> challenges;
    Reader reader(field);
    reader.skipCommas();
    while (!reader.atEnd()) {
        Challenge challenge;
        challenge.scheme = reader.token();
        if (challenge.scheme.isEmpty())
            return malformed("a scheme is missing");
        const bool blank = reader.peek() == ' ' || reader.peek() == '\t';
        if (!blank && !reader.atEnd() && reader.peek() != ',')
            return malformed("a scheme is not followed by a space");
        reader.skipBlanks();
        if (const Status read = readParameters(reader, challenge); !read)
            return fail(read.error());
        if (challenge.parameters.isEmpty() && reader.peek() != ',')
            challenge.token68 = reader.token68();
        if (challenges.size() == kMaxChallenges)
            return fail(ErrorCode::TooLarge, QStringLiteral("the WWW-Authenticate field has too many challenges"));
        challenges.append(std::move(challenge));
        const bool comma = reader.skipCommas();
        if (!comma && !reader.atEnd())
            return malformed("challenges are not separated by commas");
    }
    return challenges;
}

BearerChallenge bearerChallenge(QByteArrayView field)
{
    BearerChallenge bearer;
    const auto challenges = parseChallenges(field);
    if (!challenges)
        return bearer;
    for (const Challenge& challenge : *challenges) {
        if (!http::equalsIgnoringCase(challenge.scheme, "Bearer"))
            continue;
        bearer.resourceMetadata = challenge.parameter("resource_metadata");
        bearer.scopes = splitScopes(challenge.parameter("scope"));
        bearer.error = challenge.parameter("error");
        break;
    }
    return bearer;
}

} // namespace oriel::oauth
