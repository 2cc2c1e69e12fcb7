// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "options.h"

namespace oriel::app {

/// `oriel bridge`: MCP on stdin and stdout for clients that start a command. Carries lines between them and the running Oriel's
/// local socket, starts `oriel --headless` when none runs, or speaks to an HTTP endpoint with --url. Ends when the client closes
/// stdin. Gives the exit code.
int runBridge(const Options& options);

} // namespace oriel::app
