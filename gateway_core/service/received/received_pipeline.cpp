// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/received/received_pipeline.h"

#include "otlp/receiver/receiver_service.h"
#include "service/pipeline/masking.h"
#include "service/received/received_series.h"

#include <QElapsedTimer>

#include <array>

namespace oriel::service {

namespace {

using telemetry::AnyValue;
using telemetry::Resource;
using telemetry::Scope;

constexpr qint64 kSliceMs = 10;

/// Makes the changed copy of a resource or scope once for all the neighbours that share it.
template <class Shared, class Change> class Changed {
public:
    explicit Changed(Change change) : m_change(std::move(change)) {}

    const std::shared_ptr<const Shared>& of(const std::shared_ptr<const Shared>& original)
    {
        if (original == nullptr || original != m_original) {
            auto changed = original != nullptr ? std::make_shared<Shared>(*original) : std::make_shared<Shared>();
            m_change(*changed);
            m_original = original;
            m_changed = std::move(changed);
        }
        return m_changed;
    }

private:
    Change m_change;
    std::shared_ptr<const Shared> m_original;
    std::shared_ptr<const Shared> m_changed;
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
    const auto add = [&mark](Resource& resource) { addMark(resource, mark); };
    Changed<Resource, decltype(add)> changed(add);
    for (Item& copy : copies)
        copy.resource = changed.of(copy.resource);
    return copies;
}

/// Texts of one request in which nothing was found. A decoded message holds a text that comes again once, so its address tells;
/// it stays the same text while the request is held.
class CleanTexts {
public:
    /// Whether it was remembered. `key`: null for a text without one.
    [[nodiscard]] bool has(const char* key, const char* text) const
    {
        const Entry& entry = m_entries[slotOf(key, text)];
        return entry.key == key && entry.text == text;
    }
    void remember(const char* key, const char* text) { m_entries[slotOf(key, text)] = {key, text}; }

private:
    struct Entry {
        const char* key = nullptr;
        const char* text = nullptr;
    };
    static constexpr int kSlotBits = 10;
    static std::size_t slotOf(const char* key, const char* text)
    {
        const auto mixed = (reinterpret_cast<std::uintptr_t>(key) * 31 + reinterpret_cast<std::uintptr_t>(text)) >> 4U;
        return static_cast<std::size_t>((mixed * std::uint64_t{0x9e3779b97f4a7c15}) >> (64 - kSlotBits));
    }
    std::array<Entry, std::size_t{1} << kSlotBits> m_entries;
};

void maskRepeated(QByteArray& text, const privacy::Masker& masker, CleanTexts& clean)
{
    if (text.isEmpty() || clean.has(nullptr, text.constData()))
        return;
    privacy::MaskResult masked = masker.maskText(text);
    if (masked.changed())
        text = std::move(masked.bytes);
    else
        clean.remember(nullptr, text.constData());
}

void maskRepeated(telemetry::Attributes& attributes, const privacy::Masker& masker, CleanTexts& clean)
{
    for (telemetry::Attribute& attribute : attributes) {
        const QByteArray* text = attribute.value.text();
        if (text == nullptr) {
            maskAttribute(attribute, masker);
        } else if (!clean.has(attribute.key.constData(), text->constData())) {
            privacy::MaskResult masked = masker.maskHeader(attribute.key, *text);
            if (masked.changed())
                attribute.value = AnyValue(std::move(masked.bytes));
            else
                clean.remember(attribute.key.constData(), text->constData());
        }
    }
}

/// Masks the resources and scopes of neighbours.
class OriginMask {
public:
    explicit OriginMask(const privacy::Masker& masker) : m_resources(MaskOrigin{masker}), m_scopes(MaskOrigin{masker}) {}

    template <class Item> void apply(Item& item)
    {
        item.resource = m_resources.of(item.resource);
        if (item.scope != nullptr && !item.scope->attributes.empty())
            item.scope = m_scopes.of(item.scope);
    }

private:
    struct MaskOrigin {
        const privacy::Masker& masker;
        template <class Shared> void operator()(Shared& shared) const { maskAttributes(shared.attributes, masker); }
    };
    Changed<Resource, MaskOrigin> m_resources;
    Changed<Scope, MaskOrigin> m_scopes;
};

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
    OriginMask origin(masker);
    CleanTexts clean;
    for (telemetry::SpanData& span : spans) {
        span.received = true;
        origin.apply(span);
        maskRepeated(span.name, masker, clean);
        maskRepeated(span.statusMessage, masker, clean);
        maskRepeated(span.attributes, masker, clean);
        for (telemetry::SpanEvent& event : span.events) {
            maskRepeated(event.name, masker, clean);
            maskRepeated(event.attributes, masker, clean);
        }
        for (telemetry::SpanLink& link : span.links)
            maskRepeated(link.attributes, masker, clean);
    }
    if (m_deps.exports.wantsReceived(otlp::Signal::Traces))
        m_deps.exports.submitSpans(marked(spans, m_deps.mark));
    m_deps.stores.traces.append(std::span(spans));
    m_tracesChanged = true;
}

void ReceivedPipeline::storeMetrics(std::vector<otlp::ScopedMetrics>& metrics, const privacy::Masker& masker)
{
    OriginMask origin(masker);
    CleanTexts clean;
    std::vector<telemetry::MetricData> series;
    for (otlp::ScopedMetrics& scoped : metrics) {
        origin.apply(scoped);
        for (telemetry::MetricData& metric : scoped.metrics) {
            maskRepeated(metric.description, masker, clean);
            maskAttributes(metric.metadata, masker);
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
    OriginMask origin(masker);
    CleanTexts clean;
    const std::int64_t now = m_deps.clock.unixNs();
    for (telemetry::LogRecord& log : logs) {
        log.received = true;
        origin.apply(log);
        log.source = sourceOf(log.resource.get());
        maskRepeated(log.severityText, masker, clean);
        maskRepeated(log.eventName, masker, clean);
        maskValue(log.body, masker);
        maskAttributes(log.attributes, masker);
        if (log.observedUnixNs == 0)
            log.observedUnixNs = now;
    }
    if (m_deps.exports.wantsReceived(otlp::Signal::Logs))
        m_deps.exports.submitLogs(marked(logs, m_deps.mark));
    for (telemetry::LogRecord& log : logs) {
        // Only here: who gets it passed on is to know that its sender told no time.
        if (log.timeUnixNs == 0)
            log.timeUnixNs = log.observedUnixNs;
        m_deps.stores.logs.append(std::move(log));
    }
    m_logsChanged = true;
}

} // namespace oriel::service
