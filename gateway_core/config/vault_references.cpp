// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/vault_references.h"

namespace oriel::config {

namespace {

QStringList valuesOf(const QList<std::pair<QString, QString>>& headers)
{
    QStringList values;
    for (const auto& [name, value] : headers)
        values.append(value);
    return values;
}

} // namespace

QStringList textsWithReferences(const Server& server)
{
    const ServerOAuth& oauth = server.oauth;
    return server.args + server.env.values() + valuesOf(server.headers) +
           QStringList{server.command,         server.cwd,         server.url,
                       oauth.clientId,         oauth.clientSecret, oauth.privateKey,
                       oauth.idpTokenEndpoint, oauth.idpClientId,  oauth.idpClientSecret,
                       oauth.idToken};
}

QStringList textsWithReferences(const Destination& destination)
{
    const DestinationAuth& auth = destination.auth;
    return destination.fields.values() + valuesOf(destination.headers) +
           QStringList{destination.endpoint, auth.user, auth.secret, auth.sessionToken};
}

} // namespace oriel::config
