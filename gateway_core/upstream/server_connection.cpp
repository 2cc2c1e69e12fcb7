// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/server_connection.h"

#include "base/json_writer.h"
#include "telemetry/propagation.h"
#include "upstream/server_connection_p.h"
#include "upstream/trace_context.h"

namespace oriel::upstream {

ServerConnection::Private::Private(ServerConnection& connection, config::Server configured, ConnectionContext shared,
                                   ServerConnectionHandler& observer)
    : q(connection),
      server(std::move(configured)),
      name(server.name.toUtf8()),
      context(std::move(shared)),
      handler(observer),
      metrics(*context.recorder),
      stateSinceUnixNs(context.clock->unixNs())
{
    Q_ASSERT(context.clock != nullptr && context.random != nullptr && context.recorder != nullptr);
    tick.setInterval(100);
    tick.setTimerType(Qt::CoarseTimer);
    QObject::connect(&tick, &QTimer::timeout, &q, [this] { checkDeadlines(); });
    for (QTimer* timer : {&restartTimer, &healthyTimer, &watchTimer, &endedTimer, &listTimer, &listenTimer}) {
        timer->setSingleShot(true);
    }
    QObject::connect(&restartTimer, &QTimer::timeout, &q, [this] { launch(); });
    QObject::connect(&listenTimer, &QTimer::timeout, &q, [this] { listen(); });
    QObject::connect(&healthyTimer, &QTimer::timeout, &q, [this] { failures = 0; });
    QObject::connect(&watchTimer, &QTimer::timeout, &q, [this] { q.restart(QStringLiteral("a watched file changed")); });
    QObject::connect(&listTimer, &QTimer::timeout, &q, [this] {
        for (List& list : lists) {
            if (std::exchange(list.changed, false) && canSend()) {
                list.reader->start();
            }
        }
    });
    QObject::connect(&endedTimer, &QTimer::timeout, &q, [this] {
        std::vector<std::pair<std::int64_t, Reply>> now;
        now.swap(ended);
        for (auto& [id, reply] : now) {
            endCall(id, std::move(reply), OperationMetrics::End::Failed);
        }
    });
    for (const mcp::ListKind kind :
         {mcp::ListKind::Tools, mcp::ListKind::Prompts, mcp::ListKind::Resources, mcp::ListKind::ResourceTemplates}) {
        lists[static_cast<std::size_t>(kind)].reader = std::make_unique<ListReader>(
            kind, ListReader::Limits{context.maxListPages, context.maxListItems},
            [this](QByteArrayView method, QByteArrayView params, ReplyHandler& replyHandler) {
                return callInternal(method, params, OperationType::Discovery, replyHandler);
            },
            [this](mcp::ListKind which, Result<std::vector<mcp::ListEntry>> entries) { listDone(which, std::move(entries)); });
    }
    mcp::Implementation self;
    self.name = context.clientName;
    self.title = context.clientTitle;
    self.version = context.clientVersion;
    json::Writer info;
    self.write(info);
    clientInfo = info.take();
    ownCapabilities = context.clientCapabilities.toJson();
    eraKey = eraKeyOf(server);
    tokens = makeTokenSource();
    updateContext();
}

ServerConnection::Private::~Private() = default;

ServerConnection::ServerConnection(config::Server server, ConnectionContext context, ServerConnectionHandler& handler,
                                   QObject* parent)
    : QObject(parent),
      d(std::make_unique<Private>(*this, std::move(server), std::move(context), handler))
{}

ServerConnection::~ServerConnection() = default;

const config::Server& ServerConnection::server() const
{
    return d->server;
}
const QByteArray& ServerConnection::name() const
{
    return d->name;
}
ServerState ServerConnection::state() const
{
    return d->state;
}
std::shared_ptr<const telemetry::ServerContext> ServerConnection::context() const
{
    return d->serverContext;
}
const mcp::InitializeResult& ServerConnection::initializeResult() const
{
    return d->initializeResult;
}

const std::vector<mcp::ListEntry>& ServerConnection::items(mcp::ListKind kind) const
{
    return d->lists[static_cast<std::size_t>(kind)].entries;
}
bool ServerConnection::isListed(mcp::ListKind kind) const
{
    return d->lists[static_cast<std::size_t>(kind)].listed;
}

ServerStatus ServerConnection::status() const
{
    ServerStatus status;
    status.name = d->server.name;
    status.state = d->state;
    status.sinceUnixNs = d->stateSinceUnixNs;
    status.nextStartUnixNs = d->state == ServerState::Backoff ? d->nextStartUnixNs : 0;
    status.restarts = d->restarts;
    status.commandLine = d->commandLine;
    status.diagnosis = d->diagnosis;
    status.lifecycleTraceId = d->lifecycleTraceId;
    if (d->link) {
        status.pid = d->link->transport ? d->link->transport->processId() : 0;
    }
    status.serverName = d->initializeResult.serverInfo.name;
    status.serverVersion = d->initializeResult.serverInfo.version;
    status.protocolVersion = d->initializeResult.protocolVersion;
    status.instructions = d->initializeResult.instructions;
    if (!d->eraFoundBy.isEmpty()) {
        status.era = d->isModern() ? config::Era::Modern : config::Era::Legacy;
        status.eraFoundBy = d->eraFoundBy;
        status.eraCheckedUnixNs = d->verdict ? d->verdict->checkedUnixNs : 0;
    }
    status.tools = static_cast<qsizetype>(items(mcp::ListKind::Tools).size());
    status.prompts = static_cast<qsizetype>(items(mcp::ListKind::Prompts).size());
    status.resources = static_cast<qsizetype>(items(mcp::ListKind::Resources).size());
    status.resourceTemplates = static_cast<qsizetype>(items(mcp::ListKind::ResourceTemplates).size());
    status.inFlight = d->inFlight;
    status.queued = static_cast<int>(d->queue.size());
    status.strayLines = d->strayLines;
    status.strayAnswers = d->strayAnswers;
    status.suppressedStderr = d->suppressedStderr;
    status.stderrTail = d->stderrTail;
    return status;
}

mcp::Revision ServerConnection::revision() const
{
    return d->revision;
}

bool ServerConnection::isWorthWaiting() const
{
    return d->isWorthWaiting();
}

void ServerConnection::refreshStale(mcp::ListKind kind)
{
    const Private::List& list = d->lists[static_cast<std::size_t>(kind)];
    if (d->isModern() && d->canSend() && !list.reader->isRunning() && !d->isCoveredByListen(kind) &&
        d->context.clock->monotonicNs() >= list.staleNs) {
        list.reader->start();
    }
}

void ServerConnection::setListenFilter(const QList<QByteArray>& resourceUris)
{
    if (d->listening.uris == resourceUris) {
        return;
    }
    d->listening.uris = resourceUris;
    d->listenAgain();
}

bool ServerConnection::isListening() const
{
    return !d->isModern() || d->listening.id == 0 || d->listening.acknowledged;
}

bool ServerConnection::refusesUpdatesOf(const QByteArray& uri) const
{
    return d->isModern() && d->listening.acknowledged && !d->listening.grantedUris.contains(uri);
}

void ServerConnection::start()
{
    d->start();
}
void ServerConnection::stop()
{
    d->stop();
}
void ServerConnection::restart(const QString& reason)
{
    d->restart(reason);
}

void ServerConnection::checkEraAgain()
{
    if (d->server.era != config::Era::Auto) {
        return;
    }
    d->forgetVerdict();
    d->restart(QStringLiteral("its era is checked again"));
}

void ServerConnection::refresh(mcp::ListKind kind)
{
    if (d->canSend()) {
        d->lists[static_cast<std::size_t>(kind)].reader->start();
    }
}

CallToken ServerConnection::call(const mcp::Message& message, const CallOptions& options, ReplyHandler& handler, quint64 cookie)
{
    using mcp::Field;
    const std::int64_t id = ++d->lastId;
    const mcp::RequestId requestId(id);
    mcp::Rewrite rewrite(message);
    rewrite.setId(requestId);
    if (!options.target.isEmpty()) {
        rewrite.setTarget(options.target);
    }
    if (options.wantsProgress) {
        rewrite.setProgressToken(requestId);
    } else {
        rewrite.removeMeta(Field::MetaProgressToken);
    }
    if (options.traceId.isValid()) {
        writeTraceContext(rewrite, {options.traceId, options.spanId, options.traceFlags}, options.traceState,
                          options.propagators);
    }
    if (options.baggage.isEmpty()) {
        rewrite.removeMeta(Field::MetaBaggage);
    } else {
        rewrite.setMeta(Field::MetaBaggage, options.baggage);
    }
    if (!options.via.isEmpty()) {
        rewrite.setMeta(Field::MetaOrielVia, options.via);
    }
    if (d->isModern()) {
        d->setModernMeta(rewrite, options.clientCapabilities, options.logLevel);
    } else if (message.isModern() || message.has(Field::MetaClientCapabilities) || message.has(Field::MetaClientInfo) ||
               message.has(Field::MetaLogLevel)) {
        Private::removeModernMeta(rewrite);
    }
    const QByteArrayView method = mcp::methodName(message.methodId);
    QByteArray methodText = message.methodId == mcp::MethodId::Unknown ? message.text(Field::Method)
                                                                       : QByteArray::fromRawData(method.data(), method.size());
    return d->accept(rewrite.apply(), std::move(methodText), id, options, handler, cookie, false, &message);
}

CallToken ServerConnection::call(QByteArrayView method, QByteArrayView params, const CallOptions& options, ReplyHandler& handler,
                                 quint64 cookie)
{
    const std::int64_t id = ++d->lastId;
    QByteArray frame = mcp::makeRequest(mcp::RequestId(id), method, params);
    if (options.wantsProgress || options.traceId.isValid()) {
        if (auto message = mcp::readMessage(frame, d->document)) {
            mcp::Rewrite rewrite(*message);
            if (options.wantsProgress) {
                rewrite.setProgressToken(mcp::RequestId(id));
            }
            if (options.traceId.isValid()) {
                writeTraceContext(rewrite, {options.traceId, options.spanId, options.traceFlags}, options.traceState,
                                  options.propagators);
            }
            frame = rewrite.apply();
        }
    }
    return d->accept(std::move(frame), method.toByteArray(), id, options, handler, cookie, false);
}

bool ServerConnection::cancel(CallToken token, QByteArrayView reason)
{
    return d->cancelCall(token.id, reason, true);
}

void ServerConnection::notify(const QByteArray& frame)
{
    if (!d->canSend() || (d->isModern() && !d->mayNotify(frame)) || !d->sendRaw(frame, {})) {
        ++d->droppedNotifications;
    }
}

void ServerConnection::reply(const QByteArray& frame, const telemetry::WireCall& of)
{
    if (!d->link || d->link->retired || d->isModern() || !d->sendRaw(frame, {}, of)) {
        ++d->droppedNotifications;
    }
}

void ServerConnection::continueCall(CallToken token, const telemetry::WireCall& of)
{
    if (PendingCall* call = d->calls.find(token.id)) {
        call->traceId = of.traceId;
        call->spanId = of.spanId;
        call->callSpanId = of.callSpanId;
    }
}

} // namespace oriel::upstream
