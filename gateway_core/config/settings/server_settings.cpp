// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings/setting_rows.h"

#include <array>

namespace oriel::config {

namespace {

using enum SettingType;

constexpr std::array kStartModes{"launch", "first-use"};
constexpr std::array kEras{"auto", "legacy", "modern"};
constexpr std::array kToolRetries{"never", "annotated"};
constexpr std::array kConnectionModes{"shared", "per-client"};
constexpr std::array kGrants{"browser", "client-credentials", "enterprise"};
constexpr std::array kServerTypes{"stdio", "http", "streamable-http", "sse"};

const std::array kServer{
    SettingRow<Server>{"type", Choice,
                       "stdio starts a command; http and streamable-http speak Streamable HTTP; sse the older HTTP+SSE. Guessed "
                       "from command or url when absent.",
                       [](const Server& s) {
                           return SettingValue(s.transport == ServerTransport::Stdio       ? QStringLiteral("stdio")
                                               : s.transport == ServerTransport::LegacySse ? QStringLiteral("sse")
                                                                                           : QStringLiteral("http"));
                       },
                       [](Server& s, const SettingValue& v) {
                           const QString& type = std::get<QString>(v);
                           s.transport = type == QLatin1String("stdio") ? ServerTransport::Stdio
                                         : type == QLatin1String("sse") ? ServerTransport::LegacySse
                                                                        : ServerTransport::StreamableHttp;
                       },
                       0, 0, kServerTypes},
    SettingRow<Server>{"command", Text, "The program to start, without a shell.", ORIEL_FIELD(Server, QString, command)},
    SettingRow<Server>{"args", TextList, "Its arguments.", ORIEL_FIELD(Server, QStringList, args)},
    SettingRow<Server>{"env", TextMap,
                       "Environment variables; ${vault:name} takes a secret from the vault, ${VAR} one of Oriel's own.",
                       [](const Server& s) { return SettingValue(s.env); },
                       [](Server& s, const SettingValue& v) { s.env = std::get<QMap<QString, QString>>(v); }},
    SettingRow<Server>{"cwd", Text, "The folder it is started in.", ORIEL_FIELD(Server, QString, cwd)},
    SettingRow<Server>{"childTelemetry", Choice, "Instead of receiver.childTelemetry.",
                       ORIEL_CHOICE(Server, childTelemetry, kChildTelemetry)},
    SettingRow<Server>{"url", Text, "The endpoint of an HTTP server.", ORIEL_FIELD(Server, QString, url)},
    SettingRow<Server>{"headers", Headers, "Headers of every request; values may hold ${vault:name}.",
                       ORIEL_FIELD(Server, HeaderList, headers)},
    SettingRow<Server>{"oauth.enabled", Bool,
                       "Sign in (OAuth 2.1) when the server asks for it. Never used beside an Authorization header of your own.",
                       ORIEL_FIELD(Server, bool, oauth.enabled)},
    SettingRow<Server>{"oauth.grant", Choice,
                       "browser: you sign in; client-credentials: Oriel signs in by itself with clientId and clientSecret or "
                       "privateKey; enterprise: your company's identity provider vouches for you with idToken.",
                       ORIEL_CHOICE(Server, oauth.grant, kGrants)},
    SettingRow<Server>{"oauth.clientId", Text,
                       "Client id that you got from the authorization server; without one, Oriel registers itself.",
                       ORIEL_FIELD(Server, QString, oauth.clientId)},
    SettingRow<Server>{"oauth.clientSecret", Text, "Its secret, best as ${vault:name}; empty for a public client.",
                       ORIEL_FIELD(Server, QString, oauth.clientSecret)},
    SettingRow<Server>{
        "oauth.privateKey", Text,
        "A private key (PEM; RSA, or EC on P-256) that proves the client instead of a secret, best as ${vault:name}.",
        ORIEL_FIELD(Server, QString, oauth.privateKey)},
    SettingRow<Server>{"oauth.scopes", Text, "Scopes to ask for instead of those the server names, separated by spaces.",
                       ORIEL_FIELD(Server, QString, oauth.scopes)},
    SettingRow<Server>{"oauth.callbackPort", Integer,
                       "Port of http://127.0.0.1:PORT/callback, where the browser comes back to; 0: any free one.",
                       ORIEL_FIELD(Server, qint64, oauth.callbackPort), 0, 65535},
    SettingRow<Server>{"oauth.idpTokenEndpoint", Text, "The identity provider's token endpoint, for the grant enterprise.",
                       ORIEL_FIELD(Server, QString, oauth.idpTokenEndpoint)},
    SettingRow<Server>{"oauth.idpClientId", Text, "Oriel's client id at the identity provider.",
                       ORIEL_FIELD(Server, QString, oauth.idpClientId)},
    SettingRow<Server>{"oauth.idpClientSecret", Text, "Its secret there, best as ${vault:name}; empty for a public client.",
                       ORIEL_FIELD(Server, QString, oauth.idpClientSecret)},
    SettingRow<Server>{"oauth.idToken", Text, "The ID token that the identity provider gave you, best as ${vault:name}.",
                       ORIEL_FIELD(Server, QString, oauth.idToken)},
    SettingRow<Server>{"era", Choice, "The protocol it speaks: legacy up to 2025-11-25, modern from 2026-07-28; auto finds out.",
                       ORIEL_CHOICE(Server, era, kEras)},
    SettingRow<Server>{"enabled", Bool, "A disabled server is neither started nor listed.", ORIEL_FIELD(Server, bool, enabled)},
    SettingRow<Server>{"start", Choice, "When it is started.", ORIEL_CHOICE(Server, start, kStartModes)},
    SettingRow<Server>{
        "connection", Choice,
        "Servers with a handshake: shared is one connection for all clients, declared with everything that Oriel can relay; "
        "per-client gives each client one of its own, declared with what that client can do.",
        ORIEL_CHOICE(Server, connection, kConnectionModes)},
    SettingRow<Server>{"maxConnections", Integer, "per-client: clients that have a connection of their own at a time.",
                       ORIEL_FIELD(Server, qint64, maxConnections), 1, 1024},
    SettingRow<Server>{"connectionIdle", Duration,
                       "per-client: a connection that its client has not used for so long is ended; 0: only with the client.",
                       ORIEL_DURATION(Server, connectionIdle), 0, 30 * kDay},
    SettingRow<Server>{"concurrency", Integer, "Calls in flight at most; 0: no limit.", ORIEL_FIELD(Server, qint64, concurrency),
                       0, 100000},
    SettingRow<Server>{"circuitBreaker.enabled", Bool, "Off: calls to it are never refused because of earlier failures.",
                       ORIEL_FIELD(Server, bool, circuitBreaker.enabled)},
    SettingRow<Server>{
        "circuitBreaker.failures", Integer, "Instead of gateway.circuitBreaker.failures.",
        [](const Server& s) { return SettingValue(qint64(s.circuitBreaker.failures.value_or(-1))); },
        [](Server& s, const SettingValue& v) { s.circuitBreaker.failures = static_cast<int>(std::get<qint64>(v)); }, 0, 10000},
    SettingRow<Server>{
        "circuitBreaker.cooldown", Duration, "Instead of gateway.circuitBreaker.cooldown.",
        [](const Server& s) {
            return SettingValue(s.circuitBreaker.cooldown ? qint64(s.circuitBreaker.cooldown->count()) : qint64(-1));
        },
        [](Server& s, const SettingValue& v) { s.circuitBreaker.cooldown = milliseconds(std::get<qint64>(v)); }, 1, kDay},
    SettingRow<Server>{"retries.max", Integer, "Instead of gateway.retries.max.",
                       [](const Server& s) { return SettingValue(qint64(s.retries.max.value_or(-1))); },
                       [](Server& s, const SettingValue& v) { s.retries.max = static_cast<int>(std::get<qint64>(v)); }, 0, 5},
    SettingRow<Server>{"retries.tools", Choice,
                       "annotated: believe the server when it says that a tool only reads or may be called twice, and try "
                       "such calls again; never: tools are called once.",
                       ORIEL_CHOICE(Server, retries.tools, kToolRetries)},
    SettingRow<Server>{"maxRestarts", Integer, "Restarts in a row before it stays down.",
                       ORIEL_FIELD(Server, qint64, maxRestarts), 0, 1000},
    SettingRow<Server>{"disabledTools", TextList, "Tools that clients do not see.",
                       ORIEL_FIELD(Server, QStringList, disabledTools)},
    SettingRow<Server>{"watch", TextList, "Files whose change restarts it.", ORIEL_FIELD(Server, QStringList, watch)},
    SettingRow<Server>{"timeouts.connectivity", Duration, "Instead of gateway.timeouts.connectivity.",
                       ORIEL_TIMEOUT(connectivity), 1, kDay},
    SettingRow<Server>{"timeouts.discovery", Duration, "Instead of gateway.timeouts.discovery.", ORIEL_TIMEOUT(discovery), 1,
                       kDay},
    SettingRow<Server>{"timeouts.toolCall", Duration, "Instead of gateway.timeouts.toolCall.", ORIEL_TIMEOUT(toolCall), 1, kDay},
    SettingRow<Server>{"timeouts.guardrail", Duration, "Instead of gateway.timeouts.guardrail.", ORIEL_TIMEOUT(guardrail), 1,
                       kDay},
    SettingRow<Server>{"timeouts.auth", Duration, "Instead of gateway.timeouts.auth.", ORIEL_TIMEOUT(auth), 1, kDay},
};

} // namespace

std::span<const SettingRow<Server>> serverTable()
{
    return kServer;
}

} // namespace oriel::config
