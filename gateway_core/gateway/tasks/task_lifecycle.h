// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/calls/open_calls.h"
#include "gateway/subscriptions/listen_streams.h"
#include "gateway/tasks/task_listings.h"
#include "gateway/tasks/tasks.h"

#include <QTimer>

#include <functional>

namespace oriel::gateway {

/// The tasks that are known, and what keeps them going: the gateway's own requests about them, polls at the pace that their
/// server wishes while somebody waits or listens, and their end by ttl, by their server or with their client. Gateway thread
/// only.
class TaskLifecycle {
public:
    /// `replies` hears of the answers to requests made here: by Tasks::cookie(), by the cookie given, or (0) to be passed over.
    TaskLifecycle(const GatewayContext& context, Answers& answers, OpenCalls& calls, const ListenStreams& streams,
                  upstream::ReplyHandler& replies);

    [[nodiscard]] Tasks& tasks() { return m_tasks; }
    [[nodiscard]] const Tasks& tasks() const { return m_tasks; }
    [[nodiscard]] TaskListings& listings() { return m_listings; }
    [[nodiscard]] const TaskListings& listings() const { return m_listings; }

    /// A request of the gateway's own about a task, under the server's id. `inputResponses`: JSON text, for tasks/update.
    upstream::CallToken call(const Task& task, mcp::MethodId method, quint64 cookie, QByteArrayView inputResponses = {});
    void poll(Task& task); ///< asks how it is
    /// Opens our own tasks/result, which brings a server's questions and then the outcome; once.
    void openResult(Task& task);

    /// Sets the timer anew: to be called whenever a task, its waiters or its listeners have changed.
    void schedule();
    /// Asks the server to give it up; the task stays known.
    void cancel(const Task& task);
    /// Nothing more is to be heard of the task: whoever waits gets the error.
    void end(quint64 serial, telemetry::Outcome outcome, int code, const QByteArray& message);
    void leave(const ActiveCall& call); ///< its client no longer waits
    /// What was begun for a client or by a server that is gone.
    void dropIf(const std::function<bool(const Task&)>& matches);

    /// A client's call that the server answers when the task has ended; null: none.
    [[nodiscard]] ActiveCall* callBlockedBy(const Task& task) const;
    [[nodiscard]] bool isListenedTo(const Task& task) const { return m_streams.hearsOfTask(task.id); }

private:
    [[nodiscard]] bool isPolled(const Task& task) const;
    void onTimer();
    void endOverdue(std::int64_t nowNs);

    const GatewayContext& m_context;
    Answers& m_answers;
    OpenCalls& m_calls;
    const ListenStreams& m_streams;
    upstream::ReplyHandler& m_replies;
    Tasks m_tasks;
    TaskListings m_listings;
    QTimer m_timer; ///< the next poll or end of a task
};

} // namespace oriel::gateway
