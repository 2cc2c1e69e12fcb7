// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"
#include "http/server.h"
#include "oauth/oauth_client.h"

#include <QMap>

#include <functional>
#include <memory>
#include <optional>

/// A server that answers by path and remembers what it was asked.
class RouteServer {
public:
    using Answer = std::function<void(const oriel::http::Request&, oriel::http::Exchange)>;

    explicit RouteServer(const oriel::Clock& clock);
    /// Replaces what is said at `path`; a path without an answer is 404.
    void on(const QByteArray& path, Answer answer) { m_answers.insert(path, std::move(answer)); }
    void onJson(const QByteArray& path, const QByteArray& json, int status = 200);
    void onText(const QByteArray& path, const QByteArray& html, int status = 200);
    void onRedirect(const QByteArray& path, const QByteArray& location, int status = 302);
    void remove(const QByteArray& path) { m_answers.remove(path); }
    [[nodiscard]] QByteArray origin() const { return "http://127.0.0.1:" + QByteArray::number(m_server.port()); }
    [[nodiscard]] QUrl url(const char* path) const { return QUrl(QString::fromLatin1(origin() + path)); }
    [[nodiscard]] QList<oriel::http::Request> requestsTo(const QByteArray& path) const;

    QList<oriel::http::Request> requests;

private:
    QMap<QByteArray, Answer> m_answers;
    oriel::http::Server m_server;
};

/// An authorization server as the rules want it: codes are bound to client, redirect address, challenge and resource, and good
/// once; refresh tokens rotate. What it does not like is in `complaints`.
class AuthorizationServerFixture {
public:
    explicit AuthorizationServerFixture(const oriel::Clock& clock);

    /// Publishes the metadata anew from the settings below.
    void publish();
    [[nodiscard]] QByteArray issuer() const { return server.origin() + issuerPath; }

    RouteServer server;
    QByteArray issuerPath; ///< of an issuer with a path
    QByteArray metadataPath = "/.well-known/oauth-authorization-server";
    QMap<QByteArray, QByteArray> metadata; ///< raw JSON by member; an empty value leaves the member out
    std::optional<QByteArray> iss;         ///< sent with redirects; none: left out
    QByteArray extraRedirect;              ///< appended to the redirect's query
    QByteArray redirectError;              ///< instead of a code
    QByteArray clientSecret;               ///< given at registration
    QByteArray clientAuth = "none";        ///< token_endpoint_auth_method given at registration, and expected
    int expiresIn = 3600;
    bool givesRefreshTokens = true;
    QByteArray grantedScope; ///< said in the token answer; empty: left out

    QStringList complaints;
    int registrations = 0;
    int codesGiven = 0;
    int refreshes = 0;
    QList<QByteArray> accessTokens;  ///< all that were given, newest last
    QList<QByteArray> refreshTokens; ///< the same
    QList<QByteArray> secretsSeen;   ///< codes and verifiers
    QByteArray lastScope;            ///< of the authorization request
    QByteArray lastResource;
    QMap<QByteArray, QByteArray> lastTokenRequest;
    QMap<QByteArray, QByteArray> lastAuthorization;

private:
    void authorize(const oriel::http::Request& request, oriel::http::Exchange exchange);
    void token(const oriel::http::Request& request, oriel::http::Exchange exchange);
    void registerClient(const oriel::http::Request& request, oriel::http::Exchange exchange);
    void complain(bool wrong, const char* what);
    [[nodiscard]] QByteArray clientOf(const oriel::http::Request& request);

    struct Grant {
        QByteArray client;
        QByteArray redirectUri;
        QByteArray challenge;
        QByteArray resource;
    };
    QMap<QByteArray, Grant> m_codes;
    QMap<QByteArray, QByteArray> m_refresh; ///< token → client
    int m_serial = 0;
};

/// An MCP server's door: 401 without the newest token, 403 when a scope is missing.
class ResourceServerFixture {
public:
    ResourceServerFixture(const oriel::Clock& clock, AuthorizationServerFixture& authorization);
    /// Publishes the metadata anew for `authorizationServers` (raw JSON array).
    void publish(const QByteArray& path = "/.well-known/oauth-protected-resource/mcp", const QByteArray& resource = {});

    RouteServer server;
    QByteArray challenge; ///< WWW-Authenticate of a 401
    QByteArray scopesSupported;
    QByteArray authorizationServers;
    [[nodiscard]] QUrl url() const { return server.url("/mcp"); }

private:
    AuthorizationServerFixture& m_authorization;
};

class MemoryCredentialStore final : public oriel::oauth::CredentialStore {
public:
    void read(const QString& name, ReadDone done) override;
    void write(const QString& name, const QByteArray& value, Done done) override;
    void remove(const QString& name, Done done) override;
    QMap<QString, QByteArray> entries;
    std::optional<oriel::Error> failure;

private:
    QObject m_here;
};

/// Follows one sign-in as a browser would, without a user: the redirect back is taken at once.
class BrowserFixture {
public:
    explicit BrowserFixture(const oriel::Clock& clock);
    bool open(const QUrl& url);
    QList<QUrl> opened;
    QList<QUrl> visited; ///< redirects
    QByteArray lastPage;
    int lastStatus = 0;
    bool follows = true; ///< false: the user does nothing

    /// One GET; `done` gets status and body.
    void get(const QUrl& url, std::function<void(int, QByteArray)> done);

private:
    void visit(const QUrl& url, int hops);
    oriel::http::Client m_client;
};

/// Everything together, ready to sign in.
struct SignInFixture {
    explicit SignInFixture(oriel::oauth::OAuthClient::Settings settings = {});
    void makeClient();
    [[nodiscard]] oriel::oauth::ProtectedServer protectedServer() const;
    [[nodiscard]] oriel::oauth::Denial denial(int status = 401, const QByteArray& usedToken = {},
                                              const QByteArray& authenticate = {}) const;
    /// Asks and waits for the answer.
    oriel::Result<oriel::oauth::AccessToken> authorize(const oriel::oauth::Denial& denial);
    oriel::Result<oriel::oauth::AccessToken> authorize() { return authorize(denial()); }
    oriel::Result<oriel::oauth::AccessToken> token();
    /// Error of a sign-in that must fail.
    oriel::Error failure();
    /// True when neither notes nor errors hold any of the secrets that passed.
    [[nodiscard]] bool nothingLeaked() const;

    oriel::SystemClock systemClock;
    oriel::ManualClock clock;
    oriel::SystemRandom random;
    AuthorizationServerFixture authorization{systemClock};
    ResourceServerFixture resource{systemClock, authorization};
    MemoryCredentialStore store;
    BrowserFixture browser{systemClock};
    oriel::oauth::OAuthClient::Settings settings;
    std::optional<oriel::oauth::ClientIdentity> preregistered;
    QUrl otherServer; ///< instead of the resource server's
    QStringList notes;
    QList<QUrl> awaited;
    int usersDone = 0;
    std::unique_ptr<oriel::oauth::OAuthClient> client; ///< last: it uses all the others
};
