// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/token_authorizer.h"

#include "base/clock.h"

#include <algorithm>

namespace oriel::otlp {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
/// A token is renewed so long before its end, or in the last fifth of a shorter life.
constexpr std::int64_t kMarginNs = 300 * kSecondNs;

} // namespace

TokenAuthorizer::TokenAuthorizer(std::unique_ptr<TokenSource> source, const Clock& clock)
    : m_source(std::move(source)),
      m_clock(clock)
{}

TokenAuthorizer::~TokenAuthorizer() = default;

RequestHeaders TokenAuthorizer::headers() const
{
    return {{"Authorization", "Bearer " + m_token}};
}

void TokenAuthorizer::authorize(const OutgoingRequest&, Done done)
{
    if (!m_token.isEmpty() && m_clock.bootTimeNs() < m_renewNs)
        return done(headers());
    m_waiting.push_back(std::move(done));
    if (m_fetching)
        return;
    m_fetching = true;
    m_source->fetch([this](const Result<AccessToken>& token) { fetched(token); });
}

void TokenAuthorizer::fetched(const Result<AccessToken>& token)
{
    m_fetching = false;
    const std::int64_t now = m_clock.bootTimeNs();
    if (token) {
        const std::int64_t lifetime = std::max<std::int64_t>(token->lifetime.count(), 0) * kSecondNs;
        m_token = token->value;
        m_endNs = now + lifetime;
        m_renewNs = m_endNs - std::min(kMarginNs, lifetime / 5);
    }
    const bool usable = token || (!m_token.isEmpty() && now < m_endNs);
    const Result<RequestHeaders> answer = usable ? Result<RequestHeaders>(headers()) : fail(token.error());
    // Whoever is called back may end this object.
    const std::vector<Done> waiting = std::exchange(m_waiting, {});
    for (const Done& done : waiting)
        done(answer);
}

bool TokenAuthorizer::refused(const RequestHeaders& given)
{
    // Another request may have brought a new one since.
    if (given == headers()) {
        m_token.clear();
        m_renewNs = 0;
    }
    return true;
}

} // namespace oriel::otlp
