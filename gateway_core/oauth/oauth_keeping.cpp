// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_writer.h"
#include "oauth/oauth_session.h"

#include <QPointer>

// What OAuthClient keeps beyond the process: which authorization server a server used last, and under both names the tokens and
// the client registration.
namespace oriel::oauth {

void OAuthClient::read(const Session& session, const QString& name, std::function<void(Session&, Result<QByteArray>)> use)
{
    m_deps.store.read(name, [alive = QPointer<OAuthClient>(this), resource = session.resource,
                             use = std::move(use)](const Result<QByteArray>& value) {
        if (!alive)
            return;
        Session& where = *alive->m_sessions.at(resource);
        if (!value && value.error().code != ErrorCode::NotFound) {
            Q_EMIT alive->noted(where.name, QStringLiteral("the kept sign-in cannot be read: %1").arg(value.error().message));
            if (!alive)
                return;
        }
        use(where, value);
    });
}

void OAuthClient::load(Session& session)
{
    if (session.loading == Session::Loading::Done)
        return serveLater(session);
    if (session.loading == Session::Loading::Running)
        return;
    session.loading = Session::Loading::Running;
    read(session, issuerName(session.resource), [this](Session& where, const Result<QByteArray>& value) {
        if (!value)
            return loaded(where);
        loadToken(where, *value);
    });
}

void OAuthClient::loadToken(Session& session, const QByteArray& record)
{
    json::Document document;
    if (!document.parse(record, {.maxDepth = 8}))
        return loaded(session);
    const QByteArray issuer = document.root().find("issuer").asUtf8();
    session.boundClient = document.root().find("client_id").asUtf8();
    session.boundIssuer = document.root().find("client_issuer").asUtf8();
    read(session, tokenName(session.resource, issuer), [this, issuer](Session& where, const Result<QByteArray>& value) {
        if (auto tokens = value ? TokenSet::fromJson(*value) : Result<TokenSet>(fail(value.error()));
            tokens && tokens->issuer == issuer && resourceCovers(QUrl::fromEncoded(tokens->resource), where.url))
            where.tokens = *std::move(tokens);
        read(where, clientName(where.resource, issuer), [this, issuer](Session& there, const Result<QByteArray>& text) {
            if (auto client = text ? ClientIdentity::fromJson(*text) : Result<ClientIdentity>(fail(text.error()));
                client && client->issuer == issuer)
                there.registered = *std::move(client);
            loaded(there);
        });
    });
}

void OAuthClient::loaded(Session& session)
{
    session.loading = Session::Loading::Done;
    if (session.forgetOnceLoaded)
        forget(session);
    serveLater(session);
}

void OAuthClient::keep(Session& session, TokenSet tokens)
{
    const bool otherIssuer = session.tokens && session.tokens->issuer != tokens.issuer;
    if (otherIssuer) {
        remove(session, tokenName(session.resource, session.tokens->issuer));
        remove(session, clientName(session.resource, session.tokens->issuer));
    }
    if (session.preregistered && session.preregistered->id == tokens.clientId) {
        session.boundClient = tokens.clientId;
        session.boundIssuer = tokens.issuer;
    }
    session.tokens = std::move(tokens);
    const QByteArray& issuer = session.tokens->issuer;
    write(session, tokenName(session.resource, issuer), session.tokens->toJson());
    if (session.registered && session.registered->id == session.tokens->clientId && session.registered->issuer == issuer)
        write(session, clientName(session.resource, issuer), session.registered->toJson());
    writeRecord(session);
}

void OAuthClient::forget(Session& session)
{
    session.forgetOnceLoaded = false;
    for (const QByteArray& issuer : {session.tokens ? session.tokens->issuer : QByteArray(),
                                     session.registered ? session.registered->issuer : QByteArray()}) {
        if (issuer.isEmpty())
            continue;
        remove(session, tokenName(session.resource, issuer));
        remove(session, clientName(session.resource, issuer));
    }
    session.tokens.reset();
    session.registered.reset();
    session.denials = 0;
    session.deniedToken.clear();
    session.renewed = false;
    // A client that was bound to an authorization server stays bound; that is for the user's safety, not a secret.
    if (session.boundClient.isEmpty())
        remove(session, issuerName(session.resource));
    else
        writeRecord(session);
}

void OAuthClient::writeRecord(const Session& session)
{
    json::Writer writer;
    writer.beginObject().member("issuer", session.tokens ? session.tokens->issuer : QByteArray());
    if (!session.boundClient.isEmpty())
        writer.member("client_id", session.boundClient).member("client_issuer", session.boundIssuer);
    write(session, issuerName(session.resource), writer.endObject().take());
}

void OAuthClient::write(const Session& session, const QString& name, const QByteArray& value)
{
    m_deps.store.write(name, value, [alive = QPointer<OAuthClient>(this), server = session.name](const Status& done) {
        if (alive && !done)
            Q_EMIT alive->noted(
                server,
                QStringLiteral("the sign-in lasts for this session only, it could not be kept: %1").arg(done.error().message));
    });
}

void OAuthClient::remove(const Session& session, const QString& name)
{
    m_deps.store.remove(name, [alive = QPointer<OAuthClient>(this), server = session.name](const Status& done) {
        if (alive && !done)
            Q_EMIT alive->noted(server, QStringLiteral("an old sign-in could not be removed: %1").arg(done.error().message));
    });
}

} // namespace oriel::oauth
