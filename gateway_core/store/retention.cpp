// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/retention.h"

namespace oriel::store {

namespace {
constexpr std::int64_t kDayNs = 24LL * 3600 * 1'000'000'000;
}

RetentionPolicy::RetentionPolicy(const Clock& clock, config::Retention retention) : m_clock(clock), m_retention(retention) {}

void RetentionPolicy::add(RetentionTarget& target)
{
    const std::lock_guard lock(m_mutex);
    m_targets.push_back(&target);
}

void RetentionPolicy::setRetention(const config::Retention& retention)
{
    const std::lock_guard lock(m_mutex);
    m_retention = retention;
}

RetentionLimits RetentionPolicy::limitsFor(const QString& store) const
{
    const std::lock_guard lock(m_mutex);
    int days = 0;
    RetentionLimits limits;
    if (store == QLatin1StringView("traces")) {
        days = m_retention.traceDays;
        limits.maxBytes = m_retention.traceBytes;
    } else if (store == QLatin1StringView("logs")) {
        days = m_retention.logDays;
        limits.maxBytes = m_retention.logBytes;
    } else if (store == QLatin1StringView("audit")) {
        days = m_retention.auditDays;
    } else if (store == QLatin1StringView("metrics")) {
        days = m_retention.metricDays;
    }
    if (days > 0)
        limits.keepAfterUnixNs = m_clock.unixNs() - days * kDayNs;
    return limits;
}

Result<std::vector<RetentionPreview>> RetentionPolicy::preview() const
{
    std::vector<RetentionPreview> out;
    for (const RetentionTarget* target : targets()) {
        Result<RetentionPreview> one = target->previewRetention(limitsFor(target->retentionName()));
        if (!one)
            return tl::unexpected(one.error());
        out.push_back(std::move(*one));
    }
    return out;
}

Result<std::vector<RetentionPreview>> RetentionPolicy::apply(std::stop_token stop)
{
    const std::lock_guard alone(m_applying);
    std::vector<RetentionPreview> out;
    Status first;
    for (RetentionTarget* target : targets()) {
        if (stop.stop_requested())
            return fail(ErrorCode::Cancelled, QStringLiteral("The deletion was stopped"));
        Result<RetentionPreview> one = target->applyRetention(limitsFor(target->retentionName()), stop);
        if (!one) {
            if (first)
                first = fail(one.error());
            continue;
        }
        if (one->rows > 0 && onDeleted)
            onDeleted(*one);
        out.push_back(std::move(*one));
    }
    if (!first)
        return tl::unexpected(first.error());
    return out;
}

std::vector<RetentionTarget*> RetentionPolicy::targets() const
{
    const std::lock_guard lock(m_mutex);
    return m_targets;
}

} // namespace oriel::store
