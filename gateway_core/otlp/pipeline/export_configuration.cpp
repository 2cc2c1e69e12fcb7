// SPDX-License-Identifier: GPL-3.0-or-later
// ExportPipeline: putting a configuration in force.
#include "otlp/pipeline/destination_queue.h"
#include "otlp/pipeline/export_pipeline.h"
#include "otlp/pipeline/pipeline_settings.h"
#include "otlp/pipeline/trace_processor.h"
#include "otlp/presets/presets.h"

#include <algorithm>

namespace oriel::otlp {

void ExportPipeline::configure(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
                               std::shared_ptr<const telemetry::Scope> scope)
{
    QMetaObject::invokeMethod(
        this,
        [this, telemetry = withEffectiveDestinations(telemetry), resource = std::move(resource),
         scope = std::move(scope)]() mutable { apply(telemetry, std::move(resource), std::move(scope)); },
        Qt::QueuedConnection);
}

void ExportPipeline::apply(const config::Telemetry& telemetry, std::shared_ptr<const telemetry::Resource> resource,
                           std::shared_ptr<const telemetry::Scope> scope)
{
    // What was recorded under the old settings goes out under them; before the first there were none.
    const bool isFirst = !std::exchange(m_isConfigured, true);
    if (!isFirst)
        flushInbox(true);
    m_settings->resource = std::move(resource);
    m_settings->scope = std::move(scope);
    m_settings->spanInterval = telemetry.spanInterval;
    m_settings->metricInterval = telemetry.metricInterval;
    SpoolBounds bounds = m_options.queue;
    bounds.bytes = telemetry.spool.maxBytes;
    bounds.age = telemetry.spool.maxAge;
    m_spool->setBounds(bounds);

    m_applying = true;
    applyDestinations(telemetry);
    m_applying = false;
    destinationChanged();
    if (isFirst)
        takeUpWhatWaits();
}

void ExportPipeline::takeUpWhatWaits()
{
    if (m_metricTimer->isActive()) {
        m_metricTimer->stop();
        m_metricsNoted = false;
        noteMetricsChanged();
    }
    wake(false);
}

void ExportPipeline::applyDestinations(const config::Telemetry& telemetry)
{
    std::vector<std::unique_ptr<DestinationQueue>> old = std::move(m_destinations);
    m_destinations.clear();
    const auto take = [&old](const auto& matches) {
        const auto found =
            std::find_if(old.begin(), old.end(), [&](const auto& queue) { return queue && matches(queue->config()); });
        return found != old.end() ? std::move(*found) : nullptr;
    };
    for (const config::Destination& wanted : telemetry.destinations) {
        auto queue = take([&](const config::Destination& known) { return known.name == wanted.name; });
        if (!queue) {
            const bool renamed =
                std::none_of(telemetry.destinations.begin(), telemetry.destinations.end(), [&](const config::Destination& other) {
                    return std::any_of(old.begin(), old.end(), [&](const auto& left) {
                        return left && left->config().name == other.name && left->config().endpoint == wanted.endpoint;
                    });
                });
            if (renamed) {
                queue = take([&](config::Destination known) {
                    known.name = wanted.name;
                    return known == wanted;
                });
            }
        }
        if (!queue)
            queue = makeQueue(wanted.name);
        // First, so that nothing more is sent to one whose new rules are not understood.
        giveProcessor(*queue, wanted, telemetry);
        queue->configure(wanted, telemetry.exportDisabled);
        m_destinations.push_back(std::move(queue));
    }
    for (const auto& removed : old) {
        if (removed)
            keepCounts(*removed);
    }
    old.clear();
    std::erase_if(m_processors, [](const auto& processor) { return processor.use_count() == 1; });
}

std::unique_ptr<DestinationQueue> ExportPipeline::makeQueue(const QString& name)
{
    auto queue = std::make_unique<DestinationQueue>(m_options, *m_spool, [this] { destinationChanged(); });
    if (auto known = m_departed.extract(name))
        queue->continueCounts(std::move(known.mapped()));
    return queue;
}

void ExportPipeline::keepCounts(DestinationQueue& removed)
{
    ExporterCounts counts = removed.takeCounts();
    counts.inflight = {};
    m_departed[removed.config().name] = std::move(counts);
    while (m_departed.size() > kMaxDeparted)
        m_departed.erase(m_departed.begin());
}

void ExportPipeline::noteWanted()
{
    if (!m_isConfigured)
        return;
    unsigned wanted = 0;
    unsigned received = 0;
    bool payloads = false;
    for (const Signal signal : kSignals) {
        for (const auto& queue : m_destinations) {
            const unsigned bit = queue->takes(signal) ? 1U << static_cast<unsigned>(signal) : 0U;
            wanted |= bit;
            received |= queue->config().received ? bit : 0U;
        }
    }
    for (const auto& queue : m_destinations)
        payloads = payloads || (queue->takes(Signal::Traces) && queue->config().includePayloads);
    m_wantsPayloads = payloads;
    m_wanted = m_shuttingDown ? 0 : wanted;
    m_wantedReceived = m_shuttingDown ? 0 : received;
}

void ExportPipeline::giveProcessor(DestinationQueue& queue, const config::Destination& destination,
                                   const config::Telemetry& telemetry)
{
    TraceProcessor::Settings settings = TraceProcessor::settingsOf(destination, telemetry);
    const auto known = std::find_if(m_processors.begin(), m_processors.end(),
                                    [&](const auto& processor) { return processor->settings() == settings; });
    if (known != m_processors.end())
        return queue.setProcessor(*known);
    auto made = TraceProcessor::make(std::move(settings), m_options.clock);
    if (!made)
        // Sending what a rule that is not understood should have removed would be worse than sending nothing.
        return queue.refuse(made.error().toString());
    m_processors.push_back(*made);
    queue.setProcessor(std::move(*made));
}

void ExportPipeline::setReceiverPorts(std::vector<quint16> ports)
{
    QMetaObject::invokeMethod(
        this, [this, ports = std::move(ports)]() mutable { m_options.receiverPorts = std::move(ports); }, Qt::QueuedConnection);
}

} // namespace oriel::otlp
