// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/decoders.h"
#include "otlp/codec/protobuf_values.h"

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
            exemplar.isInteger = false;
            break;
        case fixed64(f::kInt):
            setInteger(exemplar, reader.get_sfixed64());
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

/// Where a kind of point has what several kinds have; 0: it has no such field.
struct SharedTags {
    fields::Tag start, time, attributes, flags;
    fields::Tag exemplars = 0, count = 0, sum = 0, min = 0, max = 0;
};

template <class Point> void readSum(Reader& reader, Point& point)
{
    point.sum = reader.get_double();
    if constexpr (requires { point.hasSum; })
        point.hasSum = true;
}

template <class Point> void readTotals(Reader& reader, const SharedTags& tags, Point& point)
{
    const std::uint32_t field = reader.tag_and_type();
    if (field == fixed64(tags.count))
        point.count = reader.get_fixed64();
    else if (field == fixed64(tags.sum))
        readSum(reader, point);
    else
        reader.skip();
}

template <class Point> void readMeasured(Reader& reader, const SharedTags& tags, Point& point)
{
    const std::uint32_t field = reader.tag_and_type();
    if (field == bytes(tags.exemplars)) {
        point.exemplars.push_back(readExemplar(reader.get_message()));
        return;
    }
    if constexpr (requires { point.min; }) {
        if (field == fixed64(tags.min))
            point.min = reader.get_double();
        else if (field == fixed64(tags.max))
            point.max = reader.get_double();
        else
            readTotals(reader, tags, point);
    } else {
        reader.skip();
    }
}

template <class Point> void readShared(Reader& reader, const SharedTags& tags, Point& point)
{
    const std::uint32_t field = reader.tag_and_type();
    if (field == fixed64(tags.start))
        point.startUnixNs = timeOf(reader);
    else if (field == fixed64(tags.time))
        point.timeUnixNs = timeOf(reader);
    else if (field == bytes(tags.attributes))
        readAttribute(reader.get_message(), point.attributes, 0);
    else if (field == varint(tags.flags))
        point.flags = reader.get_uint32();
    else if constexpr (requires { point.exemplars; })
        readMeasured(reader, tags, point);
    else
        readTotals(reader, tags, point);
}

void readPoint(Reader reader, std::vector<NumberPoint>& out)
{
    namespace f = fields::number_point;
    NumberPoint& point = out.emplace_back();
    constexpr SharedTags kShared{f::kStart, f::kTime, f::kAttributes, f::kFlags, f::kExemplars};
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kDouble):
            point.value = reader.get_double();
            point.isInteger = false;
            break;
        case fixed64(f::kInt):
            setInteger(point, reader.get_sfixed64());
            break;
        default:
            readShared(reader, kShared, point);
        }
    }
}

void readPoint(Reader reader, std::vector<HistogramPoint>& out)
{
    namespace f = fields::histogram_point;
    HistogramPoint& point = out.emplace_back();
    point.hasSum = false;
    constexpr SharedTags kShared{f::kStart, f::kTime, f::kAttributes, f::kFlags, f::kExemplars,
                                 f::kCount, f::kSum,  f::kMin,        f::kMax};
    while (reader.next()) {
        switch (reader.tag_and_type()) {
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
        default:
            readShared(reader, kShared, point);
        }
    }
}

ExponentialBuckets readBuckets(Reader reader)
{
    namespace f = fields::exponential_point;
    ExponentialBuckets buckets;
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case varint(f::kOffset):
            buckets.offset = reader.get_sint32();
            break;
        case bytes(f::kBucketCounts):
            for (const std::uint64_t count : reader.get_packed_uint64())
                buckets.counts.push_back(count);
            break;
        case varint(f::kBucketCounts):
            buckets.counts.push_back(reader.get_uint64());
            break;
        default:
            reader.skip();
        }
    }
    return buckets;
}

void readPoint(Reader reader, std::vector<ExponentialHistogramPoint>& out)
{
    namespace f = fields::exponential_point;
    ExponentialHistogramPoint& point = out.emplace_back();
    point.hasSum = false;
    constexpr SharedTags kShared{f::kStart, f::kTime, f::kAttributes, f::kFlags, f::kExemplars,
                                 f::kCount, f::kSum,  f::kMin,        f::kMax};
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case varint(f::kScale):
            point.scale = reader.get_sint32();
            break;
        case fixed64(f::kZeroCount):
            point.zeroCount = reader.get_fixed64();
            break;
        case bytes(f::kPositive):
            point.positive = readBuckets(reader.get_message());
            break;
        case bytes(f::kNegative):
            point.negative = readBuckets(reader.get_message());
            break;
        case fixed64(f::kZeroThreshold):
            point.zeroThreshold = reader.get_double();
            break;
        default:
            readShared(reader, kShared, point);
        }
    }
}

std::pair<double, double> readQuantile(Reader reader)
{
    namespace f = fields::summary_point;
    std::pair<double, double> quantile{0, 0};
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case fixed64(f::kQuantile):
            quantile.first = reader.get_double();
            break;
        case fixed64(f::kValue):
            quantile.second = reader.get_double();
            break;
        default:
            reader.skip();
        }
    }
    return quantile;
}

void readPoint(Reader reader, std::vector<SummaryPoint>& out)
{
    namespace f = fields::summary_point;
    SummaryPoint& point = out.emplace_back();
    constexpr SharedTags kShared{f::kStart, f::kTime, f::kAttributes, f::kFlags, 0, f::kCount, f::kSum};
    while (reader.next()) {
        switch (reader.tag_and_type()) {
        case bytes(f::kQuantiles):
            point.quantiles.push_back(readQuantile(reader.get_message()));
            break;
        default:
            readShared(reader, kShared, point);
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
            readPoint(reader.get_item(), out);
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

void readMetric(Reader reader, ScopedMetrics& out)
{
    namespace f = fields::metric;
    MetricData metric;
    std::uint32_t kindTag = 0;
    // The kinds are one oneof: the last of different ones stands, and equal ones are one message in parts.
    const auto begin = [&](InstrumentKind kind) {
        const std::uint32_t tag = reader.tag_and_type();
        if (kindTag != tag)
            clearPoints(metric);
        kindTag = tag;
        metric.kind = kind;
    };
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
            begin(InstrumentKind::Gauge);
            readPoints(reader.get_message(), metric, metric.numbers);
            break;
        case bytes(f::kSum):
            begin(InstrumentKind::Counter);
            readPoints(reader.get_message(), metric, metric.numbers);
            break;
        case bytes(f::kHistogram):
            begin(InstrumentKind::Histogram);
            readPoints(reader.get_message(), metric, metric.histograms);
            break;
        case bytes(f::kExponentialHistogram):
            begin(InstrumentKind::Histogram);
            readPoints(reader.get_message(), metric, metric.exponentials);
            break;
        case bytes(f::kSummary):
            begin(InstrumentKind::Histogram);
            readPoints(reader.get_message(), metric, metric.summaries);
            break;
        case bytes(f::kMetadata):
            readAttribute(reader.get_message(), metric.metadata, 0);
            break;
        default:
            reader.skip();
        }
    }
    if (hasPoints(metric))
        out.metrics.push_back(std::move(metric));
}

} // namespace

Result<DecodedMetrics> decodeMetrics(QByteArrayView message)
{
    return guarded<DecodedMetrics>(message, [](Reader request, DecodedMetrics& out) {
        walkRequest(request, [&out](const Reader& reader, const SharedResource& resource, const SharedScope& scope) {
            if (out.metrics.empty() || out.metrics.back().scope != scope)
                out.metrics.push_back({resource, scope, {}});
            readMetric(reader, out.metrics.back());
        });
    });
}

} // namespace oriel::otlp::protobuf
