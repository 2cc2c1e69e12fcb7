// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/upstream_sign_ins.h"

#include "oauth/scopes.h"

#include <QPointer>

#include <algorithm>

namespace oriel::service {

namespace {

using State = SignInStatus::State;

oauth::Denial denialOf(const upstream::TokenRefusal& refusal, bool interactive)
{
    oauth::Denial denial;
    denial.status = refusal.status;
    denial.authenticate = refusal.authenticate;
    denial.usedToken = refusal.usedToken;
    denial.peer = refusal.peer;
    denial.interactive = interactive;
    return denial;
}

bool isPassing(const Error& error)
{
    return error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout;
}

/// OK, or what a grant that does without the user lacks.
Status hasCredentials(const config::Server& server)
{
    const config::ServerOAuth& oauth = server.oauth;
    const bool proves = !oauth.clientId.isEmpty() && !(oauth.clientSecret.isEmpty() && oauth.privateKey.isEmpty());
    if (oauth.grant == config::OAuthGrant::ClientCredentials && !proves) {
        return fail(
            ErrorCode::InvalidArgument, QStringLiteral("there are no client credentials to sign in with"), server.name,
            QStringLiteral("Give oauth.clientId and oauth.clientSecret or oauth.privateKey, or set oauth.grant to browser."));
    }
    if (oauth.grant == config::OAuthGrant::Enterprise && (oauth.clientId.isEmpty() || oauth.idpTokenEndpoint.isEmpty() ||
                                                          oauth.idpClientId.isEmpty() || oauth.idToken.isEmpty())) {
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("the identity provider that vouches for you is not fully described"), server.name,
                    QStringLiteral("Give oauth.clientId, oauth.idpTokenEndpoint, oauth.idpClientId and oauth.idToken, or set "
                                   "oauth.grant to browser."));
    }
    return {};
}

} // namespace

/// The tokens of one connection.
class UpstreamSignIns::Source final : public upstream::TokenSource {
public:
    Source(UpstreamSignIns& owner, config::Server server) : m_owner(owner), m_server(std::move(server))
    {
        ++m_owner.entryOf(m_server.name).sources;
    }
    ~Source() override
    {
        --m_owner.entryOf(m_server.name).sources;
        m_owner.drop(m_server.name);
    }

    Ticket token(Done done) override
    {
        // A keychain may be asking the user for its password; a server that wants no token does not wait for that.
        const auto asked = m_owner.m_dependencies.store.isReady()
                               ? m_owner.protectedServer(m_server)
                               : fail(ErrorCode::NotFound, QStringLiteral("what is kept cannot be read yet"), m_server.name);
        if (!asked)
            return answerLater(fail(asked.error()), std::move(done));
        return m_owner.m_client.token(*asked, [done = std::move(done)](const Result<oauth::AccessToken>& token) {
            done(token ? Result<QByteArray>(token->value) : fail(token.error()));
        });
    }

    Ticket tokenAfter(const upstream::TokenRefusal& refusal, Done done) override
    {
        const auto asked = m_owner.protectedServer(m_server);
        if (!asked)
            return answerLater(fail(asked.error()), std::move(done));
        return m_owner.m_client.authorize(
            *asked, denialOf(refusal, m_owner.m_settings.interactive),
            [owner = &m_owner, name = m_server.name, refusal, done = std::move(done)](const Result<oauth::AccessToken>& token) {
                if (token) {
                    done(token->value);
                    return;
                }
                owner->refused(name, refusal, token.error());
                done(fail(token.error()));
            });
    }

    void cancel(Ticket ticket) override
    {
        if (m_answers.erase(ticket) == 0)
            m_owner.m_client.cancel(ticket);
    }

    void accepted() override
    {
        m_owner.m_client.accepted(QUrl(m_server.url));
        Entry& entry = m_owner.entryOf(m_server.name);
        entry.refusal.reset();
        if (entry.ticket == 0)
            m_owner.setState(m_server.name, State::SignedIn);
    }

private:
    /// For what the client need not be asked. Its own tickets never come so far.
    static constexpr Ticket kOwnTickets = Ticket(1) << 63U;

    Ticket answerLater(const Result<QByteArray>& answer, Done done)
    {
        const Ticket ticket = kOwnTickets | ++m_lastAnswer;
        QObject* const here = m_answers.emplace(ticket, std::make_unique<QObject>()).first->second.get();
        QMetaObject::invokeMethod(
            here,
            [this, ticket, answer, done = std::move(done)] {
                m_answers.extract(ticket).mapped().release()->deleteLater();
                done(answer);
            },
            Qt::QueuedConnection);
        return ticket;
    }

    UpstreamSignIns& m_owner;
    const config::Server m_server;
    std::map<Ticket, std::unique_ptr<QObject>> m_answers; ///< under way, each bound to its object
    Ticket m_lastAnswer = 0;
};

UpstreamSignIns::UpstreamSignIns(Dependencies dependencies, Settings settings, QObject* parent)
    : QObject(parent),
      m_dependencies(std::move(dependencies)),
      m_settings(std::move(settings)),
      m_client({m_dependencies.clock, m_dependencies.random, m_dependencies.store, m_dependencies.openBrowser}, m_settings.client)
{
    connect(&m_client, &oauth::OAuthClient::userAwaited, this, [this](const QString& server, const QUrl& url) {
        setState(server, State::Awaited, QStringLiteral("waiting for you in the browser"), url);
        Q_EMIT userAwaited(server, url);
    });
    connect(&m_client, &oauth::OAuthClient::userDone, this, [this](const QString& server) {
        const auto found = m_entries.find(server);
        if (found != m_entries.end() && found->second.status.state == State::Awaited)
            setState(server, State::Running, QStringLiteral("fetching the token"));
    });
    connect(&m_client, &oauth::OAuthClient::noted, this, &UpstreamSignIns::noted);
}

UpstreamSignIns::~UpstreamSignIns() = default;

Status UpstreamSignIns::canSignIn(const config::Server& server)
{
    if (server.transport == config::ServerTransport::Stdio) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("a server on stdio is not signed in to"), server.name,
                    QStringLiteral("Give it its credentials in env, for example as ${vault:name}."));
    }
    if (!server.oauth.enabled) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("signing in is switched off for this server"), server.name,
                    QStringLiteral("Set oauth.enabled to true first."));
    }
    const bool own = std::any_of(server.headers.cbegin(), server.headers.cend(), [](const auto& header) {
        return header.first.compare(QLatin1String("Authorization"), Qt::CaseInsensitive) == 0;
    });
    if (own) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("this server has an Authorization header in its configuration"),
                    server.name, QStringLiteral("Remove it to sign in instead."));
    }
    return {};
}

Result<oauth::ProtectedServer> UpstreamSignIns::protectedServer(const config::Server& server) const
{
    oauth::ProtectedServer asked;
    asked.name = server.name;
    asked.url = QUrl(server.url, QUrl::StrictMode);
    asked.scopes = oauth::splitScopes(server.oauth.scopes.toUtf8());
    asked.redirectPort = static_cast<quint16>(server.oauth.callbackPort);
    if (const Status complete = hasCredentials(server); !complete)
        return fail(complete.error());
    if (server.oauth.clientId.isEmpty())
        return asked;
    oauth::ClientIdentity client;
    client.unattended = server.oauth.grant != config::OAuthGrant::Browser;
    client.origin = oauth::ClientIdentity::Origin::Preregistered;
    if (const Status known = expand({{server.oauth.clientId, &client.id},
                                     {server.oauth.clientSecret, &client.secret},
                                     {server.oauth.privateKey, &client.privateKey}});
        !known)
        return fail(known.error());
    if (server.oauth.grant == config::OAuthGrant::Enterprise) {
        auto provider = identityProvider(server);
        if (!provider)
            return fail(provider.error());
        client.provider = *std::move(provider);
    }
    asked.client = std::move(client);
    return asked;
}

Result<oauth::IdentityProvider> UpstreamSignIns::identityProvider(const config::Server& server) const
{
    oauth::IdentityProvider provider;
    QByteArray endpoint;
    if (const Status known = expand({{server.oauth.idpTokenEndpoint, &endpoint},
                                     {server.oauth.idpClientId, &provider.clientId},
                                     {server.oauth.idpClientSecret, &provider.clientSecret},
                                     {server.oauth.idToken, &provider.idToken}});
        !known)
        return fail(known.error());
    const auto url = oauth::checkedUrl(endpoint, oauth::Reach::Loopback, QStringLiteral("oauth.idpTokenEndpoint"));
    if (!url)
        return fail(url.error());
    provider.tokenEndpoint = *url;
    provider.idToken = provider.idToken.trimmed();
    return provider;
}

Status UpstreamSignIns::expand(std::initializer_list<std::pair<const QString&, QByteArray*>> texts) const
{
    for (const auto& [text, target] : texts) {
        const Result<QString> value = m_dependencies.expandSecrets ? m_dependencies.expandSecrets(text) : Result<QString>(text);
        if (!value)
            return fail(value.error());
        *target = value->toUtf8();
    }
    return {};
}

std::unique_ptr<upstream::TokenSource> UpstreamSignIns::sourceFor(const config::Server& server)
{
    return canSignIn(server) ? std::make_unique<Source>(*this, server) : nullptr;
}

UpstreamSignIns::Entry& UpstreamSignIns::entryOf(const QString& server)
{
    Entry& entry = m_entries[server];
    entry.status.server = server;
    return entry;
}

void UpstreamSignIns::drop(const QString& server)
{
    const auto found = m_entries.find(server);
    if (found == m_entries.end() || found->second.sources > 0 || found->second.ticket != 0)
        return;
    m_entries.erase(found);
    Q_EMIT changed();
}

void UpstreamSignIns::setState(const QString& server, State state, const QString& text, const QUrl& url)
{
    SignInStatus& status = entryOf(server).status;
    if (status.state == state && status.text == text && status.url == url)
        return;
    status.state = state;
    status.text = text;
    status.url = url;
    Q_EMIT changed();
}

void UpstreamSignIns::refused(const QString& server, const upstream::TokenRefusal& refusal, const Error& error)
{
    Entry& entry = entryOf(server);
    entry.refusal = refusal;
    if (entry.ticket == 0 && !isPassing(error))
        setState(server, State::Needed, error.message);
}

void UpstreamSignIns::signIn(const config::Server& server, Done done)
{
    const Status possible = canSignIn(server);
    const auto asked = possible ? protectedServer(server) : fail(possible.error());
    if (!asked) {
        QMetaObject::invokeMethod(
            this, [done = std::move(done), error = asked.error()] { done(fail(error)); }, Qt::QueuedConnection);
        return;
    }
    Entry& entry = entryOf(server.name);
    entry.waiting.push_back(std::move(done));
    if (entry.ticket != 0)
        return;
    const upstream::TokenRefusal refusal = entry.refusal.value_or(upstream::TokenRefusal());
    entry.ticket =
        m_client.authorize(*asked, denialOf(refusal, true), [this, name = server.name](const Result<oauth::AccessToken>& token) {
            finish(name, token ? Status() : Status(fail(token.error())));
        });
    setState(server.name, State::Running, QStringLiteral("signing in"));
}

void UpstreamSignIns::finish(const QString& server, const Status& outcome)
{
    const QPointer<UpstreamSignIns> alive(this);
    Entry& entry = entryOf(server);
    entry.ticket = 0;
    const std::vector<Done> waiting = std::exchange(entry.waiting, {});
    if (outcome) {
        entry.refusal.reset();
        setState(server, State::SignedIn);
        Q_EMIT signedIn(server);
    } else {
        setState(server, entry.refusal || entry.status.state == State::Needed ? State::Needed : State::Unknown,
                 outcome.error().message);
    }
    for (const Done& done : waiting) {
        done(outcome);
        if (!alive)
            return;
    }
    drop(server);
}

void UpstreamSignIns::cancel(const QString& server)
{
    const auto found = m_entries.find(server);
    if (found == m_entries.end() || found->second.ticket == 0)
        return;
    m_client.cancel(found->second.ticket);
    finish(server, fail(ErrorCode::Cancelled, QStringLiteral("the sign-in was given up"), server));
}

void UpstreamSignIns::signOut(const config::Server& server)
{
    oauth::ProtectedServer known;
    known.name = server.name;
    known.url = QUrl(server.url, QUrl::StrictMode);
    m_client.signOut(known);
    const auto found = m_entries.find(server.name);
    if (found != m_entries.end()) {
        found->second.refusal.reset();
        setState(server.name, State::Unknown, QStringLiteral("signed out"));
    }
}

QList<SignInStatus> UpstreamSignIns::statuses() const
{
    QList<SignInStatus> list;
    for (const auto& [server, entry] : m_entries)
        list.append(entry.status);
    return list;
}

} // namespace oriel::service
