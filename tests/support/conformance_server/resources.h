// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol.h"

namespace oriel::conformance {

/// The resources that the official suites name.
[[nodiscard]] QJsonArray listResources();
[[nodiscard]] QJsonArray listResourceTemplates();
[[nodiscard]] QString templateUri();
/// The one entry of `contents`; nothing if there is no such resource. `serverState` is what test://server-state shows.
[[nodiscard]] std::optional<QJsonObject> readResource(const QString& uri, const QJsonObject& serverState);

} // namespace oriel::conformance
