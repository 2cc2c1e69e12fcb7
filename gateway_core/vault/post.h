// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

namespace oriel::vault {

/// Runs `function` later on the calling thread, which has an event loop. Internal to vault/.
void post(std::function<void()> function);

} // namespace oriel::vault
