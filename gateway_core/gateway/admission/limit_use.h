// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/limits.h"

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>

namespace oriel::gateway {

/// How much of one limit is used, as a value for any thread.
struct LimitUse {
    config::LimitScope scope = config::LimitScope::Client;
    QByteArray name;
    const char* limit = ""; ///< the setting: "callsPerSecond" …
    double used = 0;
    double allowed = 0;
    std::int64_t resetsUnixNs = 0; ///< quotas only
    std::uint64_t refused = 0;     ///< calls that this client, project … was refused since Oriel started
};

/// What a restart has to know of the quotas of one client, project …; times in nanoseconds since 1970.
struct QuotaUse {
    struct Window {
        std::int64_t startUnixNs = 0;
        std::int64_t calls = 0;
        std::int64_t tokens = 0;
        bool operator==(const Window&) const = default;
    };
    config::LimitScope scope = config::LimitScope::Client;
    QByteArray name;
    Window hour;
    Window day;
    bool operator==(const QuotaUse&) const = default;
};

QByteArrayView limitScopeName(config::LimitScope scope); ///< "client", "project" …

} // namespace oriel::gateway
