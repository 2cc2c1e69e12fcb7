// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/admission/limit_account.h"

#include <array>

namespace oriel::gateway {

namespace {

/// When one of the calls in flight ends is not known.
constexpr std::int64_t kCallEndGuessNs = 1'000'000'000;

struct Quota {
    const char* setting;
    qint64 config::Limit::*allowed;
    QuotaWindow LimitAccount::*window;
    std::int64_t (QuotaWindow::*used)() const;
};

constexpr std::array kQuotas{
    Quota{"callsPerHour", &config::Limit::callsPerHour, &LimitAccount::hour, &QuotaWindow::calls},
    Quota{"callsPerDay", &config::Limit::callsPerDay, &LimitAccount::day, &QuotaWindow::calls},
    Quota{"tokensPerHour", &config::Limit::tokensPerHour, &LimitAccount::hour, &QuotaWindow::tokens},
    Quota{"tokensPerDay", &config::Limit::tokensPerDay, &LimitAccount::day, &QuotaWindow::tokens},
};

} // namespace

std::optional<LimitRefusal> LimitAccount::refusal(std::int64_t nowNs, std::int64_t nowUnixNs)
{
    LimitRefusal refusal;
    refusal.scope = scope;
    refusal.name = name;
    hour.roll(nowUnixNs);
    day.roll(nowUnixNs);
    // The longest wait first: that one is worth telling.
    for (auto quota = kQuotas.rbegin(); quota != kQuotas.rend(); ++quota) {
        const std::int64_t allowed = limit.*quota->allowed;
        const QuotaWindow& window = this->*quota->window;
        if (allowed <= 0 || (window.*quota->used)() < allowed)
            continue;
        refusal.limit = quota->setting;
        refusal.isQuota = true;
        refusal.allowed = static_cast<double>(allowed);
        refusal.resetsUnixNs = window.endUnixNs();
        refusal.retryAfterNs = window.endUnixNs() - nowUnixNs;
        return refusal;
    }
    if (limit.concurrency > 0 && inFlight >= limit.concurrency) {
        refusal.limit = "concurrency";
        refusal.allowed = limit.concurrency;
        refusal.retryAfterNs = kCallEndGuessNs;
        return refusal;
    }
    if (limit.callsPerSecond > 0 && !bucket.hasOne(nowNs)) {
        refusal.limit = "callsPerSecond";
        refusal.allowed = limit.callsPerSecond;
        refusal.retryAfterNs = bucket.untilOneNs();
        return refusal;
    }
    return std::nullopt;
}

void LimitAccount::take(std::int64_t tokens)
{
    bucket.takeOne();
    hour.add(1, tokens);
    day.add(1, tokens);
}

void LimitAccount::appendUse(std::vector<LimitUse>& to, std::int64_t nowNs, std::int64_t nowUnixNs)
{
    hour.roll(nowUnixNs);
    day.roll(nowUnixNs);
    const auto append = [&](const char* setting, double used, double allowed, std::int64_t resetsUnixNs) {
        to.push_back({scope, name, setting, used, allowed, resetsUnixNs, refused});
    };
    if (limit.callsPerSecond > 0)
        append("callsPerSecond", bucket.used(nowNs), bucket.size(), 0);
    if (limit.concurrency > 0)
        append("concurrency", inFlight, limit.concurrency, 0);
    for (const Quota& quota : kQuotas) {
        const std::int64_t allowed = limit.*quota.allowed;
        const QuotaWindow& window = this->*quota.window;
        if (allowed > 0)
            append(quota.setting, static_cast<double>((window.*quota.used)()), static_cast<double>(allowed), window.endUnixNs());
    }
}

} // namespace oriel::gateway
