// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "channel.h"

#include <QJsonArray>

#include <memory>

namespace oriel::conformance {

/// The requests of one JSON-RPC batch (2025-03-26): their responses leave as one array when the last is there.
class Batch : public std::enable_shared_from_this<Batch> {
public:
    /// `notifications` takes what comes before the responses; `done` gets those, which may be none if all were cancelled.
    Batch(std::shared_ptr<Channel> notifications, int requests, std::function<void(const QJsonArray&)> done)
        : m_notifications(std::move(notifications)),
          m_missing(requests),
          m_done(std::move(done))
    {}

    /// The channel of one of the requests.
    [[nodiscard]] std::shared_ptr<Channel> part();

private:
    class Part;
    void take(const QJsonObject* response);

    std::shared_ptr<Channel> m_notifications;
    QJsonArray m_responses;
    int m_missing;
    std::function<void(const QJsonArray&)> m_done;
};

} // namespace oriel::conformance
