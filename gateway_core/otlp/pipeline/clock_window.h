// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/spool/batch.h"

#include <chrono>
#include <vector>

namespace oriel::otlp {

/// The items of a batch by a backend that takes nothing which is too far ahead of the clock. Each list has none or one batch.
struct ClockParts {
    std::vector<Batch> due;
    std::vector<Batch> early;   ///< will be due within kPatience
    std::vector<Batch> wrong;   ///< of a clock that is plainly wrong
    std::int64_t dueUnixNs = 0; ///< when all of `early` is due

    static constexpr std::chrono::hours kPatience{1};
};

/// Spans count by their end, records by their time (without one, by when they were observed), points by theirs. A batch that is
/// due as a whole, or cannot be read, comes back as it is. Pure; any thread.
ClockParts byClock(const Batch& batch, std::chrono::hours ahead, std::int64_t nowUnixNs);

} // namespace oriel::otlp
