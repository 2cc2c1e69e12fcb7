// SPDX-License-Identifier: GPL-3.0-or-later
// What servers say when one signs in to them: challenges, metadata, registrations, tokens and the browser's redirect. Nothing
// that is accepted leads nearer into the network than the server itself is. The first byte says what the rest is.
#include "fuzz_support.h"
#include "oauth/authorization_request.h"
#include "oauth/challenge.h"
#include "oauth/client_identity.h"
#include "oauth/metadata.h"
#include "oauth/scopes.h"
#include "oauth/token_exchange.h"
#include "oauth/token_set.h"

using namespace oriel;
using namespace oriel::oauth;
using fuzz::require;

namespace {

const QUrl kServer(QStringLiteral("https://mcp.example.com/a/mcp"));
const QByteArray kIssuer = "https://auth.example.com";

/// Public, encrypted, and without a name or password in it.
void requirePublic(const QUrl& url)
{
    require(url.isEmpty() || (url.scheme() == QStringLiteral("https") && reachOf(url) == Reach::Public &&
                              url.userInfo().isEmpty() && !url.hasFragment()));
}

void checkChallenges(QByteArrayView field)
{
    const auto challenges = parseChallenges(field);
    const BearerChallenge bearer = bearerChallenge(field);
    require(bearer.scopes == validScopes(bearer.scopes));
    if (!challenges) {
        return;
    }
    require(challenges->size() <= kMaxChallenges);
    QByteArray printed;
    for (const Challenge& challenge : *challenges) {
        require(!challenge.scheme.isEmpty() && (challenge.token68.isEmpty() || challenge.parameters.isEmpty()));
        printed += (printed.isEmpty() ? "" : ", ") + challenge.scheme + ' ' + challenge.token68;
        for (qsizetype i = 0; i < challenge.parameters.size(); ++i) {
            const auto& [name, value] = challenge.parameters[i];
            require(name == name.toLower() && challenge.parameter(name) == value);
            QByteArray quoted = value;
            quoted.replace('\\', "\\\\").replace('"', "\\\"");
            printed += (i == 0 ? "" : ", ") + name + "=\"" + quoted + '"';
        }
    }
    const auto again = parseChallenges(printed);
    if (printed.size() > kMaxChallengeBytes) {
        return; // quoting may make it longer than is read
    }
    require(again.has_value() && again->size() == challenges->size());
    for (qsizetype i = 0; i < again->size(); ++i) {
        require((*again)[i].scheme == (*challenges)[i].scheme && (*again)[i].token68 == (*challenges)[i].token68 &&
                (*again)[i].parameters == (*challenges)[i].parameters);
    }
}

void checkMetadata(const QByteArray& document)
{
    if (const auto resource = parseProtectedResource(document, kServer, Reach::Public)) {
        require(resourceCovers(QUrl::fromEncoded(resource->resource), kServer));
        for (const QByteArray& issuer : resource->authorizationServers) {
            const QUrl url = QUrl::fromEncoded(issuer);
            requirePublic(url);
            const auto documents = authorizationServerUrls(url);
            for (const QUrl& at : documents) {
                requirePublic(at);
                require(originOf(at) == originOf(url));
            }
        }
    }
    if (const auto server = parseAuthorizationServer(document, kIssuer, Reach::Public)) {
        require(server->issuer == kIssuer);
        requirePublic(server->authorizationEndpoint);
        requirePublic(server->tokenEndpoint);
        requirePublic(server->registrationEndpoint);
        if (acceptable(*server)) {
            require(server->pkceS256);
            const AuthorizationRequest request{"client", "http://127.0.0.1:1/cb", "state", "challenge", "resource", {}};
            require(originOf(authorizationUrl(*server, request)) == originOf(server->authorizationEndpoint));
        }
    }
}

void checkTokens(const QByteArray& body)
{
    AuthorizationServer server;
    server.issuer = kIssuer;
    if (const auto client = parseRegistration(201, body, server, "http://127.0.0.1:1/cb", {})) {
        const auto again = ClientIdentity::fromJson(client->toJson());
        require(again.has_value() && again->id == client->id && again->secret == client->secret && again->issuer == kIssuer);
    }
    (void)parseTokenAnswer(400, body, QStringLiteral("x"), {"secret"});
    if (const auto answer = parseTokenAnswer(200, body, QStringLiteral("x"), {"secret"})) {
        require(!answer->accessToken.isEmpty() && answer->accessToken.size() <= kMaxTokenBytes);
        TokenSet set;
        set.issuer = kIssuer;
        set.clientId = "client";
        set.resource = "https://mcp.example.com/a/mcp";
        set.tokenEndpoint = QUrl(QStringLiteral("https://auth.example.com/token"));
        set.take(*answer, {QStringLiteral("asked")}, 1'000'000'000);
        const QByteArray text = set.toJson();
        const auto again = TokenSet::fromJson(text);
        require(again.has_value() && again->toJson() == text && again->accessToken == answer->accessToken);
    }
    if (const auto assertion = parseIdentityAssertion(200, body, QStringLiteral("x"), {"secret"}))
        require(!assertion->isEmpty() && assertion->size() <= kMaxTokenBytes && !assertion->contains('\n'));
    if (const auto stored = TokenSet::fromJson(body)) {
        const QByteArray text = stored->toJson();
        const auto again = TokenSet::fromJson(text);
        require(again.has_value() && again->toJson() == text);
    }
    if (const auto stored = ClientIdentity::fromJson(body)) {
        const auto again = ClientIdentity::fromJson(stored->toJson());
        require(again.has_value() && again->toJson() == stored->toJson());
    }
}

void checkRedirect(QByteArrayView query)
{
    const ExpectedRedirect expected{"state", kIssuer, true};
    const auto code = codeOfRedirect(query, expected);
    if (code) {
        require(!code->isEmpty());
    }
    (void)answersState(query, expected.state);
    if (const auto url = checkedUrl(query, Reach::Public, QStringLiteral("it"))) {
        requirePublic(*url);
    }
    if (const auto url = checkedUrl(query, Reach::Loopback, QStringLiteral("it"))) {
        require(url->userInfo().isEmpty() && !url->host().isEmpty());
        require(canonicalResource(QUrl::fromEncoded(canonicalResource(*url))) == canonicalResource(*url));
    }
    const QStringList scopes = splitScopes(query);
    require(scopes.size() <= kMaxScopes && splitScopes(joinScopes(scopes)) == scopes && coversScopes(scopes, scopes));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    if (size < 1) {
        return 0;
    }
    const QByteArray rest(reinterpret_cast<const char*>(data) + 1, static_cast<qsizetype>(size - 1));
    switch (data[0] & 3U) {
    case 0:
        checkChallenges(rest);
        break;
    case 1:
        checkMetadata(rest);
        break;
    case 2:
        checkTokens(rest);
        break;
    default:
        checkRedirect(rest);
        break;
    }
    return 0;
}
