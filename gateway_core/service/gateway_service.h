// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/file/config_file.h"
#include "service/snapshots.h"
#include "store/audit_log.h"
#include "store/log_store.h"
#include "store/series_store.h"
#include "store/trace_store.h"
#include "store/wire_log.h"

#include <QFuture>
#include <QObject>
#include <QUrl>

#include <functional>
#include <memory>

namespace oriel::service {

/// What the composition root decides before anything runs.
struct ServiceOptions {
    QString configPath;
    QString dataDir;
    std::optional<quint16> port; ///< from the command line
    bool noAuth = false;
    bool headless = false;
    bool demo = false; ///< adds the bundled demo server, in memory only
    QString demoServerPath;
    QString passphraseFile;
    /// Opens an address in the user's browser, without a shell; false where there is none. Called on the service's thread; null:
    /// addresses are only told.
    std::function<bool(const QUrl&)> openBrowser;
};

/// What a chart asks of the time series; metric names in full ("mcp_gateway_tool_calls_total").
struct ChartQuery {
    enum class Kind : quint8 { Rate, Value, Quantile, Ratio };
    Kind kind = Kind::Rate;
    QByteArray metric;
    QByteArray denominator; ///< Ratio
    double quantile = 0.95; ///< Quantile
    std::vector<store::LabelMatcher> matchers;
    store::ChartRange range;
    std::vector<QByteArray> by;
};

/// The gateway with its worker threads: the only door for the window, the HTTP API and the command line.
///
/// Owned by the composition root and used on the thread it was made on (the GUI thread in a window). No function waits for disk,
/// network or a worker thread: what takes time returns a QFuture, delivered by `then(context, …)`; cancelling the future stops
/// the work. Snapshots are copies of the last state that the workers published. The …Advanced signals come at most 30 times a
/// second and only say that a reader may ask for what is newer than the id it has.
class GatewayService : public QObject {
    Q_OBJECT
public:
    explicit GatewayService(ServiceOptions options, QObject* parent = nullptr);
    ~GatewayService() override;

    /// Opens the stores and the vault, reads the configuration, starts the threads and listens. Fails only where going on makes
    /// no sense: another Oriel owns the data directory, or an explicit port is taken (AlreadyExists).
    Status start();
    /// Stops accepting, cancels calls with a deadline, drains telemetry, flushes the exporters (≤ 3 s), joins. Idempotent.
    void stop();

    [[nodiscard]] GatewayStatus status() const;
    [[nodiscard]] QList<ServerSnapshot> servers() const;
    [[nodiscard]] QList<DestinationSnapshot> destinations() const;
    [[nodiscard]] QList<SessionSnapshot> sessions() const;
    [[nodiscard]] QList<LimitSnapshot> limits() const;
    [[nodiscard]] config::Config configuration() const;
    /// What is odd about the file and the environment variables in force; an Error among them is a file of OTEL_CONFIG_FILE that
    /// cannot be used.
    [[nodiscard]] QList<config::Problem> configurationWarnings() const;
    [[nodiscard]] QString dataDirectory() const;
    [[nodiscard]] QByteArray statusJson() const;

    // Reading: on a small pool, cancellable, newest state of the stores. "Live" views pass the revision or id they have seen.
    QFuture<store::TracePage> traces(store::TraceQuery query);
    QFuture<store::TraceLookup> trace(TraceId id);
    QFuture<std::optional<telemetry::CallRecord>> call(TraceId id, SpanId span = {}); ///< without payloads
    QFuture<std::vector<store::LatencyPoint>> latencyPoints(std::int64_t fromUnixNs, std::int64_t toUnixNs, std::size_t max,
                                                            store::Filter filter = {});
    QFuture<store::AggregateResult> aggregate(store::AggregateQuery query);
    QFuture<store::LogPage> logs(store::LogQuery query);
    QFuture<Result<store::AuditPage>> audit(store::AuditQuery query);
    QFuture<Result<store::AuditReader::Count>> auditCount(store::AuditQuery query);
    QFuture<Result<std::optional<store::AuditRow>>> auditRow(QByteArray id); ///< with its payloads
    QFuture<Result<std::optional<store::AuditRow>>> auditRowOfTrace(TraceId id, SpanId span = {});
    QFuture<Result<std::vector<store::ChartLine>>> chart(ChartQuery query);
    QFuture<store::WirePage> wire(store::WireQuery query, qsizetype previewLimit = 4096);
    QFuture<std::optional<store::WireEntry>> wireFrame(quint64 id); ///< whole, masked
    [[nodiscard]] store::TraceStoreStats traceStats() const;
    [[nodiscard]] QStringList logSources() const;
    /// For the completion of trace filters: keys and the values seen so far (store::complete).
    [[nodiscard]] const store::FilterVocabulary& filterVocabulary() const;

    // A change is made to what the file holds when its turn comes. Where a `base` is given, which is what the caller had read,
    // only what differs from that is written: what others changed meanwhile stays.

    // Servers.
    /// Adds it (AlreadyExists), or changes the one that was read as `base`.
    QFuture<Status> saveServer(config::Server server, std::optional<config::Server> base = {});
    QFuture<Status> removeServer(QString name);
    QFuture<Status> setServerEnabled(QString name, bool enabled);
    QFuture<Status> restartServer(QString name);
    QFuture<Status> checkEraAgain(QString name); ///< forgets what was found out about its revision, and starts it again
    QFuture<Status> setToolEnabled(QString server, QString tool, bool enabled);

    // Signing in to servers over HTTP (G12). servers() tells how far it is, and the address where the user is awaited.
    QFuture<Status> signIn(QString server); ///< over when the sign-in is; Cancelled by cancelSignIn()
    QFuture<Status> cancelSignIn(QString server);
    QFuture<Status> signOut(QString server);

    // Destinations and telemetry settings.
    /// As saveServer().
    QFuture<Status> saveDestination(config::Destination destination, std::optional<config::Destination> base = {});
    QFuture<Status> removeDestination(QString name);
    QFuture<Status> moveDestination(QString name, int steps); ///< within the file's list, up where negative, to its end at most
    QFuture<Result<QString>> testDestination(QString name);   ///< sends a real span; the backend's answer in words
    QFuture<Status> setDestinationEnabled(QString name, bool enabled);
    QFuture<Status> pauseDestination(QString name, bool paused); ///< what comes is kept meanwhile
    Status retryDestination(const QString& name);                ///< tries at once what waits, also after refused credentials
    Status clearDestination(const QString& name); ///< drops what waits, also of one that is gone, and counts it as lost
    /// The newest stored call as the destination would get it: sampled, processed, without what it does not want.
    QFuture<Result<ExportPreview>> previewExport(QString name);
    [[nodiscard]] QByteArray exportJson() const; ///< of GET /api/v1/export
    [[nodiscard]] QList<UnclaimedBacklog> unclaimedBacklogs() const;
    [[nodiscard]] SpoolReport spoolReport() const;

    // Configuration.
    /// The settings, all but servers, destinations and limits.
    QFuture<Status> saveConfiguration(config::Config configuration, config::Config base);
    QFuture<QList<ImportCandidate>> discoverImports();
    QFuture<Status> importServers(QList<ImportCandidate> chosen, bool moveSecretsToVault);
    [[nodiscard]] QList<ClientSnippet> clientSnippets(const QString& token = {}) const;

    // Tokens and secrets. A token's text is returned once and never stored.
    [[nodiscard]] QList<TokenSnapshot> tokens() const;
    QFuture<Result<QString>> addToken(QString name, QStringList scopes, QString project = {});
    QFuture<Status> revokeToken(QString name);
    QFuture<QByteArray> sessionToken(QString name); ///< a token of this process's own, for /mcp, that is never written
    [[nodiscard]] QStringList secretNames() const;
    QFuture<Status> setSecret(QString name, QByteArray value);
    QFuture<Status> removeSecret(QString name);

    // Keeping and giving away.
    QFuture<QList<RetentionPreviewRow>> retentionPreview(config::Retention retention);
    QFuture<Status> applyRetention();
    QFuture<Result<quint64>> exportAudit(store::AuditQuery query, QString path, bool csv);
    QFuture<Result<quint64>> exportTraces(store::TraceQuery query, QString path, qint64 limit = 0); ///< OTLP JSON lines
    [[nodiscard]] MaskPreview previewMasking(const QByteArray& text) const;                         ///< with the masking in force
    QFuture<QList<DoctorCheck>> doctor();

Q_SIGNALS:
    void statusChanged();
    void serversChanged();
    void destinationsChanged();
    void sessionsChanged();
    void limitsChanged();
    void configurationChanged();
    void tokensChanged();
    void secretsChanged();
    void tracesAdvanced(quint64 revision);
    void logsAdvanced(quint64 lastId);
    void auditAdvanced(quint64 lastId);
    void wireAdvanced(quint64 lastId);
    /// Another process of the same user asked for the window (single instance) or to hand over.
    void raiseRequested();
    void handOverRequested();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace oriel::service
