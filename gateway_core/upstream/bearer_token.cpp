// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/bearer_token.h"

namespace oriel::upstream {

void BearerToken::take(const QByteArray& token)
{
    m_value = token;
    m_header = "Bearer " + token;
    m_confirmed = false;
}

void BearerToken::fetch(std::function<void()> ready)
{
    const auto ticket = std::make_shared<Ticket>(0);
    *ticket = m_source->token([this, ticket, ready = std::move(ready)](const Result<QByteArray>& token) {
        m_questions.erase(*ticket);
        // Without one the server may still answer; if it does not, its refusal is worth more than a guess.
        if (token) {
            take(*token);
        }
        ready();
    });
    m_questions.insert(*ticket);
}

void BearerToken::addTo(http::Headers& headers) const
{
    if (!m_value.isEmpty()) {
        headers.set("Authorization", m_header);
    }
}

bool BearerToken::mayAsk(int status, QByteArrayView authenticate, int asked) const
{
    return m_source != nullptr && asked < kMaxQuestions && (status == 401 || (status == 403 && !authenticate.isEmpty()));
}

BearerToken::Ticket BearerToken::ask(const TokenRefusal& refusal, std::function<void(Status)> done)
{
    const auto ticket = std::make_shared<Ticket>(0);
    *ticket = m_source->tokenAfter(refusal, [this, ticket, done = std::move(done)](const Result<QByteArray>& token) {
        m_questions.erase(*ticket);
        if (token && *token != m_value) {
            take(*token);
        }
        done(token ? Status() : Status(fail(token.error())));
    });
    m_questions.insert(*ticket);
    return *ticket;
}

void BearerToken::cancel(Ticket ticket)
{
    if (m_questions.erase(ticket) != 0) {
        m_source->cancel(ticket);
    }
}

void BearerToken::drop()
{
    for (const Ticket ticket : std::exchange(m_questions, {})) {
        m_source->cancel(ticket);
    }
}

void BearerToken::accepted(const QByteArray& used)
{
    if (!m_confirmed && used == m_value) {
        m_confirmed = true;
        m_source->accepted();
    }
}

} // namespace oriel::upstream
