// SPDX-License-Identifier: GPL-3.0-or-later
#include "promql_names.h"

namespace oriel::test {

namespace {

const QSet<QByteArray> kGroupings{"by", "without", "on", "ignoring", "group_left", "group_right"};
const QSet<QByteArray> kOperators{"and", "or", "unless", "offset", "bool"};

class Reader {
public:
    explicit Reader(const QByteArray& text) : m_text(text) {}

    PromqlNames read()
    {
        while (m_at < m_text.size()) {
            if (isStart(here()))
                readWord();
            else if (here() == '{')
                readLabels('}');
            else if (here() == '[')
                skipTo(']');
            else if (here() >= '0' && here() <= '9')
                word();
            else if (here() == '"')
                skipString();
            else
                ++m_at;
        }
        return m_names;
    }

private:
    static bool isStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; }
    [[nodiscard]] char here() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }
    void skipTo(char end)
    {
        const qsizetype found = m_text.indexOf(end, m_at);
        m_at = found < 0 ? m_text.size() : found + 1;
    }
    void skipString()
    {
        for (++m_at; m_at < m_text.size() && here() != '"'; ++m_at) {
            if (here() == '\\')
                ++m_at;
        }
        ++m_at;
    }
    QByteArray word()
    {
        const qsizetype begin = m_at;
        while (isStart(here()) || (here() >= '0' && here() <= '9') || here() == '.')
            ++m_at;
        return m_text.mid(begin, m_at - begin);
    }
    void skipSpace()
    {
        while (here() == ' ' || here() == '\n')
            ++m_at;
    }
    /// "sum by (a) (x)"
    [[nodiscard]] bool isGroupingNext() const
    {
        const QByteArrayView rest = QByteArrayView(m_text).sliced(m_at);
        return rest.startsWith("by ") || rest.startsWith("by(") || rest.startsWith("without ") || rest.startsWith("without(");
    }
    void readWord()
    {
        const QByteArray name = word();
        skipSpace();
        if (kGroupings.contains(name))
            readLabels(')');
        else if (here() == '(' || isGroupingNext())
            m_names.functions.insert(name);
        else if (!kOperators.contains(name))
            m_names.metrics.insert(name);
    }
    void readLabels(char end)
    {
        while (m_at < m_text.size() && here() != end) {
            if (here() == '"')
                skipString();
            else if (isStart(here()))
                m_names.labels.insert(word());
            else
                ++m_at;
        }
        ++m_at;
    }

    const QByteArray& m_text;
    qsizetype m_at = 0;
    PromqlNames m_names;
};

} // namespace

PromqlNames namesIn(const QByteArray& expression)
{
    return Reader(expression).read();
}

} // namespace oriel::test
