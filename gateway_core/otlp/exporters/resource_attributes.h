// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "otlp/codec/signal.h"

#include <QByteArray>
#include <QMap>
#include <QString>

namespace oriel::otlp {

/// The same Export*ServiceRequest with these attributes in each resource that has none of that name. Nothing is decoded but the
/// way to the resource when the encoding is protobuf. Pure; any thread.
Result<QByteArray> withResourceAttributes(const QByteArray& request, Signal signal, Encoding encoding,
                                          const QMap<QString, QString>& attributes);

} // namespace oriel::otlp
