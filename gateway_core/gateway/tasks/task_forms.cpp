// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/tasks/task_forms.h"

#include "base/json_writer.h"

namespace oriel::gateway {

using mcp::TaskForm;
using mcp::TaskStatus;

QByteArray coreTask(const Task& task)
{
    mcp::TaskState shown = task.state;
    shown.id = task.id;
    json::Writer writer;
    writer.beginObject();
    shown.write(writer, TaskForm::Core);
    writer.endObject();
    return writer.take();
}

QByteArray detailedTask(const Task& task, QByteArrayView outcomeKey, QByteArrayView outcome)
{
    mcp::TaskState shown = task.state;
    shown.id = task.id;
    if (!shown.isTerminal())
        shown.status = task.questions.empty() ? TaskStatus::Working : TaskStatus::InputRequired;
    else if (shown.status != TaskStatus::Cancelled)
        shown.status = outcomeKey == QByteArrayView("error") ? TaskStatus::Failed : TaskStatus::Completed;
    json::Writer writer;
    writer.beginObject().member("resultType", "complete");
    shown.write(writer, TaskForm::Extension);
    if (shown.status == TaskStatus::InputRequired) {
        writer.key("inputRequests").beginObject();
        for (const HeldQuestion& question : task.questions) {
            writer.key(QByteArrayView(question.key)).beginObject().member("method", question.method);
            if (!question.params.isEmpty())
                writer.rawMember("params", question.params);
            writer.endObject();
        }
        writer.endObject();
    } else if (!outcomeKey.isEmpty()) {
        writer.rawMember(outcomeKey, outcome);
    }
    writer.endObject();
    return writer.take();
}

QByteArray createdTaskResult(const Task& task)
{
    mcp::TaskState shown = task.state;
    shown.id = task.id;
    json::Writer writer;
    writer.beginObject();
    if (task.clientIsModern) {
        writer.member("resultType", "task");
        shown.write(writer, TaskForm::Extension);
    } else {
        writer.key("task").beginObject();
        shown.write(writer, TaskForm::Core);
        writer.endObject();
    }
    writer.endObject();
    return writer.take();
}

} // namespace oriel::gateway
