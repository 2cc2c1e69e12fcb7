// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace oriel::otlp {

/// `data` as a gzip file (RFC 1952).
QByteArray gzip(QByteArrayView data);

} // namespace oriel::otlp
