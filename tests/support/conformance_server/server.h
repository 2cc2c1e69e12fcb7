// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "change_feed.h"
#include "request_state.h"
#include "tasks.h"
#include "tools.h"

namespace oriel::conformance {

class Channel;
class Session;

/// What the endpoints serve: requests of either era, answered through their channels.
class Server {
public:
    Server(Eras eras, const Clock& clock, Random& random);

    [[nodiscard]] const Eras& eras() const { return m_eras; }
    [[nodiscard]] const Tools& tools() const { return m_tools; }
    [[nodiscard]] ChangeFeed& changes() { return m_changes; }

    [[nodiscard]] std::shared_ptr<Session> openSession(const QByteArray& id);
    void closeSession(const std::shared_ptr<Session>& session);

    /// Serves a request of the legacy era, `initialize` among them.
    void serveLegacy(const std::shared_ptr<Session>& session, const QJsonObject& request,
                     const std::shared_ptr<Channel>& channel);
    /// Serves a request of 2026-07-28 whose `_meta` has passed `modernProblem`.
    void serveModern(const std::shared_ptr<Session>& session, const QJsonObject& request,
                     const std::shared_ptr<Channel>& channel);
    void takeNotification(const std::shared_ptr<Session>& session, const QJsonObject& notification);

    /// What is wrong with the protocol's members of `_meta` of a request of 2026-07-28; nothing if they are right.
    [[nodiscard]] std::optional<RpcError> modernProblem(const QJsonObject& request) const;
    [[nodiscard]] RpcError unsupportedVersion(const QString& requested) const;

private:
    using CallPtr = const std::shared_ptr<Call>&;
    [[nodiscard]] std::shared_ptr<Call> begin(const std::shared_ptr<Session>& session, Revision revision,
                                              const QJsonObject& request, const std::shared_ptr<Channel>& channel);
    void initialize(CallPtr call);
    void discover(CallPtr call);
    void listen(CallPtr call);
    /// The methods that both eras have; false if it is none of them.
    bool serveShared(CallPtr call);
    bool serveLegacyOnly(CallPtr call);
    void list(CallPtr call, const QString& member, const QJsonArray& entries);
    void read(CallPtr call);
    void subscribe(CallPtr call, bool wanted);
    void setLevel(CallPtr call);
    [[nodiscard]] QJsonObject capabilities(Revision revision) const;
    [[nodiscard]] QJsonObject state();
    [[nodiscard]] bool hasExtraPrompt(CallPtr call) const { return m_tools.hasExtraPrompt() && !call->isModern(); }

    Eras m_eras;
    RequestState m_requestState;
    ChangeFeed m_changes;
    TaskStore m_tasks;
    Tools m_tools;
    int m_cancelled = 0;
};

} // namespace oriel::conformance
