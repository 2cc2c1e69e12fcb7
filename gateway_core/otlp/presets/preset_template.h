// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/presets/presets.h"

#include <QSet>

#include <functional>

/// ${field} in the texts of presets. Internal to otlp/.
namespace oriel::otlp {

/// The fields that a template names. ${vault:name} is not one: secrets are looked up when a request is made.
QSet<QString> placeholdersOf(const QString& text);

/// `text` with each ${field} replaced by what `valueOf` gives for it. Values are not searched again.
QString filledIn(const QString& text, const std::function<QString(const QString& field)>& valueOf);

/// All templates of a preset.
QStringList templatesOf(const Preset& preset);

} // namespace oriel::otlp
