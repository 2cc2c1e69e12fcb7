// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/auth/token_endpoint.h"

#include <QObject>

namespace oriel::otlp {

/// What a service-account key (the JSON file that Google hands out) says.
struct ServiceAccountKey {
    QByteArray email;
    QByteArray keyId;
    QByteArray privateKey; ///< PEM
    QString tokenUrl;
};
/// Parse: it is not such a file. No message holds any of its content.
Result<ServiceAccountKey> parseServiceAccountKey(QByteArrayView json);

/// The assertion of the JWT bearer grant (RFC 7523) for an hour from `nowUnixNs`, signed.
Result<QByteArray> serviceAccountAssertion(const ServiceAccountKey& key, const QString& audience, const QString& scope,
                                           std::int64_t nowUnixNs);

/// Access tokens for a service account.
class GoogleTokenSource final : public TokenSource {
public:
    GoogleTokenSource(config::DestinationAuth auth, const ExporterContext& context);
    void fetch(Done done) override;

private:
    config::DestinationAuth m_auth;
    ExporterContext m_context;
    TokenEndpoint m_endpoint;
    QObject m_home; ///< its end is the end of what waits to be called
};

} // namespace oriel::otlp
