// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QHostAddress>

#include <optional>

namespace oriel::http {

/// Where a server of this machine is to listen so that `localhost` reaches it, whatever that is resolved to.
struct LoopbackPorts {
    quint16 port = 0;
    std::optional<QHostAddress> other; ///< of 127.0.0.1 and ::1, where the machine has it; on the same port
    std::optional<Error> otherError;   ///< why it cannot listen there: the port is taken

    [[nodiscard]] bool hasBoth() const { return other && !otherError; }
};

/// Finds out by listening for a moment. For 127.0.0.1 and ::1 the other one comes too, where the machine has it; any other
/// address stands alone. Port 0 becomes one that is free at both. AlreadyExists: the port is taken at `address` itself;
/// InvalidArgument: no loopback address; Io: anything else. Any thread.
Result<LoopbackPorts> loopbackPorts(const QHostAddress& address, quint16 port);

/// Whether a server could listen there now. Any thread.
[[nodiscard]] bool isPortFree(const QHostAddress& address, quint16 port);

} // namespace oriel::http
