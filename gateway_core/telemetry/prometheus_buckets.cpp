// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/prometheus_buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace oriel::telemetry {

namespace {

/// The buckets of one sign without empty ones at the ends.
struct Side {
    int offset = 0;
    std::vector<std::uint64_t> counts;

    explicit Side(const ExponentialBuckets& buckets) : offset(buckets.offset), counts(buckets.counts)
    {
        while (!counts.empty() && counts.back() == 0)
            counts.pop_back();
        const auto begin = std::find_if(counts.begin(), counts.end(), [](std::uint64_t count) { return count != 0; });
        offset += static_cast<int>(begin - counts.begin());
        counts.erase(counts.begin(), begin);
    }

    /// Lowers the scale by one: buckets 2i and 2i+1 become i.
    void merge()
    {
        std::vector<std::uint64_t> merged;
        const int first = offset >> 1;
        for (std::size_t i = 0; i < counts.size(); ++i) {
            const auto place = static_cast<std::size_t>(((offset + static_cast<int>(i)) >> 1) - first);
            if (place >= merged.size())
                merged.resize(place + 1);
            merged[place] += counts[i];
        }
        offset = first;
        counts = std::move(merged);
    }
};

/// base^index, kept finite and above zero.
double boundOf(int index, int scale)
{
    const double exponent = std::ldexp(static_cast<double>(index), -scale);
    return std::clamp(std::exp2(exponent), std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max());
}

} // namespace

HistogramPoint classicPoint(const ExponentialHistogramPoint& point, std::size_t maxBuckets)
{
    constexpr int kLowestScale = -11; // one bucket then spans all doubles of a sign, or two do
    int scale = point.scale;
    Side positive(point.positive);
    Side negative(point.negative);
    for (; positive.counts.size() + negative.counts.size() > maxBuckets && scale > kLowestScale; --scale) {
        positive.merge();
        negative.merge();
    }

    HistogramPoint classic;
    classic.attributes = point.attributes;
    classic.startUnixNs = point.startUnixNs;
    classic.timeUnixNs = point.timeUnixNs;
    classic.count = point.count;
    classic.sum = point.sum;
    classic.min = point.min;
    classic.max = point.max;
    classic.exemplars = point.exemplars;
    const auto add = [&classic](double bound, std::uint64_t count) {
        // Merged far enough, or beyond the range of doubles, two bounds can be one.
        if (!classic.bounds.empty() && bound <= classic.bounds.back()) {
            classic.bucketCounts.back() += count;
            return;
        }
        classic.bounds.push_back(bound);
        classic.bucketCounts.push_back(count);
    };
    for (std::size_t i = negative.counts.size(); i-- > 0;) {
        const int index = negative.offset + static_cast<int>(i);
        if (i + 1 == negative.counts.size())
            add(-boundOf(index + 1, scale), 0);
        add(-boundOf(index, scale), negative.counts[i]);
    }
    if (point.zeroCount > 0 || !negative.counts.empty())
        add(point.zeroThreshold, point.zeroCount);
    for (std::size_t i = 0; i < positive.counts.size(); ++i) {
        const int index = positive.offset + static_cast<int>(i);
        if (i == 0)
            add(boundOf(index, scale), 0);
        add(boundOf(index + 1, scale), positive.counts[i]);
    }
    classic.bucketCounts.push_back(0);
    return classic;
}

} // namespace oriel::telemetry
