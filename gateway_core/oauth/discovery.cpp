// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/discovery.h"

namespace oriel::oauth {

namespace {

bool isAbsent(const FetchAnswer& answer)
{
    return answer.status >= 400 && answer.status < 500;
}

Error unexpectedStatus(const QString& what, int status, const QUrl& where)
{
    return {ErrorCode::Unavailable, QStringLiteral("%1 answered HTTP %2").arg(what).arg(status), displayUrl(where),
            QStringLiteral("Try again later, or tell the operator of the server.")};
}

} // namespace

Discovery::Discovery(Fetcher& fetcher, QUrl server, BearerChallenge challenge, QByteArray preferredIssuer, QObject* parent)
    : QObject(parent),
      m_fetcher(fetcher),
      m_server(std::move(server)),
      m_challenge(std::move(challenge)),
      m_preferredIssuer(std::move(preferredIssuer))
{}

void Discovery::start(Done done)
{
    m_done = std::move(done);
    m_resourceUrls = protectedResourceUrls(m_server);
    if (m_challenge.resourceMetadata.isEmpty())
        return nextResourceUrl();
    const QString what = QStringLiteral("the protected resource metadata that the server names");
    const auto url = checkedUrl(m_challenge.resourceMetadata, m_fetcher.reach(), what);
    if (!url) {
        m_challengeError = url.error();
        return nextResourceUrl();
    }
    m_fetcher.get(*url, what, [this](const Result<FetchAnswer>& answer) { onResourceDocument(answer, true); });
}

void Discovery::nextResourceUrl()
{
    if (m_resourceUrls.isEmpty())
        return withoutResource();
    m_fetcher.get(m_resourceUrls.takeFirst(), QStringLiteral("the protected resource metadata"),
                  [this](const Result<FetchAnswer>& answer) { onResourceDocument(answer, false); });
}

void Discovery::onResourceDocument(const Result<FetchAnswer>& answer, bool fromChallenge)
{
    std::optional<Error> problem;
    if (!answer) {
        problem = answer.error();
    } else if (answer->status == 200) {
        auto resource = parseProtectedResource(answer->body, m_server, m_fetcher.reach());
        if (resource)
            return resourceFound(*std::move(resource));
        if (resource.error().code != ErrorCode::Parse)
            return finish(fail(resource.error()));
        // A page for people at a well-known address means that nobody knows the address.
        if (fromChallenge)
            problem = resource.error();
    } else if (!isAbsent(*answer) || fromChallenge) {
        problem = unexpectedStatus(QStringLiteral("the address of the protected resource metadata"), answer->status, m_server);
    }
    if (fromChallenge)
        m_challengeError = problem;
    else if (problem)
        return finish(fail(m_challengeError.value_or(*problem)));
    nextResourceUrl();
}

void Discovery::resourceFound(ProtectedResource resource)
{
    m_found.resourceIndicator = resource.resource;
    m_issuer =
        resource.authorizationServers.contains(m_preferredIssuer) ? m_preferredIssuer : resource.authorizationServers.value(0);
    m_found.resource = std::move(resource);
    if (m_issuer.isEmpty())
        m_issuer = originOf(m_server);
    m_serverUrls = authorizationServerUrls(QUrl(QString::fromUtf8(m_issuer)));
    nextServerUrl();
}

void Discovery::withoutResource()
{
    if (m_challengeError)
        return finish(fail(*m_challengeError));
    m_found.resourceIndicator = canonicalResource(m_server);
    m_issuer = originOf(m_server);
    m_serverUrls = authorizationServerUrls(QUrl(QString::fromUtf8(m_issuer)));
    nextServerUrl();
}

void Discovery::nextServerUrl()
{
    if (m_serverUrls.isEmpty())
        return serversExhausted();
    m_fetcher.get(m_serverUrls.takeFirst(), QStringLiteral("the authorization server's metadata"),
                  [this](const Result<FetchAnswer>& answer) { onServerDocument(answer); });
}

void Discovery::onServerDocument(const Result<FetchAnswer>& answer)
{
    std::optional<Error> problem;
    if (!answer) {
        problem = answer.error();
    } else if (answer->status == 200) {
        const bool written = m_found.resource && !m_found.resource->authorizationServers.isEmpty();
        auto server = parseAuthorizationServer(answer->body, m_issuer, m_fetcher.reach(),
                                               written ? IssuerRule::Exact : IssuerRule::SameOrigin);
        if (server) {
            m_found.server = *std::move(server);
            return finish(std::move(m_found));
        }
        problem = server.error();
    } else if (!isAbsent(*answer)) {
        problem = unexpectedStatus(QStringLiteral("the authorization server"), answer->status, QUrl(QString::fromUtf8(m_issuer)));
    }
    // A document that contradicts itself says more than a page that is none.
    if (problem && (!m_serverError || m_serverError->code == ErrorCode::Parse))
        m_serverError = problem;
    nextServerUrl();
}

void Discovery::serversExhausted()
{
    if (m_serverError && (m_found.resource || m_serverError->code != ErrorCode::Parse))
        return finish(fail(*m_serverError));
    if (m_found.resource && !m_found.resource->authorizationServers.isEmpty()) {
        return finish(fail(ErrorCode::NotFound, QStringLiteral("the authorization server publishes no metadata"),
                           displayUrl(QUrl(QString::fromUtf8(m_issuer))),
                           QStringLiteral("Tell the operator of the server, or put a token of it into its headers.")));
    }
    m_found.server = assumedAuthorizationServer(m_server);
    finish(std::move(m_found));
}

void Discovery::finish(Result<Discovered> result)
{
    const Done done = std::exchange(m_done, {});
    if (done)
        done(std::move(result));
}

} // namespace oriel::oauth
