// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_answer.h"

#include "http/sse.h"

namespace oriel::conformance {

HttpAnswer::HttpAnswer(http::Exchange exchange, http::Headers headers)
    : m_exchange(std::move(exchange)),
      m_headers(std::move(headers))
{}

void HttpAnswer::send(const QJsonObject& message)
{
    if (!m_isStream) {
        m_isStream = true;
        m_exchange.startStream(200, eventStreamHeaders());
    }
    m_exchange.write(http::sseEvent(compact(message), {}, "message"));
}

void HttpAnswer::finish(const QJsonObject& response, int httpStatus)
{
    if (m_isStream) {
        send(response);
        m_exchange.end();
        return;
    }
    http::Response answer = http::Response::json(httpStatus, compact(response));
    for (const http::Headers::Field field : m_headers) {
        answer.headers.add(field.name, field.value);
    }
    m_exchange.respond(answer);
}

void HttpAnswer::abandon()
{
    m_exchange.abort();
}

void HttpAnswer::onClosed(std::function<void()> callback)
{
    m_exchange.onClosed(std::move(callback));
}

} // namespace oriel::conformance
