// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "oauth/authorization_flow.h"
#include "oauth/credential_store.h"

#include <QHostAddress>
#include <QObject>
#include <QUrl>

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace oriel::oauth {

/// One MCP server, as far as signing in goes. `url` names it: two servers of the same URL share a sign-in.
struct ProtectedServer {
    QString name; ///< for messages
    QUrl url;
    /// A client id that the user has got from the authorization server; its `issuer` may be empty and is then bound to the first
    /// authorization server it is used with.
    std::optional<ClientIdentity> client;
    QStringList scopes = {};  ///< the user's choice instead of what the server suggests; empty: none
    quint16 redirectPort = 0; ///< that the client id is registered with; 0: any
};

/// The refusal that makes a token necessary.
struct Denial {
    int status = 401;        ///< 401 or 403
    QByteArray authenticate; ///< WWW-Authenticate as received; may be empty
    QByteArray usedToken;    ///< the token that was sent; empty when none was
    QHostAddress peer;       ///< the address that answered, when known: decides whether private addresses may be asked
    bool interactive = true; ///< the user may be sent to the browser
};

/// Upstream OAuth 2.1 for MCP servers reached over HTTP (MCP 2026-07-28, basic/authorization; the fixed endpoints of 2025-03-26).
/// Gives access tokens, keeps them, renews them; at most one flow per server runs, and everybody who asks meanwhile shares its
/// outcome. A token is given out only for the server that it was issued for. Tokens of Oriel's own clients never come here.
///
/// Lives on one thread with an event loop, usually the gateway's; nothing blocks. Destroying it drops every callback.
class OAuthClient : public QObject {
    Q_OBJECT
public:
    struct Settings {
        FlowSettings flow;
        QUrl clientMetadataDocument; ///< https with a path, published by the vendor; empty: none
        int maxDenialsInARow = 2;    ///< answered by getting another token; then the user is told instead
        std::chrono::milliseconds denialWindow{600'000};
    };
    struct Deps {
        const Clock& clock;
        Random& random;
        CredentialStore& store;
        /// Opens an address in the user's browser, without a shell; false when that failed. May be null (headless): the address
        /// is announced by userAwaited() in any case.
        std::function<bool(const QUrl&)> openBrowser;
    };
    using Done = std::function<void(Result<AccessToken>)>;
    /// Names one question; 0 is none.
    using Ticket = quint64;

    OAuthClient(Deps deps, Settings settings, QObject* parent = nullptr);
    ~OAuthClient() override;

    /// The token to begin with: what is kept, renewed if it is about to end. NotFound when nothing is kept; never asks the user.
    Ticket token(const ProtectedServer& server, Done done);
    /// A token after a refusal: the present one if the refused one is older, else renewed, else by signing in.
    /// Unauthenticated: not interactive, or the server goes on refusing. Cancelled: declined by the user, or signed out
    /// meanwhile.
    Ticket authorize(const ProtectedServer& server, const Denial& denial, Done done);
    /// No callback follows. A flow that nobody waits for any more is ended.
    void cancel(Ticket ticket);
    /// The server has taken a token: the count of refusals begins anew.
    void accepted(const QUrl& server);
    /// Forgets tokens and registration of the server and ends its flow; waiting callbacks get Cancelled.
    void signOut(const ProtectedServer& server);

    /// The store can tell more than before: what was not found there is looked for again when it is next asked for.
    void storeChanged();

    /// Flows running now.
    [[nodiscard]] int activeFlows() const;

Q_SIGNALS:
    /// The user is awaited in the browser at this address; show it where no browser was opened. Not for logs.
    void userAwaited(const QString& server, const QUrl& authorizationUrl);
    /// Nobody is awaited any more.
    void userDone(const QString& server);
    /// What is being done or went wrong without ending a flow; one sentence without secrets, for the log and the console.
    void noted(const QString& server, const QString& text);

private:
    struct Question;
    struct Session;

    Ticket ask(const ProtectedServer& server, std::optional<Denial> denial, Done done);
    void load(Session& session);
    void loadToken(Session& session, const QByteArray& record);
    void loaded(Session& session);
    void read(const Session& session, const QString& name, std::function<void(Session&, Result<QByteArray>)> use);
    void serveLater(const Session& session);
    void serve(Session& session);
    [[nodiscard]] std::optional<Result<AccessToken>> atHand(Session& session, const Question& question) const;
    [[nodiscard]] std::optional<Error> refusesToGoOn(Session& session, const Question& question) const;
    void startFlow(Session& session, const Question& question);
    void flowEnded(Session& session, AuthorizationFlow::Outcome outcome);
    void keep(Session& session, TokenSet tokens);
    void endFlow(Session& session);
    /// Takes the question away and calls back; false when this client was destroyed by that.
    bool answer(Session& session, Ticket ticket, const Result<AccessToken>& result);
    void forget(Session& session);
    void write(const Session& session, const QString& name, const QByteArray& value);
    void remove(const Session& session, const QString& name);
    void writeRecord(const Session& session);
    [[nodiscard]] ClientChoices choicesOf(const Session& session) const;

    const Deps m_deps;
    const Settings m_settings;
    std::map<QByteArray, std::unique_ptr<Session>> m_sessions; ///< by canonical resource
    Ticket m_lastTicket = 0;
};

} // namespace oriel::oauth
