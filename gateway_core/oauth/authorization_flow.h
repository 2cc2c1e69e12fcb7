// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/random.h"
#include "oauth/authorization_request.h"
#include "oauth/discovery.h"
#include "oauth/pkce.h"
#include "oauth/redirect_listener.h"
#include "oauth/token_set.h"

#include <QObject>
#include <QSslConfiguration>
#include <QTimer>

#include <functional>
#include <memory>
#include <optional>

namespace oriel::oauth {

struct FlowSettings {
    FetchLimits fetch;
    std::chrono::milliseconds signIn{300'000}; ///< for the user in the browser
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    quint16 redirectPort = 0; ///< preferred; 0: any
};

struct FlowRequest {
    QString name; ///< of the server, for messages
    QUrl server;
    BearerChallenge challenge;
    Reach reach = Reach::Public;
    bool stepUp = false;      ///< 403 insufficient_scope
    bool mayRefresh = false;  ///< a held refresh token is tried before the user is asked
    bool interactive = false; ///< the user may be sent to the browser
    std::optional<TokenSet> held;
    std::optional<ClientIdentity> registered; ///< by an earlier flow
    ClientChoices choices;
    QStringList scopes;       ///< chosen by the user; empty: none
    quint16 redirectPort = 0; ///< that has to be had; 0: any
};

struct FlowFailure {
    Error error;
    bool refreshTokenDead = false;
    bool clientDead = false; ///< the registration is not to be used again
};

/// One way from a refusal to a token: discovery, client, browser, token request; or the renewal of a token. Runs once, on its
/// owner's thread; destroying it cancels everything. `done` is called once, later, and may destroy the flow.
class AuthorizationFlow : public QObject {
    Q_OBJECT
public:
    struct Deps {
        const Clock& clock;
        Random& random;
        std::function<bool(const QUrl&)> openBrowser; ///< may be null; the address is announced in any case
        QObject* owner;                               ///< outlives the flow; a listener's last answer is left to it
    };
    using Outcome = tl::expected<TokenSet, FlowFailure>;
    using Done = std::function<void(Outcome)>;

    AuthorizationFlow(Deps deps, FlowSettings settings, FlowRequest request);
    ~AuthorizationFlow() override;

    /// Signs in, by a refresh token where that is allowed and works.
    void start(Done done);
    /// Renews `held` and nothing else.
    void startRefresh(Done done);
    /// Ends everything at once; `done` is not called.
    void abandon();
    /// The token came from a refresh token, not from the user.
    [[nodiscard]] bool hasRenewed() const { return m_renewed; }

Q_SIGNALS:
    /// A client was registered, or taken up again; worth keeping even if the sign-in fails.
    void clientRegistered(const oriel::oauth::ClientIdentity& client);
    /// The user is awaited at this address, which holds no secret but the state.
    void userAwaited(const QUrl& authorizationUrl);
    /// What is being done, for the log and the console; never with secrets.
    void progressed(const QString& text);

private:
    void discovered(Result<Discovered> result);
    [[nodiscard]] bool canRefresh() const;
    void refresh();
    void refreshed(const Result<FetchAnswer>& answer, const QList<QByteArray>& secrets);
    void askUser();
    void openListener();
    void registerClient();
    void openBrowser();
    void redirected(const QByteArray& query);
    void exchange(const QByteArray& code);
    void signInUnattended();
    void askIdentityProvider(TokenAuth method);
    void presentAssertion(TokenAuth method, const QByteArray& assertion);
    /// Signs what private_key_jwt wants into `client`; nothing for other methods.
    [[nodiscard]] Status prove(ClientIdentity& client, TokenAuth method, const QByteArray& issuer);
    void fetchToken(const TokenRequest& request, TokenAuth method, const QList<QByteArray>& secrets);
    [[nodiscard]] bool isUnattended() const;
    [[nodiscard]] std::optional<ClientIdentity> heldClient() const;
    [[nodiscard]] QStringList wantedScopes() const;
    [[nodiscard]] QString serverName() const;
    void finish(Outcome outcome);
    void failWith(Error error, bool clientDead = false);

    const Deps m_deps;
    const FlowSettings m_settings;
    FlowRequest m_request;
    Fetcher m_fetcher;
    std::unique_ptr<Fetcher> m_providerFetcher;
    std::unique_ptr<Discovery> m_discovery;
    std::unique_ptr<RedirectListener> m_listener;
    QTimer m_userDeadline;
    Discovered m_found;
    ClientIdentity m_client;
    QStringList m_scopes;
    Pkce m_pkce;
    QByteArray m_redirectUri;
    bool m_refreshOnly = false;
    bool m_renewed = false;
    bool m_refreshTokenDead = false;
    Done m_done;
};

} // namespace oriel::oauth
