// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/entra_token.h"

namespace oriel::otlp {

EntraTokenSource::EntraTokenSource(config::DestinationAuth auth, const ExporterContext& context)
    : m_auth(std::move(auth)),
      m_context(context)
{}

void EntraTokenSource::fetch(Done done)
{
    const auto later = [&](const Error& error) {
        QMetaObject::invokeMethod(
            &m_home, [done, error] { done(fail(error)); }, Qt::QueuedConnection);
    };
    const auto secret = resolveSecrets(m_auth.secret, m_context.secrets);
    if (!secret)
        return later(secret.error());
    const auto client = resolveSecrets(m_auth.user, m_context.secrets);
    if (!client)
        return later(client.error());
    const QString usual = QStringLiteral("https://login.microsoftonline.com/%1/oauth2/v2.0/token")
                              .arg(QString::fromLatin1(QUrl::toPercentEncoding(m_auth.tenant)));
    const auto url = tokenUrl(m_auth.tokenUrl.isEmpty() ? usual : m_auth.tokenUrl);
    if (!url)
        return later(url.error());
    m_endpoint.post(*url,
                    {{"grant_type", "client_credentials"},
                     {"client_id", *client},
                     {"client_secret", *secret},
                     {"scope", m_auth.scope.toUtf8()}},
                    {*secret}, std::move(done));
}

} // namespace oriel::otlp
