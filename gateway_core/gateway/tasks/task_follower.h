// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/tasks/task_questions.h"

namespace oriel::gateway {

/// Hears the answers to the gateway's own requests about tasks, and passes on what they bring: to calls that wait for the end,
/// to listeners, to clients that have to be asked. Gateway thread only.
class TaskFollower {
public:
    TaskFollower(const GatewayContext& context, Answers& answers, OpenCalls& calls, ElicitationPages& pages,
                 TaskLifecycle& lifecycle, TaskNotices& notices, TaskQuestions& questions)
        : m_context(context),
          m_answers(answers),
          m_calls(calls),
          m_pages(pages),
          m_lifecycle(lifecycle),
          m_notices(notices),
          m_questions(questions)
    {}

    /// The reply with a cookie for which Tasks::isCookie() is true.
    void take(quint64 cookie, upstream::Reply& reply);

private:
    void takePoll(quint64 serial, upstream::Reply& reply);
    void takeResult(quint64 serial, upstream::Reply& reply);
    void tellOfPoll(Task& task, const QByteArray& result);
    void finishWaiters(Task& task, const json::Value& detailed);

    const GatewayContext& m_context;
    Answers& m_answers;
    OpenCalls& m_calls;
    ElicitationPages& m_pages;
    TaskLifecycle& m_lifecycle;
    TaskNotices& m_notices;
    TaskQuestions& m_questions;
};

} // namespace oriel::gateway
