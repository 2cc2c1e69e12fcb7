// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"

#include <QStringList>

namespace oriel::config {

/// Every text of an entry in which ${vault:name} may stand.
[[nodiscard]] QStringList textsWithReferences(const Server& server);
[[nodiscard]] QStringList textsWithReferences(const Destination& destination);

} // namespace oriel::config
