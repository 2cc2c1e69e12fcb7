// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../../support/patience.h"
#include "base/clock.h"
#include "base/random.h"
#include "full_telemetry.h"
#include "otlp/codec/decode.h"
#include "otlp/pipeline/export_pipeline.h"
#include "scripted_backend.h"

#include <QCoreApplication>
#include <QSignalSpy>
#include <QTemporaryDir>

/// What tests of the whole pipeline share: backends, calls, and a pipeline with a clock of its own.
namespace export_harness {

inline QByteArray ok()
{
    return ScriptedBackend::answer("200 OK");
}

inline ScriptedBackend::Script always(const QByteArray& answer)
{
    return [answer](int, const ReceivedRequest&) { return answer; };
}

inline oriel::config::Destination destinationOf(const QString& endpoint, const QString& name = QStringLiteral("backend"))
{
    oriel::config::Destination destination;
    destination.name = name;
    destination.endpoint = endpoint;
    return destination;
}

inline oriel::config::Telemetry settingsOf(QList<oriel::config::Destination> destinations)
{
    using namespace std::chrono_literals;
    oriel::config::Telemetry settings;
    settings.destinations = std::move(destinations);
    settings.spanInterval = 10ms;
    settings.metricInterval = 10ms;
    return settings;
}

/// A call of one server: two spans.
inline oriel::otlp::ExportCall call(std::uint64_t trace)
{
    auto server = std::make_shared<oriel::telemetry::ServerContext>();
    server->name = "weather";
    auto record = std::make_shared<oriel::telemetry::CallRecord>();
    record->traceId = {1, trace};
    record->spanId = {trace};
    record->method = "tools/call";
    record->targetKind = oriel::telemetry::TargetKind::Tool;
    record->target = "weather__get";
    record->startUnixNs = 1'700'000'000'000'000'000;
    record->durationNs = 1'000'000;
    oriel::telemetry::Hop hop;
    hop.spanId = {trace + 1'000'000};
    hop.server = server;
    hop.target = "get";
    hop.durationNs = 500'000;
    record->hops.append(hop);
    return {record, "{\"city\":\"Ulm\"}", "{\"content\":[]}"};
}

inline std::vector<oriel::otlp::ExportCall> calls(std::uint64_t first, std::uint64_t count)
{
    std::vector<oriel::otlp::ExportCall> all;
    for (std::uint64_t i = 0; i < count; ++i)
        all.push_back(call(first + i));
    return all;
}

inline std::vector<oriel::telemetry::SpanData> spansOf(const ReceivedRequest& request)
{
    const bool json = request.headers.value("content-type") == "application/json";
    const auto encoding = json ? oriel::otlp::Encoding::Json : oriel::otlp::Encoding::Protobuf;
    auto decoded = oriel::otlp::decodeTraces(request.body, encoding);
    return decoded ? std::move(decoded->spans) : std::vector<oriel::telemetry::SpanData>();
}

inline std::vector<oriel::telemetry::SpanData> allSpans(const ScriptedBackend& backend)
{
    std::vector<oriel::telemetry::SpanData> all;
    for (const ReceivedRequest& request : backend.requests()) {
        for (oriel::telemetry::SpanData& span : spansOf(request))
            all.push_back(std::move(span));
    }
    return all;
}

inline bool has(const oriel::telemetry::SpanData& span, const char* key)
{
    return oriel::telemetry::findAttribute(span.attributes, key) != nullptr;
}

/// Puts settings in force and waits until they are.
inline void put(oriel::otlp::ExportPipeline& pipeline, const oriel::config::Telemetry& settings,
                std::shared_ptr<const oriel::telemetry::Resource> resource = full::resource(),
                std::shared_ptr<const oriel::telemetry::Scope> scope = full::scope())
{
    pipeline.configure(settings, std::move(resource), std::move(scope));
    QTRY_COMPARE(pipeline.status().size(), settings.destinations.size());
    QCoreApplication::processEvents();
}

/// A clock, a resource and settings for the pipelines of one test class.
class PipelineFixture {
protected:
    oriel::ManualClock m_clock{1'700'000'000'000'000'000};
    oriel::SeededRandom m_random{1};
    std::shared_ptr<const oriel::telemetry::Resource> m_resource = full::resource("oriel-test");
    std::shared_ptr<const oriel::telemetry::Scope> m_scope = full::scope();

    oriel::otlp::PipelineOptions options()
    {
        using namespace std::chrono_literals;
        oriel::otlp::PipelineOptions options{m_clock, m_random, {}, {}, {}, {1ms, 5ms}};
        options.receiverPorts = {4317, 4318};
        return options;
    }
    /// With a spool on the disk.
    oriel::otlp::PipelineOptions durableOptions(const QTemporaryDir& directory)
    {
        oriel::otlp::PipelineOptions durable = options();
        durable.spoolDirectory = directory.filePath(QStringLiteral("spool"));
        return durable;
    }
    void put(oriel::otlp::ExportPipeline& pipeline, const oriel::config::Telemetry& settings)
    {
        export_harness::put(pipeline, settings, m_resource, m_scope);
    }
};

inline oriel::otlp::DestinationStatus statusOf(const oriel::otlp::ExportPipeline& pipeline,
                                               const QString& name = QStringLiteral("backend"))
{
    for (const oriel::otlp::DestinationStatus& status : pipeline.status()) {
        if (status.name == name)
            return status;
    }
    return {};
}

inline std::uint64_t lost(const oriel::otlp::DestinationStatus& status, oriel::otlp::Loss loss)
{
    return status.lost[static_cast<std::size_t>(oriel::otlp::Signal::Traces)][static_cast<std::size_t>(loss)];
}

/// Items of traces that ended so, in the counts of the exporter of this name.
inline std::uint64_t ended(oriel::otlp::ExportPipeline& pipeline, const QByteArray& name, const QByteArray& errorType)
{
    for (const oriel::otlp::ExporterCounts& counts : pipeline.takeExporterCounts()) {
        const auto& items = counts.ended[static_cast<std::size_t>(oriel::otlp::Signal::Traces)];
        const auto found = items.find(errorType);
        if (counts.name == name)
            return found != items.end() ? found->second : 0;
    }
    return 0;
}

inline void end(oriel::otlp::ExportPipeline& pipeline)
{
    QSignalSpy drained(&pipeline, &oriel::otlp::ExportPipeline::drained);
    pipeline.shutdown();
    QTRY_COMPARE(drained.size(), 1);
}

} // namespace export_harness
