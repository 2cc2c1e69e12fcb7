// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "base/json_writer.h"
#include "mcp/message.h"

#include <QByteArray>

#include <cstdint>
#include <optional>

namespace oriel::mcp {

/// The id of the tasks extension of 2026-07-28 (SEP-2663) in `capabilities.extensions`.
inline constexpr QByteArrayView TasksExtension = "io.modelcontextprotocol/tasks";

enum class TaskStatus : std::uint8_t { Working, InputRequired, Completed, Failed, Cancelled };
[[nodiscard]] QByteArrayView toText(TaskStatus status);
[[nodiscard]] std::optional<TaskStatus> taskStatusFromText(QByteArrayView text);

/// The two ways to write a task down: 2025-11-25 has `ttl` and `pollInterval`, the extension `ttlMs` and `pollIntervalMs`.
enum class TaskForm : std::uint8_t { Core, Extension };

/// What both forms say of a task. A value.
struct TaskState {
    QByteArray id;
    TaskStatus status = TaskStatus::Working;
    QByteArray statusMessage; ///< empty: none
    QByteArray createdAt;     ///< ISO 8601, as the server wrote it
    QByteArray lastUpdatedAt;
    std::optional<std::int64_t> ttlMs; ///< from its creation; nothing: without limit
    std::optional<std::int64_t> pollIntervalMs;

    [[nodiscard]] bool isTerminal() const { return status >= TaskStatus::Completed; }
    /// Nothing unless `object` has a taskId and a known status.
    [[nodiscard]] static std::optional<TaskState> parse(const json::Value& object, TaskForm form);
    /// Writes the members; the object around them is the caller's.
    void write(json::Writer& writer, TaskForm form) const;
};

/// The task of a CreateTaskResult: `result.task` (Core), or the result itself where `resultType` is "task" (Extension). Nothing
/// for every other answer. `document` must have parsed `answer.raw`.
[[nodiscard]] std::optional<TaskState> createdTask(const Message& answer, const json::Document& document, TaskForm form);

/// `object` (a result, or a task within one) with another `taskId`, everything else byte for byte. `document` parsed `text`.
[[nodiscard]] QByteArray withTaskId(QByteArrayView text, const json::Value& object, QByteArrayView id);

/// A result whose `_meta["io.modelcontextprotocol/related-task"]` names `id`; an empty id takes it out. `result` is JSON text of
/// an object.
[[nodiscard]] QByteArray withRelatedTask(QByteArrayView result, QByteArrayView id);
/// `{"taskId":id}`: the value of that member.
[[nodiscard]] QByteArray relatedTask(QByteArrayView id);
/// The task that `params._meta` of a request or notification relates it to; empty: none.
[[nodiscard]] QByteArray relatedTaskOf(const Message& message);

} // namespace oriel::mcp
