// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/gateway_service.h"

#include "service/service_state.h"

#include <QEventLoop>

namespace oriel::service {

namespace {

constexpr int kStopDeadlineMs = 6'000;

/// Waits for a signal while events are served, at most `deadlineMs`. `begin` starts what leads to it.
template <class Sender, class Signal, class Begin> void waitFor(Sender* sender, Signal signal, int deadlineMs, Begin begin)
{
    QEventLoop loop;
    QObject::connect(sender, signal, &loop, &QEventLoop::quit, Qt::QueuedConnection);
    QTimer::singleShot(deadlineMs, &loop, &QEventLoop::quit);
    begin();
    loop.exec(QEventLoop::ExcludeUserInputEvents);
}

} // namespace

GatewayService::GatewayService(ServiceOptions options, QObject* parent)
    : QObject(parent),
      d(std::make_unique<Private>(*this, std::move(options)))
{}

GatewayService::~GatewayService()
{
    stop();
}

Status GatewayService::start()
{
    if (const Status owned = d->lock.acquire(d->options.dataDir); !owned)
        return owned;
    d->startedNs = d->clock.monotonicNs();
    // A broken file does not keep the gateway from running: it starts with what can be had, and says so.
    (void)d->readConfiguration();
    d->applyOverrides();
    d->openStores();
    d->makeWorkers();
    d->running = true;
    d->openReceiver();
    if (const Status started = d->startGateway(); !started) {
        stop();
        return started;
    }
    d->connectSignals();
    QMetaObject::invokeMethod(d->pipeline.get(), [this] {
        if (const Status opened = d->stores->open(); !opened)
            d->logOwn(telemetry::Severity::Error, opened.error().toString());
        QMetaObject::invokeMethod(this, [this] {
            if (d->running)
                d->applyRetention();
        });
    });
    d->putInForce();
    d->watchConfiguration();
    d->refreshTokens();
    d->retentionDue.start();
    return {};
}

void GatewayService::stop()
{
    if (!std::exchange(d->running, false)) {
        d->lock.release();
        return;
    }
    d->publish.stop();
    d->reload.stop();
    d->retentionDue.stop();
    d->stopping.request_stop();
    d->changer.waitForDone();
    if (d->host != nullptr) {
        waitFor(d->host, &GatewayHost::stopped, kStopDeadlineMs, [this] {
            QMetaObject::invokeMethod(d->host, [this] {
                d->control->close();
                if (d->metricsListener != nullptr)
                    d->metricsListener->close();
                d->host->stop(std::chrono::milliseconds(1'500));
            });
        });
    }
    QMetaObject::invokeMethod(d->receiver.get(), &otlp::OtlpReceiver::close, Qt::BlockingQueuedConnection);
    QMetaObject::invokeMethod(d->pipeline.get(), &TelemetryPipeline::drain, Qt::BlockingQueuedConnection);
    QMetaObject::invokeMethod(d->receivedPipeline.get(), &ReceivedPipeline::drain, Qt::BlockingQueuedConnection);
    QMetaObject::invokeMethod(d->pipeline.get(), &TelemetryPipeline::exportMetrics, Qt::BlockingQueuedConnection);
    waitFor(d->exports.get(), &otlp::ExportPipeline::drained, 3'500, [this] { d->exports->shutdown(); });
    // The API's queries come back through the host.
    d->readers.waitForDone();
    if (d->host != nullptr) {
        // Its thread is still running, so the host's timers and sockets go where they live.
        QList<gateway::QuotaUse> quotas;
        QMetaObject::invokeMethod(
            d->host,
            [this, &quotas] {
                quotas = d->host->gateway().quotas();
                delete std::exchange(d->host, nullptr);
            },
            Qt::BlockingQueuedConnection);
        QMetaObject::invokeMethod(
            d->pipeline.get(), [this, &quotas] { (void)d->quotaFile->write(quotas); }, Qt::BlockingQueuedConnection);
    }
    d->gatewayThread.quit();
    d->gatewayThread.wait();
    QMetaObject::invokeMethod(d->pipeline.get(), &TelemetryPipeline::drain, Qt::BlockingQueuedConnection);
    d->readers.waitForDone();
    // A worker with timers dies on its own thread, while that still runs.
    const auto end = [](auto& worker, QThread& thread) {
        QMetaObject::invokeMethod(
            worker.get(), [&worker] { worker.reset(); }, Qt::BlockingQueuedConnection);
        thread.quit();
        thread.wait();
    };
    end(d->receiver, d->receiverThread);
    QMetaObject::invokeMethod(
        d->receivedPipeline.get(), [this] { d->receivedPipeline.reset(); }, Qt::BlockingQueuedConnection);
    end(d->pipeline, d->telemetryThread);
    end(d->exports, d->exportThread);
    end(d->vaultKeeper, d->vaultThread);
    d->stores->close();
    d->lock.release();
}

QFuture<store::TracePage> GatewayService::traces(store::TraceQuery query)
{
    return d->read([this, query = std::move(query)](std::stop_token stop) { return d->stores->traces.query(query, stop); });
}

QFuture<store::TraceLookup> GatewayService::trace(TraceId id)
{
    return d->read([this, id](std::stop_token stop) { return d->stores->traces.trace(id, stop); });
}

QFuture<std::optional<telemetry::CallRecord>> GatewayService::call(TraceId id, SpanId span)
{
    return d->read([this, id, span](std::stop_token) { return d->stores->traces.callForTrace(id, span); });
}

QFuture<std::vector<store::LatencyPoint>> GatewayService::latencyPoints(std::int64_t fromUnixNs, std::int64_t toUnixNs,
                                                                        std::size_t max, store::Filter filter)
{
    return d->read([this, fromUnixNs, toUnixNs, max, filter = std::move(filter)](std::stop_token stop) {
        return d->stores->traces.latencyPoints(fromUnixNs, toUnixNs, max, filter, stop);
    });
}

QFuture<store::AggregateResult> GatewayService::aggregate(store::AggregateQuery query)
{
    return d->read([this, query = std::move(query)](std::stop_token stop) { return d->stores->traces.aggregate(query, stop); });
}

QFuture<store::LogPage> GatewayService::logs(store::LogQuery query)
{
    return d->read([this, query = std::move(query)](std::stop_token stop) { return d->stores->logs.query(query, stop); });
}

QFuture<Result<store::AuditPage>> GatewayService::audit(store::AuditQuery query)
{
    return d->read([this, query = std::move(query)](std::stop_token stop) -> Result<store::AuditPage> {
        const auto reader = d->stores->readAudit();
        if (!reader)
            return fail(reader.error());
        return *reader ? (*reader)->page(query, stop) : store::AuditPage();
    });
}

QFuture<Result<store::AuditReader::Count>> GatewayService::auditCount(store::AuditQuery query)
{
    return d->read([this, query = std::move(query)](std::stop_token stop) -> Result<store::AuditReader::Count> {
        const auto reader = d->stores->readAudit();
        if (!reader)
            return fail(reader.error());
        return *reader ? (*reader)->count(query, 100'000, stop) : store::AuditReader::Count();
    });
}

QFuture<Result<std::optional<store::AuditRow>>> GatewayService::auditRow(QByteArray id)
{
    return d->read([this, id = std::move(id)](std::stop_token) -> Result<std::optional<store::AuditRow>> {
        const auto reader = d->stores->readAudit();
        if (!reader)
            return fail(reader.error());
        return *reader ? (*reader)->row(id) : std::optional<store::AuditRow>();
    });
}

QFuture<Result<std::optional<store::AuditRow>>> GatewayService::auditRowOfTrace(TraceId id, SpanId span)
{
    return d->read([this, id, span](std::stop_token) -> Result<std::optional<store::AuditRow>> {
        const auto reader = d->stores->readAudit();
        if (!reader)
            return fail(reader.error());
        return *reader ? (*reader)->rowForTrace(id, span) : std::optional<store::AuditRow>();
    });
}

QFuture<Result<std::vector<store::ChartLine>>> GatewayService::chart(ChartQuery query)
{
    return d->read([this, query = std::move(query)](std::stop_token stop) -> Result<std::vector<store::ChartLine>> {
        const store::SeriesStore& series = d->stores->series;
        switch (query.kind) {
        case ChartQuery::Kind::Rate:
            return store::chartRate(series, query.metric, query.matchers, query.range, query.by, stop);
        case ChartQuery::Kind::Value:
            return store::chartValue(series, query.metric, query.matchers, query.range, query.by, stop);
        case ChartQuery::Kind::Quantile:
            return store::chartQuantile(series, query.metric, query.quantile, query.matchers, query.range, query.by, stop);
        case ChartQuery::Kind::Ratio:
            return store::chartRatio(series, query.metric, query.denominator, query.matchers, query.range, query.by, stop);
        }
        return fail(ErrorCode::InvalidArgument, QStringLiteral("unknown kind of chart"));
    });
}

QFuture<store::WirePage> GatewayService::wire(store::WireQuery query, qsizetype previewLimit)
{
    return d->read([this, query = std::move(query), previewLimit](std::stop_token stop) {
        return d->stores->wire.query(query, previewLimit, stop);
    });
}

QFuture<std::optional<store::WireEntry>> GatewayService::wireFrame(quint64 id)
{
    return d->read([this, id](std::stop_token) { return d->stores->wire.frame(id); });
}

store::TraceStoreStats GatewayService::traceStats() const
{
    return d->stores->traces.stats();
}

QStringList GatewayService::logSources() const
{
    QStringList sources;
    for (const QByteArray& source : d->stores->logs.sources())
        sources.append(QString::fromUtf8(source));
    return sources;
}

const store::FilterVocabulary& GatewayService::filterVocabulary() const
{
    return d->stores->traces;
}

} // namespace oriel::service
