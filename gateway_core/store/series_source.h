// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>

#include <cstdint>
#include <limits>
#include <memory>
#include <stop_token>
#include <vector>

namespace re2 {
class RE2;
}

namespace oriel::store {

struct Label {
    QByteArray name;
    QByteArray value;
    bool operator==(const Label&) const = default;
    bool operator<(const Label& other) const { return name != other.name ? name < other.name : value < other.value; }
};
/// Sorted by name; the metric's own name is not among them.
using Labels = std::vector<Label>;

struct LabelMatcher {
    enum class Op : quint8 { Equal, NotEqual, Match, NotMatch };
    QByteArray name;
    Op op = Op::Equal;
    QByteArray value;                        ///< a label that is not there has the empty value
    std::shared_ptr<const re2::RE2> pattern; ///< for Match and NotMatch, anchored at both ends; see makeMatcher()

    [[nodiscard]] bool matches(QByteArrayView labelValue) const;
};

/// A matcher with its pattern compiled; an invalid pattern is an error.
Result<LabelMatcher> makeMatcher(QByteArray name, LabelMatcher::Op op, QByteArray value);

struct Sample {
    std::int64_t timeMs = 0; ///< since the epoch
    double value = 0;
    bool operator==(const Sample&) const = default;
};

struct SeriesExemplar {
    std::int64_t timeMs = 0;
    double value = 0;
    QByteArray traceIdHex;
};

/// Bounds that take in every time.
inline constexpr std::int64_t kTimeMin = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kTimeMax = std::numeric_limits<std::int64_t>::max();

struct SeriesData {
    QByteArray metric;
    Labels labels;
    std::vector<Sample> samples; ///< by time
};

/// Time series by name and labels: what charts, PromQL and alert rules read. Functions may be called from any thread.
class SeriesSource {
public:
    virtual ~SeriesSource() = default;
    /// Every series of `metric` (empty: of all metrics) whose labels match, with its samples of [fromMs, toMs]. Series without
    /// samples there are left out.
    [[nodiscard]] virtual std::vector<SeriesData> select(QByteArrayView metric, const std::vector<LabelMatcher>& matchers,
                                                         std::int64_t fromMs, std::int64_t toMs,
                                                         std::stop_token stop = {}) const = 0;
    [[nodiscard]] virtual std::vector<QByteArray> metricNames() const = 0;
    [[nodiscard]] virtual std::vector<QByteArray> labelValues(QByteArrayView metric, QByteArrayView label) const = 0;
};

} // namespace oriel::store
