// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/background_thread.h"
#include "base/clock.h"
#include "base/random.h"
#include "config/file/config_file.h"
#include "otlp/pipeline/export_pipeline.h"
#include "otlp/receiver/receiver.h"
#include "service/control/http_api.h"
#include "service/control/local_control.h"
#include "service/control/metrics_listener.h"
#include "service/gateway_host.h"
#include "service/gateway_service.h"
#include "service/pipeline/stores.h"
#include "service/pipeline/telemetry_buffer.h"
#include "service/pipeline/telemetry_pipeline.h"
#include "service/quota_file.h"
#include "service/received/received_pipeline.h"
#include "vault/keychain_secret_store.h"
#include "vault/vault.h"

#include <QFileSystemWatcher>
#include <QFutureWatcher>
#include <QPromise>
#include <QThread>
#include <QThreadPool>
#include <QTimer>

#include <map>

namespace oriel::json {
class Writer;
}

namespace oriel::service {

/// The parts of the service, in the order in which they are made; they go in the reverse order. Functions marked with a thread in
/// the comment are posted there; the rest belongs to the service's own thread.
struct GatewayService::Private {
    explicit Private(GatewayService& owner, ServiceOptions given);

    GatewayService& q;
    ServiceOptions options;
    SystemClock clock;
    SystemRandom random;
    const QByteArray instanceId = random.secureBytes(16).toHex(); ///< service.instance.id of this run
    DataDirectoryLock lock;
    config::Config fileConfig; ///< as the file has it
    config::Config effective;  ///< with environment, command line and demo put over it
    QString readError;         ///< the file is broken; the last good one is in force
    bool fileIsKnown = false;  ///< it was there, and what it says was read
    QString maskingError;      ///< what of the configuration could not be put in force …
    QString gatewayError;      ///< … and why the gateway refused it
    QString metricsError; ///< why the listener of OTEL_EXPORTER_PROMETHEUS_* does not listen; written before threads share it
    QList<config::Problem> fileWarnings;
    QList<config::Problem> environmentWarnings;

    QThread gatewayThread;
    QThread telemetryThread;
    QThread exportThread;
    QThread vaultThread;
    QThread receiverThread;
    QThreadPool readers;
    QThreadPool changer; ///< one thread: changes of the configuration in the order in which they were asked for

    TelemetryBuffer buffer;
    std::unique_ptr<Stores> stores;
    std::unique_ptr<otlp::ExportPipeline> exports;
    std::unique_ptr<TelemetryPipeline> pipeline;
    ReceivedTelemetry received;
    std::unique_ptr<ReceivedPipeline> receivedPipeline; ///< telemetry thread
    std::unique_ptr<otlp::OtlpReceiver> receiver;       ///< receiver thread
    std::unique_ptr<QuotaFile> quotaFile;               ///< read before the threads start, then the telemetry thread's
    std::unique_ptr<vault::KeychainSecretStore> keychain;
    std::unique_ptr<vault::Vault> vaultKeeper;
    GatewayHost* host = nullptr;                ///< gateway thread
    LocalControl* control = nullptr;            ///< gateway thread
    HttpApi* api = nullptr;                     ///< gateway thread
    MetricsListener* metricsListener = nullptr; ///< gateway thread; null unless asked for
    QFileSystemWatcher watcher;
    QTimer reload;  ///< gathers the events of one save
    QTimer publish; ///< gathers changes into one statusChanged
    /// Until the next refreshStatistics(): what it reads grows with the calls of 15 minutes, and it may take no more than a
    /// hundredth of a processor, watched or not.
    QTimer statisticsDue;
    QTimer retentionDue;
    bool retentionWaits = false; ///< for a configuration that can be read
    std::stop_source stopping;   ///< of what a reader does for nobody
    std::int64_t startedNs = 0;
    bool running = false;
    bool waitsForVault = false;

    // What the workers published last; this thread.
    quint16 port = 0;
    QString listenError;
    QString socketName;
    QList<upstream::ServerStatus> serverStatuses;
    QHash<QString, QList<ToolInfo>> tools;
    QHash<QString, SignInStatus> signIns; ///< by server
    QList<SessionSnapshot> sessionList;
    QList<LimitSnapshot> limitList;
    QList<TokenSnapshot> tokenList;
    store::AggregateResult byServer; ///< last 15 minutes
    double callsPerSecond = 0;
    std::int64_t p95Ns = 0;
    store::AuditState auditState;
    quint64 auditRows = 0;
    SpoolReport spoolReport;

    // service_start.cpp
    Status readConfiguration();
    void applyOverrides();
    void logOwn(telemetry::Severity severity, const QString& message); ///< as a record of Oriel itself
    void logConfigurationWarnings();
    void openStores();
    void makeWorkers();
    Status startGateway();
    void openMetricsListener(); ///< gateway thread
    void connectSignals();
    void watchConfiguration();
    /// Is what `effective.retention` says what the user wants? Defaults in the place of a broken file must not delete anything.
    [[nodiscard]] bool knowsRetention() const;
    void applyRetention(); ///< on a reader
    void reloadConfiguration();
    void putInForce();
    [[nodiscard]] std::shared_ptr<const telemetry::Resource> ownResource() const;
    void configureExports();
    void applyToGateway();
    QByteArray auditChainKey() const;

    // service_destinations.cpp
    void spoolRead(); ///< tells what it held, once
    QFuture<Status> changeDestination(const QString& name, std::function<void(config::Destination&)> change,
                                      const QByteArray& done);

    // service_receiver.cpp
    [[nodiscard]] otlp::ReceiverSettings receiverSettings() const;
    void makeReceiver();
    void openReceiver();
    void receiverMoved(); ///< its ports have changed
    [[nodiscard]] Status writeRuntime() const;
    [[nodiscard]] ReceiverSnapshot receiverSnapshot() const;

    // service_snapshots.cpp
    void refreshServers();
    void refreshSessions();
    void refreshTokens();
    void refreshStatistics();
    void schedulePublish();
    [[nodiscard]] ServerSnapshot snapshotOf(const config::Server& server) const;
    [[nodiscard]] QString configError() const; ///< all that is wrong with the configuration, in lines

    // service_limits.cpp
    void refreshLoad(); ///< what changes with each call: statuses of the servers, limits, quotas
    [[nodiscard]] CircuitSnapshot circuitOf(const upstream::ServerStatus& status) const;

    // service_sign_in.cpp
    void refreshSignIns();
    void userAwaited(const QString& server, const QUrl& url);
    [[nodiscard]] Result<config::Server> serverToSignIn(const QString& name) const;
    void beginSignIn(const QString& name, const LocalControl::Respond& respond);
    void awaitSignIn(const QString& name, const LocalControl::Respond& respond);

    struct SignInCommand {
        std::optional<Status> outcome;              ///< none: it is under way
        std::vector<LocalControl::Respond> begun;   ///< to be told the address, or the outcome if that comes first
        std::vector<LocalControl::Respond> waiting; ///< to be told the outcome
        bool browser = false;                       ///< one was opened
    };
    std::map<QString, SignInCommand> signInCommands; ///< the last one of each configured server

    // service_commands.cpp
    void handleCommand(const QByteArray& command, const QByteArray& arguments, const LocalControl::Respond& respond);
    void handleExport(const ExportRequest& request, const ExportRequest::Respond& respond);
    /// `change` is made to what the file holds when its turn comes, on another thread.
    QFuture<Status> changeConfiguration(std::function<Status(config::Config&)> change, QByteArray what);

    /// Runs on the readers' pool with a stop token that the future's cancellation sets.
    template <class Function> auto read(Function function) { return run(readers, std::move(function)); }
    template <class Function>
    auto run(QThreadPool& pool, Function function) -> QFuture<std::invoke_result_t<Function, std::stop_token>>;
    /// Runs on the thread of `context`, the answer as a future.
    template <class Function> auto on(QObject* context, Function function) -> QFuture<std::invoke_result_t<Function>>;
};

/// As a member of /api/v1/status.
void writeReceiver(json::Writer& writer, const ReceiverSnapshot& receiver);

template <class Function>
auto GatewayService::Private::run(QThreadPool& pool, Function function)
    -> QFuture<std::invoke_result_t<Function, std::stop_token>>
{
    using Value = std::invoke_result_t<Function, std::stop_token>;
    auto promise = std::make_shared<QPromise<Value>>();
    auto stop = std::make_shared<std::stop_source>();
    QFuture<Value> future = promise->future();
    promise->start();
    auto* canceller = new QFutureWatcher<Value>(&q);
    QObject::connect(canceller, &QFutureWatcherBase::canceled, canceller, [stop] { stop->request_stop(); });
    QObject::connect(canceller, &QFutureWatcherBase::finished, canceller, &QObject::deleteLater);
    canceller->setFuture(future);
    pool.start([promise, stop, name = pool.objectName().toLatin1(), function = std::move(function)]() mutable {
        thread_local const bool isBackground = (enterBackground(name.constData()), true);
        Q_UNUSED(isBackground)
        if (!promise->isCanceled())
            promise->addResult(function(stop->get_token()));
        promise->finish();
    });
    return future;
}

template <class Function>
auto GatewayService::Private::on(QObject* context, Function function) -> QFuture<std::invoke_result_t<Function>>
{
    using Value = std::invoke_result_t<Function>;
    auto promise = std::make_shared<QPromise<Value>>();
    QFuture<Value> future = promise->future();
    promise->start();
    QMetaObject::invokeMethod(context, [promise, function = std::move(function)]() mutable {
        promise->addResult(function());
        promise->finish();
    });
    return future;
}

} // namespace oriel::service
