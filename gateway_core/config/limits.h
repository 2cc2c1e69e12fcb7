// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <chrono>
#include <optional>

namespace oriel::config {

/// When calls to a server that is not there are refused at once (G13).
struct CircuitBreaker {
    bool enabled = true;
    int failures = 5;                          ///< in a row open it; 0: their number does not
    double failureRate = 0.5;                  ///< this share of the calls within `window` opens it; 0: their share does not
    int minimumCalls = 20;                     ///< within `window`, before their share counts
    std::chrono::milliseconds window{60'000};  ///< of the share
    std::chrono::milliseconds cooldown{5'000}; ///< before one call tries again; doubles with each try that fails
    std::chrono::milliseconds maxCooldown{120'000};
    bool operator==(const CircuitBreaker&) const = default;
};

/// What one server has instead.
struct ServerCircuitBreaker {
    bool enabled = true;
    std::optional<int> failures;
    std::optional<std::chrono::milliseconds> cooldown;
    bool operator==(const ServerCircuitBreaker&) const = default;
};

/// Second tries of calls that can do no harm twice.
struct Retries {
    int max = 1;                          ///< of one call; 0: none
    std::chrono::milliseconds delay{200}; ///< the longest wait before the first; doubles with each
    bool operator==(const Retries&) const = default;
};

/// A tool's annotations are only its server's word, so tools are left out unless the user trusts them.
enum class ToolRetries : quint8 { Never, Annotated };

struct ServerRetries {
    std::optional<int> max;
    ToolRetries tools = ToolRetries::Never;
    bool operator==(const ServerRetries&) const = default;
};

/// Whose calls a limit counts.
enum class LimitScope : quint8 { Client, Project, Tenant, Server, Tool };
inline constexpr int kLimitScopes = 5;

/// One entry of `limits`: rates and quotas of one client, project, tenant, server or tool. 0 is no limit.
struct Limit {
    LimitScope scope = LimitScope::Client;
    QString name = QStringLiteral("*"); ///< "*": each one that has no entry of its own
    double callsPerSecond = 0;
    int burst = 0;       ///< calls at once at most; 0: what comes in one second, at least one
    int concurrency = 0; ///< calls in flight
    qint64 callsPerHour = 0;
    qint64 callsPerDay = 0;
    qint64 tokensPerHour = 0; ///< estimated, of arguments and results
    qint64 tokensPerDay = 0;
    bool operator==(const Limit&) const = default;
};

} // namespace oriel::config
