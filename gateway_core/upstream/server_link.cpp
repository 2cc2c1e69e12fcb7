// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/http_transport.h"
#include "upstream/program_search.h"
#include "upstream/server_connection_p.h"
#include "upstream/stdio_transport.h"

#include <QDateTime>
#include <QFileInfo>

#include <algorithm>

namespace oriel::upstream {

namespace {

using Step = LifecycleTrace::Step;

constexpr qsizetype kStderrTailLines = 40;

} // namespace

// The link passes on what its transport hears, as long as it is the current one.

void ServerConnection::Private::Link::onStarted()
{
    if (!retired) {
        owner.transportStarted();
    }
}

void ServerConnection::Private::Link::onFrame(QByteArray frame, const FrameOrigin& origin)
{
    trace.end(Step::FirstByte);
    owner.takeFrame(*this, frame, origin);
}

void ServerConnection::Private::Link::onSendFailed(std::int64_t requestId, const SendFailure& failure)
{
    if (!retired) {
        owner.takeSendFailure(requestId, failure);
    }
}

void ServerConnection::Private::Link::onStreamPaused(std::int64_t requestId, std::chrono::milliseconds retry)
{
    const PendingCall* call = retired ? nullptr : owner.calls.find(requestId);
    if (call != nullptr && call->handler != nullptr) {
        call->handler->onPaused({requestId}, call->cookie, retry);
    }
}

bool ServerConnection::Private::Link::isAwaited(std::int64_t requestId)
{
    if (retired) {
        return false;
    }
    const PendingCall* call = owner.calls.find(requestId);
    return call != nullptr ? !call->queued : owner.isListenId(mcp::RequestId(requestId));
}

void ServerConnection::Private::Link::onStrayOutput(QByteArray line, std::int64_t suppressed)
{
    trace.end(Step::FirstByte);
    if (suppressed > 0) {
        owner.recordLog(telemetry::Severity::Warn,
                        QByteArray::number(suppressed) + " stray lines of stdout came too fast and were dropped.", "stdout");
    }
    owner.strayLines += suppressed + 1;
    owner.recordWire(telemetry::WireDirection::ServerToGateway, telemetry::WireKind::StrayOutput, {}, {}, line,
                     {trace.traceId(), {}, {}});
    owner.recordLog(telemetry::Severity::Warn, std::move(line), "stdout");
}

void ServerConnection::Private::Link::onOversizedFrame(QByteArray head, QByteArray tail, qint64 bytes)
{
    if (!retired) {
        owner.takeOversized(head, tail, bytes);
    }
}

void ServerConnection::Private::Link::onStderr(QByteArray line, std::int64_t suppressed)
{
    if (suppressed > 0) {
        owner.suppressedStderr += suppressed;
        owner.recordLog(telemetry::Severity::Warn,
                        QByteArray::number(suppressed) + " lines of stderr came too fast and were dropped.", "stderr");
    }
    owner.stderrTail.append(line);
    if (owner.stderrTail.size() > kStderrTailLines) {
        owner.stderrTail.removeFirst();
    }
    owner.recordWire(telemetry::WireDirection::ServerToGateway, telemetry::WireKind::Stderr, {}, {}, line);
    owner.recordLog(telemetry::Severity::Info, std::move(line), "stderr");
}

void ServerConnection::Private::Link::onClosed(const CloseReason& reason)
{
    closed = true;
    owner.linkClosed(*this, reason);
}

Result<std::unique_ptr<Transport>> ServerConnection::Private::makeTransport(Link& to)
{
    return server.transport == config::ServerTransport::Stdio ? makeStdio(to) : makeHttp(to);
}

Result<StdioSettings> ServerConnection::Private::stdioSettings(const QByteArray& traceparent) const
{
    const auto expand = [this](const QString& text) -> Result<QString> {
        return context.expand ? context.expand(text) : Result<QString>(text);
    };
    StdioSettings settings;
    settings.server = server.name;
    settings.command = server.command;
    settings.workingDirectory = server.cwd;
    settings.maxLineBytes = context.maxLineBytes;
    settings.closeGrace = context.closeGrace;
    for (const QString& argument : server.args) {
        Result<QString> value = expand(argument);
        if (!value) {
            return oriel::fail(value.error());
        }
        settings.arguments.append(*value);
    }
    settings.environment = context.inheritedEnvironment.isEmpty() ? allowedEnvironment() : context.inheritedEnvironment;
    if (context.childEnvironment) {
        settings.environment.insert(context.childEnvironment(server, traceparent));
    }
    for (auto it = server.env.cbegin(); it != server.env.cend(); ++it) {
        Result<QString> value = expand(it.value());
        if (!value) {
            return oriel::fail(value.error());
        }
        settings.environment.insert(it.key(), *value);
    }
    return settings;
}

Result<std::unique_ptr<Transport>> ServerConnection::Private::makeStdio(Link& to)
{
    Result<StdioSettings> settings = stdioSettings(to.trace.traceparent());
    if (!settings) {
        return oriel::fail(settings.error());
    }
    commandLine = readableCommandLine(server.command, server.args);
    return std::make_unique<StdioTransport>(std::move(*settings), *context.clock, to);
}

std::unique_ptr<TokenSource> ServerConnection::Private::makeTokenSource() const
{
    const bool ownAuthorization =
        std::any_of(server.headers.cbegin(), server.headers.cend(), [](const std::pair<QString, QString>& header) {
            return header.first.compare(QLatin1String("Authorization"), Qt::CaseInsensitive) == 0;
        });
    return isHttp() && !ownAuthorization && context.tokenSource ? context.tokenSource(server) : nullptr;
}

Result<std::unique_ptr<Transport>> ServerConnection::Private::makeHttp(Link& to)
{
    if (context.httpClient == nullptr) {
        return oriel::fail(ErrorCode::Unsupported, QStringLiteral("There is no HTTP client for this server."), server.name);
    }
    HttpSettings settings;
    settings.server = server.name;
    settings.url = server.url;
    settings.legacySse = server.transport == config::ServerTransport::LegacySse;
    settings.connectTimeout = timeoutOf(OperationType::Connectivity);
    settings.maxMessageBytes = context.maxLineBytes;
    settings.tokens = tokens.get();
    for (const auto& [header, text] : server.headers) {
        Result<QString> value = context.expand ? context.expand(text) : Result<QString>(text);
        if (!value) {
            return oriel::fail(value.error());
        }
        settings.headers.append({header.toUtf8(), value->toUtf8()});
    }
    commandLine = server.url;
    return makeHttpTransport(std::move(settings), *context.httpClient, *context.clock, to);
}

void ServerConnection::Private::watchFiles()
{
    if (server.watch.isEmpty()) {
        return;
    }
    watcher = std::make_unique<QFileSystemWatcher>();
    QStringList paths;
    for (const QString& path : server.watch) {
        const QFileInfo file(server.cwd.isEmpty() || QFileInfo(path).isAbsolute() ? path : server.cwd + QLatin1Char('/') + path);
        paths.append(file.absoluteFilePath());
        // Editors replace files, which ends the watch of the old one; its folder tells of the new.
        if (!file.isDir() && !paths.contains(file.absolutePath())) {
            paths.append(file.absolutePath());
        }
    }
    watcher->addPaths(paths);
    QMap<QString, QDateTime> times;
    for (const QString& path : paths) {
        times.insert(path, QFileInfo(path).lastModified());
    }
    const auto changed = [this, times](const QString& path) {
        Q_UNUSED(path);
        for (const QString& watched : server.watch) {
            const QFileInfo file(
                server.cwd.isEmpty() || QFileInfo(watched).isAbsolute() ? watched : server.cwd + QLatin1Char('/') + watched);
            if (file.lastModified() != times.value(file.absoluteFilePath())) {
                watchTimer.start(context.watchDebounce);
                return;
            }
        }
    };
    QObject::connect(watcher.get(), &QFileSystemWatcher::fileChanged, &q, changed);
    QObject::connect(watcher.get(), &QFileSystemWatcher::directoryChanged, &q, changed);
}

} // namespace oriel::upstream
