// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/filter_text.h"

#include <array>

namespace oriel::ui {
namespace {

bool isKeyCharacter(QChar c)
{
    return c.isLetterOrNumber() || c == QLatin1Char('.') || c == QLatin1Char('_') || c == QLatin1Char('-');
}

QString unquoted(const QString& text)
{
    if (!text.startsWith(QLatin1Char('"')))
        return text;
    QString value;
    for (qsizetype i = 1; i < text.size(); ++i) {
        if (text[i] == QLatin1Char('\\') && i + 1 < text.size()) {
            value += text[++i];
            continue;
        }
        if (text[i] == QLatin1Char('"'))
            break;
        value += text[i];
    }
    return value;
}

FilterTerm termOf(const QString& word)
{
    FilterTerm term;
    term.text = word;
    qsizetype keyEnd = 0;
    while (keyEnd < word.size() && isKeyCharacter(word[keyEnd]))
        ++keyEnd;
    if (keyEnd > 0 && word[0].isLetter()) {
        static constexpr std::array<QLatin1StringView, 8> operators{
            QLatin1StringView("=~"), QLatin1StringView("!~"), QLatin1StringView("!="), QLatin1StringView(">="),
            QLatin1StringView("<="), QLatin1StringView("="),  QLatin1StringView(">"),  QLatin1StringView("<")};
        for (const QLatin1StringView op : operators) {
            if (QStringView(word).mid(keyEnd).startsWith(op)) {
                term.key = word.left(keyEnd);
                term.op = op;
                term.value = unquoted(word.mid(keyEnd + op.size()));
                return term;
            }
        }
    }
    term.value = unquoted(word);
    return term;
}

} // namespace

QList<FilterTerm> splitFilter(const QString& text)
{
    QList<FilterTerm> terms;
    QString word;
    bool quoted = false;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text[i];
        if (quoted && c == QLatin1Char('\\') && i + 1 < text.size()) {
            word += c;
            word += text[++i];
            continue;
        }
        if (c == QLatin1Char('"'))
            quoted = !quoted;
        if (!quoted && c.isSpace()) {
            if (!word.isEmpty())
                terms.append(termOf(word));
            word.clear();
            continue;
        }
        word += c;
    }
    if (!word.isEmpty())
        terms.append(termOf(word));
    return terms;
}

bool canBeChips(const QList<FilterTerm>& terms)
{
    for (const FilterTerm& term : terms) {
        for (const QLatin1StringView word : {QLatin1StringView("AND"), QLatin1StringView("OR"), QLatin1StringView("NOT")}) {
            if (term.text.compare(word, Qt::CaseInsensitive) == 0)
                return false;
        }
        if (term.text.startsWith(QLatin1Char('(')) ||
            (term.text.endsWith(QLatin1Char(')')) && !term.text.contains(QLatin1Char('"'))))
            return false;
    }
    return true;
}

QString joinFilter(const QStringList& terms)
{
    QStringList kept;
    for (const QString& term : terms) {
        if (!term.trimmed().isEmpty())
            kept.append(term.trimmed());
    }
    return kept.join(QLatin1Char(' '));
}

QString quoteFilterValue(const QString& value)
{
    bool plain = !value.isEmpty();
    for (const QChar c : value) {
        if (c.isSpace() || c == QLatin1Char('"') || c == QLatin1Char('(') || c == QLatin1Char(')') || c == QLatin1Char('\\'))
            plain = false;
    }
    if (plain)
        return value;
    QString quoted = value;
    quoted.replace(QLatin1Char('\\'), QLatin1StringView("\\\\")).replace(QLatin1Char('"'), QLatin1StringView("\\\""));
    return QLatin1Char('"') + quoted + QLatin1Char('"');
}

} // namespace oriel::ui
