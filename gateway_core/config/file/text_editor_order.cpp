// SPDX-License-Identifier: GPL-3.0-or-later
// The elements of an array in another order, each with the comments that belong to it.
#include "config/file/text_editor.h"

#include <algorithm>
#include <numeric>

namespace oriel::config {

namespace {

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

qsizetype spacesBefore(const QByteArray& text)
{
    return std::find_if_not(text.cbegin(), text.cend(), isSpace) - text.cbegin();
}

bool isPermutation(const QList<qsizetype>& order, qsizetype size)
{
    QList<qsizetype> all(size);
    std::iota(all.begin(), all.end(), 0);
    return std::is_permutation(order.cbegin(), order.cend(), all.cbegin(), all.cend());
}

/// What an element takes along.
struct Piece {
    QByteArray comments; ///< in front of it
    QByteArray value;
    QByteArray tail; ///< comments behind it on its line
};

} // namespace

/// Behind the comments that end the line of `at`. Those that something else follows belong to that.
qsizetype TextEditor::endOfLineComments(qsizetype at, qsizetype close) const
{
    const qsizetype end = skipTriviaOfLine(at);
    qsizetype next = end;
    while (next < close && (m_text[next] == ' ' || m_text[next] == '\t' || m_text[next] == '\r'))
        ++next;
    return next >= close || m_text[next] == '\n' ? end : at;
}

Status TextEditor::reorder(const QStringList& path, const QList<qsizetype>& order)
{
    if (const Status parsed = parse(); !parsed)
        return parsed;
    json::Value array = m_document.root();
    for (const QString& step : path)
        array = childOf(array, step);
    const QList<Item> items = itemsOf(array);
    if (!array.isArray() || !isPermutation(order, items.size()))
        return fail(ErrorCode::InvalidArgument, QStringLiteral("the list has other entries than those that are put in order"),
                    path.join(QLatin1Char('.')));
    if (std::is_sorted(order.cbegin(), order.cend()))
        return {};
    const qsizetype open = array.span().begin;
    const qsizetype close = static_cast<qsizetype>(array.span().end()) - 1;
    const qsizetype begin = endOfLineComments(open + 1, close);
    QList<Piece> pieces;
    QList<QByteArray> gaps; // these and the commas belong to the place
    QList<bool> commas;
    qsizetype at = begin;
    for (const Item& item : items) {
        const qsizetype end = item.whole.end();
        const QByteArray lead = m_text.mid(at, item.whole.begin - at);
        const qsizetype spaces = spacesBefore(lead);
        const qsizetype next = skipTrivia(end);
        const bool comma = m_text[next] == ',';
        const QByteArray beforeComma = comma ? m_text.mid(end, next - end) : QByteArray();
        const qsizetype from = comma ? next + 1 : end;
        at = endOfLineComments(from, close);
        gaps.append(lead.first(spaces));
        commas.append(comma);
        pieces.append({lead.mid(spaces), m_text.mid(item.whole.begin, item.whole.length),
                       (beforeComma.trimmed().isEmpty() ? QByteArray() : beforeComma) + m_text.mid(from, at - from)});
    }
    QByteArray out;
    bool lineIsOver = false; // by a comment
    for (qsizetype i = 0; i < order.size(); ++i) {
        const Piece& piece = pieces[order[i]];
        out += lineIsOver && !gaps[i].contains('\n') ? m_newline + indentOf(open) + m_unit : gaps[i];
        out += piece.comments + piece.value + (commas[i] ? "," : "") + piece.tail;
        lineIsOver = piece.tail.contains("//");
    }
    const QByteArray rest = m_text.mid(at, close - at);
    if (lineIsOver && !rest.first(spacesBefore(rest)).contains('\n'))
        out += m_newline + indentOf(open);
    m_text.replace(begin, at - begin, out);
    return {};
}

} // namespace oriel::config
