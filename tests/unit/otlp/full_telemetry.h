// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/encode.h"

/// One of each kind of telemetry with every field filled.
namespace full {

using namespace oriel;
using namespace oriel::telemetry;
using oriel::otlp::ScopedMetrics;

inline Attributes attributes()
{
    auto array = std::make_shared<ArrayValue>();
    array->values = {AnyValue(QByteArray("x")), AnyValue(), AnyValue(std::int64_t(-1))};
    auto list = std::make_shared<KeyValueList>();
    list->values = {{"inner", AnyValue(true)}, {"none", AnyValue()}};
    return {{"text", QByteArray("J\xC3\xBCrgen \"q\"")},
            {"empty", QByteArray("")},
            {"no", false},
            {"zero", std::int64_t(0)},
            {"negative", std::int64_t(-42)},
            {"big", std::int64_t(9'007'199'254'740'993)},
            {"real", 0.25},
            {"bytes", BytesValue{QByteArray("\x00\xff\x10", 3)}},
            {"array", std::shared_ptr<const ArrayValue>(array)},
            {"no elements", std::shared_ptr<const ArrayValue>(std::make_shared<ArrayValue>())},
            {"list", std::shared_ptr<const KeyValueList>(list)},
            {"nothing", AnyValue()}};
}

inline std::shared_ptr<const Resource> resource(const QByteArray& name = "oriel")
{
    auto resource = std::make_shared<Resource>();
    resource->attributes = {{"service.name", name}};
    resource->schemaUrl = "https://opentelemetry.io/schemas/1.44.0";
    resource->droppedAttributes = 3;
    resource->entityRefs = {{"https://example.org/entity", "service", {"service.name"}, {"service.version"}},
                            {{}, "host", {}, {}}};
    return resource;
}

inline std::shared_ptr<const Scope> scope()
{
    auto scope = std::make_shared<Scope>();
    scope->name = "oriel.gateway";
    scope->version = "0.1";
    scope->attributes = {{"room", QByteArray("gateway")}};
    scope->schemaUrl = "https://example.org/scope";
    scope->droppedAttributes = 4;
    return scope;
}

inline SpanData span()
{
    SpanData span;
    span.traceId = {0x0102030405060708, 0x090a0b0c0d0e0f10};
    span.spanId = {0x1112131415161718};
    span.parentSpanId = {0x2122232425262728};
    span.traceState = "a=1,b=2";
    span.flags = 0x301;
    span.name = "tools/call get";
    span.kind = SpanKind::Client;
    span.startUnixNs = 1'700'000'000'000'000'001;
    span.endUnixNs = 1'700'000'000'000'000'999;
    span.status = StatusCode::Error;
    span.statusMessage = "broken";
    span.attributes = attributes();
    span.droppedAttributes = 5;
    span.events = {{1'700'000'000'000'000'500, "first_byte", {{"n", std::int64_t(1)}}, 6}};
    span.droppedEvents = 7;
    span.links = {{{1, 2}, {3}, "c=3", {{"why", QByteArray("ambient")}}, 0x301, 8}};
    span.droppedLinks = 9;
    span.resource = resource();
    span.scope = scope();
    return span;
}

inline LogRecord log()
{
    LogRecord log;
    log.timeUnixNs = 1'700'000'000'000'000'001;
    log.observedUnixNs = 1'700'000'000'000'000'002;
    log.severity = Severity::Warn;
    log.severityText = "warning";
    log.body = AnyValue(QByteArray("disk is nearly full"));
    log.attributes = attributes();
    log.droppedAttributes = 2;
    log.flags = 1;
    log.traceId = {5, 6};
    log.spanId = {7};
    log.eventName = "disk.low";
    log.resource = resource();
    log.scope = scope();
    return log;
}

inline ScopedMetrics metrics()
{
    const Exemplar exemplar{1'700'000'000'000'000'003, 0.015, {5, 6}, {7}, {{"filtered", std::int64_t(1)}}};
    MetricData counter;
    counter.name = "calls_total";
    counter.description = "Calls.";
    counter.unit = "{call}";
    counter.kind = InstrumentKind::Counter;
    counter.numbers = {{{{"server", QByteArray("weather")}}, 10, 20, 0, true, {}}, {{}, 10, 20, -7, true, {exemplar}}};
    MetricData upDown = counter;
    upDown.name = "active";
    upDown.kind = InstrumentKind::UpDownCounter;
    upDown.monotonic = false;
    MetricData gauge;
    gauge.name = "load";
    gauge.kind = InstrumentKind::Gauge;
    gauge.monotonic = false;
    gauge.numbers = {{attributes(), 10, 20, 0.0, false, {}}};
    MetricData histogram;
    histogram.name = "duration";
    histogram.unit = "s";
    histogram.kind = InstrumentKind::Histogram;
    histogram.monotonic = false;
    histogram.temporality = Temporality::Delta;
    histogram.histograms = {{{{"m", QByteArray("x")}}, 10, 20, 3, 0.0, 0.0, 1.5, {0.1, 1.0}, {1, 0, 2}, {exemplar}}};
    return {resource(), scope(), {counter, upDown, gauge, histogram}};
}

/// Of the kinds that others send.
inline ScopedMetrics foreignMetrics()
{
    constexpr std::int64_t kBeyondDouble = (std::int64_t{1} << 53) + 1;
    const ScopedMetrics own = metrics();
    const MetricData& histogram = own.metrics.back();
    const Exemplar exemplar = histogram.histograms.front().exemplars.front();
    MetricData exponential = histogram;
    exponential.name = "exponential";
    exponential.histograms.clear();
    ExponentialHistogramPoint& point = exponential.exponentials.emplace_back();
    point.attributes = {{"m", QByteArray("x")}};
    point.startUnixNs = 10;
    point.timeUnixNs = 20;
    point.count = 5;
    point.sum = 1.5;
    point.min = 0.0;
    point.max = 1.0;
    point.scale = -2;
    point.zeroCount = 1;
    point.zeroThreshold = 0.001;
    point.positive = {-3, {1, 0, 300}};
    point.negative = {4, {1}};
    point.exemplars = {exemplar};
    MetricData summary = histogram;
    summary.name = "summary";
    summary.temporality = Temporality::Unspecified;
    summary.histograms.clear();
    summary.summaries = {{{{"m", QByteArray("x")}}, 10, 20, 3, 1.5, {{0.5, 0.0}, {0.99, 1.0}}}};
    summary.summaries.push_back({{}, 10, 20, 0, 0.0, {}, kNoRecordedValue});
    Exemplar counted{1'700'000'000'000'000'004, 2, {5, 6}, {7}, {}};
    counted.isInteger = true;
    MetricData gauge = own.metrics[2];
    gauge.name = "bytes";
    gauge.metadata = {{"prometheus.type", QByteArray("unknown")}, {"n", std::int64_t(1)}};
    gauge.numbers = {{{}, 10, 20, static_cast<double>(kBeyondDouble), true, {counted}, 0, kBeyondDouble},
                     {{{"gone", true}}, 10, 20, 0.0, false, {}, kNoRecordedValue}};
    MetricData unsummed = histogram;
    unsummed.name = "unsummed";
    unsummed.histograms.front().hasSum = false;
    unsummed.histograms.front().flags = 0x101;
    MetricData unsummedExponential = exponential;
    unsummedExponential.name = "unsummed exponential";
    unsummedExponential.exponentials.front().sum = 0;
    unsummedExponential.exponentials.front().hasSum = false;
    unsummedExponential.exponentials.front().flags = kNoRecordedValue;
    return {own.resource, own.scope, {exponential, summary, gauge, unsummed, unsummedExponential}};
}

} // namespace full
