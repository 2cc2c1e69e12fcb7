// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMap>
#include <QString>

#include <tl/expected.hpp>

namespace oriel::config {

/// Replaces ${NAME}, ${env:NAME} and ${NAME:-default} of one scalar by variables, and $$ by $ (OpenTelemetry specification,
/// configuration/data-model). What was put in is not looked at again. A variable that is not set gives nothing, or the default,
/// which also stands for an empty one. Fails on ${…} of any other form.
tl::expected<QString, QString> substitute(const QString& text, const QMap<QString, QString>& environment);

} // namespace oriel::config
