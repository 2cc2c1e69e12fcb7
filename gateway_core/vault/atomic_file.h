// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QString>

// Files that are either the old or the new one, never half of one. Internal to vault/.
namespace oriel::vault {

/// Writes a temporary file beside `path` (owner only), flushes it, renames it over `path` and flushes the folder. Io on any
/// failure; `path` is then as it was.
Status replaceFile(const QString& path, const QByteArray& bytes);

/// NotFound, Io, TooLarge (more than `limit` bytes).
Result<QByteArray> readWholeFile(const QString& path, qint64 limit);

} // namespace oriel::vault
