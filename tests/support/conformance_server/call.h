// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol.h"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace oriel::conformance {

class Channel;
class RequestState;
class Session;

/// One request while it is being served. Kept by its session until it is done.
class Call : public std::enable_shared_from_this<Call> {
public:
    struct Origin {
        std::shared_ptr<Session> session;
        std::shared_ptr<Channel> channel;
        Revision revision;
        const RequestState* requestState;
    };
    /// Gets the client's result for each key.
    using Gathered = std::function<void(const QJsonObject& responses)>;

    Call(Origin origin, const QJsonObject& request);

    [[nodiscard]] const QJsonValue& id() const { return m_id; }
    [[nodiscard]] const QString& method() const { return m_method; }
    [[nodiscard]] const QJsonObject& params() const { return m_params; }
    [[nodiscard]] QJsonObject metadata() const { return m_params.value("_meta"_L1).toObject(); }
    [[nodiscard]] QJsonObject arguments() const { return m_params.value("arguments"_L1).toObject(); }
    [[nodiscard]] QString argument(QLatin1StringView name) const { return arguments().value(name).toString(); }
    [[nodiscard]] Revision revision() const { return m_origin.revision; }
    [[nodiscard]] bool isModern() const { return mcp::isModern(m_origin.revision); }
    [[nodiscard]] Session& session() const { return *m_origin.session; }
    [[nodiscard]] const std::shared_ptr<Channel>& channel() const { return m_origin.channel; }

    /// What the client declared: with this request (2026-07-28), or once at `initialize`.
    [[nodiscard]] QJsonObject clientCapabilities() const;
    [[nodiscard]] bool clientHasTasks() const;
    /// What of `requests` the client has not declared, as ClientCapabilities; empty when it has all.
    [[nodiscard]] QJsonObject undeclared(const QJsonObject& requests) const;

    void notify(const QString& method, const QJsonObject& params);
    /// Nothing unless the client gave a progress token.
    void progress(double done, double total, const QString& message);
    /// Nothing below the level that the client asked for.
    void log(const QString& level, const QJsonValue& data);

    /// Asks the client for each of `requests` (key to request): legacy by requests of the server's, 2026-07-28 by an
    /// InputRequiredResult whose retry comes back here. `state`, if any, makes the retry prove where it comes from.
    void gather(const QJsonObject& requests, Gathered gathered, const QJsonObject& state = {});
    /// What an earlier InputRequiredResult of this request carried and the client has brought back unchanged: an empty object if
    /// the client sent none, nothing (and the call has failed) if it is not what was given.
    [[nodiscard]] std::optional<QJsonObject> returnedState();

    /// The result in this revision's form (`resultType`, `_meta`) and the end of the call.
    void finish(QJsonObject result);
    void fail(const RpcError& error);
    void cancel();
    [[nodiscard]] bool isDone() const { return m_isDone; }
    /// Called when the client cancels.
    void onCancel(std::function<void()> callback) { m_onCancel = std::move(callback); }
    /// Unless the call is done by then.
    void after(std::chrono::milliseconds delay, std::function<void()> step);

private:
    struct Gathering {
        QJsonObject responses;
        qsizetype missing = 0;
    };
    void askOneByOne(const QJsonObject& requests, const Gathered& gathered);
    void requireInput(const QJsonObject& requests, const QJsonObject& state);
    void end();
    void withdrawQuestions();

    Origin m_origin;
    QJsonValue m_id;
    QString m_method;
    QJsonObject m_params;
    bool m_isDone = false;
    std::function<void()> m_onCancel;
    std::vector<QJsonValue> m_questions; ///< ids of what the client was asked for this call
};

/// The same in a result of 2026-07-28 wherever it stands.
[[nodiscard]] QJsonObject withServerInfo(QJsonObject result);
[[nodiscard]] QJsonObject serverInfo();

} // namespace oriel::conformance
