// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/fuzzy.h"

#include <algorithm>
#include <vector>

namespace oriel::ui {
namespace {

constexpr int impossible = -1'000'000;

bool startsWord(QStringView text, qsizetype at)
{
    if (at == 0)
        return true;
    const QChar before = text[at - 1];
    return !before.isLetterOrNumber() || (text[at].isUpper() && before.isLower());
}

int letterScore(QStringView text, qsizetype at, bool afterMatch)
{
    int score = 1;
    if (startsWord(text, at))
        score += 8;
    if (afterMatch)
        score += 14;
    return score;
}

} // namespace

std::optional<FuzzyMatch> fuzzyMatch(QStringView pattern, QStringView text)
{
    QString letters;
    for (const QChar c : pattern) {
        if (!c.isSpace())
            letters += c.toCaseFolded();
    }
    if (letters.isEmpty())
        return FuzzyMatch{};
    const qsizetype rows = letters.size();
    const qsizetype columns = std::min<qsizetype>(text.size(), 200);
    if (rows > columns)
        return std::nullopt;
    // best[row][column]: the best score with letter `row` standing exactly at `column`; from[...]: where the letter before
    // stands.
    std::vector<std::vector<int>> best(static_cast<std::size_t>(rows),
                                       std::vector<int>(static_cast<std::size_t>(columns), impossible));
    std::vector<std::vector<qsizetype>> from(best.size(), std::vector<qsizetype>(static_cast<std::size_t>(columns), -1));
    for (qsizetype row = 0; row < rows; ++row) {
        int reach = impossible;
        qsizetype reachAt = -1;
        for (qsizetype column = row; column < columns; ++column) {
            const auto r = static_cast<std::size_t>(row);
            const auto c = static_cast<std::size_t>(column);
            if (row > 0 && column > 0) {
                if (column >= 2 && best[r - 1][c - 2] > reach) {
                    reach = best[r - 1][c - 2];
                    reachAt = column - 2;
                }
            }
            if (text[column].toCaseFolded() != letters[row])
                continue;
            if (row == 0) {
                best[r][c] = letterScore(text, column, false) - static_cast<int>(std::min<qsizetype>(column, 10)) / 3;
                continue;
            }
            const int apart = reach == impossible ? impossible : reach + letterScore(text, column, false);
            const int joined =
                best[r - 1][c - 1] == impossible ? impossible : best[r - 1][c - 1] + letterScore(text, column, true);
            if (std::max(apart, joined) <= impossible)
                continue;
            best[r][c] = std::max(apart, joined);
            from[r][c] = joined >= apart ? column - 1 : reachAt;
        }
    }
    const auto& last = best.back();
    const auto top = std::max_element(last.cbegin(), last.cend());
    if (*top <= impossible)
        return std::nullopt;
    FuzzyMatch match;
    match.score = *top * 8 - static_cast<int>(columns) / 4;
    qsizetype at = top - last.cbegin();
    for (qsizetype row = rows - 1; row >= 0; --row) {
        match.positions.prepend(at);
        at = from[static_cast<std::size_t>(row)][static_cast<std::size_t>(at)];
    }
    return match;
}

} // namespace oriel::ui
