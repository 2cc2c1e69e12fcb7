// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "config/model.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <vector>

namespace oriel::store {

/// What a store may keep. 0 stands for "no limit".
struct RetentionLimits {
    std::int64_t keepAfterUnixNs = 0; ///< records older than this go
    std::int64_t maxBytes = 0;        ///< the oldest go until the rest is within
};

/// What retention would delete, or deleted.
struct RetentionPreview {
    QString store; ///< "traces", "logs", "audit", "metrics"
    std::uint64_t rows = 0;
    std::int64_t bytes = 0;        ///< approximate for the audit database
    std::int64_t oldestUnixNs = 0; ///< of what goes; 0: nothing goes
    std::int64_t newestUnixNs = 0;
    std::uint64_t remainingRows = 0;
    std::int64_t remainingBytes = 0;
};

/// A store that forgets by age and size.
class RetentionTarget {
public:
    virtual ~RetentionTarget() = default;
    [[nodiscard]] virtual QString retentionName() const = 0;
    [[nodiscard]] virtual Result<RetentionPreview> previewRetention(const RetentionLimits& limits) const = 0;
    virtual Result<RetentionPreview> applyRetention(const RetentionLimits& limits, std::stop_token stop) = 0;
};

/// Applies the configured retention to all stores (A4, T9). Has no timer: its owner runs it at the start, once an hour, and when
/// the user wants it at once. add() and `onDeleted` come first; the rest may be called from any thread that may wait for disks.
class RetentionPolicy {
public:
    RetentionPolicy(const Clock& clock, config::Retention retention);
    /// The target must outlive the policy. Its limits follow from its name.
    void add(RetentionTarget& target);
    void setRetention(const config::Retention& retention);

    [[nodiscard]] RetentionLimits limitsFor(const QString& store) const;
    [[nodiscard]] Result<std::vector<RetentionPreview>> preview() const;
    /// Goes on with the other stores when one fails; the first error is returned after all were tried. One at a time: a second
    /// caller waits.
    Result<std::vector<RetentionPreview>> apply(std::stop_token stop = {});
    /// Called on the thread of apply() for every store from which something was deleted.
    std::function<void(const RetentionPreview&)> onDeleted;

private:
    [[nodiscard]] std::vector<RetentionTarget*> targets() const;

    const Clock& m_clock;
    std::mutex m_applying;
    mutable std::mutex m_mutex;
    config::Retention m_retention;
    std::vector<RetentionTarget*> m_targets;
};

} // namespace oriel::store
