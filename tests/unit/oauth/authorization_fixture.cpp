// SPDX-License-Identifier: GPL-3.0-or-later
#include "authorization_fixture.h"

#include "base/json.h"
#include "oauth/pkce.h"

#include <QTest>
#include <QTimer>

using namespace oriel;
using namespace oriel::http;

namespace {

QMap<QByteArray, QByteArray> fieldsOf(const QByteArray& form)
{
    QMap<QByteArray, QByteArray> fields;
    for (const QByteArray& pair : form.split('&')) {
        const qsizetype equals = pair.indexOf('=');
        if (equals > 0)
            fields.insert(QByteArray::fromPercentEncoding(pair.first(equals)),
                          QByteArray::fromPercentEncoding(pair.sliced(equals + 1).replace('+', ' ')));
    }
    return fields;
}

QByteArray quoted(const QByteArray& text)
{
    return '"' + text + '"';
}

} // namespace

RouteServer::RouteServer(const Clock& clock) : m_server({}, clock)
{
    m_server.setHandler([this](const Request& request, Exchange exchange) {
        requests.append(request);
        const auto found = m_answers.constFind(request.path().toByteArray());
        if (found == m_answers.constEnd())
            return exchange.respond(Response::text(404, "nothing here"));
        (*found)(request, std::move(exchange));
    });
    if (!m_server.listen(QHostAddress(QHostAddress::LocalHost), 0))
        qFatal("no port");
}

void RouteServer::onJson(const QByteArray& path, const QByteArray& json, int status)
{
    on(path, [json, status](const Request&, Exchange exchange) { exchange.respond(Response::json(status, json)); });
}

void RouteServer::onText(const QByteArray& path, const QByteArray& html, int status)
{
    on(path, [html, status](const Request&, Exchange exchange) {
        Response response = Response::text(status, html);
        response.headers.set("Content-Type", "text/html");
        exchange.respond(response);
    });
}

void RouteServer::onRedirect(const QByteArray& path, const QByteArray& location, int status)
{
    on(path, [location, status](const Request&, Exchange exchange) {
        Response response;
        response.status = status;
        response.headers.add("Location", location);
        exchange.respond(response);
    });
}

QList<Request> RouteServer::requestsTo(const QByteArray& path) const
{
    QList<Request> found;
    for (const Request& request : requests) {
        if (request.path() == path)
            found.append(request);
    }
    return found;
}

AuthorizationServerFixture::AuthorizationServerFixture(const Clock& clock) : server(clock)
{
    server.on("/authorize", [this](const Request& request, Exchange exchange) { authorize(request, std::move(exchange)); });
    server.on("/token", [this](const Request& request, Exchange exchange) { token(request, std::move(exchange)); });
    server.on("/register", [this](const Request& request, Exchange exchange) { registerClient(request, std::move(exchange)); });
    metadata = {{"issuer", quoted(issuer())},
                {"authorization_endpoint", quoted(server.origin() + "/authorize")},
                {"token_endpoint", quoted(server.origin() + "/token")},
                {"registration_endpoint", quoted(server.origin() + "/register")},
                {"code_challenge_methods_supported", "[\"S256\"]"},
                {"response_types_supported", "[\"code\"]"}};
    publish();
}

void AuthorizationServerFixture::publish()
{
    for (const char* kind : {"oauth-authorization-server", "openid-configuration"}) {
        const QByteArray name(kind);
        server.remove("/.well-known/" + name);
        server.remove("/.well-known/" + name + issuerPath);
        server.remove(issuerPath + "/.well-known/" + name);
    }
    QByteArray json;
    for (auto it = metadata.cbegin(); it != metadata.cend(); ++it) {
        if (!it.value().isEmpty())
            json += (json.isEmpty() ? "" : ",") + quoted(it.key()) + ':' + it.value();
    }
    server.onJson(metadataPath, '{' + json + '}');
}

void AuthorizationServerFixture::complain(bool wrong, const char* what)
{
    if (wrong)
        complaints.append(QString::fromLatin1(what));
}

void AuthorizationServerFixture::authorize(const Request& request, Exchange exchange)
{
    const auto fields = fieldsOf(request.query().toByteArray());
    lastAuthorization = fields;
    complain(fields.value("response_type") != "code", "response_type");
    complain(fields.value("code_challenge_method") != "S256" || fields.value("code_challenge").size() != 43, "code_challenge");
    complain(fields.value("state").size() < 32, "state");
    complain(fields.value("client_id").isEmpty(), "client_id");
    complain(!fields.value("redirect_uri").startsWith("http://127.0.0.1:"), "redirect_uri");
    lastScope = fields.value("scope");
    lastResource = fields.value("resource");
    const QByteArray code = "code-" + QByteArray::number(++m_serial);
    m_codes.insert(code, {fields.value("client_id"), fields.value("redirect_uri"), fields.value("code_challenge"), lastResource});
    ++codesGiven;
    secretsSeen.append(code + "-secret");
    m_codes.insert(code + "-secret", m_codes.take(code));
    QByteArray target = fields.value("redirect_uri") + "?state=" + fields.value("state");
    target += redirectError.isEmpty() ? "&code=" + code + "-secret" : "&error=" + redirectError;
    if (iss)
        target += "&iss=" + iss->toPercentEncoding();
    Response response;
    response.status = 302;
    response.headers.add("Location", target + extraRedirect);
    exchange.respond(response);
}

QByteArray AuthorizationServerFixture::clientOf(const Request& request)
{
    const auto fields = fieldsOf(request.body);
    const QByteArray authorization = request.headers.value("Authorization").toByteArray();
    const QByteArray pair = QByteArray::fromBase64(authorization.mid(6));
    const bool basic = authorization.startsWith("Basic ");
    const QByteArray used = basic                                 ? "client_secret_basic"
                            : fields.contains("client_secret")    ? "client_secret_post"
                            : fields.contains("client_assertion") ? "private_key_jwt"
                                                                  : "none";
    complain(used != clientAuth, "way of client authentication");
    const QByteArray secret = basic ? QByteArray::fromPercentEncoding(pair.mid(pair.indexOf(':') + 1).replace('+', ' '))
                                    : fields.value("client_secret");
    complain(used.startsWith("client_secret") && secret != clientSecret, "client secret");
    return basic ? QByteArray::fromPercentEncoding(pair.first(pair.indexOf(':')).replace('+', ' ')) : fields.value("client_id");
}

void AuthorizationServerFixture::token(const Request& request, Exchange exchange)
{
    const auto fields = fieldsOf(request.body);
    const QByteArray client = clientOf(request);
    lastTokenRequest = fields;
    complain(!request.query().isEmpty(), "query of the token request");
    if (fields.value("grant_type") == "refresh_token") {
        if (!m_refresh.contains(fields.value("refresh_token")))
            return exchange.respond(Response::json(400, "{\"error\":\"invalid_grant\"}"));
        complain(m_refresh.take(fields.value("refresh_token")) != client, "client of the refresh token");
        ++refreshes;
    } else if (fields.value("grant_type") == "client_credentials" ||
               fields.value("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
        lastScope = fields.value("scope");
        lastResource = fields.value("resource");
    } else {
        if (!m_codes.contains(fields.value("code")))
            return exchange.respond(Response::json(400, "{\"error\":\"invalid_grant\"}"));
        const Grant grant = m_codes.take(fields.value("code"));
        secretsSeen.append(fields.value("code_verifier"));
        complain(oauth::s256(fields.value("code_verifier")) != grant.challenge, "code_verifier");
        complain(fields.value("redirect_uri") != grant.redirectUri, "redirect_uri of the token request");
        complain(client != grant.client, "client of the code");
        complain(fields.value("resource") != grant.resource, "resource of the token request");
    }
    const QByteArray serial = QByteArray::number(++m_serial);
    accessTokens.append("access-token-secret-" + serial);
    QByteArray json = "{\"token_type\":\"bearer\",\"access_token\":" + quoted(accessTokens.last()) +
                      ",\"expires_in\":" + QByteArray::number(expiresIn);
    if (givesRefreshTokens) {
        refreshTokens.append("refresh-token-secret-" + serial);
        m_refresh.insert(refreshTokens.last(), client);
        json += ",\"refresh_token\":" + quoted(refreshTokens.last());
    }
    if (!grantedScope.isEmpty())
        json += ",\"scope\":" + quoted(grantedScope);
    exchange.respond(Response::json(200, json + '}'));
}

void AuthorizationServerFixture::registerClient(const Request& request, Exchange exchange)
{
    json::Document document;
    complain(!document.parse(request.body).has_value(), "registration");
    complain(!document.root().find("application_type").equals("native"), "application_type");
    QByteArray json = "{\"client_id\":\"client-" + QByteArray::number(++registrations) +
                      "\",\"token_endpoint_auth_method\":" + quoted(clientAuth);
    if (!clientSecret.isEmpty())
        json += ",\"client_secret\":" + quoted(clientSecret);
    exchange.respond(Response::json(201, json + '}'));
}

ResourceServerFixture::ResourceServerFixture(const Clock& clock, AuthorizationServerFixture& authorization)
    : server(clock),
      m_authorization(authorization)
{
    authorizationServers = '[' + quoted(authorization.issuer()) + ']';
    publish();
}

void ResourceServerFixture::publish(const QByteArray& path, const QByteArray& resource)
{
    server.remove("/.well-known/oauth-protected-resource/mcp");
    const QByteArray about = resource.isEmpty() ? server.origin() + "/mcp" : resource;
    QByteArray json = "{\"resource\":" + quoted(about) + ",\"authorization_servers\":" + authorizationServers;
    if (!scopesSupported.isEmpty())
        json += ",\"scopes_supported\":" + scopesSupported;
    server.onJson(path, json + '}');
    challenge = "Bearer";
}

void MemoryCredentialStore::read(const QString& name, ReadDone done)
{
    QTimer::singleShot(0, &m_here, [this, name, done] {
        if (failure)
            return done(fail(*failure));
        if (!entries.contains(name))
            return done(fail(ErrorCode::NotFound, QStringLiteral("nothing")));
        done(entries.value(name));
    });
}

void MemoryCredentialStore::write(const QString& name, const QByteArray& value, Done done)
{
    if (!failure)
        entries.insert(name, value);
    QTimer::singleShot(0, &m_here, [this, done] { done(failure ? Status(fail(*failure)) : Status()); });
}

void MemoryCredentialStore::remove(const QString& name, Done done)
{
    entries.remove(name);
    QTimer::singleShot(0, &m_here, [done] { done({}); });
}

BrowserFixture::BrowserFixture(const Clock& clock) : m_client({}, clock) {}

bool BrowserFixture::open(const QUrl& url)
{
    opened.append(url);
    if (follows)
        visit(url, 0);
    return true;
}

void BrowserFixture::get(const QUrl& url, std::function<void(int, QByteArray)> done)
{
    ClientRequest request;
    request.method = "GET";
    request.endpoint = Endpoint::fromUrl(url).value();
    auto status = std::make_shared<int>(0);
    ResponseHandler handler;
    handler.onHead = [status](const ResponseHead& head) {
        *status = head.status;
        return BodyMode::Collect;
    };
    handler.onEnd = [status, done](ResponseEnd&& end) { done(*status, end.body); };
    handler.onError = [done](const ClientError&) { done(0, {}); };
    m_client.send(request, handler);
}

void BrowserFixture::visit(const QUrl& url, int hops)
{
    ClientRequest request;
    request.method = "GET";
    request.endpoint = Endpoint::fromUrl(url).value();
    auto location = std::make_shared<QByteArray>();
    ResponseHandler handler;
    handler.onHead = [this, location](const ResponseHead& head) {
        lastStatus = head.status;
        *location = head.headers.value("Location").toByteArray();
        return BodyMode::Collect;
    };
    handler.onEnd = [this, location, url, hops](ResponseEnd&& end) {
        lastPage = end.body;
        if (location->isEmpty() || hops > 4)
            return;
        visited.append(url.resolved(QUrl::fromEncoded(*location)));
        visit(visited.last(), hops + 1);
    };
    handler.onError = [](const ClientError&) {};
    m_client.send(request, handler);
}

SignInFixture::SignInFixture(oauth::OAuthClient::Settings wanted) : settings(std::move(wanted))
{
    makeClient();
}

void SignInFixture::makeClient()
{
    client = std::make_unique<oauth::OAuthClient>(
        oauth::OAuthClient::Deps{clock, random, store, [this](const QUrl& url) { return browser.open(url); }}, settings);
    QObject::connect(client.get(), &oauth::OAuthClient::noted, client.get(),
                     [this](const QString& server, const QString& text) { notes.append(server + QStringLiteral(": ") + text); });
    QObject::connect(client.get(), &oauth::OAuthClient::userAwaited, client.get(),
                     [this](const QString&, const QUrl& url) { awaited.append(url); });
    QObject::connect(client.get(), &oauth::OAuthClient::userDone, client.get(), [this] { ++usersDone; });
}

oauth::ProtectedServer SignInFixture::protectedServer() const
{
    return {QStringLiteral("files"), otherServer.isEmpty() ? resource.url() : otherServer, preregistered};
}

oauth::Denial SignInFixture::denial(int status, const QByteArray& usedToken, const QByteArray& authenticate) const
{
    oauth::Denial made;
    made.status = status;
    made.usedToken = usedToken;
    made.authenticate = authenticate.isEmpty() ? resource.challenge : authenticate;
    return made;
}

namespace {

template <class Ask> Result<oauth::AccessToken> waitFor(const Ask& ask)
{
    auto outcome = std::make_shared<std::optional<Result<oauth::AccessToken>>>();
    ask([outcome](const Result<oauth::AccessToken>& result) { *outcome = result; });
    if (!QTest::qWaitFor([outcome] { return outcome->has_value(); }, 20'000))
        return fail(ErrorCode::Internal, QStringLiteral("no answer in the test"));
    return **outcome;
}

} // namespace

Result<oauth::AccessToken> SignInFixture::authorize(const oauth::Denial& denial)
{
    return waitFor([&](oauth::OAuthClient::Done done) { client->authorize(protectedServer(), denial, std::move(done)); });
}

Result<oauth::AccessToken> SignInFixture::token()
{
    return waitFor([&](oauth::OAuthClient::Done done) { client->token(protectedServer(), std::move(done)); });
}

Error SignInFixture::failure()
{
    const auto result = authorize();
    if (result)
        return {ErrorCode::Internal, QStringLiteral("it did not fail"), {}, {}};
    notes.append(result.error().toString());
    return result.error();
}

bool SignInFixture::nothingLeaked() const
{
    const QByteArray said = notes.join(u'\n').toUtf8();
    for (const auto& secrets : {authorization.secretsSeen, authorization.accessTokens, authorization.refreshTokens}) {
        for (const QByteArray& secret : secrets) {
            if (said.contains(secret))
                return false;
        }
    }
    for (const QUrl& url : browser.opened) {
        const QByteArray state = http::queryValue(url.query(QUrl::FullyEncoded).toLatin1(), "state").value_or("?");
        if (said.contains(state))
            return false;
    }
    return authorization.clientSecret.isEmpty() || !said.contains(authorization.clientSecret);
}
