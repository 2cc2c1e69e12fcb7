// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/json_tokens.h"

#include <QString>

namespace oriel::ui {
namespace {

constexpr int depthLimit = 512;

qsizetype stringEnd(QStringView line, qsizetype start)
{
    for (qsizetype i = start + 1; i < line.size(); ++i) {
        if (line[i] == QLatin1Char('\\'))
            ++i;
        else if (line[i] == QLatin1Char('"'))
            return i + 1;
    }
    return line.size();
}

bool isDigit(QChar c)
{
    return c >= QLatin1Char('0') && c <= QLatin1Char('9');
}

void appendMasks(QStringView line, qsizetype from, qsizetype to, QList<JsonToken>& tokens)
{
    const QLatin1StringView opening("[masked:");
    qsizetype at = line.indexOf(opening, from);
    while (at >= 0 && at < to) {
        const qsizetype end = line.indexOf(QLatin1Char(']'), at);
        if (end < 0 || end >= to)
            return;
        tokens.append({at, end + 1 - at, JsonToken::Kind::Masked});
        at = line.indexOf(opening, end);
    }
}

/// Indents while copying every token as it is written; gives up on what is not JSON.
class Indenter {
public:
    explicit Indenter(QStringView text) : m_text(text) { m_out.reserve(text.size() * 2); }

    bool run()
    {
        skipSpace();
        if (!value())
            return false;
        skipSpace();
        return m_at == m_text.size();
    }
    [[nodiscard]] const QString& out() const { return m_out; }

private:
    void skipSpace()
    {
        while (m_at < m_text.size() && (m_text[m_at] == QLatin1Char(' ') || m_text[m_at] == QLatin1Char('\n') ||
                                        m_text[m_at] == QLatin1Char('\r') || m_text[m_at] == QLatin1Char('\t')))
            ++m_at;
    }
    void newLine()
    {
        m_out += QLatin1Char('\n');
        m_out += QString(m_depth * 2, QLatin1Char(' '));
    }
    bool take(QChar c)
    {
        if (m_at >= m_text.size() || m_text[m_at] != c)
            return false;
        ++m_at;
        return true;
    }
    bool string()
    {
        if (m_at >= m_text.size() || m_text[m_at] != QLatin1Char('"'))
            return false;
        const qsizetype end = stringEnd(m_text, m_at);
        if (m_text[end - 1] != QLatin1Char('"') || end - m_at < 2)
            return false;
        m_out += m_text.mid(m_at, end - m_at);
        m_at = end;
        return true;
    }
    bool word()
    {
        const qsizetype start = m_at;
        while (m_at < m_text.size() && (m_text[m_at].isLetterOrNumber() || m_text[m_at] == QLatin1Char('-') ||
                                        m_text[m_at] == QLatin1Char('+') || m_text[m_at] == QLatin1Char('.')))
            ++m_at;
        const QStringView token = m_text.mid(start, m_at - start);
        if (token.isEmpty())
            return false;
        const bool literal =
            token == QLatin1StringView("true") || token == QLatin1StringView("false") || token == QLatin1StringView("null");
        if (!literal && !isDigit(token[0]) && !(token[0] == QLatin1Char('-') && token.size() > 1))
            return false;
        m_out += token;
        return true;
    }
    bool value()
    {
        if (m_at >= m_text.size())
            return false;
        if (m_text[m_at] == QLatin1Char('{'))
            return container(QLatin1Char('}'), true);
        if (m_text[m_at] == QLatin1Char('['))
            return container(QLatin1Char(']'), false);
        if (m_text[m_at] == QLatin1Char('"'))
            return string();
        return word();
    }
    /// Short lists of plain values stay on one line.
    bool shortList(QChar close)
    {
        const qsizetype end = m_text.indexOf(close, m_at);
        if (end < 0 || end - m_at > 60)
            return false;
        const QStringView inside = m_text.mid(m_at + 1, end - m_at - 1);
        for (const QChar c : {QLatin1Char('{'), QLatin1Char('['), QLatin1Char('\\')}) {
            if (inside.contains(c))
                return false;
        }
        return inside.count(QLatin1Char('"')) % 2 == 0;
    }
    bool container(QChar close, bool object)
    {
        if (++m_depth > depthLimit)
            return false;
        const bool inlined = !object && shortList(close);
        m_out += m_text[m_at++];
        skipSpace();
        if (take(close)) {
            m_out += close;
            --m_depth;
            return true;
        }
        while (true) {
            if (!inlined)
                newLine();
            if (object) {
                if (!string())
                    return false;
                skipSpace();
                if (!take(QLatin1Char(':')))
                    return false;
                m_out += QLatin1StringView(": ");
                skipSpace();
            }
            if (!value())
                return false;
            skipSpace();
            if (take(close))
                break;
            if (!take(QLatin1Char(',')))
                return false;
            m_out += inlined ? QLatin1StringView(", ") : QLatin1StringView(",");
            skipSpace();
        }
        --m_depth;
        if (!inlined)
            newLine();
        m_out += close;
        return true;
    }

    QStringView m_text;
    QString m_out;
    qsizetype m_at = 0;
    int m_depth = 0;
};

} // namespace

QList<JsonToken> tokenizeJsonLine(QStringView line)
{
    QList<JsonToken> tokens;
    qsizetype i = 0;
    while (i < line.size()) {
        const QChar c = line[i];
        if (c == QLatin1Char('"')) {
            const qsizetype end = stringEnd(line, i);
            qsizetype after = end;
            while (after < line.size() && line[after].isSpace())
                ++after;
            const bool key = after < line.size() && line[after] == QLatin1Char(':');
            tokens.append({i, end - i, key ? JsonToken::Kind::Key : JsonToken::Kind::String});
            appendMasks(line, i, end, tokens);
            i = end;
        } else if (isDigit(c) || (c == QLatin1Char('-') && i + 1 < line.size() && isDigit(line[i + 1]))) {
            qsizetype end = i + 1;
            while (end < line.size() && (isDigit(line[end]) || QLatin1StringView("+-.eE").contains(line[end])))
                ++end;
            tokens.append({i, end - i, JsonToken::Kind::Number});
            i = end;
        } else if (c.isLetter()) {
            qsizetype end = i;
            while (end < line.size() && line[end].isLetterOrNumber())
                ++end;
            const QStringView word = line.mid(i, end - i);
            if (word == QLatin1StringView("true") || word == QLatin1StringView("false") || word == QLatin1StringView("null"))
                tokens.append({i, end - i, JsonToken::Kind::Literal});
            i = end;
        } else if (c == QLatin1Char('[') && line.mid(i).startsWith(QLatin1StringView("[masked:"))) {
            const qsizetype before = tokens.size();
            const qsizetype end = line.indexOf(QLatin1Char(']'), i);
            appendMasks(line, i, end < 0 ? line.size() : end + 1, tokens);
            i = tokens.size() > before ? end + 1 : i + 1;
        } else {
            ++i;
        }
    }
    return tokens;
}

QList<JsonToken> findMasks(QStringView line)
{
    QList<JsonToken> tokens;
    appendMasks(line, 0, line.size(), tokens);
    return tokens;
}

QString prettyJson(const QString& text)
{
    Indenter indenter(text);
    return indenter.run() ? indenter.out() : text;
}

} // namespace oriel::ui
