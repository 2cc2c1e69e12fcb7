// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace oriel::config {

/// How many letters must be put in, taken out or changed to make one of the other (Levenshtein); case does not count.
int editDistance(const QString& a, const QString& b);

} // namespace oriel::config
