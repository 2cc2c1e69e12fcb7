// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/decoders.h"
#include "otlp/protobuf_values.h"

namespace oriel::otlp::protobuf {

namespace {

using namespace telemetry;

Exemplar readExemplar(Reader reader)
{
    namespace f = fields::exemplar;
    Exemplar exemplar;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kTime):
            exemplar.timeUnixNs = timeOf(reader);
            break;
        case fixed64(f::kDouble):
            exemplar.value = reader.get_double();
            break;
        case fixed64(f::kInt):
            exemplar.value = static_cast<double>(reader.get_sfixed64());
            break;
        case bytes(f::kSpanId):
            exemplar.spanId = spanIdOf(reader);
            break;
        case bytes(f::kTraceId):
            exemplar.traceId = traceIdOf(reader);
            break;
        case bytes(f::kFilteredAttributes):
            readAttribute(reader.get_message(), exemplar.filteredAttributes, 0);
            break;
        default:
            reader.skip();
        }
    }
    return exemplar;
}

void readPoint(Reader reader, std::vector<NumberPoint>& out)
{
    namespace f = fields::number_point;
    NumberPoint& point = out.emplace_back();
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kStart):
            point.startUnixNs = timeOf(reader);
            break;
        case fixed64(f::kTime):
            point.timeUnixNs = timeOf(reader);
            break;
        case fixed64(f::kDouble):
            point.value = reader.get_double();
            point.isInteger = false;
            break;
        case fixed64(f::kInt):
            point.value = static_cast<double>(reader.get_sfixed64());
            point.isInteger = true;
            break;
        case bytes(f::kExemplars):
            point.exemplars.push_back(readExemplar(reader.get_message()));
            break;
        case bytes(f::kAttributes):
            readAttribute(reader.get_message(), point.attributes, 0);
            break;
        default:
            reader.skip();
        }
    }
}

void readPoint(Reader reader, std::vector<HistogramPoint>& out)
{
    namespace f = fields::histogram_point;
    HistogramPoint& point = out.emplace_back();
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kStart):
            point.startUnixNs = timeOf(reader);
            break;
        case fixed64(f::kTime):
            point.timeUnixNs = timeOf(reader);
            break;
        case fixed64(f::kCount):
            point.count = reader.get_fixed64();
            break;
        case fixed64(f::kSum):
            point.sum = reader.get_double();
            break;
        case bytes(f::kBucketCounts):
            for (const std::uint64_t count : reader.get_packed_fixed64())
                point.bucketCounts.push_back(count);
            break;
        case fixed64(f::kBucketCounts):
            point.bucketCounts.push_back(reader.get_fixed64());
            break;
        case bytes(f::kBounds):
            for (const double bound : reader.get_packed_double())
                point.bounds.push_back(bound);
            break;
        case fixed64(f::kBounds):
            point.bounds.push_back(reader.get_double());
            break;
        case bytes(f::kExemplars):
            point.exemplars.push_back(readExemplar(reader.get_message()));
            break;
        case bytes(f::kAttributes):
            readAttribute(reader.get_message(), point.attributes, 0);
            break;
        case fixed64(f::kMin):
            point.min = reader.get_double();
            break;
        case fixed64(f::kMax):
            point.max = reader.get_double();
            break;
        default:
            reader.skip();
        }
    }
}

template <class Point> void readPoints(Reader reader, MetricData& metric, std::vector<Point>& out)
{
    metric.temporality = metric.kind == InstrumentKind::Gauge ? Temporality::Cumulative : Temporality::Unspecified;
    metric.monotonic = false;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(fields::points::kPoints):
            readPoint(reader.get_message(), out);
            break;
        case varint(fields::points::kTemporality): {
            const std::uint64_t temporality = reader.get_uint64();
            metric.temporality = temporality <= 2 ? static_cast<Temporality>(temporality) : Temporality::Unspecified;
            break;
        }
        case varint(fields::points::kMonotonic):
            metric.monotonic = reader.get_uint64() != 0;
            break;
        default:
            reader.skip();
        }
    }
    if (metric.kind == InstrumentKind::Counter && !metric.monotonic)
        metric.kind = InstrumentKind::UpDownCounter;
}

std::uint64_t countPoints(Reader reader)
{
    std::uint64_t count = 0;
    while (reader.next()) {
        count += reader.tag_and_type() == bytes(fields::points::kPoints);
        reader.skip();
    }
    return count;
}

void readMetric(Reader reader, ScopedMetrics& out, std::uint64_t& skippedPoints)
{
    namespace f = fields::metric;
    MetricData metric;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(f::kName):
            metric.name = textOf(reader);
            break;
        case bytes(f::kDescription):
            metric.description = textOf(reader);
            break;
        case bytes(f::kUnit):
            metric.unit = textOf(reader);
            break;
        case bytes(f::kGauge):
            metric.kind = InstrumentKind::Gauge;
            readPoints(reader.get_message(), metric, metric.numbers);
            break;
        case bytes(f::kSum):
            metric.kind = InstrumentKind::Counter;
            readPoints(reader.get_message(), metric, metric.numbers);
            break;
        case bytes(f::kHistogram):
            metric.kind = InstrumentKind::Histogram;
            readPoints(reader.get_message(), metric, metric.histograms);
            break;
        case bytes(f::kExponentialHistogram):
        case bytes(f::kSummary):
            skippedPoints += countPoints(reader.get_message());
            break;
        default:
            reader.skip();
        }
    }
    if (!metric.numbers.empty() || !metric.histograms.empty())
        out.metrics.push_back(std::move(metric));
}

} // namespace

Result<DecodedMetrics> decodeMetrics(QByteArrayView message)
{
    return guarded<DecodedMetrics>(message, [](Reader request, DecodedMetrics& out) {
        walkRequest(request, [&out](const Reader& reader, const SharedResource& resource, const SharedScope& scope) {
            if (out.metrics.empty() || out.metrics.back().scope != scope)
                out.metrics.push_back({resource, scope, {}});
            readMetric(reader, out.metrics.back(), out.skippedPoints);
        });
    });
}

} // namespace oriel::otlp::protobuf
