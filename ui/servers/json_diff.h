// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <vector>

namespace oriel::ui {

/// One member of two JSON texts, or a whole branch where both are the same or one has none.
struct JsonChange {
    enum class Kind : quint8 { Same, Changed, Added, Removed };
    Kind kind = Kind::Same;
    QByteArray path;  ///< "params._meta.progressToken", "result.content[0].text"; "" is the whole text
    QByteArray left;  ///< JSON text, cut to `JsonDiffLimits::valueBytes`
    QByteArray right; ///< the same; empty when there is none

    bool operator==(const JsonChange&) const = default;
};

struct JsonDiffLimits {
    qsizetype textBytes = 64 * 1024; ///< of either text; a longer one is not compared
    std::size_t rows = 2'000;
    qsizetype valueBytes = 400;
};

struct JsonDiff {
    enum class State : quint8 { Compared, TooLong, NotJson };
    State state = State::Compared;
    std::vector<JsonChange> changes; ///< in the order of the left text, what only the right one has after its neighbours
    bool cut = false;                ///< there were more rows than the limit

    [[nodiscard]] std::size_t differences() const;
};

/// Compares two JSON texts member by member; the order of members does not count, that of elements does. Linear in the texts.
/// Pure; any thread.
[[nodiscard]] JsonDiff diffJson(QByteArrayView left, QByteArrayView right, const JsonDiffLimits& limits = {});

} // namespace oriel::ui
