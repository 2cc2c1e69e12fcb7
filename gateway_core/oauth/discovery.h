// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "oauth/challenge.h"
#include "oauth/fetcher.h"
#include "oauth/metadata.h"

#include <QObject>

#include <optional>

namespace oriel::oauth {

struct Discovered {
    std::optional<ProtectedResource> resource; ///< none: a server of MCP 2025-03-26, which is its own authorization server
    AuthorizationServer server;
    QByteArray resourceIndicator; ///< what tokens are asked for (RFC 8707)
};

/// Finds out where to sign in for one server: protected resource metadata (from the challenge, else the well-known addresses),
/// then the authorization server's metadata, then, for servers without any, the fixed endpoints of MCP 2025-03-26.
/// Owned by a flow, on its thread; `done` runs once, later.
class Discovery : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(Result<Discovered>)>;

    /// `preferredIssuer`: taken when the server names several and this is among them.
    Discovery(Fetcher& fetcher, QUrl server, BearerChallenge challenge, QByteArray preferredIssuer, QObject* parent = nullptr);
    void start(Done done);

private:
    void nextResourceUrl();
    void onResourceDocument(const Result<FetchAnswer>& answer, bool fromChallenge);
    void resourceFound(ProtectedResource resource);
    void withoutResource();
    void nextServerUrl();
    void onServerDocument(const Result<FetchAnswer>& answer);
    void serversExhausted();
    void finish(Result<Discovered> result);

    Fetcher& m_fetcher;
    const QUrl m_server;
    const BearerChallenge m_challenge;
    const QByteArray m_preferredIssuer;
    QList<QUrl> m_resourceUrls;
    QList<QUrl> m_serverUrls;
    std::optional<Error> m_challengeError; // why the address in the challenge gave nothing
    std::optional<Error> m_serverError;    // the most telling failure so far
    QByteArray m_issuer;
    Discovered m_found;
    Done m_done;
};

} // namespace oriel::oauth
