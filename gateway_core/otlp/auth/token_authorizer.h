// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/auth/request_authorizer.h"

#include <QByteArray>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace oriel::otlp {

struct AccessToken {
    QByteArray value;
    std::chrono::seconds lifetime{0}; ///< from now
};

/// Where tokens come from. Lives on the exporter thread; a destroyed source calls nobody back.
class TokenSource {
public:
    using Done = std::function<void(Result<AccessToken>)>;
    virtual ~TokenSource() = default;
    /// Never blocks; `done` is called once, later. Not called again before that.
    virtual void fetch(Done done) = 0;
};

/// Bearer tokens of a source: kept, fetched anew a while before they end, one fetch at a time for all that wait. When a fetch
/// fails while the token in hand still lives, that one is used. Lifetimes are counted on the monotonic clock that goes on while
/// the machine sleeps.
class TokenAuthorizer final : public RequestAuthorizer {
public:
    TokenAuthorizer(std::unique_ptr<TokenSource> source, const Clock& clock);
    ~TokenAuthorizer() override;

    void authorize(const OutgoingRequest& request, Done done) override;
    bool refused(const RequestHeaders& given) override;

private:
    void fetched(const Result<AccessToken>& token);
    [[nodiscard]] RequestHeaders headers() const;

    std::unique_ptr<TokenSource> m_source;
    const Clock& m_clock;
    QByteArray m_token;
    std::int64_t m_renewNs = 0; ///< of Clock::bootTimeNs()
    std::int64_t m_endNs = 0;
    bool m_fetching = false;
    std::vector<Done> m_waiting;
};

} // namespace oriel::otlp
