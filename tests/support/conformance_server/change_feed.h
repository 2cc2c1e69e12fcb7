// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol.h"

#include <memory>
#include <vector>

namespace oriel::conformance {

class Call;
class Session;

/// Tells clients of changes: legacy sessions without being asked (resources: to those that subscribed), clients of 2026-07-28 on
/// the `subscriptions/listen` streams that asked for them.
class ChangeFeed {
public:
    enum class List { Tools, Prompts, Resources };

    void addSession(const std::shared_ptr<Session>& session);
    /// Serves `subscriptions/listen`: acknowledges what of the filter is honoured and keeps the call open. `knownTasks` are those
    /// of the requested task ids that exist.
    void listen(const std::shared_ptr<Call>& call, const QStringList& knownTasks);

    void listChanged(List list);
    void resourceUpdated(const QString& uri);
    /// `detailedTask` as tasks/get of the tasks extension shows it.
    void taskChanged(const QString& taskId, const QJsonObject& detailedTask);

    /// Every open listen stream gets its result: the server is about to stop.
    void endAll();
    [[nodiscard]] int openStreams();

private:
    struct Stream {
        std::weak_ptr<Call> call;
        QJsonObject filter;
    };
    template <class Wants> void notifyStreams(const QString& method, const QJsonObject& params, Wants wants);
    void forgetGone();

    std::vector<std::weak_ptr<Session>> m_sessions;
    std::vector<Stream> m_streams;
};

} // namespace oriel::conformance
