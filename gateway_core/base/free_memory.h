// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace oriel {

/// Gives memory that was freed back to the system, where the allocator would keep it (glibc: malloc_trim over all arenas);
/// elsewhere nothing. Takes some milliseconds, in which other threads may wait for memory. Any thread.
void releaseFreeMemory();

} // namespace oriel
