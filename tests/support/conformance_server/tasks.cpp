// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks.h"

#include "change_feed.h"
#include "session.h"
#include "task.h"

#include <QTimer>

#include <algorithm>

namespace oriel::conformance {

namespace {

constexpr qint64 DefaultTtlMs = 60'000;
constexpr qint64 LongestTtlMs = 600'000;

/// A job whose call waits.
class CallWork final : public Work {
public:
    explicit CallWork(std::shared_ptr<Call> call) : m_call(std::move(call)) {}
    void complete(const QJsonObject& result) override { m_call->finish(result); }
    void fail(const RpcError& error) override { m_call->fail(error); }
    void gather(const QJsonObject& requests, Call::Gathered gathered) override { m_call->gather(requests, std::move(gathered)); }
    void after(std::chrono::milliseconds delay, std::function<void()> step) override { m_call->after(delay, std::move(step)); }

private:
    std::shared_ptr<Call> m_call;
};

QJsonObject tasksCapability()
{
    return {{u"extensions"_s, QJsonObject{{TasksExtension, QJsonObject{}}}}};
}

RpcError unknownTask()
{
    return invalidParams(u"Failed to retrieve task: Task not found"_s);
}

} // namespace

TaskStore::TaskStore(ChangeFeed& changes, const Clock& clock, Random& random)
    : m_changes(changes),
      m_clock(clock),
      m_random(random)
{}

TaskStore::~TaskStore() = default;

std::shared_ptr<Task> TaskStore::create(const std::shared_ptr<Call>& call)
{
    const QJsonObject wish = call->params().value("task"_L1).toObject();
    const qint64 wished = call->isModern() ? DefaultTtlMs : wish.value("ttl"_L1).toInteger(DefaultTtlMs);
    const qint64 ttl = std::clamp<qint64>(wished, 1, LongestTtlMs);
    const QString id = QString::fromLatin1(m_random.secureBytes(16).toHex());
    const void* session = call->isModern() ? nullptr : &call->session();
    const auto task = std::make_shared<Task>(id, session, ttl, m_clock);
    task->onChanged = [this](Task& changed) { m_changes.taskChanged(changed.id(), changed.detailed()); };
    m_tasks.insert(id, task);
    QTimer::singleShot(std::chrono::milliseconds(ttl), [this, id, watch = std::weak_ptr<Task>(task)] {
        if (const std::shared_ptr<Task> old = watch.lock()) {
            old->cancel();
            m_tasks.remove(id);
        }
    });
    return task;
}

void TaskStore::begin(const std::shared_ptr<Call>& call, TaskSupport support, const Job& job)
{
    const bool hasTasks = call->isModern() || call->revision() == Revision::V2025_11_25;
    const bool asTask = call->isModern() ? call->clientHasTasks() : hasTasks && call->params().contains("task"_L1);
    if (asTask) {
        const std::shared_ptr<Task> task = create(call);
        if (call->isModern()) {
            QJsonObject result = task->created();
            result.insert("resultType"_L1, u"task"_s);
            call->finish(result);
        } else {
            call->finish({{u"task"_s, task->legacy()}});
        }
        job(task);
        return;
    }
    if (hasTasks && support == TaskSupport::Required) {
        call->fail(call->isModern() ? missingCapability(tasksCapability())
                                    : RpcError{error_code::MethodNotFound, u"This tool runs as a task only"_s});
        return;
    }
    job(std::make_shared<CallWork>(call));
}

bool TaskStore::serveModern(const std::shared_ptr<Call>& call)
{
    const QString& method = call->method();
    if (method != "tasks/get"_L1 && method != "tasks/update"_L1 && method != "tasks/cancel"_L1) {
        return false;
    }
    if (!call->clientHasTasks()) {
        call->fail(missingCapability(tasksCapability()));
        return true;
    }
    const std::shared_ptr<Task> task = m_tasks.value(call->params().value("taskId"_L1).toString());
    if (!task || task->session()) {
        call->fail(unknownTask());
    } else if (method == "tasks/get"_L1) {
        call->finish(task->detailed());
    } else if (method == "tasks/cancel"_L1) {
        task->cancel();
        call->finish({});
    } else if (const QJsonValue responses = call->params().value("inputResponses"_L1); !responses.isObject()) {
        call->fail(invalidParams(u"inputResponses must be an object"_s));
    } else {
        task->update(responses.toObject());
        call->finish({});
    }
    return true;
}

bool TaskStore::serveLegacy(const std::shared_ptr<Call>& call)
{
    const QString& method = call->method();
    if (call->revision() != Revision::V2025_11_25 || !method.startsWith("tasks/"_L1)) {
        return false;
    }
    if (method == "tasks/list"_L1) {
        if (call->params().contains("cursor"_L1)) {
            call->fail(invalidParams(u"Unknown cursor"_s));
            return true;
        }
        QStringList ids = m_tasks.keys();
        ids.sort();
        QJsonArray tasks;
        for (const QString& id : ids) {
            if (m_tasks.value(id)->session() == &call->session()) {
                tasks.append(m_tasks.value(id)->legacy());
            }
        }
        call->finish({{u"tasks"_s, tasks}});
        return true;
    }
    if (method != "tasks/get"_L1 && method != "tasks/result"_L1 && method != "tasks/cancel"_L1) {
        return false;
    }
    const std::shared_ptr<Task> task = m_tasks.value(call->params().value("taskId"_L1).toString());
    if (!task || task->session() != &call->session()) {
        call->fail(unknownTask());
    } else if (method == "tasks/get"_L1) {
        call->finish(task->legacy());
    } else if (method == "tasks/result"_L1) {
        task->addWaiter(call);
    } else if (task->isTerminal()) {
        call->fail(invalidParams(u"Cannot cancel task: already in terminal status"_s));
    } else {
        task->cancel();
        call->finish(task->legacy());
    }
    return true;
}

QStringList TaskStore::known(const QJsonArray& taskIds) const
{
    QStringList ids;
    for (const QJsonValue& id : taskIds) {
        const std::shared_ptr<Task> task = m_tasks.value(id.toString());
        if (task && !task->session()) {
            ids.append(task->id());
        }
    }
    return ids;
}

void TaskStore::forgetSession(const Session& session)
{
    const QHash<QString, std::shared_ptr<Task>> tasks = m_tasks;
    for (const std::shared_ptr<Task>& task : tasks) {
        if (task->session() == &session) {
            task->cancel();
            m_tasks.remove(task->id());
        }
    }
}

} // namespace oriel::conformance
