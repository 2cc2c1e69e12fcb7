// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>

namespace oriel::otlp {

/// `data` as a gzip file (RFC 1952).
QByteArray gzip(QByteArrayView data);

/// What a gzip file of one or more members holds. TooLarge when that is more than `maxBytes`, of which it is known before more
/// is unpacked; Parse when the data is no gzip file, is cut short, or fails its checksum.
Result<QByteArray> gunzip(QByteArrayView data, qsizetype maxBytes);

} // namespace oriel::otlp
