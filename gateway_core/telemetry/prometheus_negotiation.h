// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/prometheus_names.h"

#include <QByteArray>
#include <QByteArrayView>

namespace oriel::telemetry {

enum class ExpositionFormat : std::uint8_t {
    Text004,        ///< text/plain; version=0.0.4
    OpenMetrics100, ///< application/openmetrics-text; version=1.0.0, with exemplars
    OpenMetrics001, ///< the same text under its older version
    Text100,        ///< text/plain; version=1.0.0: as 0.0.4, with the choice of an escaping
};

/// What a scraper gets.
struct ExpositionChoice {
    ExpositionFormat format = ExpositionFormat::Text004;
    NameEscaping escaping = NameEscaping::Underscores; ///< of the 1.0.0 formats only
    bool escapingAsked = false;                        ///< the answer then names the escaping
    bool operator==(const ExpositionChoice&) const = default;

    [[nodiscard]] bool isOpenMetrics() const
    {
        return format == ExpositionFormat::OpenMetrics100 || format == ExpositionFormat::OpenMetrics001;
    }
};

/// The format that an Accept header (RFC 9110 §12.5.1) wants most; of equals the one named first, of a wildcard's the 0.0.4 text.
/// Text004 when it names none that we have, and when it is empty.
ExpositionChoice negotiateExposition(QByteArrayView accept);
/// The Content-Type of an exposition.
QByteArray expositionContentType(const ExpositionChoice& choice);

/// True when an Accept-Encoding header (RFC 9110 §12.5.3) takes gzip.
bool acceptsGzip(QByteArrayView acceptEncoding);

} // namespace oriel::telemetry
