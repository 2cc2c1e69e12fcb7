// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

#include <QHostAddress>
#include <QString>

namespace oriel::http {

/// Who listens on a TCP port of this machine at `address` or at all addresses, as "name (pid 123)", or "another user's program"
/// when the system does not say more; empty where it is not known (outside Linux). Reads /proc: only for an error that is about
/// to be shown.
[[nodiscard]] QString portHolder(const QHostAddress& address, quint16 port);

/// What to say when listening there fails because the port is taken: AlreadyExists, with its holder where that is known.
[[nodiscard]] Error portInUse(const QHostAddress& address, quint16 port);

} // namespace oriel::http
