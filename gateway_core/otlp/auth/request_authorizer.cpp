// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/request_authorizer.h"

#include "base/clock.h"
#include "otlp/auth/command_token.h"
#include "otlp/auth/entra_token.h"
#include "otlp/auth/google_token.h"
#include "otlp/auth/sigv4.h"
#include "otlp/auth/token_authorizer.h"

namespace oriel::otlp {

namespace {

using config::AuthKind;
using config::DestinationAuth;

/// User and password, or a token that does not change.
class StaticAuthorizer final : public RequestAuthorizer {
public:
    StaticAuthorizer(DestinationAuth auth, SecretResolver secrets) : m_auth(std::move(auth)), m_secrets(std::move(secrets)) {}

    void authorize(const OutgoingRequest&, Done done) override
    {
        const auto secret = resolveSecrets(m_auth.secret, m_secrets);
        if (!secret)
            return done(fail(secret.error()));
        if (m_auth.kind == AuthKind::Bearer)
            return done(RequestHeaders{{"Authorization", "Bearer " + secret->trimmed()}});
        const auto user = resolveSecrets(m_auth.user, m_secrets);
        if (!user)
            return done(fail(user.error()));
        done(RequestHeaders{{"Authorization", "Basic " + (*user + ':' + *secret).toBase64()}});
    }

private:
    DestinationAuth m_auth;
    SecretResolver m_secrets;
};

class SigV4Authorizer final : public RequestAuthorizer {
public:
    SigV4Authorizer(DestinationAuth auth, const ExporterContext& context) : m_auth(std::move(auth)), m_context(context) {}

    void authorize(const OutgoingRequest& request, Done done) override
    {
        SigV4Credentials credentials;
        for (const auto& [text, target] :
             {std::pair(&m_auth.user, &credentials.accessKeyId), std::pair(&m_auth.secret, &credentials.secretAccessKey),
              std::pair(&m_auth.sessionToken, &credentials.sessionToken)}) {
            const auto resolved = resolveSecrets(*text, m_context.secrets);
            if (!resolved)
                return done(fail(resolved.error()));
            *target = resolved->trimmed();
        }
        const QString service = m_auth.services.value(QLatin1StringView(signalName(request.signal)));
        if (service.isEmpty()) {
            return done(
                fail(ErrorCode::InvalidArgument,
                     QStringLiteral("there is no service to sign %1 for").arg(QLatin1StringView(signalName(request.signal))),
                     QStringLiteral("auth.services"), QStringLiteral("Name it, as in {\"traces\": \"xray\"}.")));
        }
        done(sigV4Headers({"POST", request.url, request.headers, request.body}, credentials,
                          {m_auth.region.toUtf8(), service.toUtf8()}, m_context.clock.unixNs()));
    }

private:
    DestinationAuth m_auth;
    ExporterContext m_context;
};

Status needs(const QString& value, const char* member, const QString& what)
{
    if (!value.isEmpty())
        return {};
    return fail(ErrorCode::InvalidArgument, QStringLiteral("%1 is not set").arg(what),
                QStringLiteral("auth.") + QLatin1StringView(member), QStringLiteral("Set it; secrets as ${vault:name}."));
}

Status checkAuth(const config::Destination& destination)
{
    const DestinationAuth& auth = destination.auth;
    Status ok;
    const auto check = [&](const QString& value, const char* member, const char* what) {
        if (ok)
            ok = needs(value, member, QLatin1StringView(what));
    };
    switch (auth.kind) {
    case AuthKind::None:
        break;
    case AuthKind::Basic:
        check(auth.user, "user", "the user");
        check(auth.secret, "secret", "the password");
        break;
    case AuthKind::Bearer:
        check(auth.secret, "secret", "the token");
        break;
    case AuthKind::SigV4:
        check(auth.user, "user", "the access key id");
        check(auth.secret, "secret", "the secret access key");
        check(auth.region, "region", "the region");
        if (ok && destination.protocol == config::ExportProtocol::Grpc)
            ok = fail(ErrorCode::Unsupported, QStringLiteral("requests over gRPC cannot be signed with SigV4"),
                      QStringLiteral("protocol"), QStringLiteral("Use http/protobuf."));
        break;
    case AuthKind::Google:
        check(auth.secret, "secret", "the service-account key");
        check(auth.scope, "scope", "the scope");
        break;
    case AuthKind::Entra:
        check(auth.tenant, "tenant", "the tenant");
        check(auth.user, "user", "the client id");
        check(auth.secret, "secret", "the client secret");
        check(auth.scope, "scope", "the scope");
        break;
    case AuthKind::Command:
        check(auth.command.value(0), "command", "the command");
        break;
    }
    return ok;
}

} // namespace

Result<std::unique_ptr<RequestAuthorizer>> makeAuthorizer(const config::Destination& destination, const ExporterContext& context)
{
    if (const Status checked = checkAuth(destination); !checked)
        return fail(checked.error());
    const DestinationAuth& auth = destination.auth;
    std::unique_ptr<TokenSource> source;
    switch (auth.kind) {
    case AuthKind::None:
        return std::unique_ptr<RequestAuthorizer>();
    case AuthKind::Basic:
    case AuthKind::Bearer:
        return std::unique_ptr<RequestAuthorizer>(std::make_unique<StaticAuthorizer>(auth, context.secrets));
    case AuthKind::SigV4:
        return std::unique_ptr<RequestAuthorizer>(std::make_unique<SigV4Authorizer>(auth, context));
    case AuthKind::Google:
        source = std::make_unique<GoogleTokenSource>(auth, context);
        break;
    case AuthKind::Entra:
        source = std::make_unique<EntraTokenSource>(auth, context);
        break;
    case AuthKind::Command:
        source = std::make_unique<CommandTokenSource>(auth.command, context.clock);
        break;
    }
    return std::unique_ptr<RequestAuthorizer>(std::make_unique<TokenAuthorizer>(std::move(source), context.clock));
}

Result<RequestHeaders> configuredHeaders(const config::Destination& destination, Signal signal, const SecretResolver& secrets)
{
    RequestHeaders headers;
    for (const auto& [name, value] :
         destination.headers + destination.signalHeaders.value(QLatin1StringView(signalName(signal)))) {
        const auto resolved = resolveSecrets(value, secrets);
        if (!resolved)
            return fail(resolved.error());
        headers.append({name.toUtf8(), *resolved});
    }
    return headers;
}

ExportOutcome unauthorizedOutcome(const Error& error)
{
    const bool lasting = error.code == ErrorCode::Unauthenticated || error.code == ErrorCode::InvalidArgument ||
                         error.code == ErrorCode::Parse || error.code == ErrorCode::Unsupported;
    return {lasting ? ExportOutcome::Kind::Unauthenticated : ExportOutcome::Kind::Retryable, 0, 0, error.toString(), {}};
}

} // namespace oriel::otlp
