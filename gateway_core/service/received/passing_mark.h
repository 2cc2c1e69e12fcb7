// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/random.h"

#include <QByteArray>
#include <QString>

namespace oriel::service {

/// What this Oriel puts into otlp::kPassedOnBy: 16 hexadecimal digits that stay the same from start to start.
struct PassingMark {
    QByteArray mark;
    QString problem; ///< the file was damaged or cannot be written, as a sentence with its path; empty: neither
};

/// Reads the mark from its file, or makes one and keeps it there, for the owner alone (0600). A damaged file is replaced. What
/// cannot be kept holds for this run. Waits for the disk.
PassingMark passingMark(const QString& path, Random& random);

} // namespace oriel::service
