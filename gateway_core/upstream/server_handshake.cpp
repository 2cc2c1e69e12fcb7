// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "mcp/headers.h"
#include "telemetry/semconv.h"
#include "upstream/server_connection_p.h"

namespace oriel::upstream {

namespace {

using telemetry::Attr;
using telemetry::attributeName;
using Step = LifecycleTrace::Step;

constexpr std::int64_t kVerdictNs = 7LL * 24 * 3'600 * 1'000'000'000;

/// A status by which an HTTP server may say that it does not know the request. Others are about credentials or an outage, and
/// tell nothing about the era.
bool saysUnknown(int status)
{
    switch (status) {
    case 401:
    case 403:
    case 407:
    case 408:
    case 429:
        return false;
    default:
        return status / 100 == 2 || status / 100 == 4;
    }
}

/// Errors by which a server without a handshake refuses `initialize`.
bool saysNoHandshake(int code)
{
    return code == mcp::error_code::MethodNotFound || code == mcp::error_code::InvalidParams || mcp::isModernError(code);
}

} // namespace

std::optional<EraVerdict> ServerConnection::Private::knownVerdict() const
{
    std::optional<EraVerdict> known = verdict;
    if (!known && context.eraCache != nullptr) {
        known = context.eraCache->find(eraKey);
    }
    const std::int64_t age = known ? context.clock->unixNs() - known->checkedUnixNs : 0;
    return known && age >= 0 && age < kVerdictNs ? known : std::nullopt;
}

void ServerConnection::Private::forgetVerdict()
{
    verdict.reset();
    probedOnce = false;
    if (context.eraCache != nullptr) {
        context.eraCache->remove(eraKey);
    }
}

/// Called when a handshake or a discovery has succeeded.
void ServerConnection::Private::keepVerdict(bool modern)
{
    if (server.era != config::Era::Auto || server.transport == config::ServerTransport::LegacySse) {
        return;
    }
    const QByteArray version = initializeResult.serverInfo.name + ' ' + initializeResult.serverInfo.version;
    const std::optional<EraVerdict> known = knownVerdict();
    const bool agrees = known && known->modern == modern;
    if (agrees && !modern && !known->serverVersion.isEmpty() && known->serverVersion != version) {
        forgetVerdict(); // another version may be of another era: the next start asks
        return;
    }
    EraVerdict fresh{modern, version, eraFoundBy, context.clock->unixNs()};
    if (agrees && !link->triedDiscover) {
        fresh.checkedUnixNs = known->checkedUnixNs;
    }
    verdict = fresh;
    if (context.eraCache != nullptr) {
        context.eraCache->store(eraKey, fresh);
    }
}

bool ServerConnection::Private::isThisOriel(const QByteArray& instance) const
{
    return !instance.isEmpty() && instance == context.orielInstance;
}

void ServerConnection::Private::handshake()
{
    link->trace.begin(Step::Handshake);
    if (server.transport == config::ServerTransport::LegacySse) {
        eraFoundBy = QStringLiteral("the transport");
        initialize(mcp::NewestLegacy);
        return;
    }
    if (server.era != config::Era::Auto) {
        eraFoundBy = QStringLiteral("the setting");
        server.era == config::Era::Modern ? discover() : initialize(mcp::NewestLegacy);
        return;
    }
    if (const std::optional<EraVerdict> known = knownVerdict()) {
        eraFoundBy = known->foundBy;
        known->modern ? discover() : initialize(mcp::NewestLegacy);
    } else if (isHttp()) {
        discover();
    } else if (context.eraCache != nullptr && !probedOnce) {
        probe();
    } else {
        eraFoundBy = QStringLiteral("the handshake");
        initialize(mcp::NewestLegacy);
    }
}

void ServerConnection::Private::probe()
{
    probedOnce = true;
    Result<StdioSettings> settings = stdioSettings(link->trace.traceparent());
    if (!settings) {
        initialize(mcp::NewestLegacy);
        return;
    }
    EraProbe::Callbacks callbacks;
    callbacks.found = [this](const EraProbe::Finding& finding) {
        if (!link || link->retired || state != ServerState::Handshaking) {
            return;
        }
        verdict = EraVerdict{finding.modern, {}, finding.foundBy, context.clock->unixNs()};
        eraFoundBy = finding.foundBy;
        recordLifecycle(QStringLiteral("era: %1, by %2")
                            .arg(finding.modern ? QStringLiteral("modern") : QStringLiteral("legacy"), finding.foundBy));
        finding.modern ? discover() : initialize(mcp::NewestLegacy);
    };
    callbacks.over = [this] {
        QMetaObject::invokeMethod(
            &q,
            [this, ended = prober.get()] {
                if (prober.get() == ended) {
                    prober.reset();
                }
            },
            Qt::QueuedConnection);
    };
    callbacks.wire = [this](bool sent, const QByteArray& frame) { recordProbe(sent, frame); };
    prober =
        std::make_unique<EraProbe>(std::move(*settings), *context.clock, modernRequest(EraProbe::kRequestId, "server/discover"),
                                   context.probeTimeout, std::move(callbacks));
    recordLifecycle(QStringLiteral("era: asked in a process of its own"));
    prober->start();
}

void ServerConnection::Private::initialize(mcp::Revision requested)
{
    link->triedInitialize = true;
    discovering = false;
    json::Writer params;
    params.beginObject().member("protocolVersion", mcp::toText(requested));
    params.rawMember("capabilities", ownCapabilities).rawMember("clientInfo", clientInfo).endObject();
    const std::int64_t id = ++lastId;
    initializeToken = {id};
    CallOptions options;
    options.operation = OperationType::Connectivity;
    accept(mcp::makeRequest(mcp::RequestId(id), "initialize", params.take()), QByteArrayLiteral("initialize"), id, options, *this,
           0, true);
}

void ServerConnection::Private::discover()
{
    link->triedDiscover = true;
    discovering = true;
    const std::int64_t id = ++lastId;
    initializeToken = {id};
    CallOptions options;
    options.operation = OperationType::Connectivity;
    if (link->refusal) {
        options.timeout = std::min(context.probeTimeout, timeoutOf(OperationType::Connectivity));
    }
    accept(modernRequest(id, "server/discover"), QByteArrayLiteral("server/discover"), id, options, *this, 0, true);
}

void ServerConnection::Private::onReply(CallToken token, quint64 cookie, Reply& reply)
{
    Q_UNUSED(cookie);
    if (token == initializeToken && link && state == ServerState::Handshaking) {
        initializeToken = {};
        discovering ? takeDiscover(reply) : takeInitialize(reply);
    }
}

void ServerConnection::Private::refuseInitialize(const StartFacts& facts, bool mayBeModern)
{
    if (mayBeModern && server.era == config::Era::Auto && !link->triedDiscover &&
        server.transport != config::ServerTransport::LegacySse) {
        forgetVerdict();
        link->refusal = facts;
        discover();
        return;
    }
    fail(facts);
}

void ServerConnection::Private::takeInitialize(Reply& reply)
{
    StartFacts facts = currentFacts();
    if (reply.kind != Reply::Kind::Response) {
        facts.timedOut = reply.kind == Reply::Kind::Timeout;
        facts.waited = timeoutOf(OperationType::Connectivity);
        refuseInitialize(facts, isHttp() && reply.httpStatus / 100 == 4 && saysUnknown(reply.httpStatus));
        return;
    }
    if (reply.message.kind == mcp::Message::Kind::Error) {
        facts.rpcErrorCode = reply.message.errorCode;
        facts.rpcErrorMessage = reply.message.text(mcp::Field::ErrorMessage);
        refuseInitialize(facts, saysNoHandshake(reply.message.errorCode));
        return;
    }
    Result<mcp::InitializeResult> result = oriel::fail(ErrorCode::Parse, QString());
    if (const Status parsed = document.parseOrError(reply.message.raw); parsed) {
        result = mcp::InitializeResult::parse(document.root().find("result"));
        document.clear();
    }
    if (!result) {
        facts.rpcErrorCode = mcp::error_code::InvalidRequest;
        facts.rpcErrorMessage = "its answer cannot be read: " + result.error().message.toUtf8();
        fail(facts);
        return;
    }
    const Result<mcp::Revision> accepted = mcp::acceptAnswer(result->protocolVersion);
    if (!accepted) {
        facts.answeredVersion = result->protocolVersion;
        fail(facts);
        return;
    }
    if (isThisOriel(result->orielInstance)) {
        facts.isThisOriel = true;
        fail(facts);
        return;
    }
    revision = *accepted;
    initializeResult = std::move(*result);
    handshakeDone(false);
    (void)sendInitialized(); // if it fails, the transport's end follows
    beginLists();
}

void ServerConnection::Private::takeDiscover(Reply& reply)
{
    StartFacts facts = currentFacts();
    if (reply.kind == Reply::Kind::Rejected) {
        facts.rpcErrorCode = mcp::error_code::InvalidRequest;
        facts.rpcErrorMessage = reply.error.message.toUtf8();
        notModern(facts);
        return;
    }
    if (reply.kind != Reply::Kind::Response) {
        facts.timedOut = reply.kind == Reply::Kind::Timeout;
        facts.waited = timeoutOf(OperationType::Connectivity);
        if (isHttp() && reply.httpStatus != 0 && saysUnknown(reply.httpStatus)) {
            notModern(facts);
            return;
        }
        if (!isHttp()) {
            forgetVerdict();
        }
        fail(link->refusal.value_or(facts));
        return;
    }
    if (reply.message.kind == mcp::Message::Kind::Response) {
        takeDiscovered(reply.message);
        return;
    }
    const int code = reply.message.errorCode;
    facts.rpcErrorCode = code;
    facts.rpcErrorMessage = reply.message.text(mcp::Field::ErrorMessage);
    if (code == mcp::error_code::UnsupportedProtocolVersion) {
        QList<QByteArray> supported;
        if (mcp::parsedAgain(reply.message.rawOf(mcp::Field::ErrorData), document).exists()) {
            supported = mcp::supportedVersionsOf(document.root());
        }
        takeVersions(supported, facts);
    } else if (mcp::isModernError(code)) {
        fail(facts);
    } else if (code == mcp::error_code::MethodNotFound && server.era == config::Era::Modern) {
        // It must have the method, but who sets the era knows better.
        mcp::InitializeResult result;
        result.protocolVersion = mcp::toText(mcp::NewestModern).toByteArray();
        becomeModern(mcp::NewestModern, std::move(result));
    } else {
        notModern(facts);
    }
}

void ServerConnection::Private::takeDiscovered(const mcp::Message& answer)
{
    Result<mcp::DiscoverResult> found = oriel::fail(ErrorCode::Parse, QString());
    if (const Status parsed = document.parseOrError(answer.raw); parsed) {
        found = mcp::DiscoverResult::parse(document.root().find("result"));
        document.clear();
    }
    StartFacts facts = currentFacts();
    if (!found) {
        facts.rpcErrorCode = mcp::error_code::InvalidRequest;
        facts.rpcErrorMessage = "its answer to server/discover cannot be read: " + found.error().message.toUtf8();
        notModern(facts);
        return;
    }
    const std::optional<mcp::Revision> newest = mcp::newestCommon(found->supportedVersions);
    if (!newest || mcp::isLegacy(*newest)) {
        takeVersions(found->supportedVersions, facts);
        return;
    }
    if (isThisOriel(found->orielInstance)) {
        facts.isThisOriel = true;
        fail(facts);
        return;
    }
    if (server.era == config::Era::Auto) {
        eraFoundBy = QStringLiteral("its answer to server/discover");
    }
    mcp::InitializeResult result;
    result.protocolVersion = mcp::toText(*newest).toByteArray();
    result.capabilities = std::move(found->capabilities);
    result.serverInfo = std::move(found->serverInfo);
    result.instructions = std::move(found->instructions);
    result.orielInstance = std::move(found->orielInstance);
    becomeModern(*newest, std::move(result));
}

/// The server named what it speaks, and it is not what was asked with.
void ServerConnection::Private::takeVersions(const QList<QByteArray>& supported, StartFacts facts)
{
    const std::optional<mcp::Revision> newest = mcp::newestCommon(supported);
    const bool legacy = newest && mcp::isLegacy(*newest);
    if (legacy && server.era == config::Era::Auto && !link->triedInitialize) {
        eraFoundBy = QStringLiteral("the versions that it named");
        initialize(*newest);
        return;
    }
    if (newest && !legacy && !std::exchange(link->triedVersionAgain, true)) {
        discover();
        return;
    }
    facts.requestedVersion = mcp::toText(mcp::NewestModern).toByteArray();
    if (!newest || legacy) {
        facts.answeredVersion = supported.isEmpty() ? QByteArrayLiteral("none") : supported.join(", ");
    }
    fail(facts);
}

void ServerConnection::Private::notModern(StartFacts facts)
{
    if (server.era == config::Era::Modern || link->triedInitialize) {
        fail(link->refusal.value_or(facts));
        return;
    }
    eraFoundBy = QStringLiteral("its refusal of server/discover");
    initialize(mcp::NewestLegacy);
}

void ServerConnection::Private::becomeModern(mcp::Revision spoken, mcp::InitializeResult result)
{
    revision = spoken;
    initializeResult = std::move(result);
    handshakeDone(true);
    beginLists();
}

void ServerConnection::Private::handshakeDone(bool modern)
{
    link->readyNs = context.clock->monotonicNs();
    link->transport->setProtocolVersion(initializeResult.protocolVersion);
    link->trace.end(Step::Handshake, {},
                    {{attributeName(Attr::McpProtocolVersion), initializeResult.protocolVersion},
                     {attributeName(Attr::GatewayServerVersion), initializeResult.serverInfo.version}});
    updateContext();
    keepVerdict(modern);
}

} // namespace oriel::upstream
