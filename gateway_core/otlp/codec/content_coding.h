// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>

namespace oriel::otlp {

/// A body without its Content-Encoding (RFC 9110, 8.4): none, identity or gzip, of one member or several. Parse when it is broken
/// or ends too early, TooLarge when more than `limit` bytes would come out, Unsupported for every other coding. Pure; any thread.
Result<QByteArray> decodeContent(const QByteArray& body, QByteArrayView coding, qsizetype limit);

} // namespace oriel::otlp
