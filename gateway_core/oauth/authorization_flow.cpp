// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/authorization_flow.h"

#include "oauth/scopes.h"

#include <QPointer>

namespace oriel::oauth {

AuthorizationFlow::AuthorizationFlow(Deps deps, FlowSettings settings, FlowRequest request)
    : m_deps(std::move(deps)),
      m_settings(std::move(settings)),
      m_request(std::move(request)),
      m_fetcher(m_request.reach, m_settings.fetch, m_settings.tls, m_deps.clock)
{
    m_userDeadline.setSingleShot(true);
    connect(&m_userDeadline, &QTimer::timeout, this, [this] {
        // A server that has forgotten the client shows an error page and never sends the browser back.
        failWith({ErrorCode::Timeout, QStringLiteral("nobody finished signing in within the time"), serverName(),
                  QStringLiteral("Start the sign-in again; if the browser showed an error, tell the operator of the server.")},
                 true);
    });
}

AuthorizationFlow::~AuthorizationFlow() = default;

void AuthorizationFlow::start(Done done)
{
    m_done = std::move(done);
    Q_EMIT progressed(QStringLiteral("looking for the authorization server"));
    m_discovery = std::make_unique<Discovery>(m_fetcher, m_request.server, m_request.challenge,
                                              m_request.held ? m_request.held->issuer : QByteArray());
    m_discovery->start([this](Result<Discovered> result) { discovered(std::move(result)); });
}

void AuthorizationFlow::startRefresh(Done done)
{
    m_done = std::move(done);
    m_refreshOnly = true;
    Q_ASSERT(m_request.held);
    refresh();
}

void AuthorizationFlow::discovered(Result<Discovered> result)
{
    if (!result)
        return failWith(result.error());
    m_found = *std::move(result);
    if (const Status fit = acceptable(m_found.server); !fit && !isUnattended())
        return failWith(fit.error());
    // The server's own table may have changed since; tokens of another authorization server are of no use to this one.
    if (m_request.held && m_request.held->issuer != m_found.server.issuer)
        m_request.held.reset();
    if (m_request.registered && m_request.registered->issuer != m_found.server.issuer)
        m_request.registered.reset();
    if (canRefresh())
        return refresh();
    askUser();
}

bool AuthorizationFlow::canRefresh() const
{
    return m_request.mayRefresh && !m_request.stepUp && m_request.held && !m_request.held->refreshToken.isEmpty() && heldClient();
}

std::optional<ClientIdentity> AuthorizationFlow::heldClient() const
{
    const TokenSet& held = *m_request.held;
    const auto& preregistered = m_request.choices.preregistered;
    if (preregistered && preregistered->id == held.clientId &&
        (preregistered->issuer.isEmpty() || preregistered->issuer == held.issuer))
        return preregistered;
    if (m_request.registered && m_request.registered->id == held.clientId && m_request.registered->issuer == held.issuer)
        return m_request.registered;
    if (held.clientId == m_request.choices.metadataDocument.toEncoded() && !held.clientId.isEmpty()) {
        ClientIdentity client;
        client.origin = ClientIdentity::Origin::MetadataDocument;
        client.id = held.clientId;
        return client;
    }
    return std::nullopt;
}

void AuthorizationFlow::refresh()
{
    const TokenSet& held = *m_request.held;
    const auto client = heldClient();
    if (!client || held.refreshToken.isEmpty()) {
        QMetaObject::invokeMethod(
            this,
            [this] {
                failWith({ErrorCode::Unauthenticated, QStringLiteral("the sign-in has expired and cannot be renewed"),
                          serverName(), QStringLiteral("Sign in again.")});
            },
            Qt::QueuedConnection);
        return;
    }
    ClientIdentity proven = *client;
    if (const Status proof = prove(proven, held.tokenAuth, held.issuer); !proof) {
        QMetaObject::invokeMethod(
            this, [this, error = proof.error()] { failWith(error); }, Qt::QueuedConnection);
        return;
    }
    Q_EMIT progressed(QStringLiteral("renewing the token"));
    const TokenRequest request = refreshRequest(proven, held.tokenAuth, held.refreshToken, held.resource);
    const QList<QByteArray> secrets = {held.refreshToken, held.accessToken, proven.secret, proven.assertion};
    m_fetcher.post(held.tokenEndpoint, request.headers, request.body, QStringLiteral("the renewed token"),
                   [this, secrets](const Result<FetchAnswer>& answer) { refreshed(answer, secrets); });
}

void AuthorizationFlow::refreshed(const Result<FetchAnswer>& answer, const QList<QByteArray>& secrets)
{
    if (!answer)
        return failWith(answer.error());
    TokenSet& held = *m_request.held;
    const auto token = parseTokenAnswer(answer->status, answer->body, displayUrl(held.tokenEndpoint), secrets);
    if (token) {
        held.take(*token, held.scopes, m_deps.clock.unixNs());
        m_renewed = true;
        return finish(held);
    }
    const TokenRefusal& refusal = token.error();
    if (refusal.error.code == ErrorCode::Unavailable)
        return failWith(refusal.error);
    m_refreshTokenDead = true;
    if (m_refreshOnly)
        return failWith(refusal.error, refusal.code == "invalid_client");
    if (refusal.code == "invalid_client")
        m_request.registered.reset();
    Q_EMIT progressed(QStringLiteral("the token cannot be renewed"));
    askUser();
}

QStringList AuthorizationFlow::wantedScopes() const
{
    ScopeSources sources;
    sources.challenge = m_request.challenge.scopes;
    sources.chosen = validScopes(m_request.scopes);
    sources.resource = m_found.resource ? m_found.resource->scopesSupported : QStringList();
    sources.server = m_found.server.scopesSupported;
    sources.held = m_request.held ? m_request.held->scopes : QStringList();
    sources.stepUp = m_request.stepUp;
    return selectScopes(sources);
}

void AuthorizationFlow::askUser()
{
    if (isUnattended())
        return signInUnattended();
    if (!m_request.interactive) {
        const QString scopes = QString::fromUtf8(joinScopes(m_request.challenge.scopes));
        return failWith({ErrorCode::Unauthenticated,
                         m_request.stepUp ? QStringLiteral("the server wants more access than it was given: %1").arg(scopes)
                                          : QStringLiteral("the server wants a token, and the vault holds none that it takes"),
                         displayUrl(m_request.server),
                         QStringLiteral("Run 'oriel sign-in %1', or use Sign in on the server's page.").arg(m_request.name)});
    }
    m_scopes = wantedScopes();
    const ClientSource source = chooseClient(m_request.choices, m_found.server);
    switch (source) {
    case ClientSource::AskUser:
        return failWith(clientIdWanted(m_found.server, m_request.choices));
    case ClientSource::Preregistered:
        m_client = *m_request.choices.preregistered;
        m_client.issuer = m_found.server.issuer;
        break;
    case ClientSource::MetadataDocument:
        m_client = {};
        m_client.origin = ClientIdentity::Origin::MetadataDocument;
        m_client.id = m_request.choices.metadataDocument.toEncoded();
        m_client.issuer = m_found.server.issuer;
        break;
    case ClientSource::Registration:
        return openListener();
    }
    m_request.registered.reset();
    openListener();
}

void AuthorizationFlow::openListener()
{
    const bool registration = chooseClient(m_request.choices, m_found.server) == ClientSource::Registration;
    const quint16 wanted = m_request.redirectPort;
    quint16 preferred = wanted != 0 ? wanted : m_settings.redirectPort;
    if (wanted == 0 && registration && m_request.registered)
        preferred = redirectPort(m_request.registered->redirectUri);
    m_listener = std::make_unique<RedirectListener>(m_deps.clock, m_deps.owner);
    if (const Status opened = m_listener->listen(preferred); !opened)
        return failWith(opened.error());
    if (wanted != 0 && redirectPort(m_listener->redirectUri()) != wanted) {
        return failWith({ErrorCode::AlreadyExists,
                         QStringLiteral("port %1, where the browser would come back to, is in use").arg(wanted),
                         QStringLiteral("127.0.0.1"),
                         QStringLiteral("End the program that holds it, or register another port and set oauth.callbackPort.")});
    }
    if (!registration)
        return openBrowser();
    // Many servers compare redirect addresses with their port, so a registration is good for the port it names only.
    const auto& known = m_request.registered;
    const std::int64_t nowS = m_deps.clock.unixNs() / 1'000'000'000;
    if (known && known->redirectUri == m_listener->redirectUri() && coversScopes(known->scopes, m_scopes) &&
        (known->secretExpiresUnixS == 0 || known->secretExpiresUnixS > nowS)) {
        m_client = *known;
        return openBrowser();
    }
    registerClient();
}

void AuthorizationFlow::registerClient()
{
    Q_EMIT progressed(QStringLiteral("registering Oriel at %1").arg(serverName()));
    http::Headers headers;
    headers.add("Content-Type", "application/json");
    headers.add("Accept", "application/json");
    const QByteArray redirectUri = m_listener->redirectUri();
    m_fetcher.post(m_found.server.registrationEndpoint, headers, registrationRequest(m_found.server, redirectUri, m_scopes),
                   QStringLiteral("the registration"), [this, redirectUri](const Result<FetchAnswer>& answer) {
                       if (!answer)
                           return failWith(answer.error());
                       auto client = parseRegistration(answer->status, answer->body, m_found.server, redirectUri, m_scopes);
                       if (!client)
                           return failWith(client.error());
                       m_client = *std::move(client);
                       Q_EMIT clientRegistered(m_client);
                       openBrowser();
                   });
}

void AuthorizationFlow::openBrowser()
{
    m_pkce = Pkce::generate(m_deps.random);
    const QByteArray state = randomState(m_deps.random);
    AuthorizationRequest request;
    request.clientId = m_client.id;
    m_redirectUri = m_listener->redirectUri();
    request.redirectUri = m_redirectUri;
    request.state = state;
    request.codeChallenge = m_pkce.challenge;
    request.resource = m_found.resourceIndicator;
    request.scopes = m_scopes;
    const auto url = checkedUrl(authorizationUrl(m_found.server, request), m_request.reach, QStringLiteral("the sign-in page"));
    if (!url)
        return failWith(url.error());
    const ExpectedRedirect expected{state, m_found.server.issuer, m_found.server.issInResponse};
    m_listener->expect(state, [this, expected](const QByteArray& query) {
        m_userDeadline.stop();
        const auto code = codeOfRedirect(query, expected);
        m_listener.reset();
        if (!code)
            return failWith(code.error());
        this->exchange(*code);
    });
    m_userDeadline.start(m_settings.signIn);
    Q_EMIT progressed(QStringLiteral("waiting for you to sign in at %1").arg(displayUrl(m_found.server.authorizationEndpoint)));
    // A slot may end this flow.
    const QPointer<AuthorizationFlow> alive(this);
    Q_EMIT userAwaited(*url);
    if (alive && m_deps.openBrowser && !m_deps.openBrowser(*url) && alive)
        Q_EMIT progressed(QStringLiteral("the browser could not be opened; open the address by hand"));
}

void AuthorizationFlow::exchange(const QByteArray& code)
{
    const auto method = selectTokenAuth(m_client, m_found.server);
    if (!method)
        return failWith(method.error());
    if (const Status proof = prove(m_client, *method, m_found.server.issuer); !proof)
        return failWith(proof.error());
    fetchToken(codeRequest(m_client, *method, code, m_pkce.verifier, m_redirectUri, m_found.resourceIndicator), *method,
               {code, m_pkce.verifier, m_client.secret, m_client.assertion});
}

void AuthorizationFlow::fetchToken(const TokenRequest& request, TokenAuth method, const QList<QByteArray>& secrets)
{
    Q_EMIT progressed(QStringLiteral("fetching the token"));
    m_fetcher.post(m_found.server.tokenEndpoint, request.headers, request.body, QStringLiteral("the token"),
                   [this, secrets, method](const Result<FetchAnswer>& answer) {
                       if (!answer)
                           return failWith(answer.error());
                       const QString where = displayUrl(m_found.server.tokenEndpoint);
                       const auto token = parseTokenAnswer(answer->status, answer->body, where, secrets);
                       if (!token)
                           return failWith(token.error().error, token.error().code == "invalid_client");
                       TokenSet set;
                       set.take(*token, m_scopes, m_deps.clock.unixNs());
                       set.issuer = m_found.server.issuer;
                       set.tokenEndpoint = m_found.server.tokenEndpoint;
                       set.resource = m_found.resourceIndicator;
                       set.clientId = m_client.id;
                       set.tokenAuth = method;
                       set.reach = m_request.reach;
                       finish(std::move(set));
                   });
}

QString AuthorizationFlow::serverName() const
{
    return m_found.server.issuer.isEmpty() ? displayUrl(m_request.server)
                                           : displayUrl(QUrl(QString::fromUtf8(m_found.server.issuer)));
}

void AuthorizationFlow::failWith(Error error, bool clientDead)
{
    finish(tl::unexpected<FlowFailure>(FlowFailure{std::move(error), m_refreshTokenDead, clientDead}));
}

void AuthorizationFlow::abandon()
{
    m_done = {};
    m_userDeadline.stop();
    m_listener.reset();
    m_fetcher.abandon();
    if (m_providerFetcher)
        m_providerFetcher->abandon();
}

void AuthorizationFlow::finish(Outcome outcome)
{
    m_userDeadline.stop();
    m_listener.reset();
    const Done done = std::exchange(m_done, {});
    if (done)
        done(std::move(outcome));
}

} // namespace oriel::oauth
