// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"

#include <QSslConfiguration>

namespace oriel::otlp {

/// The system's TLS configuration with the destination's own authorities, client certificate and key. Io for a file that cannot
/// be read, Parse for one that is not PEM.
Result<QSslConfiguration> clientTls(const config::Destination& destination);

} // namespace oriel::otlp
