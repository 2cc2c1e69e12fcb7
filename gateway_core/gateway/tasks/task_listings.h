// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/answers.h"
#include "gateway/tasks/tasks.h"

#include <memory>
#include <vector>

namespace oriel::gateway {

/// `tasks/list` requests: the gateway knows whose tasks are whose, the servers how they are, so a page waits until none of its
/// tasks is being asked for. Gateway thread only.
class TaskListings {
public:
    TaskListings(Answers& answers, const Tasks& tasks) : m_answers(answers), m_tasks(tasks) {}

    void add(downstream::Incoming&& incoming, telemetry::CallRecord&& record, Tasks::Page&& page);
    void answerReady();                                  ///< to be called when a task has been heard of, or is gone
    void endSession(const downstream::Session& session); ///< with an answer that nobody reads
    [[nodiscard]] qsizetype count() const { return static_cast<qsizetype>(m_waiting.size()); }

private:
    struct Waiting {
        downstream::Incoming incoming;
        telemetry::CallRecord record;
        Tasks::Page page;
    };
    void answer(Waiting& waiting);

    Answers& m_answers;
    const Tasks& m_tasks;
    std::vector<std::unique_ptr<Waiting>> m_waiting;
};

} // namespace oriel::gateway
