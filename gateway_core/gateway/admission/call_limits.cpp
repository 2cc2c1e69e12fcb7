// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/admission/call_limits.h"

#include "gateway/admission/limit_account.h"

#include <algorithm>
#include <tuple>

namespace oriel::gateway {

using config::LimitScope;

namespace {

constexpr std::array kScopes{LimitScope::Client, LimitScope::Project, LimitScope::Tenant, LimitScope::Server, LimitScope::Tool};

/// The one on which the clocks are set back.
constexpr std::int64_t kLongestDayNs = 25LL * 3'600 * 1'000'000'000;

/// Whom the call is counted for in one scope; nothing: it does not fall under it.
std::optional<QByteArray> nameIn(LimitScope scope, const LimitSubject& subject)
{
    const telemetry::ClientContext& client = subject.client;
    const auto unlessEmpty = [](const QByteArray& name) { return name.isEmpty() ? std::nullopt : std::optional(name); };
    switch (scope) {
    case LimitScope::Client:
        return client.tokenName.isEmpty() ? client.clientName : client.tokenName;
    case LimitScope::Project:
        return client.projectId.isEmpty() ? QByteArrayLiteral("default") : client.projectId;
    case LimitScope::Tenant:
        return unlessEmpty(client.tenantId);
    case LimitScope::Server:
        return subject.server;
    case LimitScope::Tool:
        return unlessEmpty(subject.tool);
    }
    Q_UNREACHABLE();
}

} // namespace

QByteArrayView limitScopeName(LimitScope scope)
{
    static constexpr std::array<const char*, config::kLimitScopes> kNames{"client", "project", "tenant", "server", "tool"};
    return kNames[static_cast<std::size_t>(scope)];
}

CallTicket& CallTicket::operator=(CallTicket&& other) noexcept
{
    m_accounts.swap(other.m_accounts);
    return *this;
}

CallTicket::~CallTicket()
{
    for (const auto& account : m_accounts)
        --account->inFlight;
}

void CallTicket::addTokens(std::int64_t tokens)
{
    for (const auto& account : m_accounts) {
        account->hour.add(0, tokens);
        account->day.add(0, tokens);
    }
}

CallLimits::~CallLimits() = default;

const config::Limit* CallLimits::Scope::limitOf(const QByteArray& name) const
{
    const auto own = named.constFind(name);
    return own != named.cend() ? &*own : each ? &*each : nullptr;
}

void CallLimits::configure(const QList<config::Limit>& limits)
{
    m_scopes = {};
    m_isEmpty = limits.isEmpty();
    for (const config::Limit& limit : limits) {
        Scope& scope = m_scopes[static_cast<std::size_t>(limit.scope)];
        if (limit.name == QLatin1String("*"))
            scope.each = limit;
        else
            scope.named.insert(limit.name.toUtf8(), limit);
    }
    const auto isLimited = [this](LimitScope scope, const QByteArray& name) { return scopeOf(scope).limitOf(name) != nullptr; };
    m_accounts.removeIf([&](const auto& entry) { return !isLimited(entry.value()->scope, entry.value()->name); });
    m_restored.removeIf([&](const auto& entry) { return !isLimited(entry.value().scope, entry.value().name); });
    for (const auto& account : std::as_const(m_accounts)) {
        account->limit = *scopeOf(account->scope).limitOf(account->name);
        account->bucket.configure(account->limit.callsPerSecond, account->limit.burst, m_clock.monotonicNs());
    }
    for (const LimitScope scope : kScopes) {
        for (auto named = scopeOf(scope).named.cbegin(); named != scopeOf(scope).named.cend(); ++named)
            (void)account(scope, named.key());
    }
}

std::shared_ptr<LimitAccount> CallLimits::account(LimitScope scope, const QByteArray& name)
{
    const Key key{static_cast<int>(scope), name};
    if (const auto known = m_accounts.constFind(key); known != m_accounts.cend())
        return *known;
    const config::Limit* limit = scopeOf(scope).limitOf(name);
    if (limit == nullptr)
        return nullptr;
    if (m_accounts.size() >= kMaxAccounts)
        forgetOldest();
    auto fresh = std::make_shared<LimitAccount>(scope, name);
    fresh->limit = *limit;
    fresh->bucket.configure(limit->callsPerSecond, limit->burst, m_clock.monotonicNs());
    if (const auto before = m_restored.constFind(key); before != m_restored.cend()) {
        fresh->hour.restore(before->hour.startUnixNs, before->hour.calls, before->hour.tokens, m_clock.unixNs());
        fresh->day.restore(before->day.startUnixNs, before->day.calls, before->day.tokens, m_clock.unixNs());
        m_restored.erase(before);
    }
    m_accounts.insert(key, fresh);
    return fresh;
}

void CallLimits::forgetOldest()
{
    auto oldest = m_accounts.end();
    for (auto it = m_accounts.begin(); it != m_accounts.end(); ++it) {
        const LimitAccount& account = **it;
        const bool mayGo = account.inFlight == 0 && !scopeOf(account.scope).named.contains(account.name);
        if (mayGo && (oldest == m_accounts.end() || account.usedNs < (*oldest)->usedNs))
            oldest = it;
    }
    if (oldest != m_accounts.end())
        m_accounts.erase(oldest);
}

std::optional<LimitRefusal> CallLimits::admit(const LimitSubject& subject, std::int64_t argumentTokens, CallTicket& ticket)
{
    if (m_isEmpty)
        return std::nullopt;
    const std::int64_t now = m_clock.monotonicNs();
    CallTicket counted;
    for (const LimitScope scope : kScopes) {
        const auto name = scopeOf(scope).isUsed() ? nameIn(scope, subject) : std::nullopt;
        std::shared_ptr<LimitAccount> one = name ? account(scope, *name) : nullptr;
        if (one == nullptr)
            continue;
        one->usedNs = now;
        if (const auto refusal = one->refusal(now, m_clock.unixNs())) {
            ++one->refused;
            return refusal;
        }
        ++one->inFlight;
        counted.m_accounts.push_back(std::move(one));
    }
    for (const auto& one : counted.m_accounts)
        one->take(argumentTokens);
    ticket = std::move(counted);
    return std::nullopt;
}

std::vector<LimitUse> CallLimits::use()
{
    std::vector<std::shared_ptr<LimitAccount>> accounts(m_accounts.cbegin(), m_accounts.cend());
    std::sort(accounts.begin(), accounts.end(),
              [](const auto& a, const auto& b) { return std::tie(a->scope, a->name) < std::tie(b->scope, b->name); });
    std::vector<LimitUse> uses;
    for (const auto& one : accounts)
        one->appendUse(uses, m_clock.monotonicNs(), m_clock.unixNs());
    return uses;
}

QList<QuotaUse> CallLimits::quotas()
{
    const std::int64_t now = m_clock.unixNs();
    m_restored.removeIf([now](const auto& entry) { return entry.value().day.startUnixNs < now - kLongestDayNs; });
    QList<QuotaUse> quotas(m_restored.cbegin(), m_restored.cend());
    for (const auto& one : std::as_const(m_accounts)) {
        const config::Limit& limit = one->limit;
        if (limit.callsPerHour <= 0 && limit.callsPerDay <= 0 && limit.tokensPerHour <= 0 && limit.tokensPerDay <= 0)
            continue;
        one->hour.roll(now);
        one->day.roll(now);
        quotas.append({one->scope,
                       one->name,
                       {one->hour.startUnixNs(), one->hour.calls(), one->hour.tokens()},
                       {one->day.startUnixNs(), one->day.calls(), one->day.tokens()}});
    }
    return quotas;
}

void CallLimits::restore(const QList<QuotaUse>& quotas)
{
    for (const QuotaUse& quota : quotas) {
        if (m_restored.size() < kMaxAccounts)
            m_restored.insert({static_cast<int>(quota.scope), quota.name}, quota);
    }
}

} // namespace oriel::gateway
