// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/free_memory.h"

#include <cstdlib>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace oriel {

void releaseFreeMemory()
{
#if defined(__GLIBC__)
    (void)::malloc_trim(0);
#endif
}

} // namespace oriel
