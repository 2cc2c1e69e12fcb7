// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/status_dot.h"

#include <QList>
#include <QString>

#include <cstdint>
#include <optional>

namespace oriel::ui {

/// One OTLP destination as the status bar shows it.
struct DestinationStatus {
    QString name;
    Lamp lamp = Lamp::Idle;
    QString detail; ///< words beside the lamp: "sent 18 402", "312 waiting, retry in 8 s"
    QString tip;    ///< the whole story, such as the last error

    bool operator==(const DestinationStatus&) const = default;
};

/// What the status bar tells; a plain value, filled by the composition root. Empty members are not shown.
struct ShellStatus {
    QString endpoint; ///< "127.0.0.1:7420/mcp", copied by a click
    Lamp endpointLamp = Lamp::Idle;
    QString endpointTip;
    int serversReady = 0;
    int serversConfigured = 0;
    double callsPerSecond = 0;
    std::optional<std::int64_t> p95Ns;
    QList<DestinationStatus> destinations;
    std::uint64_t dropped = 0;
    std::uint64_t storeBytes = 0;
    std::uint64_t storeLimitBytes = 0; ///< 0: no limit known

    bool operator==(const ShellStatus&) const = default;
};

} // namespace oriel::ui
