// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace oriel::http {

/// Who listens on a TCP port of this machine, as "name (pid 123)", or "another user's program" when the system does not say more;
/// empty where it is not known (outside Linux). Reads /proc: only for an error that is about to be shown.
[[nodiscard]] QString portHolder(quint16 port);

} // namespace oriel::http
