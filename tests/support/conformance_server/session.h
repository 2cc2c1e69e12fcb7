// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol.h"

#include <QHash>
#include <QSet>

#include <functional>
#include <memory>

namespace oriel::conformance {

class Call;
class Channel;

/// One client. In the legacy era what `initialize` began; of 2026-07-28 only the requests that run on one pipe or one POST.
class Session {
public:
    using Answered = std::function<void(const QJsonObject& response)>;

    explicit Session(QByteArray id = {}) : m_id(std::move(id)) {}

    [[nodiscard]] const QByteArray& id() const { return m_id; }

    /// Legacy: what the handshake settled.
    struct Handshake {
        Revision revision = mcp::NewestLegacy;
        QJsonObject clientCapabilities;
    };
    std::optional<Handshake> handshake;
    bool isInitialized = false; ///< `notifications/initialized` has come
    QString logLevel;           ///< of logging/setLevel; empty before
    QSet<QString> resourceSubscriptions;

    /// Messages that belong to no request; set by the endpoint while there is a stream for them.
    std::function<void(const QJsonObject&)> sendUnrelated;

    /// Asks the client something on the stream of one of its requests; `answered` gets the response. Gives the question's id.
    QJsonValue ask(Channel& channel, const QString& method, const QJsonObject& params, Answered answered);
    /// True if the question was still unanswered: its answer is not awaited any more.
    bool forget(const QJsonValue& questionId);
    void takeResponse(const QJsonObject& response);

    void add(const std::shared_ptr<Call>& call);
    void remove(const Call& call);
    [[nodiscard]] std::shared_ptr<Call> running(const QJsonValue& id) const;
    /// Every running request ends without a response: the client has gone.
    void cancelAll();

private:
    QByteArray m_id;
    qint64 m_lastAsked = 0;
    QHash<QString, Answered> m_asked;
    QHash<QString, std::shared_ptr<Call>> m_running;
};

} // namespace oriel::conformance
