// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"
#include "upstream/token_source.h"

#include <set>

namespace oriel::upstream {

/// The token that one HTTP transport sends with every request, and the questions that wait for another one. Without a source
/// there is never a token, and nothing is asked. Owned by the transport; destroying it drops the questions.
class BearerToken {
public:
    using Ticket = TokenSource::Ticket;
    /// Each request is sent again this often at most; a request that was refused was not processed.
    static constexpr int kMaxQuestions = 3;

    /// `source` may be null and outlives this.
    explicit BearerToken(TokenSource* source) : m_source(source) {}
    ~BearerToken() { drop(); }
    BearerToken(const BearerToken&) = delete;
    BearerToken& operator=(const BearerToken&) = delete;

    [[nodiscard]] bool hasSource() const { return m_source != nullptr; }
    /// Fetches what is at hand; `ready` follows in any case. With a source only.
    void fetch(std::function<void()> ready);
    void addTo(http::Headers& headers) const;
    /// That requests carry now; empty: none.
    [[nodiscard]] const QByteArray& value() const { return m_value; }

    /// True for a refusal that another token may mend, after `asked` questions for the same request.
    [[nodiscard]] bool mayAsk(int status, QByteArrayView authenticate, int asked) const;
    /// Asks for another token. After a success, value() is new.
    Ticket ask(const TokenRefusal& refusal, std::function<void(Status)> done);
    void cancel(Ticket ticket);
    /// No callback follows any more.
    void drop();
    /// A request with `used` was answered by a success.
    void accepted(const QByteArray& used);

private:
    void take(const QByteArray& token);

    TokenSource* m_source;
    QByteArray m_value;
    QByteArray m_header;
    bool m_confirmed = true;
    std::set<Ticket> m_questions;
};

} // namespace oriel::upstream
