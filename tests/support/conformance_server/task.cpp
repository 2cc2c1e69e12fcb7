// SPDX-License-Identifier: GPL-3.0-or-later
#include "task.h"

#include "session.h"

#include <QDateTime>
#include <QTimer>

namespace oriel::conformance {

namespace {

constexpr int PollIntervalMs = 200;

QString timestamp(const Clock& clock)
{
    return QDateTime::fromMSecsSinceEpoch(clock.unixNs() / 1'000'000, Qt::UTC).toString(Qt::ISODateWithMs);
}

} // namespace

Task::Task(QString id, const void* session, qint64 ttlMs, const Clock& clock)
    : m_id(std::move(id)),
      m_session(session),
      m_ttlMs(ttlMs),
      m_clock(clock),
      m_status(u"working"_s),
      m_createdAt(timestamp(clock)),
      m_updatedAt(m_createdAt)
{}

bool Task::isTerminal() const
{
    return m_status == "completed"_L1 || m_status == "failed"_L1 || m_status == "cancelled"_L1;
}

QJsonObject Task::created() const
{
    QJsonObject object{{u"taskId"_s, m_id},           {u"status"_s, m_status},
                       {u"createdAt"_s, m_createdAt}, {u"lastUpdatedAt"_s, m_updatedAt},
                       {u"ttlMs"_s, m_ttlMs},         {u"pollIntervalMs"_s, PollIntervalMs}};
    if (!m_statusMessage.isEmpty()) {
        object.insert("statusMessage"_L1, m_statusMessage);
    }
    return object;
}

QJsonObject Task::detailed() const
{
    QJsonObject object = created();
    if (m_status == "completed"_L1) {
        QJsonObject result = m_result;
        result.insert("resultType"_L1, u"complete"_s);
        object.insert("result"_L1, result);
    } else if (m_status == "failed"_L1) {
        object.insert("error"_L1, errorMessage(QJsonValue::Undefined, *m_error).value("error"_L1));
    } else if (m_status == "input_required"_L1) {
        object.insert("inputRequests"_L1, m_inputRequests);
    }
    return object;
}

QJsonObject Task::legacy() const
{
    QJsonObject object = created();
    // 2025-11-25 counts a tool's own error as the task's failure, the extension does not.
    if (m_status == "completed"_L1 && m_result.value("isError"_L1).toBool()) {
        object.insert("status"_L1, u"failed"_s);
    }
    object.insert("ttl"_L1, object.take("ttlMs"_L1));
    object.insert("pollInterval"_L1, object.take("pollIntervalMs"_L1));
    return object;
}

void Task::complete(const QJsonObject& result)
{
    if (isTerminal()) {
        return;
    }
    m_result = result;
    setStatus(u"completed"_s);
}

void Task::fail(const RpcError& error)
{
    if (isTerminal()) {
        return;
    }
    m_error = error;
    setStatus(u"failed"_s, error.message);
}

void Task::cancel()
{
    if (!isTerminal()) {
        setStatus(u"cancelled"_s, u"The client cancelled the task"_s);
    }
}

void Task::gather(const QJsonObject& requests, Call::Gathered gathered)
{
    if (isTerminal()) {
        return;
    }
    m_inputRequests = requests;
    m_gathered = std::move(gathered);
    setStatus(u"input_required"_s);
}

void Task::update(const QJsonObject& inputResponses)
{
    for (const QString& key : inputResponses.keys()) {
        if (m_inputRequests.contains(key)) {
            m_inputRequests.remove(key);
            m_inputResponses.insert(key, inputResponses.value(key));
        }
    }
    if (m_inputRequests.isEmpty() && m_gathered) {
        const Call::Gathered gathered = std::exchange(m_gathered, nullptr);
        setStatus(u"working"_s);
        gathered(m_inputResponses);
    }
}

void Task::after(std::chrono::milliseconds delay, std::function<void()> step)
{
    QTimer::singleShot(delay, [self = weak_from_this(), step = std::move(step)] {
        if (const std::shared_ptr<Task> task = self.lock(); task && !task->isTerminal()) {
            step();
        }
    });
}

void Task::addWaiter(const std::shared_ptr<Call>& call)
{
    if (isTerminal()) {
        answer(call);
        return;
    }
    m_waiters.push_back(call);
    if (wantsInput()) {
        askThrough(call);
    }
}

void Task::setStatus(const QString& status, const QString& message)
{
    const std::shared_ptr<Task> self = shared_from_this();
    m_status = status;
    m_statusMessage = message;
    m_updatedAt = timestamp(m_clock);
    if (isTerminal()) {
        m_inputRequests = {};
        m_gathered = nullptr;
    }
    if (onChanged) {
        onChanged(*this);
    }
    for (const std::weak_ptr<Call>& each : std::vector<std::weak_ptr<Call>>(m_waiters)) {
        const std::shared_ptr<Call> waiter = each.lock();
        if (waiter && isTerminal()) {
            answer(waiter);
        } else if (waiter && wantsInput()) {
            askThrough(waiter);
            break; // each question goes to one stream only
        }
    }
    if (isTerminal()) {
        m_waiters.clear();
    }
}

void Task::answer(const std::shared_ptr<Call>& waiter) const
{
    if (m_error) {
        waiter->fail(*m_error);
    } else if (m_status == "cancelled"_L1) {
        waiter->fail({error_code::InvalidRequest, u"The task was cancelled"_s});
    } else {
        QJsonObject result = m_result;
        QJsonObject metadata = result.value("_meta"_L1).toObject();
        metadata.insert(meta::RelatedTask, QJsonObject{{u"taskId"_s, m_id}});
        result.insert("_meta"_L1, metadata);
        waiter->finish(result);
    }
}

void Task::askThrough(const std::shared_ptr<Call>& waiter)
{
    const QJsonObject requests = m_inputRequests;
    for (const QString& key : requests.keys()) {
        const QJsonObject request = requests.value(key).toObject();
        QJsonObject params = request.value("params"_L1).toObject();
        params.insert("_meta"_L1, QJsonObject{{meta::RelatedTask, QJsonObject{{u"taskId"_s, m_id}}}});
        const auto answered = [self = weak_from_this(), key](const QJsonObject& response) {
            if (const std::shared_ptr<Task> task = self.lock(); task && !task->isTerminal()) {
                if (response.contains("error"_L1)) {
                    task->complete(textResult(u"The client could not answer"_s, true));
                } else {
                    task->update({{key, response.value("result"_L1)}});
                }
            }
        };
        waiter->session().ask(*waiter->channel(), request.value("method"_L1).toString(), params, answered);
    }
}

} // namespace oriel::conformance
