// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/free_memory.h"

#include <cstdlib>

#if defined(__GLIBC__)
#include <malloc.h>

/// jemalloc's, where the program is linked with it; else null.
extern "C" int mallctl(const char* name, void* oldValue, std::size_t* oldLength, void* newValue, std::size_t newLength)
    __attribute__((weak));
#endif

namespace oriel {

void releaseFreeMemory()
{
#if defined(__GLIBC__)
    // 4096 is MALLCTL_ARENAS_ALL.
    if (mallctl != nullptr)
        (void)mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
    else
        (void)::malloc_trim(0);
#endif
}

} // namespace oriel
