// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace oriel::ui {

/// One word of the filter language as the filter bar sees it: `service=gateway`, `duration>2ms`, `NOT`, `"two words"`. The bar
/// only splits; what a term means, and whether it is valid, is decided by the store's parser.
struct FilterTerm {
    QString text;  ///< as written, quotes included
    QString key;   ///< empty for free text
    QString op;    ///< one of = != > >= < <= =~ !~ ; empty for free text
    QString value; ///< unquoted
    [[nodiscard]] bool isComparison() const { return !op.isEmpty(); }

    bool operator==(const FilterTerm&) const = default;
};

/// Splits at white space outside quotes. An unclosed quote runs to the end. Parentheses stay part of the words they touch.
[[nodiscard]] QList<FilterTerm> splitFilter(const QString& text);
/// True when the whole filter is a plain list of terms that may become chips: no AND/OR/NOT, no parentheses.
[[nodiscard]] bool canBeChips(const QList<FilterTerm>& terms);
[[nodiscard]] QString joinFilter(const QStringList& terms);
/// `value` in quotes when it needs them.
[[nodiscard]] QString quoteFilterValue(const QString& value);

} // namespace oriel::ui
