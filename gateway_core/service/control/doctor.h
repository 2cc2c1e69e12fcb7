// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"

namespace oriel::service {

/// What the checks look at. `status`, `servers` and `destinations` are those of a running Oriel, else empty.
struct DoctorInput {
    QString configPath;
    QString dataDir;
    GatewayStatus status;
    QList<ServerSnapshot> servers;
    QList<DestinationSnapshot> destinations;
    SpoolReport spool;
    QStringList configWarnings; ///< of the running one: those of the environment are not in the file
    bool running = true;
};

/// Checks configuration, data directory, port, keychain, servers, destinations and the clients' own files (G6c). Reads files; any
/// thread that may wait for disks.
QList<DoctorCheck> runDoctor(const DoctorInput& input);
QByteArray doctorJson(const QList<DoctorCheck>& checks);
QList<DoctorCheck> doctorFromJson(const QByteArray& json);
/// For a terminal: one line a check, with ok / warning / problem and the remedy below.
QString doctorText(const QList<DoctorCheck>& checks);

} // namespace oriel::service
