// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "options.h"

namespace oriel::app {

/// Runs the console: the service, the window with its sections, and, with --screenshot, the pictures. Takes over from a headless
/// Oriel of the same data directory; raises the window of another one and ends. Gives the exit code.
int runWindow(const Options& options, int& argc, char** argv);

} // namespace oriel::app
