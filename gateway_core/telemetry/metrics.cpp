// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/metrics.h"

#include "base/clock.h"

#include <algorithm>
#include <cmath>

namespace oriel::telemetry {

namespace {

bool isIntegral(const MetricRow& row)
{
    const QByteArrayView unit(row.unit);
    return unit.startsWith('{') || unit == QByteArrayView("By");
}

/// A label of the table that is a number by the conventions; all others are text.
bool isIntegerLabel(const char* label)
{
    return QByteArrayView(label) == QByteArrayView("server.port");
}

QByteArray staticText(const char* text)
{
    return QByteArray::fromRawData(text, static_cast<qsizetype>(std::char_traits<char>::length(text)));
}

Attributes pointAttributes(const MetricRow& row, const std::vector<QByteArray>& labels)
{
    Attributes attributes;
    attributes.reserve(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i].isEmpty())
            continue;
        if (isIntegerLabel(row.labels[i]))
            attributes.push_back({staticText(row.labels[i]), static_cast<std::int64_t>(labels[i].toLongLong())});
        else
            attributes.push_back({staticText(row.labels[i]), labels[i]});
    }
    return attributes;
}

} // namespace

MetricRegistry::MetricRegistry(const Clock& clock, QByteArray nameSpace, int cardinalityLimit)
    : m_clock(clock),
      m_nameSpace(std::move(nameSpace)),
      m_cardinalityLimit(std::max(cardinalityLimit, 1)),
      m_startUnixNs(clock.unixNs())
{
    // What counts things that are there now is zero before the first of them, not absent.
    record(MetricId::ActiveSessions, {}, 0);
    record(MetricId::ActiveUsers, {}, 0);
}

void MetricRegistry::makeKey(std::size_t labelCount, std::span<const QByteArray> labels)
{
    const std::span<const QByteArray> used = labels.first(std::min(labelCount, labels.size()));
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

bool MetricRegistry::hasLabels(const Point& point, std::size_t labelCount, std::span<const QByteArray> labels)
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

MetricRegistry::Point& MetricRegistry::pointFor(MetricId metric, std::span<const QByteArray> labels)
{
    const MetricRow& row = metricRow(metric);
    Instrument& instrument = m_instruments[static_cast<std::size_t>(metric)];
    if (instrument.recent < instrument.points.size() &&
        hasLabels(instrument.points[instrument.recent], row.labels.size(), labels))
        return instrument.points[instrument.recent];
    makeKey(row.labels.size(), labels);
    if (const auto found = instrument.index.find(m_key); found != instrument.index.end()) {
        instrument.recent = static_cast<std::size_t>(found->second);
        return instrument.points[instrument.recent];
    }

    // The last place is the overflow point's.
    const bool full = instrument.points.size() + (instrument.overflow ? 0 : 1) >= static_cast<std::size_t>(m_cardinalityLimit);
    const bool overflow = full && !row.labels.empty();
    if (overflow && instrument.overflow)
        return instrument.points[*instrument.overflow];
    Point& point = instrument.points.emplace_back();
    point.overflow = overflow;
    point.startUnixNs = instrument.startUnixNs != 0 ? instrument.startUnixNs : m_startUnixNs;
    if (overflow) {
        instrument.overflow = instrument.points.size() - 1;
    } else {
        point.labels.reserve(row.labels.size());
        for (std::size_t i = 0; i < row.labels.size(); ++i)
            point.labels.push_back(i < labels.size() ? labels[i] : QByteArray());
        instrument.index.emplace(m_key, static_cast<qsizetype>(instrument.points.size()) - 1);
    }
    if (row.kind == InstrumentKind::Histogram)
        point.histogram.buckets.assign(row.boundaries.size() + 1, 0);
    return point;
}

void MetricRegistry::observe(Point& point, const MetricRow& row, double value, const ExemplarContext& exemplar) const
{
    std::size_t slot = 0;
    if (row.kind == InstrumentKind::Histogram) {
        Bucketed& histogram = point.histogram;
        slot = static_cast<std::size_t>(std::lower_bound(row.boundaries.begin(), row.boundaries.end(), value) -
                                        row.boundaries.begin());
        ++histogram.buckets[slot];
        histogram.min = histogram.count == 0 ? value : std::min(histogram.min, value);
        histogram.max = histogram.count == 0 ? value : std::max(histogram.max, value);
        ++histogram.count;
        histogram.sum += value;
    } else if (row.kind == InstrumentKind::Gauge) {
        point.value = value;
    } else {
        point.value += value;
    }
    if (m_keepsExponential && row.kind == InstrumentKind::Histogram)
        observeExponential(point, value);
    if (row.kind == InstrumentKind::Histogram || row.kind == InstrumentKind::Counter)
        keepExemplar(point, row, slot, value, exemplar);
}

void MetricRegistry::observeExponential(Point& point, double value) const
{
    if (!point.exponential) {
        point.exponential = std::make_unique<ExponentialHistogram>();
        point.exponentialStartUnixNs = std::max(point.startUnixNs, m_exponentialSinceUnixNs);
    }
    point.exponential->record(value);
}

void MetricRegistry::keepExemplar(Point& point, const MetricRow& row, std::size_t slot, double value,
                                  const ExemplarContext& exemplar) const
{
    if (m_exemplarFilter == ExemplarFilter::AlwaysOff ||
        (m_exemplarFilter == ExemplarFilter::TraceBased && !exemplar.traceId.isValid()))
        return;
    if (point.exemplars.empty())
        point.exemplars.resize(row.kind == InstrumentKind::Histogram ? row.boundaries.size() + 1 : 1);
    point.exemplars[slot] = {m_clock.unixNs(), value, exemplar.traceId, exemplar.spanId, {}};
}

void MetricRegistry::record(MetricId metric, std::span<const QByteArray> labels, double value, const ExemplarContext& exemplar)
{
    const MetricRow& row = metricRow(metric);
    if (!std::isfinite(value) || (row.kind == InstrumentKind::Counter && value < 0))
        return;
    observe(pointFor(metric, labels), row, value, exemplar);
    ++m_revision;
}

void MetricRegistry::set(MetricId metric, std::span<const QByteArray> labels, double value)
{
    const MetricRow& row = metricRow(metric);
    if (!std::isfinite(value) || row.kind == InstrumentKind::Histogram)
        return;
    Point& point = pointFor(metric, labels);
    if (point.value == value)
        return;
    point.value = value;
    ++m_revision;
}

void MetricRegistry::remove(MetricId metric, std::span<const QByteArray> labels)
{
    Instrument& instrument = m_instruments[static_cast<std::size_t>(metric)];
    makeKey(metricRow(metric).labels.size(), labels);
    const auto found = instrument.index.find(m_key);
    if (found == instrument.index.end())
        return;
    const qsizetype gone = found->second;
    instrument.points.erase(instrument.points.begin() + gone);
    instrument.index.erase(found);
    for (auto& [key, position] : instrument.index) {
        if (position > gone)
            --position;
    }
    if (instrument.overflow && *instrument.overflow > static_cast<std::size_t>(gone))
        --*instrument.overflow;
    instrument.startUnixNs = m_clock.unixNs();
    ++m_revision;
}

void MetricRegistry::clear(MetricId metric)
{
    Instrument& instrument = m_instruments[static_cast<std::size_t>(metric)];
    if (instrument.points.empty())
        return;
    instrument.points.clear();
    instrument.index.clear();
    instrument.overflow.reset();
    instrument.startUnixNs = m_clock.unixNs();
    ++m_revision;
}

void MetricRegistry::setExponentialHistograms(bool kept)
{
    if (kept == m_keepsExponential)
        return;
    m_keepsExponential = kept;
    m_exponentialSinceUnixNs = m_clock.unixNs();
    for (Instrument& instrument : m_instruments) {
        for (Point& point : instrument.points)
            point.exponential.reset();
    }
}

void MetricRegistry::setNameSpace(QByteArray nameSpace)
{
    m_nameSpace = std::move(nameSpace);
    ++m_revision;
}

QByteArray MetricRegistry::fullName(MetricId metric) const
{
    const MetricRow& row = metricRow(metric);
    return row.namespaced && !m_nameSpace.isEmpty() ? m_nameSpace + '_' + row.name : QByteArray(row.name);
}

MetricData MetricRegistry::collect(MetricId metric, std::int64_t nowUnixNs, bool forExport) const
{
    const MetricRow& row = metricRow(metric);
    const Instrument& instrument = m_instruments[static_cast<std::size_t>(metric)];
    MetricData data;
    data.name = fullName(metric);
    if (row.alias != nullptr)
        data.alias = row.namespaced && !m_nameSpace.isEmpty() ? m_nameSpace + '_' + row.alias : QByteArray(row.alias);
    data.description = row.description;
    data.unit = row.unit;
    data.kind = row.kind;
    data.monotonic = row.kind == InstrumentKind::Counter;
    data.observed = row.observed;
    const bool integral = isIntegral(row);
    for (const Point& point : instrument.points) {
        Attributes attributes =
            point.overflow ? Attributes{{QByteArrayLiteral("otel.metric.overflow"), true}} : pointAttributes(row, point.labels);
        std::vector<Exemplar> exemplars;
        std::copy_if(point.exemplars.begin(), point.exemplars.end(), std::back_inserter(exemplars),
                     [forExport](const Exemplar& exemplar) {
                         return exemplar.timeUnixNs != 0 && (forExport || exemplar.traceId.isValid());
                     });
        if (forExport && point.exponential) {
            ExponentialHistogramPoint exponential = point.exponential->point();
            exponential.attributes = attributes;
            exponential.startUnixNs = point.exponentialStartUnixNs;
            exponential.timeUnixNs = nowUnixNs;
            exponential.exemplars = exemplars;
            data.exponentials.push_back(std::move(exponential));
        }
        if (row.kind == InstrumentKind::Histogram) {
            const Bucketed& histogram = point.histogram;
            data.histograms.push_back({std::move(attributes),
                                       point.startUnixNs,
                                       nowUnixNs,
                                       histogram.count,
                                       histogram.sum,
                                       histogram.min,
                                       histogram.max,
                                       {row.boundaries.begin(), row.boundaries.end()},
                                       histogram.buckets,
                                       std::move(exemplars)});
        } else {
            data.numbers.push_back(
                {std::move(attributes), point.startUnixNs, nowUnixNs, point.value, integral, std::move(exemplars)});
        }
    }
    return data;
}

std::vector<MetricData> MetricRegistry::collect(bool forExport) const
{
    std::vector<MetricData> all;
    const std::int64_t now = m_clock.unixNs();
    for (const MetricRow& row : metricTable()) {
        if (!m_instruments[static_cast<std::size_t>(row.id)].points.empty())
            all.push_back(collect(row.id, now, forExport));
    }
    return all;
}

} // namespace oriel::telemetry
