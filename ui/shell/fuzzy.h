// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QStringView>

#include <optional>

namespace oriel::ui {

/// How well a pattern's letters, in order, fit a text.
struct FuzzyMatch {
    int score = 0;              ///< higher is better
    QList<qsizetype> positions; ///< where in the text the letters stand
};

/// Nothing when some letter is missing. Case and spaces in the pattern do not count; starts of words and letters in a row count
/// more. An empty pattern fits everything with score 0.
[[nodiscard]] std::optional<FuzzyMatch> fuzzyMatch(QStringView pattern, QStringView text);

} // namespace oriel::ui
