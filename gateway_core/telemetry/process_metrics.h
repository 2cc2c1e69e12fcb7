// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QtGlobal>

#include <cstdint>
#include <optional>
#include <span>

namespace oriel::telemetry {

class MetricRegistry;

/// What a process uses, as far as the platform tells; −1 where it does not.
struct ProcessUsage {
    double cpuSeconds = -1; ///< user and system
    std::int64_t residentBytes = -1;
    std::int64_t openFds = -1;
    double startUnixSeconds = -1;
};

/// Reads the usage of `pid`; 0 is this process. Nothing when there is no such process or it may not be read.
std::optional<ProcessUsage> readProcessUsage(qint64 pid);

struct WatchedProcess {
    QByteArray server; ///< label; empty for Oriel itself
    qint64 pid = 0;
};

/// Sets the process metrics of Oriel and of `children`, and forgets those of processes that are gone. The counters of those that
/// stay go on; one that is less than before is another process's and begins anew. To be called right before a collection and at
/// no other time, so that nothing is read while nobody looks. Telemetry thread.
void observeProcesses(MetricRegistry& registry, std::span<const WatchedProcess> children);

} // namespace oriel::telemetry
