// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QUrl>

namespace oriel::app {

/// Opens an http or https address in the user's browser: the system's own program is started with the address as one argument,
/// and no shell reads it. False where there is no desktop, or the program cannot be started.
bool openInBrowser(const QUrl& url);

} // namespace oriel::app
