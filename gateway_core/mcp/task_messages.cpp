// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/task_messages.h"

#include "base/json_splice.h"
#include "mcp/headers.h"

#include <array>

namespace oriel::mcp {

namespace {

constexpr std::array<QByteArrayView, 5> Statuses{"working", "input_required", "completed", "failed", "cancelled"};

std::optional<std::int64_t> milliseconds(const json::Value& value)
{
    if (const auto whole = value.asInt64()) {
        return whole;
    }
    const auto number = value.asDouble();
    return number && *number >= 0 && *number < 1e15 ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
}

} // namespace

QByteArrayView toText(TaskStatus status)
{
    return Statuses[static_cast<std::size_t>(status)];
}

std::optional<TaskStatus> taskStatusFromText(QByteArrayView text)
{
    for (std::size_t i = 0; i < Statuses.size(); ++i) {
        if (Statuses[i] == text) {
            return static_cast<TaskStatus>(i);
        }
    }
    return std::nullopt;
}

std::optional<TaskState> TaskState::parse(const json::Value& object, TaskForm form)
{
    TaskState state;
    state.id = object.find("taskId").asUtf8();
    const auto status = taskStatusFromText(object.find("status").asUtf8());
    if (state.id.isEmpty() || !status) {
        return std::nullopt;
    }
    state.status = *status;
    state.statusMessage = object.find("statusMessage").asUtf8();
    state.createdAt = object.find("createdAt").asUtf8();
    state.lastUpdatedAt = object.find("lastUpdatedAt").asUtf8();
    state.ttlMs = milliseconds(object.find(form == TaskForm::Core ? "ttl" : "ttlMs"));
    state.pollIntervalMs = milliseconds(object.find(form == TaskForm::Core ? "pollInterval" : "pollIntervalMs"));
    return state;
}

void TaskState::write(json::Writer& writer, TaskForm form) const
{
    const bool core = form == TaskForm::Core;
    writer.member("taskId", id).member("status", toText(status));
    if (!statusMessage.isEmpty()) {
        writer.member("statusMessage", statusMessage);
    }
    writer.member("createdAt", createdAt).member("lastUpdatedAt", lastUpdatedAt);
    writer.key(core ? "ttl" : "ttlMs");
    if (ttlMs) {
        writer.value(*ttlMs);
    } else {
        writer.value(nullptr);
    }
    if (pollIntervalMs) {
        writer.member(core ? "pollInterval" : "pollIntervalMs", *pollIntervalMs);
    }
}

std::optional<TaskState> createdTask(const Message& answer, const json::Document& document, TaskForm form)
{
    if (answer.kind != Message::Kind::Response) {
        return std::nullopt;
    }
    const json::Value result = document.root().find("result");
    if (form == TaskForm::Core) {
        return TaskState::parse(result.find("task"), form);
    }
    return result.find("resultType").equals("task") ? TaskState::parse(result, form) : std::nullopt;
}

QByteArray withTaskId(QByteArrayView text, const json::Value& object, QByteArrayView id)
{
    json::Splicer splicer(text);
    const QByteArray quoted = json::quote(id);
    splicer.setMember(object, "taskId", quoted);
    return splicer.apply();
}

QByteArray withRelatedTask(QByteArrayView result, QByteArrayView id)
{
    json::Document document;
    if (!document.parse(result) || !document.root().isObject()) {
        return result.toByteArray();
    }
    json::Splicer splicer(result);
    const QByteArray related = relatedTask(id);
    QByteArray meta;
    const json::Value present = document.root().find("_meta");
    if (present.isObject() && id.isEmpty()) {
        for (const json::Member& member : present.members()) {
            if (member.key.equals(meta_key::RelatedTask)) {
                splicer.removeMember(present, member);
            }
        }
    } else if (present.isObject()) {
        splicer.setMember(present, meta_key::RelatedTask, related);
    } else if (!id.isEmpty()) {
        json::Writer writer;
        writer.beginObject().rawMember(meta_key::RelatedTask, related).endObject();
        meta = writer.take();
        splicer.setMember(document.root(), "_meta", meta);
    }
    return splicer.apply();
}

QByteArray relatedTask(QByteArrayView id)
{
    json::Writer writer;
    writer.beginObject().member("taskId", id).endObject();
    return writer.take();
}

QByteArray relatedTaskOf(const Message& message)
{
    json::Document document;
    if (!message.has(Field::MetaRelatedTask) || !document.parse(message.rawOf(Field::MetaRelatedTask))) {
        return {};
    }
    return document.root().find("taskId").asUtf8();
}

} // namespace oriel::mcp
