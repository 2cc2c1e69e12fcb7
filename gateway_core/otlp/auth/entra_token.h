// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/auth/token_endpoint.h"

#include <QObject>

namespace oriel::otlp {

/// Access tokens of Microsoft Entra by client credentials (RFC 6749, 4.4).
class EntraTokenSource final : public TokenSource {
public:
    EntraTokenSource(config::DestinationAuth auth, const ExporterContext& context);
    void fetch(Done done) override;

private:
    config::DestinationAuth m_auth;
    ExporterContext m_context;
    TokenEndpoint m_endpoint;
    QObject m_home; ///< its end is the end of what waits to be called
};

} // namespace oriel::otlp
