// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QJsonObject>
#include <QJsonValue>
#include <QObject>
#include <QPointer>
#include <QSet>
#include <QTimer>

#include <functional>
#include <memory>
#include <random>

namespace oriel::demo {

/// Where messages that belong to one request go: its response, and what comes before it. A front has one for each request.
class Channel {
public:
    virtual ~Channel() = default;
    /// A notification or a request of the server.
    virtual void send(const QJsonObject& message) = 0;
    /// The response; nothing follows.
    virtual void finish(const QJsonObject& response) = 0;
};

/// What all sessions of one process share.
struct Shared {
    std::mt19937 random;
    int calls = 0;
};

/// One client's conversation with the demo server: protocol revisions 2024-11-05 to 2025-11-25. The fronts hand it messages; it
/// answers through their channels, now or later.
class Session : public QObject {
    Q_OBJECT
public:
    using SendOwn = std::function<void(const QJsonObject& message)>;

    /// `own` takes what belongs to no request.
    Session(std::shared_ptr<Shared> shared, SendOwn own, QObject* parent = nullptr);

    void handle(const QJsonObject& message, const std::shared_ptr<Channel>& channel);

    [[nodiscard]] bool clientCan(const char* capability) const;
    /// Sends a request to the client; `answered` gets its response, unless the call was cancelled.
    void ask(const QString& method, const QJsonObject& params, const std::shared_ptr<Channel>& channel,
             const std::function<void(const QJsonObject& response)>& answered);
    /// A notifications/message, if the level is wanted.
    void log(const char* level, const QJsonValue& data, const std::shared_ptr<Channel>& channel);
    [[nodiscard]] Shared& shared() { return *m_shared; }

    /// One tool call that has not been answered.
    struct Call {
        QJsonValue id;
        QJsonValue progressToken;
        QJsonObject arguments;
        std::shared_ptr<Channel> channel;
        bool cancelled = false;
    };
    void finishCall(const std::shared_ptr<Call>& call, const QJsonObject& result);
    void failCall(const std::shared_ptr<Call>& call, int code, const QString& message);

private:
    void handleRequest(const QString& method, const QJsonValue& id, const QJsonObject& params,
                       const std::shared_ptr<Channel>& channel);
    void handleNotification(const QString& method, const QJsonObject& params);
    void initialize(const QJsonValue& id, const QJsonObject& params, const std::shared_ptr<Channel>& channel);
    void callTool(const QJsonValue& id, const QJsonObject& params, const std::shared_ptr<Channel>& channel);
    void setLogLevel(const QJsonValue& id, const QJsonObject& params, const std::shared_ptr<Channel>& channel);
    void subscribe(const QString& uri, bool on);

    std::shared_ptr<Shared> m_shared;
    SendOwn m_own;
    QJsonObject m_clientCapabilities;
    int m_logLevel = 1;
    int m_lastAsk = 0;
    QHash<QString, std::function<void(const QJsonObject&)>> m_asked;
    QHash<QString, std::weak_ptr<Call>> m_calls; ///< by the id's JSON text
    QSet<QString> m_subscriptions;
    QTimer m_updates;
};

[[nodiscard]] QJsonObject response(const QJsonValue& id, const QJsonObject& result);
[[nodiscard]] QJsonObject errorResponse(const QJsonValue& id, int code, const QString& message);

} // namespace oriel::demo
