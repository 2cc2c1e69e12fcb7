// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/tasks/tasks.h"

namespace oriel::gateway {

// A task as clients see it, under the id that they know; JSON text.

/// Of 2025-11-25.
[[nodiscard]] QByteArray coreTask(const Task& task);
/// As tasks/get of 2026-07-28 shows it, where its server is older: `outcomeKey` is "result", "error" or empty, `outcome` its JSON
/// text. Questions make a working task one that needs input, whatever its server calls it.
[[nodiscard]] QByteArray detailedTask(const Task& task, QByteArrayView outcomeKey = {}, QByteArrayView outcome = {});
/// The result of a call that has become this task.
[[nodiscard]] QByteArray createdTaskResult(const Task& task);

} // namespace oriel::gateway
