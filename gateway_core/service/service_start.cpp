// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/background_thread.h"
#include "config/environment/environment.h"
#include "config/vault_references.h"
#include "oriel_build_info.h"
#include "service/pipeline/masking.h"
#include "service/service_state.h"
#include "telemetry/resource.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcessEnvironment>
#include <QRegularExpression>
#include <QSaveFile>
#include <QSysInfo>

namespace oriel::service {

namespace {

/// ${vault:name} from the vault, then ${VAR} and ${VAR:-default} from Oriel's environment.
Result<QString> expandText(const vault::Vault& keeper, const QString& text)
{
    if (!text.contains(QStringLiteral("${")))
        return text;
    Result<QString> resolved = keeper.resolve(text);
    if (!resolved)
        return resolved;
    static const QRegularExpression variable(QStringLiteral("\\$\\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\\}"));
    const QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    QString out;
    qsizetype last = 0;
    for (auto it = variable.globalMatch(*resolved); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        out += QStringView(*resolved).sliced(last, match.capturedStart() - last);
        last = match.capturedEnd();
        if (environment.contains(match.captured(1)))
            out += environment.value(match.captured(1));
        else if (match.capturedStart(2) >= 0)
            out += match.captured(2);
        else
            return fail(ErrorCode::NotFound, QStringLiteral("the environment variable %1 is not set").arg(match.captured(1)), {},
                        QStringLiteral("Set it before Oriel starts, or write ${%1:-default}.").arg(match.captured(1)));
    }
    out += QStringView(*resolved).sliced(last);
    return out;
}

bool refersToVault(const config::Config& configuration)
{
    return std::any_of(configuration.servers.cbegin(), configuration.servers.cend(), [](const config::Server& server) {
        const QStringList texts = config::textsWithReferences(server);
        return std::any_of(texts.cbegin(), texts.cend(),
                           [](const QString& text) { return text.contains(QStringLiteral("${vault:")); });
    });
}

std::vector<QByteArray> utf8Of(const QStringList& texts)
{
    std::vector<QByteArray> list;
    for (const QString& text : texts)
        list.push_back(text.toUtf8());
    return list;
}

telemetry::AnyValue valueOf(const QVariant& value)
{
    switch (value.typeId()) {
    case QMetaType::Bool:
        return value.toBool();
    case QMetaType::LongLong:
        return std::int64_t{value.toLongLong()};
    case QMetaType::Double:
        return value.toDouble();
    case QMetaType::QVariantList: {
        auto array = std::make_shared<telemetry::ArrayValue>();
        for (const QVariant& element : value.toList())
            array->values.push_back(valueOf(element));
        return std::shared_ptr<const telemetry::ArrayValue>(std::move(array));
    }
    default:
        return value.toString().toUtf8();
    }
}

std::shared_ptr<const telemetry::Resource> resourceOf(const config::Telemetry& telemetry, const QByteArray& instance)
{
    telemetry::ResourceOptions options;
    options.serviceName = telemetry.serviceName;
    options.serviceVersion = QString::fromLatin1(build_info::version);
    options.serviceInstanceId = instance;
    options.revision = QByteArray(build_info::gitRevision);
    options.attributes = telemetry.resourceAttributes;
    const QMap<QString, QVariant>& typed = telemetry.typedResourceAttributes;
    for (auto it = typed.cbegin(); it != typed.cend(); ++it)
        options.typedAttributes.push_back({it.key().toUtf8(), valueOf(it.value())});
    for (const config::Entity& entity : telemetry.entities)
        options.entities.push_back(
            {entity.schemaUrl.toUtf8(), entity.type.toUtf8(), utf8Of(entity.idKeys), utf8Of(entity.descriptionKeys)});
    return telemetry::makeResource(options);
}

} // namespace

GatewayService::Private::Private(GatewayService& owner, ServiceOptions given) : q(owner), options(std::move(given))
{
    gatewayThread.setObjectName(QStringLiteral("oriel-gateway"));
    telemetryThread.setObjectName(QStringLiteral("oriel-telemetry"));
    exportThread.setObjectName(QStringLiteral("oriel-export"));
    vaultThread.setObjectName(QStringLiteral("oriel-vault"));
    receiverThread.setObjectName(QStringLiteral("oriel-receiver"));
    readers.setObjectName(QStringLiteral("oriel-reader"));
    readers.setMaxThreadCount(3);
    readers.setExpiryTimeout(30'000);
    changer.setObjectName(QStringLiteral("oriel-config"));
    changer.setMaxThreadCount(1);
    changer.setExpiryTimeout(30'000);
    reload.setSingleShot(true);
    reload.setInterval(150);
    publish.setSingleShot(true);
    statisticsDue.setSingleShot(true);
    retentionDue.setTimerType(Qt::VeryCoarseTimer);
    retentionDue.setInterval(std::chrono::hours(1));
    publish.setInterval(33);
}

Status GatewayService::Private::readConfiguration()
{
    const auto broken = [this](const QString& why) {
        readError = why;
        return fail(ErrorCode::Parse, why, options.configPath, QStringLiteral("The last good configuration stays in force."));
    };
    const bool isThere = QFileInfo(options.configPath).size() > 0;
    // A moment of an editor's way to save, or a full disk: not the wish for a gateway without servers.
    if (!isThere && fileIsKnown)
        return broken(QStringLiteral("%1: is gone or empty").arg(options.configPath));
    const auto loaded = config::loadConfig(options.configPath);
    if (!loaded) {
        QStringList lines;
        for (const config::Problem& found : loaded.error())
            lines.append(found.toString());
        return broken(lines.join(QLatin1Char('\n')));
    }
    fileIsKnown = isThere;
    fileWarnings = loaded->warnings;
    readError.clear();
    fileConfig = loaded->config;
    return {};
}

void GatewayService::Private::applyOverrides()
{
    effective = fileConfig;
    environmentWarnings = config::applyEnvironment(effective, config::processEnvironment());
    if (options.port) {
        effective.gateway.port = *options.port;
        effective.gateway.portIsExplicit = true;
    }
    if (options.noAuth)
        effective.gateway.auth = false;
    if (options.demo && config::findServer(effective, u"demo") == nullptr) {
        config::Server demo;
        demo.name = QStringLiteral("demo");
        demo.command = options.demoServerPath;
        effective.servers.append(demo);
    }
}

QByteArray GatewayService::Private::auditChainKey() const
{
    QFile file(options.dataDir + QStringLiteral("/audit.key"));
    if (file.open(QIODevice::ReadOnly)) {
        const QByteArray key = QByteArray::fromHex(file.read(256).trimmed());
        if (key.size() == 32)
            return key;
    }
    const QByteArray key = SystemRandom().secureBytes(32);
    QSaveFile fresh(file.fileName());
    const bool kept = fresh.open(QIODevice::WriteOnly) &&
                      fresh.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) &&
                      fresh.write(key.toHex() + '\n') > 0 && fresh.commit();
    return kept ? key : QByteArray();
}

void GatewayService::Private::openStores()
{
    auto masker = makeMasker(effective.masking);
    if (!masker)
        masker = makeMasker({});
    stores = std::make_unique<Stores>(options.dataDir, effective, clock, random, auditChainKey(),
                                      [this](const QByteArray& payload) { return pipeline->masker()->maskJson(payload).bytes; });
    stores->retention.onDeleted = [this](const store::RetentionPreview& gone) {
        const QString rows = gone.rows == 1 ? QStringLiteral("1 row") : QStringLiteral("%1 rows").arg(gone.rows);
        logOwn(telemetry::Severity::Info, QStringLiteral("retention deleted %1 of %2").arg(rows, gone.store));
    };
    stores->audit.onCommitted = [this](std::int64_t last) {
        QMetaObject::invokeMethod(&q, [this, last] {
            auditRows = static_cast<quint64>(last);
            Q_EMIT q.auditAdvanced(auditRows);
            schedulePublish();
        });
    };
    stores->audit.onStateChanged = [this](const store::AuditState& state) {
        QMetaObject::invokeMethod(&q, [this, state] {
            auditState = state;
            schedulePublish();
        });
    };

    otlp::PipelineOptions exportOptions{clock, random, [this](QStringView name) { return vaultKeeper->get(name.toString()); },
                                        {},    {},     {}};
    exportOptions.spoolDirectory = options.dataDir + QStringLiteral("/spool");
    exports = std::make_unique<otlp::ExportPipeline>(std::move(exportOptions));
    pipeline =
        std::make_unique<TelemetryPipeline>(TelemetryPipeline::Dependencies{clock, random, buffer, *stores, *exports}, effective);
    pipeline->setMasker(*masker);
    quotaFile = std::make_unique<QuotaFile>(options.dataDir + QStringLiteral("/quotas.json"));
}

void GatewayService::Private::makeWorkers()
{
    keychain = std::make_unique<vault::KeychainSecretStore>();
    vault::Vault::Options vaultOptions;
    vaultOptions.path = options.dataDir + QStringLiteral("/vault.json");
    if (!options.passphraseFile.isEmpty())
        vaultOptions.prompt = vault::passphraseFromFile(options.passphraseFile);
    vaultKeeper = std::make_unique<vault::Vault>(std::move(vaultOptions), *keychain, random);
    vaultKeeper->moveToThread(&vaultThread);
    exports->moveToThread(&exportThread);
    pipeline->moveToThread(&telemetryThread);
    vaultThread.start();
    exportThread.start();
    telemetryThread.start();
    gatewayThread.start();
    pipeline->start();
    QMetaObject::invokeMethod(pipeline.get(), [] { enterBackground("oriel-telemetry"); });
    QMetaObject::invokeMethod(exports.get(), [] { enterBackground("oriel-export"); });

    waitsForVault = true;
    QMetaObject::invokeMethod(vaultKeeper.get(), [this] {
        vaultKeeper->open([this] {
            QMetaObject::invokeMethod(&q, [this] {
                const bool wasWaiting = std::exchange(waitsForVault, false);
                if (wasWaiting && refersToVault(effective))
                    applyToGateway();
                for (const config::Destination& destination : effective.telemetry.destinations)
                    exports->resume(destination.name);
                Q_EMIT q.secretsChanged();
                schedulePublish();
            });
        });
    });
}

void GatewayService::Private::logOwn(telemetry::Severity severity, const QString& message)
{
    telemetry::LogRecord log;
    log.timeUnixNs = log.observedUnixNs = clock.unixNs();
    log.severity = severity;
    log.body = telemetry::AnyValue(message.toUtf8());
    log.source = QByteArrayLiteral("oriel");
    buffer.recordLog(std::move(log));
}

void GatewayService::Private::logConfigurationWarnings()
{
    for (const config::Problem& found : fileWarnings + environmentWarnings)
        logOwn(telemetry::Severity::Warn, QStringLiteral("configuration: ") + found.toString());
}

void GatewayService::Private::putInForce()
{
    logConfigurationWarnings();
    const auto masker = makeMasker(effective.masking);
    maskingError = masker ? QString() : masker.error().toString();
    if (masker)
        pipeline->setMasker(*masker);
    pipeline->configure(effective, ownResource(), telemetry::orielScope());
    configureExports();
    QMetaObject::invokeMethod(receiver.get(), [this, settings = receiverSettings()] { receiver->configure(settings); });
    stores->retention.setRetention(effective.retention);
    if (!waitsForVault || !refersToVault(effective))
        applyToGateway();
    Q_EMIT q.configurationChanged();
    Q_EMIT q.destinationsChanged();
    schedulePublish();
}

std::shared_ptr<const telemetry::Resource> GatewayService::Private::ownResource() const
{
    return resourceOf(effective.telemetry, instanceId);
}

void GatewayService::Private::configureExports()
{
    exports->configure(effective.telemetry, ownResource(), telemetry::orielScope());
}

void GatewayService::Private::applyToGateway()
{
    QMetaObject::invokeMethod(host, [this, configuration = effective] {
        const Status applied = host->apply(configuration);
        QMetaObject::invokeMethod(&q, [this, applied] {
            gatewayError = applied ? QString() : applied.error().toString();
            schedulePublish();
        });
    });
}

void GatewayService::Private::openMetricsListener()
{
    if (!effective.telemetry.prometheus)
        return;
    metricsListener = new MetricsListener(*api, clock, host);
    const config::PrometheusListener& asked = *effective.telemetry.prometheus;
    if (const auto listening = metricsListener->listen(asked.host, asked.port))
        logOwn(telemetry::Severity::Info, QStringLiteral("Prometheus can scrape http://%1:%2/metrics without a token.")
                                              .arg(asked.host.contains(u':') ? QStringLiteral("[::1]") : asked.host)
                                              .arg(*listening));
    else
        metricsError = QStringLiteral("OTEL_METRICS_EXPORTER=prometheus: /metrics is not served without a token: ") +
                       listening.error().toString();
}

Status GatewayService::Private::startGateway()
{
    Result<quint16> listening = 0;
    Result<QString> localSocket = QString();
    auto* anchor = new QObject;
    anchor->moveToThread(&gatewayThread);
    QMetaObject::invokeMethod(
        anchor,
        [&] {
            GatewayHost::Dependencies dependencies{clock,
                                                   random,
                                                   buffer,
                                                   options.dataDir + QStringLiteral("/tokens.json"),
                                                   options.dataDir + QStringLiteral("/eras.json"),
                                                   QByteArray(build_info::version),
                                                   [this](const QString& text) { return expandText(*vaultKeeper, text); },
                                                   vaultKeeper.get(),
                                                   quotaFile->read()};
            host = new GatewayHost(std::move(dependencies), effective);
            host->setReceiver(receiver->status());
            api = new HttpApi({*stores, *pipeline, readers, ownResource(),
                               [this](const std::function<void(const QByteArray&)>& give) {
                                   QMetaObject::invokeMethod(&q, [this, give] {
                                       if (host != nullptr)
                                           give(q.statusJson());
                                   });
                               },
                               [this](const ExportRequest& request, const ExportRequest::Respond& respond) {
                                   QMetaObject::invokeMethod(&q, [this, request, respond] {
                                       handleExport(request, [this, respond](int status, const QByteArray& json) {
                                           if (host != nullptr)
                                               respond(status, json);
                                       });
                                   });
                               }},
                              host);
            host->endpoint().setApiHandler(
                [this](const http::Request& request, HttpApi::Answer answer) { api->handle(request, std::move(answer)); });
            control =
                new LocalControl({[this](QLocalSocket* socket, const QByteArray& server, qint64 pid) {
                                      host->bridges().serve(socket, {server, pid});
                                  },
                                  [this](const QByteArray& command, const QByteArray& arguments, LocalControl::Respond respond) {
                                      QMetaObject::invokeMethod(&q, [this, command, arguments, respond = std::move(respond)] {
                                          handleCommand(command, arguments, respond);
                                      });
                                  }},
                                 host);
            listening = host->listen(effective.gateway.host, effective.gateway.port);
            openMetricsListener();
            localSocket = control->listen(options.dataDir);
            anchor->deleteLater();
        },
        Qt::BlockingQueuedConnection);

    if (!listening) {
        listenError = listening.error().toString();
        if (effective.gateway.portIsExplicit || options.headless)
            return fail(listening.error());
    } else {
        port = *listening;
    }
    if (!localSocket)
        return fail(localSocket.error());
    socketName = *localSocket;
    return writeRuntime();
}

void GatewayService::Private::connectSignals()
{
    QObject::connect(&host->gateway(), &gateway::Gateway::serversChanged, &q, [this] { refreshServers(); });
    QObject::connect(&host->gateway(), &gateway::Gateway::sessionsChanged, &q, [this] { refreshSessions(); });
    QObject::connect(&host->gateway(), &gateway::Gateway::limitsChanged, &q, [this] { refreshLoad(); });
    QObject::connect(host->signIns(), &UpstreamSignIns::changed, &q, [this] { refreshSignIns(); });
    QObject::connect(host->signIns(), &UpstreamSignIns::userAwaited, &q,
                     [this](const QString& server, const QUrl& url) { userAwaited(server, url); });
    QObject::connect(exports.get(), &otlp::ExportPipeline::statusChanged, &q, [this] {
        Q_EMIT q.destinationsChanged();
        schedulePublish();
    });
    QObject::connect(exports.get(), &otlp::ExportPipeline::spoolRead, &q, [this] { spoolRead(); });
    QObject::connect(pipeline.get(), &TelemetryPipeline::tracesAdvanced, &q, [this](quint64 revision) {
        Q_EMIT q.tracesAdvanced(revision);
        schedulePublish();
    });
    QObject::connect(pipeline.get(), &TelemetryPipeline::logsAdvanced, &q, &GatewayService::logsAdvanced);
    QObject::connect(pipeline.get(), &TelemetryPipeline::wireAdvanced, &q, &GatewayService::wireAdvanced);
    QObject::connect(pipeline.get(), &TelemetryPipeline::metricsSampled, &q, [this] {
        if (!statisticsDue.isActive())
            statisticsDue.start();
        refreshLoad();
    });
    QObject::connect(&statisticsDue, &QTimer::timeout, &q, [this] { refreshStatistics(); });
    QObject::connect(vaultKeeper.get(), &vault::Vault::changed, &q, [this] {
        for (const config::Destination& destination : effective.telemetry.destinations)
            exports->resume(destination.name);
        Q_EMIT q.secretsChanged();
    });
    QObject::connect(vaultKeeper.get(), &vault::Vault::stateChanged, &q, [this] { schedulePublish(); });
    QObject::connect(&publish, &QTimer::timeout, &q, &GatewayService::statusChanged);
    QObject::connect(&reload, &QTimer::timeout, &q, [this] { reloadConfiguration(); });
    QObject::connect(&retentionDue, &QTimer::timeout, &q, [this] { applyRetention(); });
    const auto changed = [this] {
        if (!running)
            return;
        watchConfiguration(); // a file that is new, or was replaced
        reload.start();
    };
    QObject::connect(&watcher, &QFileSystemWatcher::fileChanged, &q, changed);
    QObject::connect(&watcher, &QFileSystemWatcher::directoryChanged, &q, changed);
}

bool GatewayService::Private::knowsRetention() const
{
    // Without a file the defaults are what is wanted, unless one was meant that is not there.
    return readError.isEmpty() && (fileIsKnown || options.configPath == config::defaultConfigPath());
}

void GatewayService::Private::applyRetention()
{
    retentionWaits = !knowsRetention();
    if (retentionWaits) {
        logOwn(telemetry::Severity::Warn,
               QStringLiteral("retention: nothing is deleted until the configuration can be read: %1")
                   .arg(readError.isEmpty() ? options.configPath + QStringLiteral(" is not there") : readError));
        return;
    }
    (void)read([this](const std::stop_token&) {
        const auto applied = stores->retention.apply(stopping.get_token());
        if (!applied && !stopping.stop_requested())
            logOwn(telemetry::Severity::Warn, QStringLiteral("retention: ") + applied.error().toString());
        return applied.has_value();
    });
}

void GatewayService::Private::watchConfiguration()
{
    // A save by rename replaces the file, so its directory is watched as well.
    const QFileInfo file(options.configPath);
    if (file.exists())
        watcher.addPath(file.absoluteFilePath());
    if (QDir(file.absolutePath()).exists())
        watcher.addPath(file.absolutePath());
}

void GatewayService::Private::reloadConfiguration()
{
    const config::Config before = fileConfig;
    if (!readConfiguration()) {
        schedulePublish();
        return;
    }
    if (before == fileConfig) {
        schedulePublish();
    } else {
        applyOverrides();
        putInForce();
    }
    if (retentionWaits)
        applyRetention();
}

} // namespace oriel::service
