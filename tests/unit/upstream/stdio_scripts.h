// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "upstream_fixture.h"

namespace oriel::upstream::test {

// Servers that write a line with their process id into `starts` in the folder that the environment names as `state`.

/// Speaks 2026-07-28. Tools: anything; `slow` never answers, `exit` ends it, `ask` sends a request first.
config::Server modernScript();
/// Speaks up to 2025-11-25; `reaction` is the shell command for a first message other than initialize.
config::Server legacyScript(const QString& reaction);

} // namespace oriel::upstream::test
