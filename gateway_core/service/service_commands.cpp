// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_writer.h"
#include "config/client_configs.h"
#include "config/settings/settings_table.h"
#include "otlp/codec/encode.h"
#include "service/control/doctor.h"
#include "service/pipeline/masking.h"
#include "service/service_state.h"

#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

namespace oriel::service {

namespace {

/// True when the file's own part of the configuration has this server or destination: the demo and `env` are not in it.
template <class List> auto findByName(List& list, const QString& name)
{
    return std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.name == name; });
}

/// What differs from `base` was changed by who read that; the rest may be another's change, or of the environment and not the
/// file's at all.
template <class Subject>
void writeDifferences(Subject& target, const Subject& wanted, const Subject& base,
                      std::span<const config::SettingRow<Subject>> table)
{
    for (const config::SettingRow<Subject>& row : table) {
        if (const config::SettingValue value = row.read(wanted); value != row.read(base))
            row.write(target, value);
    }
}

template <class List, class Entry> Status add(List& list, Entry entry, const QString& what)
{
    if (findByName(list, entry.name) != list.end())
        return fail(ErrorCode::AlreadyExists, QStringLiteral("there is a %1 of this name").arg(what), entry.name);
    list.append(std::move(entry));
    return {};
}

/// An entry that has gone meanwhile comes back whole.
template <class List, class Entry>
Status save(List& list, Entry entry, const std::optional<Entry>& base, std::span<const config::SettingRow<Entry>> table,
            const QString& what)
{
    const auto existing = base ? findByName(list, base->name) : list.end();
    if (existing == list.end())
        return add(list, std::move(entry), what);
    if (entry.name != base->name && findByName(list, entry.name) != list.end())
        return fail(ErrorCode::AlreadyExists, QStringLiteral("there is a %1 of this name").arg(what), entry.name);
    writeDifferences(*existing, entry, *base, table);
    existing->name = entry.name;
    return {};
}

} // namespace

QFuture<Status> GatewayService::Private::changeConfiguration(std::function<Status(config::Config&)> change, QByteArray what)
{
    return run(changer,
               [this, change = std::move(change), what = std::move(what)](std::stop_token) {
                   const Status saved = config::changeConfig(options.configPath, change);
                   if (saved) {
                       store::AuditRow row;
                       row.kind = store::AuditKind::Config;
                       row.timeUnixNs = clock.unixNs();
                       row.method = what;
                       row.client = QByteArrayLiteral("oriel");
                       stores->audit.append(std::move(row));
                   }
                   return saved;
               })
        .then(&q, [this](const Status& saved) {
            if (saved && running) {
                reloadConfiguration();
                watchConfiguration();
            }
            return saved;
        });
}

QFuture<Status> GatewayService::saveServer(config::Server server, std::optional<config::Server> base)
{
    const QByteArray what = "server " + server.name.toUtf8() + " saved";
    return d->changeConfiguration(
        [server = std::move(server), base = std::move(base)](config::Config& configuration) {
            return save(configuration.servers, server, base, config::serverTable(), QStringLiteral("server"));
        },
        what);
}

QFuture<Status> GatewayService::removeServer(QString name)
{
    return d->changeConfiguration(
        [name](config::Config& configuration) -> Status {
            const auto it = findByName(configuration.servers, name);
            if (it == configuration.servers.end())
                return fail(ErrorCode::NotFound, QStringLiteral("the configuration file has no server of this name"), name);
            configuration.servers.erase(it);
            return {};
        },
        "server " + name.toUtf8() + " removed");
}

QFuture<Status> GatewayService::setServerEnabled(QString name, bool enabled)
{
    return d->changeConfiguration(
        [name, enabled](config::Config& configuration) -> Status {
            const auto it = findByName(configuration.servers, name);
            if (it == configuration.servers.end())
                return fail(ErrorCode::NotFound, QStringLiteral("the configuration file has no server of this name"), name);
            it->enabled = enabled;
            return {};
        },
        "server " + name.toUtf8() + (enabled ? " enabled" : " disabled"));
}

QFuture<Status> GatewayService::restartServer(QString name)
{
    return d->on(d->host, [this, name]() -> Status {
        d->host->gateway().restartServer(name.toUtf8());
        return {};
    });
}

QFuture<Status> GatewayService::checkEraAgain(QString name)
{
    return d->on(d->host, [this, name]() -> Status {
        d->host->gateway().checkEraAgain(name.toUtf8());
        return {};
    });
}

QFuture<Status> GatewayService::setToolEnabled(QString server, QString tool, bool enabled)
{
    return d->changeConfiguration(
        [server, tool, enabled](config::Config& configuration) -> Status {
            const auto it = findByName(configuration.servers, server);
            if (it == configuration.servers.end())
                return fail(ErrorCode::NotFound, QStringLiteral("the configuration file has no server of this name"), server);
            it->disabledTools.removeAll(tool);
            if (!enabled)
                it->disabledTools.append(tool);
            return {};
        },
        "tool " + server.toUtf8() + '/' + tool.toUtf8() + (enabled ? " enabled" : " disabled"));
}

QFuture<Status> GatewayService::saveDestination(config::Destination destination, std::optional<config::Destination> base)
{
    const QByteArray what = "destination " + destination.name.toUtf8() + " saved";
    return d->changeConfiguration(
        [destination = std::move(destination), base = std::move(base)](config::Config& configuration) {
            return save(configuration.telemetry.destinations, destination, base, config::destinationTable(),
                        QStringLiteral("destination"));
        },
        what);
}

QFuture<Status> GatewayService::removeDestination(QString name)
{
    return d->changeConfiguration(
        [name](config::Config& configuration) -> Status {
            const auto it = findByName(configuration.telemetry.destinations, name);
            if (it == configuration.telemetry.destinations.end())
                return fail(ErrorCode::NotFound, QStringLiteral("the configuration file has no destination of this name"), name);
            configuration.telemetry.destinations.erase(it);
            return {};
        },
        "destination " + name.toUtf8() + " removed");
}

QFuture<Result<QString>> GatewayService::testDestination(QString name)
{
    return d->exports->sendTestSpan(name);
}

QFuture<Status> GatewayService::saveConfiguration(config::Config configuration, config::Config base)
{
    return d->changeConfiguration(
        [wanted = std::move(configuration), base = std::move(base)](config::Config& target) -> Status {
            writeDifferences(target, wanted, base, config::settingsTable());
            return {};
        },
        QByteArrayLiteral("settings saved"));
}

QFuture<QList<ImportCandidate>> GatewayService::discoverImports()
{
    return d->read([existing = d->effective.servers](std::stop_token) {
        QList<ImportCandidate> candidates;
        const config::ImportScan scan = config::scanClients(config::ClientPlaces::ofThisUser());
        for (const config::FoundServer& found : scan.servers) {
            ImportCandidate candidate;
            candidate.client = QString::fromLatin1(config::clientTable()[static_cast<std::size_t>(found.client)].name);
            candidate.sourcePath = found.path;
            candidate.server = found.server;
            candidate.secretFields = found.secretFields;
            candidate.warnings = found.warnings;
            const bool taken = std::any_of(existing.cbegin(), existing.cend(),
                                           [&](const auto& server) { return server.name == found.server.name; });
            if (taken)
                candidate.conflict = QStringLiteral("a server of this name is configured already");
            candidates.append(std::move(candidate));
        }
        return candidates;
    });
}

QFuture<Status> GatewayService::importServers(QList<ImportCandidate> chosen, bool moveSecretsToVault)
{
    QMap<QString, QByteArray> secrets;
    QList<config::Server> servers;
    for (const ImportCandidate& candidate : chosen) {
        config::FoundServer found;
        found.server = candidate.server;
        found.secretFields = candidate.secretFields;
        if (moveSecretsToVault)
            secrets.insert(config::extractSecrets(found));
        servers.append(found.server);
    }
    // The vault first: a reference to a secret that was not kept would lose it.
    return d
        ->on(d->vaultKeeper.get(),
             [this, secrets]() -> Status {
                 for (auto it = secrets.cbegin(); it != secrets.cend(); ++it) {
                     if (const Status kept = d->vaultKeeper->set(it.key(), it.value()); !kept)
                         return kept;
                 }
                 return {};
             })
        .then(this,
              [this, servers](const Status& kept) {
                  if (!kept)
                      return QtFuture::makeReadyFuture(kept);
                  return d->changeConfiguration(
                      [servers](config::Config& configuration) -> Status {
                          for (const config::Server& server : servers) {
                              if (Status added = add(configuration.servers, server, QStringLiteral("server")); !added)
                                  return added;
                          }
                          return {};
                      },
                      QByteArrayLiteral("servers imported"));
              })
        .unwrap();
}

QList<ClientSnippet> GatewayService::clientSnippets(const QString& token) const
{
    QList<ClientSnippet> snippets;
    const config::ClientPlaces places = config::ClientPlaces::ofThisUser();
    for (const config::ClientRow& row : config::clientTable()) {
        const config::Snippet snippet =
            config::snippetFor(row.kind, places, d->port, QCoreApplication::applicationFilePath(), token);
        snippets.append({QString::fromLatin1(row.name), snippet.path, snippet.text, snippet.note});
    }
    return snippets;
}

QFuture<QByteArray> GatewayService::sessionToken(QString name)
{
    return d->on(d->host, [this, name] { return d->host->tokens().addTransient(name.toUtf8()); });
}

QFuture<Result<QString>> GatewayService::addToken(QString name, QStringList scopes, QString project)
{
    return d
        ->on(d->host,
             [this, name, scopes, project]() -> Result<QString> {
                 const auto token = d->host->tokens().add(name.toUtf8(), scopes.contains(QStringLiteral("mcp")),
                                                          scopes.contains(QStringLiteral("api")), project.toUtf8());
                 if (!token)
                     return fail(token.error());
                 return QString::fromLatin1(*token);
             })
        .then(this, [this](const Result<QString>& token) {
            d->refreshTokens();
            return token;
        });
}

QFuture<Status> GatewayService::revokeToken(QString name)
{
    return d
        ->on(d->host,
             [this, name]() -> Status {
                 const Status revoked = d->host->tokens().revoke(name.toUtf8());
                 if (revoked)
                     d->host->endpoint().closeSessionsOf(name.toUtf8());
                 return revoked;
             })
        .then(this, [this](const Status& revoked) {
            d->refreshTokens();
            return revoked;
        });
}

QStringList GatewayService::secretNames() const
{
    return d->vaultKeeper->list();
}

QFuture<Status> GatewayService::setSecret(QString name, QByteArray value)
{
    return d->on(d->vaultKeeper.get(), [this, name, value]() -> Status { return d->vaultKeeper->set(name, value); });
}

QFuture<Status> GatewayService::removeSecret(QString name)
{
    return d->on(d->vaultKeeper.get(), [this, name]() -> Status { return d->vaultKeeper->remove(name); });
}

QFuture<QList<RetentionPreviewRow>> GatewayService::retentionPreview(config::Retention retention)
{
    return d->read([this, retention](std::stop_token) {
        store::RetentionPolicy policy(d->clock, retention);
        policy.add(d->stores->traces);
        policy.add(d->stores->logs);
        policy.add(d->stores->series);
        policy.add(d->stores->audit);
        QList<RetentionPreviewRow> rows;
        if (const auto previews = policy.preview()) {
            for (const store::RetentionPreview& preview : *previews)
                rows.append({preview.store, preview.rows, preview.bytes, preview.oldestUnixNs, preview.newestUnixNs});
        }
        return rows;
    });
}

QFuture<Status> GatewayService::applyRetention()
{
    return d->read([this](std::stop_token stop) -> Status {
        const auto applied = d->stores->retention.apply(stop);
        if (!applied)
            return fail(applied.error());
        return {};
    });
}

QFuture<Result<quint64>> GatewayService::exportAudit(store::AuditQuery query, QString path, bool csv)
{
    return d->read([this, query = std::move(query), path, csv](std::stop_token stop) -> Result<quint64> {
        const auto reader = store::AuditReader::open(d->stores->auditPath);
        if (!reader)
            return fail(reader.error());
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly))
            return fail(ErrorCode::Io, QStringLiteral("cannot be written: %1").arg(file.errorString()), path);
        const auto rows = store::exportAudit(
            *reader, query, csv ? store::AuditFormat::Csv : store::AuditFormat::JsonLines,
            [&file](QByteArrayView chunk) { return file.write(chunk.data(), chunk.size()) == chunk.size(); }, stop);
        if (!rows)
            return fail(rows.error());
        if (!file.commit())
            return fail(ErrorCode::Io, QStringLiteral("cannot be written: %1").arg(file.errorString()), path);
        store::AuditRow row;
        row.kind = store::AuditKind::Export;
        row.timeUnixNs = d->clock.unixNs();
        row.client = QByteArrayLiteral("oriel");
        row.method = "audit exported, " + QByteArray::number(quint64(*rows)) + " rows";
        d->stores->audit.append(std::move(row));
        return *rows;
    });
}

QFuture<Result<quint64>> GatewayService::exportTraces(store::TraceQuery query, QString path, qint64 limit)
{
    return d->read([this, query = std::move(query), path, limit](std::stop_token stop) mutable -> Result<quint64> {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly))
            return fail(ErrorCode::Io, QStringLiteral("cannot be written: %1").arg(file.errorString()), path);
        quint64 written = 0;
        for (bool done = false; !done;) {
            const store::TracePage page = d->stores->traces.query(query, stop);
            done = !page.next;
            for (const store::TraceSummary& trace : page.rows) {
                done = done || (limit > 0 && written >= static_cast<quint64>(limit));
                if (limit > 0 && written >= static_cast<quint64>(limit))
                    break;
                const store::TraceLookup found = d->stores->traces.trace(trace.traceId, stop);
                if (stop.stop_requested())
                    return fail(ErrorCode::Cancelled, QStringLiteral("cancelled"), path);
                if (file.write(otlp::encodeTraces(found.spans, otlp::Encoding::Json) + '\n') < 0)
                    return fail(ErrorCode::Io, QStringLiteral("cannot be written: %1").arg(file.errorString()), path);
                ++written;
            }
            query.after = page.next;
        }
        if (!file.commit())
            return fail(ErrorCode::Io, QStringLiteral("cannot be written: %1").arg(file.errorString()), path);
        return written;
    });
}

MaskPreview GatewayService::previewMasking(const QByteArray& text) const
{
    const privacy::MaskResult masked = d->pipeline->masker()->maskJson(text);
    MaskPreview preview{masked.bytes, {}};
    for (const privacy::MaskHit& hit : masked.hits)
        preview.hits.append(QString::fromUtf8(hit.rule + (hit.path.isEmpty() ? QByteArray() : " at " + hit.path)));
    return preview;
}

QList<config::Problem> GatewayService::configurationWarnings() const
{
    return d->fileWarnings + d->environmentWarnings;
}

QFuture<QList<DoctorCheck>> GatewayService::doctor()
{
    DoctorInput input{d->options.configPath, d->options.dataDir, status(), servers(), destinations(), d->spoolReport, {}};
    for (const config::Problem& found : configurationWarnings())
        input.configWarnings.append(found.toString());
    return d->read([input](std::stop_token) { return runDoctor(input); });
}

void GatewayService::Private::handleCommand(const QByteArray& command, const QByteArray& arguments,
                                            const LocalControl::Respond& respond)
{
    json::Document document;
    (void)document.parse(arguments);
    const json::Value root = document.root();
    const QString name = root.find("name").asString();
    if (command == "token.add") {
        QStringList scopes;
        for (const json::Value& scope : root.find("scopes").elements())
            scopes.append(scope.asString());
        q.addToken(name, scopes, root.find("project").asString()).then(&q, [respond](const Result<QString>& token) {
            respond(token ? Result<QByteArray>(json::quote(QStringView(*token)))
                          : Result<QByteArray>(tl::unexpected(token.error())));
        });
    } else if (command == "token.revoke") {
        q.revokeToken(name).then(&q, [respond](const Status& done) {
            respond(done ? Result<QByteArray>(QByteArrayLiteral("true")) : Result<QByteArray>(tl::unexpected(done.error())));
        });
    } else if (command == "doctor") {
        q.doctor().then(&q, [respond](const QList<DoctorCheck>& checks) { respond(doctorJson(checks)); });
    } else if (command == "sign-in") {
        beginSignIn(name, respond);
    } else if (command == "sign-in.wait") {
        awaitSignIn(name, respond);
    } else if (command == "sign-out") {
        q.signOut(name).then(&q, [respond](const Status& done) {
            respond(done ? Result<QByteArray>(QByteArrayLiteral("true")) : Result<QByteArray>(tl::unexpected(done.error())));
        });
    } else if (command == "status") {
        respond(q.statusJson());
    } else if (command == "secret.set") {
        q.setSecret(name, root.find("value").asUtf8()).then(&q, [respond](const Status& done) {
            respond(done ? Result<QByteArray>(QByteArrayLiteral("true")) : Result<QByteArray>(tl::unexpected(done.error())));
        });
    } else if (command == "traces.export") {
        store::TraceQuery query;
        const auto filter = store::Filter::parse(root.find("filter").asUtf8());
        if (!filter) {
            respond(tl::unexpected(filter.error().toError()));
            return;
        }
        query.filter = *filter;
        query.newestFirst = false;
        const auto limit = root.find("limit").asInt64().value_or(0);
        q.exportTraces(query, root.find("path").asString(), limit).then(&q, [respond](const Result<quint64>& written) {
            respond(written ? Result<QByteArray>(QByteArray::number(*written))
                            : Result<QByteArray>(tl::unexpected(written.error())));
        });
    } else if (command == "raise") {
        // A headless Oriel has no window to raise: whoever asks may have the directory handed over.
        respond(options.headless ? QByteArrayLiteral("false") : QByteArrayLiteral("true"));
        Q_EMIT q.raiseRequested();
    } else if (command == "hand-over") {
        respond(QByteArrayLiteral("true"));
        Q_EMIT q.handOverRequested();
    } else {
        respond(fail(ErrorCode::Unsupported, QStringLiteral("this Oriel does not know the command"), QString::fromUtf8(command)));
    }
}

} // namespace oriel::service
