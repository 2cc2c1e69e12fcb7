// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_listings.h"

#include "base/json_writer.h"
#include "gateway/tasks/task_forms.h"

namespace oriel::gateway {

void TaskListings::add(downstream::Incoming&& incoming, telemetry::CallRecord&& record, Tasks::Page&& page)
{
    m_waiting.push_back(std::make_unique<Waiting>(Waiting{std::move(incoming), std::move(record), std::move(page)}));
    answerReady();
}

void TaskListings::answerReady()
{
    std::vector<std::unique_ptr<Waiting>> ready;
    std::erase_if(m_waiting, [&](std::unique_ptr<Waiting>& waiting) {
        const auto& serials = waiting->page.serials;
        const bool waits = std::any_of(serials.cbegin(), serials.cend(), [this](quint64 serial) {
            const Task* task = m_tasks.find(serial);
            return task != nullptr && task->poll.isValid();
        });
        if (!waits)
            ready.push_back(std::move(waiting));
        return !waits;
    });
    for (const auto& waiting : ready)
        answer(*waiting);
}

void TaskListings::answer(Waiting& waiting)
{
    json::Writer result;
    result.beginObject().key("tasks").beginArray();
    for (const quint64 serial : waiting.page.serials) {
        if (const Task* task = m_tasks.find(serial))
            result.raw(coreTask(*task));
    }
    result.endArray();
    if (!waiting.page.nextCursor.isEmpty())
        result.member("nextCursor", waiting.page.nextCursor);
    result.endObject();
    m_answers.sendResult(waiting.incoming, waiting.record, result.view());
}

void TaskListings::endSession(const downstream::Session& session)
{
    std::erase_if(m_waiting, [&](const auto& waiting) {
        if (waiting->incoming.session.get() != &session)
            return false;
        Answers::endUnanswered(waiting->incoming, "The session was ended.");
        return true;
    });
}

} // namespace oriel::gateway
