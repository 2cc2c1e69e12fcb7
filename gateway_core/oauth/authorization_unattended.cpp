// SPDX-License-Identifier: GPL-3.0-or-later
// The ways to a token that need no browser: the client's own credentials, and the word of an identity provider.
#include "oauth/authorization_flow.h"
#include "oauth/client_assertion.h"

namespace oriel::oauth {

bool AuthorizationFlow::isUnattended() const
{
    return m_request.choices.preregistered && m_request.choices.preregistered->unattended;
}

Status AuthorizationFlow::prove(ClientIdentity& client, TokenAuth method, const QByteArray& issuer)
{
    if (method != TokenAuth::PrivateKeyJwt)
        return {};
    const auto assertion = clientAssertion(client.privateKey, client.id, issuer, m_deps.clock.unixNs(), m_deps.random);
    if (!assertion)
        return fail(assertion.error());
    client.assertion = *assertion;
    return {};
}

void AuthorizationFlow::signInUnattended()
{
    if (chooseClient(m_request.choices, m_found.server) != ClientSource::Preregistered)
        return failWith(clientIdWanted(m_found.server, m_request.choices));
    m_scopes = wantedScopes();
    m_client = *m_request.choices.preregistered;
    m_client.issuer = m_found.server.issuer;
    const auto method = selectTokenAuth(m_client, m_found.server);
    if (!method)
        return failWith(method.error());
    if (m_client.provider)
        return askIdentityProvider(*method);
    if (const Status proof = prove(m_client, *method, m_found.server.issuer); !proof)
        return failWith(proof.error());
    fetchToken(clientCredentialsRequest(m_client, *method, m_scopes, m_found.resourceIndicator), *method,
               {m_client.secret, m_client.assertion});
}

void AuthorizationFlow::askIdentityProvider(TokenAuth method)
{
    const IdentityProvider& provider = *m_client.provider;
    // The user wrote its address down, so it may be nearer than the server, which usually it is.
    m_providerFetcher = std::make_unique<Fetcher>(Reach::Loopback, m_settings.fetch, m_settings.tls, m_deps.clock);
    Q_EMIT progressed(QStringLiteral("asking %1 for you").arg(displayUrl(provider.tokenEndpoint)));
    const TokenRequest request = identityAssertionRequest(provider, m_found.server.issuer, m_scopes, m_found.resourceIndicator);
    m_providerFetcher->post(
        provider.tokenEndpoint, request.headers, request.body, QStringLiteral("the identity provider's assertion"),
        [this, method](const Result<FetchAnswer>& answer) {
            if (!answer)
                return failWith(answer.error());
            const IdentityProvider& asked = *m_client.provider;
            const auto assertion = parseIdentityAssertion(answer->status, answer->body, displayUrl(asked.tokenEndpoint),
                                                          {asked.idToken, asked.clientSecret});
            if (!assertion)
                return failWith(assertion.error());
            presentAssertion(method, *assertion);
        });
}

void AuthorizationFlow::presentAssertion(TokenAuth method, const QByteArray& assertion)
{
    if (const Status proof = prove(m_client, method, m_found.server.issuer); !proof)
        return failWith(proof.error());
    fetchToken(jwtBearerRequest(m_client, method, assertion, m_scopes, m_found.resourceIndicator), method,
               {assertion, m_client.secret, m_client.assertion});
}

} // namespace oriel::oauth
