// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tasks.h"

namespace oriel::conformance {

/// One task: a job's state and outcome, in the form of the extension (`detailed`) and of 2025-11-25 (`legacy`).
class Task final : public Work, public std::enable_shared_from_this<Task> {
public:
    Task(QString id, const void* session, qint64 ttlMs, const Clock& clock);

    [[nodiscard]] const QString& id() const { return m_id; }
    /// Whose it is; not to be dereferenced.
    [[nodiscard]] const void* session() const { return m_session; }
    [[nodiscard]] bool isTerminal() const;
    [[nodiscard]] bool wantsInput() const { return !m_inputRequests.isEmpty(); }

    [[nodiscard]] QJsonObject detailed() const;
    [[nodiscard]] QJsonObject created() const; ///< `detailed` without what belongs to a status
    [[nodiscard]] QJsonObject legacy() const;

    void complete(const QJsonObject& result) override;
    void fail(const RpcError& error) override;
    void gather(const QJsonObject& requests, Call::Gathered gathered) override;
    void after(std::chrono::milliseconds delay, std::function<void()> step) override;
    void cancel();
    /// Answers to some of the outstanding requests; others are ignored.
    void update(const QJsonObject& inputResponses);

    /// After every change of status.
    std::function<void(Task&)> onChanged;

    /// Legacy: calls of tasks/result that wait for the end.
    void addWaiter(const std::shared_ptr<Call>& call);

private:
    void setStatus(const QString& status, const QString& message = {});
    void answer(const std::shared_ptr<Call>& waiter) const;
    void askThrough(const std::shared_ptr<Call>& waiter);

    QString m_id;
    const void* m_session;
    qint64 m_ttlMs;
    const Clock& m_clock;
    QString m_status;
    QString m_statusMessage;
    QString m_createdAt;
    QString m_updatedAt;
    QJsonObject m_result;
    std::optional<RpcError> m_error;
    QJsonObject m_inputRequests;
    QJsonObject m_inputResponses;
    Call::Gathered m_gathered;
    std::vector<std::weak_ptr<Call>> m_waiters;
};

} // namespace oriel::conformance
