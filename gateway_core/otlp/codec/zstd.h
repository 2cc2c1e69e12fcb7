// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace oriel::otlp {

/// `data` as one Zstandard frame (RFC 8878).
QByteArray zstd(QByteArrayView data);

} // namespace oriel::otlp
