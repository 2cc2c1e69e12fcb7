// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/metric_view.h"

#include "telemetry/resource.h"
#include "telemetry/span_processor.h"

#include <algorithm>

namespace oriel::telemetry {

namespace {

using Aggregation = MetricView::Aggregation;

QByteArrayView typeOf(const MetricRow& row)
{
    switch (row.kind) {
    case InstrumentKind::Counter:
        return row.observed ? "observable_counter" : "counter";
    case InstrumentKind::UpDownCounter:
        return row.observed ? "observable_up_down_counter" : "up_down_counter";
    case InstrumentKind::Gauge:
        return row.observed ? "observable_gauge" : "gauge";
    case InstrumentKind::Histogram:
        break;
    }
    return "histogram";
}

bool matchesAny(QByteArrayView text, const std::vector<QByteArray>& patterns)
{
    return std::any_of(patterns.begin(), patterns.end(),
                       [text](const QByteArray& pattern) { return matchesPattern(text, pattern); });
}

std::vector<bool> keptLabels(const MetricRow& instrument, const MetricView& view)
{
    std::vector<bool> keeps;
    for (const char* label : instrument.labels)
        keeps.push_back((view.included.empty() || matchesAny(label, view.included)) && !matchesAny(label, view.excluded));
    return keeps;
}

std::vector<const char*> namesOf(const MetricRow& instrument, const std::vector<bool>& keeps)
{
    std::vector<const char*> names;
    for (std::size_t i = 0; i < keeps.size(); ++i) {
        if (keeps[i])
            names.push_back(instrument.labels[i]);
    }
    return names;
}

bool hasBuckets(const MetricRow& instrument)
{
    return instrument.kind == InstrumentKind::Histogram;
}

std::vector<double> boundariesOf(const MetricRow& instrument, const MetricView& view)
{
    if (hasBuckets(instrument) && view.aggregation == Aggregation::ExplicitBuckets && view.boundaries)
        return *view.boundaries;
    return {instrument.boundaries.begin(), instrument.boundaries.end()};
}

StreamForm formOf(const MetricRow& instrument, const MetricView& view)
{
    StreamForm form;
    form.cardinalityLimit = view.cardinalityLimit;
    if (!hasBuckets(instrument) ||
        (view.aggregation != Aggregation::ExplicitBuckets && view.aggregation != Aggregation::Exponential))
        return form;
    form.exponential = view.aggregation == Aggregation::Exponential;
    form.explicitBuckets = !*form.exponential;
    form.minMax = view.recordMinMax;
    form.maxSize = view.maxSize;
    form.maxScale = view.maxScale;
    return form;
}

} // namespace

bool isSelected(const MetricView& view, const MetricRow& row, const QByteArray& fullName)
{
    const std::shared_ptr<const Scope> meter = orielScope();
    const auto is = [](const QByteArray& wanted, QByteArrayView found) { return wanted.isEmpty() || wanted == found; };
    return (view.instrumentName.isEmpty() || matchesPattern(fullName.toLower(), view.instrumentName.toLower())) &&
           is(view.instrumentType, typeOf(row)) && is(view.unit, row.unit) && is(view.meterName, meter->name) &&
           is(view.meterVersion, meter->version) && is(view.meterSchemaUrl, meter->schemaUrl);
}

ViewStream::ViewStream(const MetricRow& instrument, const QByteArray& fullName, const MetricView& view)
    : m_instrument(instrument),
      m_name(view.name.isEmpty() ? fullName : view.name),
      m_description(view.description.value_or(QByteArray(instrument.description))),
      m_keeps(keptLabels(instrument, view)),
      m_labels(namesOf(instrument, m_keeps)),
      m_boundaries(boundariesOf(instrument, view)),
      m_row(instrument),
      m_stream(m_row, formOf(instrument, view))
{
    m_row.labels = m_labels;
    m_row.boundaries = m_boundaries;
    // What Oriel's histograms measure is never negative.
    if (hasBuckets(instrument) && view.aggregation == Aggregation::Sum)
        m_row.kind = InstrumentKind::Counter;
}

ViewStream::Labels ViewStream::keptOf(Labels labels)
{
    m_kept.clear();
    for (std::size_t i = 0; i < m_keeps.size(); ++i) {
        if (m_keeps[i])
            m_kept.push_back(i < labels.size() ? labels[i] : QByteArray());
    }
    return m_kept;
}

Attributes ViewStream::droppedOf(Labels labels) const
{
    Attributes dropped;
    for (std::size_t i = 0; i < std::min(m_keeps.size(), labels.size()); ++i) {
        if (!m_keeps[i] && !labels[i].isEmpty())
            dropped.push_back(labelAttribute(m_instrument.labels[i], labels[i]));
    }
    return dropped;
}

void ViewStream::record(const StreamSettings& settings, Labels labels, double value, const ExemplarContext& exemplar,
                        std::int64_t nowUnixNs)
{
    const bool told = MetricStream::isExemplar(settings.exemplarFilter, exemplar);
    m_stream.record(settings, keptOf(labels), value, exemplar, nowUnixNs, told ? droppedOf(labels) : Attributes());
}

void ViewStream::observe(const StreamSettings& settings, Labels labels, double value, double change)
{
    if (m_row.kind == InstrumentKind::Gauge)
        m_stream.set(settings, keptOf(labels), value);
    else
        m_stream.add(settings, keptOf(labels), change);
}

void ViewStream::forget(const StreamSettings& settings, Labels labels, double value, std::int64_t nowUnixNs)
{
    if (m_labels.size() == m_instrument.labels.size())
        m_stream.remove(labels, nowUnixNs);
    else if (m_row.kind == InstrumentKind::UpDownCounter)
        m_stream.add(settings, keptOf(labels), -value);
}

MetricData ViewStream::collect(std::int64_t nowUnixNs) const
{
    MetricData data;
    data.name = m_name;
    data.description = m_description;
    data.unit = m_row.unit;
    data.kind = m_row.kind;
    data.monotonic = m_row.kind == InstrumentKind::Counter;
    data.observed = m_row.observed;
    m_stream.collect(data, nowUnixNs, true);
    return data;
}

} // namespace oriel::telemetry
