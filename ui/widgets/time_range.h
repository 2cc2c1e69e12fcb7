// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QMetaType>
#include <QString>

#include <cstdint>

namespace oriel::ui {

/// The window of time over every section: the last so many seconds, everything, or two fixed ends. A value.
struct TimeRange {
    enum class Kind { Last, All, Fixed };
    Kind kind = Kind::Last;
    std::int64_t spanNs = 15LL * 60 * 1'000'000'000; ///< for Last
    std::int64_t fromNs = 0;                         ///< Unix time, for Fixed
    std::int64_t toNs = 0;                           ///< Unix time, for Fixed; not before fromNs

    [[nodiscard]] static TimeRange last(std::int64_t ns) { return {Kind::Last, ns, 0, 0}; }
    [[nodiscard]] static TimeRange all() { return {Kind::All, 0, 0, 0}; }
    /// The ends may come in either order.
    [[nodiscard]] static TimeRange fixed(std::int64_t a, std::int64_t b)
    {
        return {Kind::Fixed, 0, a < b ? a : b, a < b ? b : a};
    }

    /// First instant shown when it is `nowNs`; 0 for All.
    [[nodiscard]] std::int64_t beginNs(std::int64_t nowNs) const;
    [[nodiscard]] std::int64_t endNs(std::int64_t nowNs) const;
    /// "Last 15 min", "All", "10:27 – 10:42".
    [[nodiscard]] QString label() const;
    /// To go on with after a count: " in the last 15 min", ", 10:27 – 10:42"; empty for All.
    [[nodiscard]] QString phrase() const;
    /// "last:900", "all", "fixed:1700000000000000000:1700000900000000000"; what fromToken() reads.
    [[nodiscard]] QString token() const;
    /// The default range when `token` is not one.
    [[nodiscard]] static TimeRange fromToken(const QString& token);
    /// Last 5 min, 15 min, 1 h, 6 h, 24 h, and All.
    [[nodiscard]] static QList<TimeRange> presets();

    bool operator==(const TimeRange&) const = default;
};

} // namespace oriel::ui

Q_DECLARE_METATYPE(oriel::ui::TimeRange)
