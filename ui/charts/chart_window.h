// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/time_range.h"

#include <cstdint>

namespace oriel::ui {

/// The stretch of time that a page of charts shows, and the width of its buckets. Unix time in nanoseconds. A value.
struct ChartWindow {
    std::int64_t fromNs = 0; ///< a multiple of stepNs
    std::int64_t toNs = 0;   ///< a multiple of stepNs; may lie up to one step after endNs
    std::int64_t endNs = 0;  ///< where the axis ends
    std::int64_t stepNs = 1;

    [[nodiscard]] std::int64_t lengthNs() const { return endNs - fromNs; }
    bool operator==(const ChartWindow&) const = default;
};

/// The round bucket width (1, 2, 5, 10, 15, 30 s or min, 1, 2, 3, 6, 12 h, whole days) that cuts `lengthNs` into at most
/// `points`.
[[nodiscard]] std::int64_t bucketStep(std::int64_t lengthNs, int points, std::int64_t shortestNs = 1'000'000'000);

/// What to show for `range` at `nowNs`. `oldestNs` is when the first record was made, 0 when there is none: a range that reaches
/// back before it starts there, but is never shorter than ten seconds, so that a fresh start fills the chart and not its last
/// column.
[[nodiscard]] ChartWindow chartWindow(const TimeRange& range, std::int64_t nowNs, std::int64_t oldestNs, int points,
                                      std::int64_t shortestStepNs = 1'000'000'000);

} // namespace oriel::ui
