// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"
#include "oauth/oauth_client.h"
#include "upstream/token_source.h"

#include <QObject>
#include <QString>
#include <QUrl>

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <utility>

namespace oriel::service {

/// How signing in to one server stands, as a value for any thread.
struct SignInStatus {
    enum class State : quint8 {
        Unknown,  ///< it has not asked for a token
        Needed,   ///< it has, and none can be had without the user
        Awaited,  ///< the user is awaited in the browser at `url`
        Running,  ///< a sign-in is under way, and the user is not needed just now
        SignedIn, ///< it took a token
    };
    QString server;
    State state = State::Unknown;
    QUrl url;     ///< Awaited only. Not for logs
    QString text; ///< one sentence: why it is needed, what is being done
};

/// Signing in to servers over HTTP (G12): one oauth::OAuthClient for all of them, and a token source for each connection. What
/// servers ask for in the background never leads to the browser; that takes signIn(), or `interactive`.
///
/// Lives on the gateway thread and outlives the connections.
class UpstreamSignIns final : public QObject {
    Q_OBJECT
public:
    struct Dependencies {
        const Clock& clock;
        Random& random;
        oauth::CredentialStore& store;
        std::function<Result<QString>(const QString&)> expandSecrets; ///< ${vault:name} and ${VAR}; null: texts stand as they are
        std::function<bool(const QUrl&)> openBrowser;                 ///< may be null: userAwaited() tells the address
    };
    struct Settings {
        oauth::OAuthClient::Settings client;
        bool interactive = false; ///< refusals in the background may ask the user too
    };
    using Done = std::function<void(Status)>;

    UpstreamSignIns(Dependencies dependencies, Settings settings, QObject* parent = nullptr);
    ~UpstreamSignIns() override;

    /// OK, or why this server is not signed in to: it runs on stdio, signing in is off, it has an Authorization header.
    [[nodiscard]] static Status canSignIn(const config::Server& server);
    /// For one connection; null where canSignIn() says no.
    [[nodiscard]] std::unique_ptr<upstream::TokenSource> sourceFor(const config::Server& server);

    /// Signs in, with the user. Who asks while it runs shares its outcome; `done` runs once, later.
    void signIn(const config::Server& server, Done done);
    /// Ends what signIn() began; `done` gets Cancelled.
    void cancel(const QString& server);
    /// Forgets the tokens, here and in the store.
    void signOut(const config::Server& server);

    /// The store was opened or changed.
    void storeChanged() { m_client.storeChanged(); }
    [[nodiscard]] QList<SignInStatus> statuses() const;

Q_SIGNALS:
    void changed();
    void userAwaited(const QString& server, const QUrl& authorizationUrl);
    /// By signIn(): a server that waits for it can be started again.
    void signedIn(const QString& server);
    /// One sentence without secrets, for the log.
    void noted(const QString& server, const QString& text);

private:
    class Source;
    struct Entry {
        int sources = 0;
        SignInStatus status;
        std::optional<upstream::TokenRefusal> refusal; ///< the last one that was not mended
        oauth::OAuthClient::Ticket ticket = 0;         ///< of a signIn() under way
        std::vector<Done> waiting;
    };

    [[nodiscard]] Result<oauth::ProtectedServer> protectedServer(const config::Server& server) const;
    [[nodiscard]] Result<oauth::IdentityProvider> identityProvider(const config::Server& server) const;
    /// Each text with its references resolved.
    [[nodiscard]] Status expand(std::initializer_list<std::pair<const QString&, QByteArray*>> texts) const;
    Entry& entryOf(const QString& server);
    void drop(const QString& server);
    void setState(const QString& server, SignInStatus::State state, const QString& text = {}, const QUrl& url = {});
    void refused(const QString& server, const upstream::TokenRefusal& refusal, const Error& error);
    void finish(const QString& server, const Status& outcome);

    const Dependencies m_dependencies;
    const Settings m_settings;
    std::map<QString, Entry> m_entries; ///< of servers that have connections or a sign-in under way
    oauth::OAuthClient m_client;
};

} // namespace oriel::service
