// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "options.h"

namespace oriel::app {

// One function a subcommand; each gives the exit code. They need a QCoreApplication and no display. Reading commands work whether
// or not an Oriel runs; changing ones go through the running Oriel when there is one.
int auditExport(const Options& options);
int auditSearch(const Options& options);
int auditVerify(const Options& options);
int tracesExport(const Options& options);
int configCheck(const Options& options);
int configPath(const Options& options);
int configImport(const Options& options);
int configSchema(const Options& options);
int tokenAdd(const Options& options);
int tokenList(const Options& options);
int tokenRevoke(const Options& options);
int signIn(const Options& options);
int signOut(const Options& options);
int doctor(const Options& options);
int exportStack(const Options& options);

} // namespace oriel::app
