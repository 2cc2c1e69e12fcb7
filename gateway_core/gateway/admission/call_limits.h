// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "gateway/admission/limit_use.h"
#include "telemetry/call_record.h"

#include <QHash>
#include <QList>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace oriel::gateway {

struct LimitAccount;

/// Who makes a call, and of what.
struct LimitSubject {
    const telemetry::ClientContext& client;
    const QByteArray& server;
    QByteArray tool; ///< as clients of all servers see it; empty: the call is of no tool
};

/// Why a call is refused.
struct LimitRefusal {
    config::LimitScope scope = config::LimitScope::Client;
    QByteArray name;
    const char* limit = ""; ///< the setting
    bool isQuota = false;
    double allowed = 0;
    std::int64_t retryAfterNs = 0;
    std::int64_t resetsUnixNs = 0; ///< quotas only
};

/// What one call that was let through counts against, until it is destroyed: its place among the calls in flight, and where the
/// tokens of its answer go.
class CallTicket {
public:
    CallTicket() = default;
    CallTicket(CallTicket&& other) noexcept = default;
    CallTicket& operator=(CallTicket&& other) noexcept;
    ~CallTicket();

    [[nodiscard]] bool isEmpty() const { return m_accounts.empty(); }
    void addTokens(std::int64_t tokens);

private:
    friend class CallLimits;
    std::vector<std::shared_ptr<LimitAccount>> m_accounts;
};

/// Rates, calls in flight and quotas of clients, projects, tenants, servers and tools (G13). A call counts against every limit
/// that it falls under, or, if one of them refuses it, against none. Without limits nothing is kept. Names that limits were not
/// written for are kept for the least time: beyond kMaxAccounts the one that was used longest ago is forgotten. Gateway thread
/// only.
class CallLimits {
public:
    static constexpr qsizetype kMaxAccounts = 1024;

    explicit CallLimits(const Clock& clock) : m_clock(clock) {}
    ~CallLimits();

    /// What is used stays used where a limit stays.
    void configure(const QList<config::Limit>& limits);
    [[nodiscard]] bool isEmpty() const { return m_isEmpty; }
    /// True when some limit is of tools: LimitSubject::tool is needed only then.
    [[nodiscard]] bool countsTools() const { return scopeOf(config::LimitScope::Tool).isUsed(); }

    /// Lets a call through, with `ticket` to keep until its end, or tells why not.
    std::optional<LimitRefusal> admit(const LimitSubject& subject, std::int64_t argumentTokens, CallTicket& ticket);

    /// What is used of every limit, in the order of scopes and names.
    [[nodiscard]] std::vector<LimitUse> use();
    [[nodiscard]] QList<QuotaUse> quotas();
    /// What an earlier run used; before the first call.
    void restore(const QList<QuotaUse>& quotas);

private:
    using Key = std::pair<int, QByteArray>;
    struct Scope {
        std::optional<config::Limit> each;
        QHash<QByteArray, config::Limit> named;
        [[nodiscard]] bool isUsed() const { return each.has_value() || !named.isEmpty(); }
        [[nodiscard]] const config::Limit* limitOf(const QByteArray& name) const;
    };
    [[nodiscard]] const Scope& scopeOf(config::LimitScope scope) const { return m_scopes[static_cast<std::size_t>(scope)]; }
    std::shared_ptr<LimitAccount> account(config::LimitScope scope, const QByteArray& name);
    void forgetOldest();

    const Clock& m_clock;
    bool m_isEmpty = true;
    std::array<Scope, config::kLimitScopes> m_scopes;
    QHash<Key, std::shared_ptr<LimitAccount>> m_accounts;
    QHash<Key, QuotaUse> m_restored; ///< until its account is made
};

} // namespace oriel::gateway
