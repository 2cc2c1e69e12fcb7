// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "options.h"
#include "service/gateway_service.h"

namespace oriel::app {

/// What the command line means for the service.
service::ServiceOptions serviceOptions(const Options& options, bool headless);

/// Runs the core with no display until SIGINT, SIGTERM or a hand-over. Logs go to stdout as JSON lines. Gives the exit code.
int runHeadless(const Options& options);

/// Ends the event loop in order on SIGINT and SIGTERM (Ctrl+C and the console's close on Windows).
class TerminationSignals final : public QObject {
    Q_OBJECT
public:
    explicit TerminationSignals(QObject* parent = nullptr);
    ~TerminationSignals() override;

Q_SIGNALS:
    void requested();
};

} // namespace oriel::app
