// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>

#include <functional>

namespace oriel::conformance {

/// Where the messages of one request go: a line on stdout, a JSON body, an event stream.
class Channel {
public:
    virtual ~Channel() = default;
    /// A notification, or in the legacy era a request, that belongs to the request and comes before its response.
    virtual void send(const QJsonObject& message) = 0;
    /// The response; the last message. `httpStatus` counts where there is a status line still to be written.
    virtual void finish(const QJsonObject& response, int httpStatus) = 0;
    /// Ends without a response: the request was cancelled.
    virtual void abandon() = 0;
    /// Closes the stream early; the client is to come back for the rest (2025-11-25). Nothing where streams cannot be resumed.
    virtual void pause() {}
    /// Called once if the client closes the stream and that means cancellation (2026-07-28).
    virtual void onClosed(std::function<void()> /*callback*/) {}
};

} // namespace oriel::conformance
