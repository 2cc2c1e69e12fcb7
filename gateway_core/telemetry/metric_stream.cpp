// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/metric_stream.h"

#include <algorithm>

namespace oriel::telemetry {

namespace {

bool isIntegral(const MetricRow& row)
{
    const QByteArrayView unit(row.unit);
    return unit.startsWith('{') || unit == QByteArrayView("By");
}

} // namespace

Attribute labelAttribute(const char* label, const QByteArray& value)
{
    QByteArray key = QByteArray::fromRawData(label, static_cast<qsizetype>(std::char_traits<char>::length(label)));
    // The only label of the table that is a number by the conventions.
    if (key == "server.port")
        return {std::move(key), static_cast<std::int64_t>(value.toLongLong())};
    return {std::move(key), value};
}

bool MetricStream::isExemplar(ExemplarFilter filter, const ExemplarContext& exemplar)
{
    return filter == ExemplarFilter::AlwaysOn || (filter == ExemplarFilter::TraceBased && exemplar.traceId.isValid());
}

void MetricStream::makeKey(Labels labels)
{
    const Labels used = labels.first(std::min(m_row->labels.size(), labels.size()));
    qsizetype size = 0;
    for (const QByteArray& label : used)
        size += label.size() + 1;
    m_key.resize(size);
    char* at = m_key.data();
    for (const QByteArray& label : used) {
        at = std::copy(label.cbegin(), label.cend(), at);
        // 0xFF is in no UTF-8 text, so joined values never run into each other.
        *at++ = '\xff';
    }
}

bool MetricStream::hasLabels(const Point& point, std::size_t labelCount, Labels labels)
{
    if (point.overflow)
        return false;
    for (std::size_t i = 0; i < labelCount; ++i) {
        const QByteArray& own = point.labels[i];
        if (i < labels.size() ? own != labels[i] : !own.isEmpty())
            return false;
    }
    return true;
}

MetricStream::Point& MetricStream::pointFor(const StreamSettings& settings, Labels labels)
{
    const std::size_t labelCount = m_row->labels.size();
    if (m_recent < m_points.size() && hasLabels(m_points[m_recent], labelCount, labels))
        return m_points[m_recent];
    makeKey(labels);
    if (const auto found = m_index.find(m_key); found != m_index.end()) {
        m_recent = static_cast<std::size_t>(found->second);
        return m_points[m_recent];
    }

    const int limit = m_form.cardinalityLimit > 0 ? m_form.cardinalityLimit : settings.cardinalityLimit;
    // The last place is the overflow point's.
    const bool full = m_points.size() + (m_overflow ? 0 : 1) >= static_cast<std::size_t>(limit);
    const bool overflow = full && labelCount > 0;
    if (overflow && m_overflow)
        return m_points[*m_overflow];
    Point& point = m_points.emplace_back();
    point.overflow = overflow;
    point.startUnixNs = m_startUnixNs != 0 ? m_startUnixNs : settings.startUnixNs;
    if (overflow) {
        m_overflow = m_points.size() - 1;
    } else {
        point.labels.reserve(labelCount);
        for (std::size_t i = 0; i < labelCount; ++i)
            point.labels.push_back(i < labels.size() ? labels[i] : QByteArray());
        m_index.emplace(m_key, static_cast<qsizetype>(m_points.size()) - 1);
    }
    if (m_row->kind == InstrumentKind::Histogram)
        point.histogram.buckets.assign(m_row->boundaries.size() + 1, 0);
    return point;
}

std::size_t MetricStream::observe(Point& point, double value) const
{
    if (m_row->kind == InstrumentKind::Histogram) {
        Bucketed& histogram = point.histogram;
        const auto slot = static_cast<std::size_t>(std::lower_bound(m_row->boundaries.begin(), m_row->boundaries.end(), value) -
                                                   m_row->boundaries.begin());
        ++histogram.buckets[slot];
        histogram.min = histogram.count == 0 ? value : std::min(histogram.min, value);
        histogram.max = histogram.count == 0 ? value : std::max(histogram.max, value);
        ++histogram.count;
        histogram.sum += value;
        return slot;
    }
    if (m_row->kind == InstrumentKind::Gauge)
        point.value = value;
    else
        point.value += value;
    return 0;
}

void MetricStream::observeExponential(const StreamSettings& settings, Point& point, double value) const
{
    if (!point.exponential) {
        point.exponential = std::make_unique<ExponentialHistogram>(m_form.maxSize, m_form.maxScale);
        // One of its own is there from the first measurement on; one beside the explicit buckets from when it was wanted.
        point.exponentialStartUnixNs =
            m_form.exponential ? point.startUnixNs : std::max(point.startUnixNs, settings.exponentialSinceUnixNs);
    }
    point.exponential->record(value);
}

void MetricStream::record(const StreamSettings& settings, Labels labels, double value, const ExemplarContext& exemplar,
                          std::int64_t nowUnixNs, const Attributes& dropped)
{
    Point& point = pointFor(settings, labels);
    const std::size_t slot = observe(point, value);
    const bool isHistogram = m_row->kind == InstrumentKind::Histogram;
    if (isHistogram && m_form.exponential.value_or(settings.keepsExponential))
        observeExponential(settings, point, value);
    if ((!isHistogram && m_row->kind != InstrumentKind::Counter) || !isExemplar(settings.exemplarFilter, exemplar))
        return;
    if (point.exemplars.empty())
        point.exemplars.resize(isHistogram ? m_row->boundaries.size() + 1 : 1);
    Exemplar& kept = point.exemplars[slot];
    kept.timeUnixNs = nowUnixNs;
    kept.value = value;
    kept.traceId = exemplar.traceId;
    kept.spanId = exemplar.spanId;
    kept.filteredAttributes = dropped;
}

double MetricStream::set(const StreamSettings& settings, Labels labels, double value)
{
    Point& point = pointFor(settings, labels);
    const double change = value - point.value;
    point.value = value;
    return change;
}

std::optional<double> MetricStream::remove(Labels labels, std::int64_t nowUnixNs)
{
    makeKey(labels);
    const auto found = m_index.find(m_key);
    if (found == m_index.end())
        return std::nullopt;
    const qsizetype gone = found->second;
    const double value = m_points[static_cast<std::size_t>(gone)].value;
    m_points.erase(m_points.begin() + gone);
    m_index.erase(found);
    for (auto& [key, position] : m_index) {
        if (position > gone)
            --position;
    }
    if (m_overflow && *m_overflow > static_cast<std::size_t>(gone))
        --*m_overflow;
    m_startUnixNs = nowUnixNs;
    return value;
}

void MetricStream::clear(std::int64_t nowUnixNs)
{
    m_points.clear();
    m_index.clear();
    m_overflow.reset();
    m_startUnixNs = nowUnixNs;
}

void MetricStream::forgetExponential()
{
    if (m_form.exponential)
        return;
    for (Point& point : m_points)
        point.exponential.reset();
}

void MetricStream::visitValues(const std::function<void(Labels, double)>& visit) const
{
    for (const Point& point : m_points) {
        if (!point.overflow)
            visit(point.labels, point.value);
    }
}

Attributes MetricStream::attributesOf(const Point& point) const
{
    if (point.overflow)
        return {{QByteArrayLiteral("otel.metric.overflow"), true}};
    Attributes attributes;
    attributes.reserve(point.labels.size());
    for (std::size_t i = 0; i < point.labels.size(); ++i) {
        if (!point.labels[i].isEmpty())
            attributes.push_back(labelAttribute(m_row->labels[i], point.labels[i]));
    }
    return attributes;
}

HistogramPoint MetricStream::histogramOf(const Point& point) const
{
    HistogramPoint made;
    made.startUnixNs = point.startUnixNs;
    made.count = point.histogram.count;
    made.sum = point.histogram.sum;
    if (m_form.minMax) {
        made.min = point.histogram.min;
        made.max = point.histogram.max;
    }
    made.bounds.assign(m_row->boundaries.begin(), m_row->boundaries.end());
    made.bucketCounts = point.histogram.buckets;
    return made;
}

void MetricStream::collect(MetricData& data, std::int64_t nowUnixNs, bool forExport) const
{
    const bool integral = isIntegral(*m_row);
    for (const Point& point : m_points) {
        Attributes attributes = attributesOf(point);
        std::vector<Exemplar> exemplars;
        std::copy_if(point.exemplars.begin(), point.exemplars.end(), std::back_inserter(exemplars),
                     [forExport](const Exemplar& exemplar) {
                         return exemplar.timeUnixNs != 0 && (forExport || exemplar.traceId.isValid());
                     });
        if (m_row->kind != InstrumentKind::Histogram) {
            data.numbers.push_back(
                {std::move(attributes), point.startUnixNs, nowUnixNs, point.value, integral, std::move(exemplars)});
            continue;
        }
        if (forExport && point.exponential) {
            ExponentialHistogramPoint exponential = point.exponential->point();
            if (!m_form.minMax) {
                exponential.min.reset();
                exponential.max.reset();
            }
            exponential.attributes = attributes;
            exponential.startUnixNs = point.exponentialStartUnixNs;
            exponential.timeUnixNs = nowUnixNs;
            exponential.exemplars = exemplars;
            data.exponentials.push_back(std::move(exponential));
        }
        if (m_form.explicitBuckets) {
            HistogramPoint& histogram = data.histograms.emplace_back(histogramOf(point));
            histogram.attributes = std::move(attributes);
            histogram.timeUnixNs = nowUnixNs;
            histogram.exemplars = std::move(exemplars);
        }
    }
}

} // namespace oriel::telemetry
