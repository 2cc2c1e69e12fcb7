// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/admission/call_limits.h"
#include "gateway/admission/quota_window.h"
#include "gateway/admission/token_bucket.h"

namespace oriel::gateway {

/// What one client, project, tenant, server or tool has used. Internal to CallLimits and its tickets.
struct LimitAccount {
    LimitAccount(config::LimitScope ofScope, QByteArray ofName) : scope(ofScope), name(std::move(ofName)) {}

    /// Why one more call may not be, or nothing.
    [[nodiscard]] std::optional<LimitRefusal> refusal(std::int64_t nowNs, std::int64_t nowUnixNs);
    void take(std::int64_t tokens); ///< one call that refusal() does not refuse
    void appendUse(std::vector<LimitUse>& to, std::int64_t nowNs, std::int64_t nowUnixNs);

    config::LimitScope scope;
    QByteArray name;
    config::Limit limit;
    TokenBucket bucket;
    QuotaWindow hour{QuotaWindow::Length::Hour};
    QuotaWindow day{QuotaWindow::Length::Day};
    int inFlight = 0;
    std::uint64_t refused = 0;
    std::int64_t usedNs = 0; ///< monotonic, of the last call
};

} // namespace oriel::gateway
