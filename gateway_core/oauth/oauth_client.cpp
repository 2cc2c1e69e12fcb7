// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/oauth_client.h"

#include "oauth/oauth_session.h"
#include "oauth/scopes.h"

#include <QPointer>

#include <algorithm>

namespace oriel::oauth {

OAuthClient::OAuthClient(Deps deps, Settings settings, QObject* parent)
    : QObject(parent),
      m_deps(std::move(deps)),
      m_settings(std::move(settings))
{}

OAuthClient::~OAuthClient() = default;

OAuthClient::Ticket OAuthClient::token(const ProtectedServer& server, Done done)
{
    return ask(server, std::nullopt, std::move(done));
}

OAuthClient::Ticket OAuthClient::authorize(const ProtectedServer& server, const Denial& denial, Done done)
{
    return ask(server, denial, std::move(done));
}

OAuthClient::Ticket OAuthClient::ask(const ProtectedServer& server, std::optional<Denial> denial, Done done)
{
    QUrl url = server.url;
    url.setFragment({});
    const QByteArray resource = canonicalResource(url);
    std::unique_ptr<Session>& entry = m_sessions[resource];
    if (!entry) {
        entry = std::make_unique<Session>();
        entry->resource = resource;
        entry->url = url;
    }
    Session& session = *entry;
    session.name = server.name;
    session.preregistered = server.client;
    session.scopes = server.scopes;
    session.redirectPort = server.redirectPort;
    session.questions.push_back({++m_lastTicket, std::move(denial), std::move(done)});
    load(session);
    return m_lastTicket;
}

void OAuthClient::cancel(Ticket ticket)
{
    for (auto& [resource, session] : m_sessions) {
        const auto found = std::find_if(session->questions.begin(), session->questions.end(),
                                        [ticket](const Question& question) { return question.ticket == ticket; });
        if (found == session->questions.end())
            continue;
        session->questions.erase(found);
        if (session->questions.empty())
            endFlow(*session);
        return;
    }
}

void OAuthClient::accepted(const QUrl& server)
{
    QUrl url = server;
    url.setFragment({});
    const auto found = m_sessions.find(canonicalResource(url));
    if (found != m_sessions.end()) {
        found->second->denials = 0;
        found->second->deniedToken.clear();
        found->second->renewed = false;
    }
}

void OAuthClient::signOut(const ProtectedServer& server)
{
    const QPointer<OAuthClient> alive(this);
    const Ticket upTo = m_lastTicket;
    const Ticket own = ask(server, std::nullopt, [](const Result<AccessToken>&) {});
    Session& session = *m_sessions.at(canonicalResource(server.url.adjusted(QUrl::RemoveFragment)));
    endFlow(session);
    session.forgetOnceLoaded = true;
    const Error error{ErrorCode::Cancelled, QStringLiteral("signed out"), session.name, {}};
    while (true) {
        const auto next = std::find_if(session.questions.begin(), session.questions.end(),
                                       [upTo](const Question& question) { return question.ticket <= upTo; });
        if (next == session.questions.end() || !answer(session, next->ticket, fail(error)))
            break;
    }
    if (!alive)
        return;
    cancel(own);
    if (session.loading == Session::Loading::Done)
        forget(session);
}

void OAuthClient::storeChanged()
{
    for (auto& [resource, session] : m_sessions) {
        if (!session->tokens && !session->flow && session->loading == Session::Loading::Done)
            session->loading = Session::Loading::No;
    }
}

int OAuthClient::activeFlows() const
{
    return static_cast<int>(
        std::count_if(m_sessions.begin(), m_sessions.end(), [](const auto& entry) { return entry.second->flow != nullptr; }));
}

void OAuthClient::serveLater(const Session& session)
{
    QMetaObject::invokeMethod(
        this, [this, resource = session.resource] { serve(*m_sessions.at(resource)); }, Qt::QueuedConnection);
}

void OAuthClient::serve(Session& session)
{
    // While something runs, whoever asks shares its outcome.
    if (session.flow || session.loading != Session::Loading::Done)
        return;
    const Ticket upTo = m_lastTicket;
    while (!session.flow && !session.questions.empty() && session.questions.front().ticket <= upTo) {
        const Question& question = session.questions.front();
        std::optional<Result<AccessToken>> result = atHand(session, question);
        if (!result) {
            if (auto error = refusesToGoOn(session, question))
                result = fail(*std::move(error));
        }
        if (!result)
            return startFlow(session, question);
        if (!answer(session, question.ticket, *result))
            return;
    }
}

std::optional<Result<AccessToken>> OAuthClient::atHand(Session& session, const Question& question) const
{
    const Result<QUrl> url = checkedUrl(session.url, Reach::Loopback, QStringLiteral("the server's address"));
    if (!url)
        return fail(url.error());
    const std::int64_t now = m_deps.clock.unixNs();
    const auto& tokens = session.tokens;
    const bool renewable = tokens && !tokens->refreshToken.isEmpty();
    const bool fresh = tokens && (renewable ? !tokens->isDue(now) : !tokens->isExpired(now));
    if (!question.denial) {
        if (fresh)
            return tokens->access();
        if (renewable)
            return std::nullopt;
        return fail(ErrorCode::NotFound, QStringLiteral("nobody has signed in to this server yet"), session.name);
    }
    const Denial& denial = *question.denial;
    if (!fresh || tokens->accessToken == denial.usedToken)
        return std::nullopt;
    const BearerChallenge challenge = bearerChallenge(denial.authenticate);
    if (challenge.wantsMoreScope() && !coversScopes(tokens->scopes, challenge.scopes))
        return std::nullopt;
    return tokens->access();
}

std::optional<Error> OAuthClient::refusesToGoOn(Session& session, const Question& question) const
{
    if (!question.denial)
        return std::nullopt;
    const Denial& denial = *question.denial;
    if (denial.status == 403 && !bearerChallenge(denial.authenticate).wantsMoreScope()) {
        return Error{ErrorCode::PermissionDenied,
                     QStringLiteral("the server forbids this (HTTP 403) and asks for no other token"), session.name,
                     QStringLiteral("Check what your account may do there, or sign out and in with another.")};
    }
    if (denial.usedToken.isEmpty() || denial.usedToken == session.deniedToken)
        return std::nullopt;
    const std::int64_t now = m_deps.clock.monotonicNs();
    const std::int64_t window = std::chrono::nanoseconds(m_settings.denialWindow).count();
    if (session.denials == 0 || now - session.firstDenialNs > window) {
        session.denials = 0;
        session.firstDenialNs = now;
    }
    if (session.denials >= m_settings.maxDenialsInARow) {
        return Error{
            ErrorCode::Unauthenticated,
            QStringLiteral("the server has refused %1 tokens in a row that it had just asked for").arg(session.denials + 1),
            session.name,
            QStringLiteral("Check what your account may do there, then sign out and in again; the server may be misconfigured.")};
    }
    ++session.denials;
    session.deniedToken = denial.usedToken;
    return std::nullopt;
}

ClientChoices OAuthClient::choicesOf(const Session& session) const
{
    ClientChoices choices{session.preregistered, m_settings.clientMetadataDocument};
    if (choices.preregistered && choices.preregistered->issuer.isEmpty() && choices.preregistered->id == session.boundClient)
        choices.preregistered->issuer = session.boundIssuer;
    return choices;
}

void OAuthClient::startFlow(Session& session, const Question& question)
{
    FlowRequest request;
    request.name = session.name;
    request.server = session.url;
    request.reach = reachOf(session.url);
    request.held = session.tokens;
    request.registered = session.registered;
    request.choices = choicesOf(session);
    request.scopes = session.scopes;
    request.redirectPort = session.redirectPort;
    const bool refreshOnly = !question.denial;
    if (refreshOnly) {
        request.reach = std::max(request.reach, session.tokens->reach);
    } else {
        const Denial& denial = *question.denial;
        if (!denial.peer.isNull())
            request.reach = std::max(request.reach, reachOf(denial.peer));
        request.challenge = bearerChallenge(denial.authenticate);
        request.stepUp = request.challenge.wantsMoreScope();
        // A token that was renewed just now and is refused again needs the user, not another renewal.
        request.mayRefresh = !(session.renewed && session.tokens && session.tokens->accessToken == denial.usedToken);
        request.interactive = denial.interactive;
    }
    session.refreshOnly = refreshOnly;
    session.interactive = request.interactive;
    session.flow = std::make_unique<AuthorizationFlow>(
        AuthorizationFlow::Deps{m_deps.clock, m_deps.random, m_deps.openBrowser, this}, m_settings.flow, std::move(request));
    AuthorizationFlow* const flow = session.flow.get();
    Session* const where = &session; // sessions live as long as this client
    connect(flow, &AuthorizationFlow::clientRegistered, this,
            [where](const ClientIdentity& client) { where->registered = client; });
    // Queued: whoever listens may end the flow.
    connect(
        flow, &AuthorizationFlow::progressed, this, [this, where](const QString& text) { Q_EMIT noted(where->name, text); },
        Qt::QueuedConnection);
    connect(
        flow, &AuthorizationFlow::userAwaited, this,
        [this, where, flow](const QUrl& url) {
            if (where->flow.get() != flow)
                return;
            where->userAwaited = true;
            Q_EMIT userAwaited(where->name, url);
        },
        Qt::QueuedConnection);
    const auto done = [this, where](AuthorizationFlow::Outcome outcome) { flowEnded(*where, std::move(outcome)); };
    if (refreshOnly)
        flow->startRefresh(done);
    else
        flow->start(done);
}

void OAuthClient::endFlow(Session& session)
{
    if (!session.flow)
        return;
    AuthorizationFlow* const flow = session.flow.release();
    flow->abandon();
    flow->setParent(this);
    flow->deleteLater();
    if (std::exchange(session.userAwaited, false))
        Q_EMIT userDone(session.name);
}

void OAuthClient::flowEnded(Session& session, AuthorizationFlow::Outcome outcome)
{
    const QPointer<OAuthClient> alive(this);
    const bool renewed = session.flow->hasRenewed();
    const Ticket upTo = m_lastTicket;
    if (outcome) {
        session.renewed = renewed;
        keep(session, *outcome);
    } else {
        const FlowFailure& failure = outcome.error();
        if (failure.refreshTokenDead && session.tokens) {
            session.tokens->refreshToken.clear();
            write(session, tokenName(session.resource, session.tokens->issuer), session.tokens->toJson());
        }
        if (failure.clientDead && session.registered) {
            remove(session, clientName(session.resource, session.registered->issuer));
            session.registered.reset();
        }
    }
    endFlow(session);
    const std::int64_t now = m_deps.clock.unixNs();
    while (alive) {
        const auto next = std::find_if(session.questions.begin(), session.questions.end(), [&](const Question& question) {
            if (question.ticket > upTo)
                return false;
            // A failed attempt without the user does not speak for those who would have asked the user.
            const bool wantsMore =
                question.denial && (session.refreshOnly || (question.denial->interactive && !session.interactive));
            return outcome.has_value() || !wantsMore;
        });
        if (next == session.questions.end())
            break;
        if (outcome) {
            answer(session, next->ticket, outcome->access());
            continue;
        }
        const bool stillGood = !next->denial && session.tokens && !session.tokens->isExpired(now);
        answer(session, next->ticket,
               stillGood ? Result<AccessToken>(session.tokens->access()) : Result<AccessToken>(fail(outcome.error().error)));
    }
    if (alive)
        serveLater(session);
}

bool OAuthClient::answer(Session& session, Ticket ticket, const Result<AccessToken>& result)
{
    const auto found = std::find_if(session.questions.begin(), session.questions.end(),
                                    [ticket](const Question& question) { return question.ticket == ticket; });
    const Done done = std::move(found->done);
    session.questions.erase(found);
    const QPointer<OAuthClient> alive(this);
    done(result);
    return !alive.isNull();
}

} // namespace oriel::oauth
