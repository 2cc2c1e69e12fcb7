// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/metric_data.h"

namespace oriel::telemetry {

/// A point of an exponential histogram as one with classic buckets, for the text formats, which have no native histograms.
/// Neighbours are merged (the scale is lowered) until there are at most `maxBuckets`; every count is kept. The lower end of the
/// smallest bucket is a bound too, so that a quantile is not sought below it. Pure, any thread.
HistogramPoint classicPoint(const ExponentialHistogramPoint& point, std::size_t maxBuckets = 40);

} // namespace oriel::telemetry
