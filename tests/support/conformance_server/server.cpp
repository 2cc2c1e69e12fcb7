// SPDX-License-Identifier: GPL-3.0-or-later
#include "server.h"

#include "channel.h"
#include "prompts.h"
#include "resources.h"
#include "session.h"

namespace oriel::conformance {

namespace {

RpcError methodNotFound(const QString& method)
{
    return {error_code::MethodNotFound, u"Method not found: "_s + method, QJsonValue::Undefined, 404};
}

/// What results of 2026-07-28 say about how long they may be kept. The lists of this server do not change in that era.
QJsonObject cacheable(const Call& call, QJsonObject result, int ttlMs)
{
    if (call.isModern()) {
        result.insert("ttlMs"_L1, ttlMs);
        result.insert("cacheScope"_L1, u"public"_s);
    }
    return result;
}

constexpr int ListTtlMs = 1000;

} // namespace

Server::Server(Eras eras, const Clock& clock, Random& random)
    : m_eras(eras),
      m_requestState(random.secureBytes(32), clock),
      m_tasks(m_changes, clock, random),
      m_tools(m_changes, m_tasks)
{}

std::shared_ptr<Session> Server::openSession(const QByteArray& id)
{
    auto session = std::make_shared<Session>(id);
    m_changes.addSession(session);
    return session;
}

void Server::closeSession(const std::shared_ptr<Session>& session)
{
    session->cancelAll();
    m_tasks.forgetSession(*session);
}

std::shared_ptr<Call> Server::begin(const std::shared_ptr<Session>& session, Revision revision, const QJsonObject& request,
                                    const std::shared_ptr<Channel>& channel)
{
    const auto call = std::make_shared<Call>(Call::Origin{session, channel, revision, &m_requestState}, request);
    session->add(call);
    call->onCancel([this] { ++m_cancelled; });
    channel->onClosed([watch = std::weak_ptr<Call>(call)] {
        if (const std::shared_ptr<Call> running = watch.lock()) {
            running->cancel();
        }
    });
    return call;
}

void Server::serveLegacy(const std::shared_ptr<Session>& session, const QJsonObject& request,
                         const std::shared_ptr<Channel>& channel)
{
    const Revision revision = session->handshake ? session->handshake->revision : m_eras.negotiated({});
    const std::shared_ptr<Call> call = begin(session, revision, request, channel);
    const QString& method = call->method();
    if (method == "initialize"_L1) {
        initialize(call);
    } else if (method == "ping"_L1) {
        call->finish({});
    } else if (method == "server/discover"_L1) {
        call->fail(methodNotFound(method));
    } else if (!session->handshake) {
        call->fail({error_code::InvalidRequest, u"The server is not initialized"_s});
    } else if (!serveLegacyOnly(call) && !m_tasks.serveLegacy(call) && !serveShared(call)) {
        call->fail(methodNotFound(method));
    }
}

void Server::serveModern(const std::shared_ptr<Session>& session, const QJsonObject& request,
                         const std::shared_ptr<Channel>& channel)
{
    const std::shared_ptr<Call> call = begin(session, mcp::NewestModern, request, channel);
    const QString& method = call->method();
    if (method == "server/discover"_L1) {
        discover(call);
    } else if (method == "subscriptions/listen"_L1) {
        listen(call);
    } else if (!m_tasks.serveModern(call) && !serveShared(call)) {
        call->fail(methodNotFound(method));
    }
}

void Server::takeNotification(const std::shared_ptr<Session>& session, const QJsonObject& notification)
{
    const QString method = notification.value("method"_L1).toString();
    if (method == "notifications/initialized"_L1) {
        session->isInitialized = session->handshake.has_value();
    } else if (method == "notifications/cancelled"_L1) {
        const QJsonValue id = notification.value("params"_L1).toObject().value("requestId"_L1);
        const std::shared_ptr<Call> call = session->running(id);
        // `initialize` must not be cancelled; it is never still running here.
        if (call) {
            call->cancel();
        }
    }
}

std::optional<RpcError> Server::modernProblem(const QJsonObject& request) const
{
    const QJsonObject metadata = request.value("params"_L1).toObject().value("_meta"_L1).toObject();
    const QJsonValue version = metadata.value(meta::ProtocolVersion);
    for (const QLatin1StringView name : {meta::ProtocolVersion, meta::ClientCapabilities}) {
        const QJsonValue value = metadata.value(name);
        if (name == meta::ProtocolVersion ? !value.isString() : !value.isObject()) {
            RpcError error = invalidParams(u"_meta[\"%1\"] is required"_s.arg(name),
                                           QJsonObject{{u"supported"_s, QJsonArray::fromStringList(m_eras.versions())}});
            error.httpStatus = 400;
            return error;
        }
    }
    if (!m_eras.modernVersions().contains(version.toString())) {
        return unsupportedVersion(version.toString());
    }
    return std::nullopt;
}

RpcError Server::unsupportedVersion(const QString& requested) const
{
    // A legacy revision cannot be chosen by `_meta`, so a dual-era server names those too but serves them by `initialize`.
    return {error_code::UnsupportedProtocolVersion, u"Unsupported protocol version"_s,
            QJsonObject{{u"supported"_s, QJsonArray::fromStringList(m_eras.versions())}, {u"requested"_s, requested}}, 400};
}

void Server::initialize(CallPtr call)
{
    Session& session = call->session();
    const QJsonValue version = call->params().value("protocolVersion"_L1);
    if (session.handshake) {
        call->fail({error_code::InvalidRequest, u"The session is already initialized"_s});
        return;
    }
    if (!version.isString() || !call->params().value("capabilities"_L1).isObject() ||
        !call->params().value("clientInfo"_L1).isObject()) {
        call->fail(invalidParams(u"protocolVersion, capabilities and clientInfo are required"_s));
        return;
    }
    const Revision revision = m_eras.negotiated(version.toString());
    session.handshake = Session::Handshake{revision, call->params().value("capabilities"_L1).toObject()};
    call->finish({{u"protocolVersion"_s, versionText(revision)},
                  {u"capabilities"_s, capabilities(revision)},
                  {u"serverInfo"_s, serverInfo()},
                  {u"instructions"_s, u"A server for conformance tests."_s}});
}

void Server::discover(CallPtr call)
{
    call->finish(cacheable(*call,
                           {{u"supportedVersions"_s, QJsonArray::fromStringList(m_eras.versions())},
                            {u"capabilities"_s, capabilities(mcp::NewestModern)},
                            {u"instructions"_s, u"A server for conformance tests."_s}},
                           ListTtlMs));
}

void Server::listen(CallPtr call)
{
    const QJsonValue filter = call->params().value("notifications"_L1);
    if (!filter.isObject()) {
        call->fail(invalidParams(u"notifications must be an object"_s));
        return;
    }
    const QJsonValue taskIds = filter.toObject().value("taskIds"_L1);
    if (taskIds.isArray() && !call->clientHasTasks()) {
        call->fail(missingCapability({{u"extensions"_s, QJsonObject{{TasksExtension, QJsonObject{}}}}}));
        return;
    }
    call->onCancel(nullptr);
    m_changes.listen(call, m_tasks.known(taskIds.toArray()));
}

bool Server::serveShared(CallPtr call)
{
    const QString& method = call->method();
    if (method == "tools/list"_L1) {
        list(call, u"tools"_s, m_tools.list(call->revision()));
    } else if (method == "tools/call"_L1) {
        m_tools.call(call);
    } else if (method == "prompts/list"_L1) {
        list(call, u"prompts"_s, listPrompts(hasExtraPrompt(call)));
    } else if (method == "prompts/get"_L1) {
        getPrompt(call, hasExtraPrompt(call));
    } else if (method == "resources/list"_L1) {
        list(call, u"resources"_s, listResources());
    } else if (method == "resources/templates/list"_L1) {
        list(call, u"resourceTemplates"_s, listResourceTemplates());
    } else if (method == "resources/read"_L1) {
        read(call);
    } else if (method == "completion/complete"_L1) {
        completeArgument(call);
    } else {
        return false;
    }
    return true;
}

bool Server::serveLegacyOnly(CallPtr call)
{
    const QString& method = call->method();
    if (method == "logging/setLevel"_L1) {
        setLevel(call);
    } else if (method == "resources/subscribe"_L1 || method == "resources/unsubscribe"_L1) {
        subscribe(call, method == "resources/subscribe"_L1);
    } else {
        return false;
    }
    return true;
}

void Server::list(CallPtr call, const QString& member, const QJsonArray& entries)
{
    // Everything stands on one page, so no cursor was ever given out.
    if (call->params().contains("cursor"_L1)) {
        call->fail(invalidParams(u"Unknown cursor"_s));
        return;
    }
    call->finish(cacheable(*call, {{member, entries}}, ListTtlMs));
}

void Server::read(CallPtr call)
{
    const QJsonValue uri = call->params().value("uri"_L1);
    if (!uri.isString()) {
        call->fail(invalidParams(u"uri must be a string"_s));
        return;
    }
    if (const std::optional<QJsonObject> contents = readResource(uri.toString(), state())) {
        call->finish(cacheable(*call, {{u"contents"_s, QJsonArray{*contents}}}, 0));
        return;
    }
    const int code = call->isModern() ? error_code::InvalidParams : error_code::ResourceNotFoundLegacy;
    call->fail({code, u"Resource not found"_s, QJsonObject{{u"uri"_s, uri}}});
}

void Server::subscribe(CallPtr call, bool wanted)
{
    const QString uri = call->params().value("uri"_L1).toString();
    if (!readResource(uri, {})) {
        call->fail({error_code::ResourceNotFoundLegacy, u"Resource not found"_s, QJsonObject{{u"uri"_s, uri}}});
        return;
    }
    if (wanted) {
        call->session().resourceSubscriptions.insert(uri);
    } else {
        call->session().resourceSubscriptions.remove(uri);
    }
    call->finish({});
}

void Server::setLevel(CallPtr call)
{
    static const QStringList levels{u"debug"_s, u"info"_s,     u"notice"_s, u"warning"_s,
                                    u"error"_s, u"critical"_s, u"alert"_s,  u"emergency"_s};
    const QString level = call->params().value("level"_L1).toString();
    if (!levels.contains(level)) {
        call->fail(invalidParams(u"There is no such level"_s));
        return;
    }
    call->session().logLevel = level;
    call->finish({});
}

QJsonObject Server::capabilities(Revision revision) const
{
    QJsonObject all = json(R"({"tools":{"listChanged":true},"prompts":{"listChanged":true},
        "resources":{"listChanged":true,"subscribe":true},"logging":{}})");
    if (revision >= Revision::V2025_03_26) {
        all.insert("completions"_L1, QJsonObject{});
    }
    if (revision == Revision::V2025_11_25) {
        all.insert("tasks"_L1, json(R"({"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})"));
    }
    if (mcp::isModern(revision)) {
        all.insert("extensions"_L1, QJsonObject{{TasksExtension, QJsonObject{}}});
    }
    return all;
}

QJsonObject Server::state()
{
    return {{u"cancelled"_s, m_cancelled}, {u"listenStreams"_s, m_changes.openStreams()}};
}

} // namespace oriel::conformance
