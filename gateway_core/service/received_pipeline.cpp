// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/received_pipeline.h"

#include "otlp/receiver_service.h"
#include "service/masking.h"
#include "service/received_series.h"

#include <QElapsedTimer>

namespace oriel::service {

namespace {

using telemetry::AnyValue;
using telemetry::Resource;

constexpr qint64 kSliceMs = 10;

using SharedResource = std::shared_ptr<const Resource>;

/// Makes the changed copy of a resource once for all the neighbours that share it.
template <class Change> class ChangedResource {
public:
    explicit ChangedResource(Change change) : m_change(std::move(change)) {}

    const SharedResource& of(const SharedResource& original)
    {
        if (original == nullptr || original != m_original) {
            auto changed = original != nullptr ? std::make_shared<Resource>(*original) : std::make_shared<Resource>();
            m_change(*changed);
            m_original = original;
            m_changed = std::move(changed);
        }
        return m_changed;
    }

private:
    Change m_change;
    SharedResource m_original;
    SharedResource m_changed;
};

void addMark(Resource& resource, const QByteArray& mark)
{
    for (telemetry::Attribute& attribute : resource.attributes) {
        if (attribute.key != otlp::kPassedOnBy)
            continue;
        const QByteArray* marks = attribute.value.text();
        attribute.value = AnyValue(marks != nullptr && !marks->isEmpty() ? *marks + ',' + mark : mark);
        return;
    }
    resource.attributes.push_back({otlp::kPassedOnBy, AnyValue(mark)});
}

/// Copies of what is passed on, with this Oriel's mark.
template <class Item> std::vector<Item> marked(const std::vector<Item>& items, const QByteArray& mark)
{
    std::vector<Item> copies = items;
    ChangedResource changed([&mark](Resource& resource) { addMark(resource, mark); });
    for (Item& copy : copies)
        copy.resource = changed.of(copy.resource);
    return copies;
}

void maskText(QByteArray& text, const privacy::Masker& masker)
{
    if (text.isEmpty())
        return;
    privacy::MaskResult masked = masker.maskText(text);
    if (masked.changed())
        text = std::move(masked.bytes);
}

template <class Point> void maskPoints(std::vector<Point>& points, const privacy::Masker& masker)
{
    for (Point& point : points) {
        maskAttributes(point.attributes, masker);
        for (telemetry::Exemplar& exemplar : point.exemplars)
            maskAttributes(exemplar.filteredAttributes, masker);
    }
}

/// The service's name, for filters.
QByteArray sourceOf(const Resource* resource)
{
    const AnyValue* name = resource != nullptr ? telemetry::findAttribute(resource->attributes, "service.name") : nullptr;
    return name != nullptr && name->text() != nullptr ? *name->text() : QByteArrayLiteral("otlp");
}

} // namespace

ReceivedPipeline::ReceivedPipeline(Dependencies dependencies) : m_deps(std::move(dependencies)) {}

void ReceivedPipeline::start()
{
    m_deps.received.setWakeUp([this] { QMetaObject::invokeMethod(this, &ReceivedPipeline::drainSome, Qt::QueuedConnection); });
}

void ReceivedPipeline::drain()
{
    while (auto request = m_deps.received.next())
        store(std::move(*request));
    tellChanges();
}

void ReceivedPipeline::drainSome()
{
    QElapsedTimer watch;
    watch.start();
    while (auto request = m_deps.received.next()) {
        store(std::move(*request));
        if (watch.hasExpired(kSliceMs)) {
            QMetaObject::invokeMethod(this, &ReceivedPipeline::drainSome, Qt::QueuedConnection);
            break;
        }
    }
    tellChanges();
}

void ReceivedPipeline::tellChanges()
{
    if (std::exchange(m_tracesChanged, false))
        Q_EMIT tracesAdvanced(m_deps.stores.traces.lastId());
    if (std::exchange(m_logsChanged, false))
        Q_EMIT logsAdvanced(m_deps.stores.logs.lastId());
    if (std::exchange(m_metricsChanged, false))
        Q_EMIT metricsAppended();
}

void ReceivedPipeline::store(ReceivedTelemetry::Request&& request)
{
    const std::shared_ptr<const privacy::Masker> masker = m_deps.masker();
    if (!request.spans.empty())
        storeSpans(request.spans, *masker);
    if (!request.metrics.empty())
        storeMetrics(request.metrics, *masker);
    if (!request.logs.empty())
        storeLogs(request.logs, *masker);
}

void ReceivedPipeline::storeSpans(std::vector<telemetry::SpanData>& spans, const privacy::Masker& masker)
{
    ChangedResource masked([&masker](Resource& resource) { maskAttributes(resource.attributes, masker); });
    for (telemetry::SpanData& span : spans) {
        span.received = true;
        span.resource = masked.of(span.resource);
        maskText(span.name, masker);
        maskText(span.statusMessage, masker);
        maskAttributes(span.attributes, masker);
        for (telemetry::SpanEvent& event : span.events)
            maskAttributes(event.attributes, masker);
        for (telemetry::SpanLink& link : span.links)
            maskAttributes(link.attributes, masker);
    }
    if (m_deps.exports.wantsReceived(otlp::Signal::Traces))
        m_deps.exports.submitSpans(marked(spans, m_deps.mark));
    m_deps.stores.traces.append(std::span(spans));
    m_tracesChanged = true;
}

void ReceivedPipeline::storeMetrics(std::vector<otlp::ScopedMetrics>& metrics, const privacy::Masker& masker)
{
    ChangedResource masked([&masker](Resource& resource) { maskAttributes(resource.attributes, masker); });
    std::vector<telemetry::MetricData> series;
    for (otlp::ScopedMetrics& scoped : metrics) {
        scoped.resource = masked.of(scoped.resource);
        for (telemetry::MetricData& metric : scoped.metrics) {
            maskPoints(metric.numbers, masker);
            maskPoints(metric.histograms, masker);
            maskPoints(metric.exponentials, masker);
            for (telemetry::SummaryPoint& point : metric.summaries)
                maskAttributes(point.attributes, masker);
        }
        std::vector<telemetry::MetricData> one = seriesOf(scoped);
        series.insert(series.end(), std::make_move_iterator(one.begin()), std::make_move_iterator(one.end()));
    }
    if (m_deps.exports.wantsReceived(otlp::Signal::Metrics))
        m_deps.exports.submitReceivedMetrics(marked(metrics, m_deps.mark));
    m_deps.stores.series.append(m_deps.clock.unixNs(), series);
    m_metricsChanged = true;
}

void ReceivedPipeline::storeLogs(std::vector<telemetry::LogRecord>& logs, const privacy::Masker& masker)
{
    ChangedResource masked([&masker](Resource& resource) { maskAttributes(resource.attributes, masker); });
    const std::int64_t now = m_deps.clock.unixNs();
    for (telemetry::LogRecord& log : logs) {
        log.received = true;
        log.resource = masked.of(log.resource);
        log.source = sourceOf(log.resource.get());
        maskValue(log.body, masker);
        maskAttributes(log.attributes, masker);
        if (log.observedUnixNs == 0)
            log.observedUnixNs = now;
        if (log.timeUnixNs == 0)
            log.timeUnixNs = log.observedUnixNs;
    }
    if (m_deps.exports.wantsReceived(otlp::Signal::Logs))
        m_deps.exports.submitLogs(marked(logs, m_deps.mark));
    for (telemetry::LogRecord& log : logs)
        m_deps.stores.logs.append(std::move(log));
    m_logsChanged = true;
}

} // namespace oriel::service
