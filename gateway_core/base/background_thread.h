// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace oriel {

/// Names the calling thread as tools show it (at most 15 characters) and lets threads that answer clients go first: on Linux
/// SCHED_BATCH and a nice value that still gives it half a fair share, on macOS the utility class, on Windows below normal. What
/// the system refuses is left as it is.
void enterBackground(const char* name);

} // namespace oriel
