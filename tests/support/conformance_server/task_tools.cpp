// SPDX-License-Identifier: GPL-3.0-or-later
// Tools that run as tasks where client and revision have them.
#include "input_requests.h"
#include "tools.h"

#include <algorithm>

namespace oriel::conformance {

using namespace std::chrono_literals;

namespace {

constexpr double LongestSeconds = 3600;

Job slowCompute(const Call& call)
{
    const double seconds = std::clamp(call.arguments().value("seconds"_L1).toDouble(), 0.0, LongestSeconds);
    const QString label = call.argument("label"_L1);
    return [seconds, label](const std::shared_ptr<Work>& work) {
        work->after(std::chrono::milliseconds(static_cast<qint64>(seconds * 1000)),
                    [work, seconds, label] { work->complete(textResult(u"Computed %1 for %2 s"_s.arg(label).arg(seconds))); });
    };
}

QJsonObject confirmForm(const QString& message)
{
    return formElicitation(message, json(R"({"confirm":{"type":"boolean"}})"), {u"confirm"_s});
}

Job confirmDelete(const Call& call)
{
    const QString file = call.argument("filename"_L1);
    return [file](const std::shared_ptr<Work>& work) {
        work->gather({{u"confirm-1"_s, confirmForm(u"Delete %1?"_s.arg(file))}}, [work, file](const QJsonObject& responses) {
            const QJsonObject content = responses.value("confirm-1"_L1).toObject().value("content"_L1).toObject();
            work->complete(textResult((content.value("confirm"_L1).toBool() ? u"Deleted "_s : u"Kept "_s) + file));
        });
    };
}

Job manyInputs(const Call&)
{
    return [](const std::shared_ptr<Work>& work) {
        const QJsonObject requests{{u"input-1"_s, confirmForm(u"The first?"_s)}, {u"input-2"_s, confirmForm(u"The second?"_s)}};
        work->gather(requests, [work](const QJsonObject& responses) {
            work->complete(textResult(u"Answered: "_s + responses.keys().join(u", "_s)));
        });
    };
}

QJsonObject slowSchema()
{
    return json(R"({"type":"object","properties":{"seconds":{"type":"number","description":"How long it takes"},
        "label":{"type":"string"}},"required":["seconds"]})");
}

/// What the client's user is called is asked before the task begins.
void runAskThenTask(TaskStore& tasks, const std::shared_ptr<Call>& call)
{
    const QJsonObject form = formElicitation(u"What is your name?"_s, json(R"({"name":{"type":"string"}})"), {u"name"_s});
    if (call->isModern() && !call->clientHasTasks()) {
        call->fail(missingCapability({{u"extensions"_s, QJsonObject{{TasksExtension, QJsonObject{}}}}}));
        return;
    }
    if (!call->isModern()) {
        // A task of 2025-11-25 begins with the request, and asks while it runs.
        tasks.begin(call, TaskSupport::Optional, [form](const std::shared_ptr<Work>& work) {
            work->gather({{u"user_name"_s, form}}, [work](const QJsonObject& responses) {
                const QJsonObject content = responses.value("user_name"_L1).toObject().value("content"_L1).toObject();
                work->complete(textResult(u"Hello, %1!"_s.arg(content.value("name"_L1).toString())));
            });
        });
        return;
    }
    call->gather({{u"user_name"_s, form}}, [&tasks, call](const QJsonObject& responses) {
        const QString name =
            responses.value("user_name"_L1).toObject().value("content"_L1).toObject().value("name"_L1).toString();
        tasks.begin(call, TaskSupport::Required, [name](const std::shared_ptr<Work>& work) {
            work->after(200ms, [work, name] { work->complete(textResult(u"Hello, %1!"_s.arg(name))); });
        });
    });
}

} // namespace

void Tools::addTaskTools()
{
    add(u"greet"_s, u"Greets at once"_s, stringArgument(u"name"_s, u"Whom to greet"_s),
        [](const std::shared_ptr<Call>& call) { call->finish(textResult(u"Hello, %1!"_s.arg(call->argument("name"_L1)))); });
    addJob(u"slow_compute"_s, u"Takes its time; stops when it is cancelled"_s, slowSchema(), TaskSupport::Optional, slowCompute);
    addJob(u"failing_job"_s, u"Runs as a task and ends with a tool's error"_s, noArguments(), TaskSupport::Required,
           [](const Call&) -> Job {
               return [](const std::shared_ptr<Work>& work) {
                   work->after(1s, [work] { work->complete(textResult(u"The job has failed"_s, true)); });
               };
           });
    addJob(u"protocol_error_job"_s, u"Ends with an error of the protocol"_s, noArguments(), TaskSupport::Optional,
           [](const Call&) -> Job {
               return [](const std::shared_ptr<Work>& work) {
                   work->after(100ms, [work] { work->fail({error_code::InternalError, u"The job has crashed"_s}); });
               };
           });
    addJob(u"confirm_delete"_s, u"Asks before it deletes; deletes nothing"_s, stringArgument(u"filename"_s, u"What to delete"_s),
           TaskSupport::Optional, confirmDelete);
    addJob(u"multi_input"_s, u"Asks for two things at once"_s, noArguments(), TaskSupport::Optional, manyInputs);
    add(
        u"test_tool_with_task"_s, u"Asks for a name, then greets as a task"_s, noArguments(),
        [this](const std::shared_ptr<Call>& call) { runAskThenTask(m_tasks, call); }, TaskSupport::Optional);
}

} // namespace oriel::conformance
