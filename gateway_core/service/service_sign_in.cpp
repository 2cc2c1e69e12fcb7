// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.h"
#include "service/service_state.h"

namespace oriel::service {

namespace {

QByteArray awaitedJson(const QString& state, const QUrl& url, bool browser)
{
    json::Writer writer;
    writer.beginObject().member("state", state);
    if (!url.isEmpty())
        writer.member("url", url.toString(QUrl::FullyEncoded)).member("browser", browser);
    return writer.endObject().take();
}

} // namespace

void GatewayService::Private::refreshSignIns()
{
    QMetaObject::invokeMethod(host, [this] {
        QHash<QString, SignInStatus> fresh;
        for (const SignInStatus& status : host->signIns()->statuses())
            fresh.insert(status.server, status);
        QMetaObject::invokeMethod(&q, [this, fresh = std::move(fresh)]() mutable {
            signIns = std::move(fresh);
            Q_EMIT q.serversChanged();
            schedulePublish();
        });
    });
}

void GatewayService::Private::userAwaited(const QString& server, const QUrl& url)
{
    const bool opened = options.openBrowser && options.openBrowser(url);
    const auto command = signInCommands.find(server);
    if (command == signInCommands.end())
        return;
    command->second.browser = opened;
    for (const LocalControl::Respond& respond : std::exchange(command->second.begun, {}))
        respond(awaitedJson(QStringLiteral("awaited"), url, opened));
}

Result<config::Server> GatewayService::Private::serverToSignIn(const QString& name) const
{
    const config::Server* const server = config::findServer(effective, name);
    if (server != nullptr)
        return *server;
    QStringList names;
    for (const config::Server& each : effective.servers) {
        if (UpstreamSignIns::canSignIn(each))
            names.append(each.name);
    }
    return fail(ErrorCode::NotFound, QStringLiteral("there is no server of this name"), name,
                names.isEmpty() ? QStringLiteral("No server of this configuration can be signed in to.")
                                : QStringLiteral("Servers that can be signed in to: %1.").arg(names.join(QStringLiteral(", "))));
}

QFuture<Status> GatewayService::signIn(QString server)
{
    const auto configured = d->serverToSignIn(server);
    if (!configured)
        return QtFuture::makeReadyFuture(Status(fail(configured.error())));
    auto promise = std::make_shared<QPromise<Status>>();
    QFuture<Status> future = promise->future();
    promise->start();
    QMetaObject::invokeMethod(d->host, [this, configured = *configured, promise] {
        d->host->signIns()->signIn(configured, [this, name = configured.name, promise](const Status& done) {
            if (done) {
                store::AuditRow row;
                row.kind = store::AuditKind::Config;
                row.timeUnixNs = d->clock.unixNs();
                row.method = "signed in to " + name.toUtf8();
                row.client = QByteArrayLiteral("oriel");
                d->stores->audit.append(std::move(row));
            }
            promise->addResult(done);
            promise->finish();
        });
    });
    return future;
}

QFuture<Status> GatewayService::cancelSignIn(QString server)
{
    return d->on(d->host, [this, server]() -> Status {
        d->host->signIns()->cancel(server);
        return {};
    });
}

QFuture<Status> GatewayService::signOut(QString server)
{
    const auto configured = d->serverToSignIn(server);
    if (!configured)
        return QtFuture::makeReadyFuture(Status(fail(configured.error())));
    return d->on(d->host, [this, configured = *configured]() -> Status {
        if (const Status possible = UpstreamSignIns::canSignIn(configured); !possible)
            return possible;
        d->host->signIns()->signOut(configured);
        d->host->gateway().restartServer(configured.name.toUtf8());
        store::AuditRow row;
        row.kind = store::AuditKind::Config;
        row.timeUnixNs = d->clock.unixNs();
        row.method = "signed out of " + configured.name.toUtf8();
        row.client = QByteArrayLiteral("oriel");
        d->stores->audit.append(std::move(row));
        return {};
    });
}

/// Answers as soon as the user is awaited somewhere, or when all is done without; sign-in.wait tells the end.
void GatewayService::Private::beginSignIn(const QString& name, const LocalControl::Respond& respond)
{
    if (const auto known = serverToSignIn(name); !known) {
        respond(fail(known.error()));
        return;
    }
    SignInCommand& command = signInCommands[name];
    const auto status = signIns.constFind(name);
    if (status != signIns.cend() && status->state == SignInStatus::State::Awaited)
        respond(awaitedJson(QStringLiteral("awaited"), status->url, command.browser));
    else
        command.begun.push_back(respond);
    command.outcome.reset();
    q.signIn(name).then(&q, [this, name](const Status& done) {
        SignInCommand& ended = signInCommands[name];
        ended.outcome = done;
        for (const LocalControl::Respond& each : std::exchange(ended.begun, {}))
            each(done ? Result<QByteArray>(awaitedJson(QStringLiteral("done"), {}, false)) : fail(done.error()));
        for (const LocalControl::Respond& each : std::exchange(ended.waiting, {}))
            each(done ? Result<QByteArray>(QByteArrayLiteral("true")) : fail(done.error()));
        std::erase_if(signInCommands, [this](const auto& each) { return config::findServer(effective, each.first) == nullptr; });
    });
}

void GatewayService::Private::awaitSignIn(const QString& name, const LocalControl::Respond& respond)
{
    const auto found = signInCommands.find(name);
    if (found == signInCommands.end()) {
        respond(fail(ErrorCode::NotFound, QStringLiteral("no sign-in to this server has begun"), name));
        return;
    }
    SignInCommand& command = found->second;
    if (!command.outcome)
        command.waiting.push_back(respond);
    else
        respond(*command.outcome ? Result<QByteArray>(QByteArrayLiteral("true")) : fail(command.outcome->error()));
}

} // namespace oriel::service
