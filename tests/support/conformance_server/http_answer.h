// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "channel.h"
#include "event_stream.h"
#include "http/exchange.h"

namespace oriel::conformance {

/// The answer to one POST that no session keeps: JSON if nothing comes before the response, else an event stream.
class HttpAnswer final : public Channel {
public:
    explicit HttpAnswer(http::Exchange exchange, http::Headers headers = {});

    void send(const QJsonObject& message) override;
    void finish(const QJsonObject& response, int httpStatus) override;
    void abandon() override;
    void onClosed(std::function<void()> callback) override;

private:
    http::Exchange m_exchange;
    http::Headers m_headers;
    bool m_isStream = false;
};

} // namespace oriel::conformance
