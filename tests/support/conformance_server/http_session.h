// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "event_stream.h"
#include "session.h"

#include <map>

namespace oriel::conformance {

/// A legacy session over Streamable HTTP: the client and its event streams.
class HttpSession {
public:
    explicit HttpSession(std::shared_ptr<Session> session);

    [[nodiscard]] const std::shared_ptr<Session>& session() const { return m_session; }
    /// The answer to a POST.
    [[nodiscard]] std::shared_ptr<EventStream> openStream(http::Exchange exchange);
    /// The answer to a GET: takes what belongs to no request from now on.
    void openUnrelated(http::Exchange exchange);
    /// False if no such stream is known any more.
    [[nodiscard]] bool resume(QByteArrayView lastEventId, http::Exchange exchange);
    void close();

private:
    [[nodiscard]] Revision revision() const;

    std::shared_ptr<Session> m_session;
    int m_lastStream = 0;
    std::map<int, std::shared_ptr<EventStream>> m_streams; ///< the oldest finished ones are forgotten
};

} // namespace oriel::conformance
