// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/metrics.h"

#include "base/clock.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace oriel::telemetry {

MetricRegistry::MetricRegistry(const Clock& clock, QByteArray nameSpace, int cardinalityLimit)
    : m_clock(clock),
      m_nameSpace(std::move(nameSpace))
{
    m_settings.startUnixNs = clock.unixNs();
    m_settings.cardinalityLimit = std::max(cardinalityLimit, 1);
    m_streams.reserve(kMetricCount);
    for (const MetricRow& row : metricTable())
        m_streams.emplace_back(row);
    // What counts things that are there now is zero before the first of them, not absent.
    record(MetricId::ActiveSessions, {}, 0);
    record(MetricId::ActiveUsers, {}, 0);
}

void MetricRegistry::record(MetricId metric, std::span<const QByteArray> labels, double value, const ExemplarContext& exemplar)
{
    const MetricRow& row = metricRow(metric);
    if (!std::isfinite(value) || (row.kind == InstrumentKind::Counter && value < 0))
        return;
    const std::int64_t now = MetricStream::isExemplar(m_settings.exemplarFilter, exemplar) ? m_clock.unixNs() : 0;
    streamOf(metric).record(m_settings, labels, value, exemplar, now);
    for (const auto& view : viewedOf(metric).streams)
        view->record(m_settings, labels, value, exemplar, now);
    ++m_revision;
}

void MetricRegistry::set(MetricId metric, std::span<const QByteArray> labels, double value)
{
    if (!std::isfinite(value) || metricRow(metric).kind == InstrumentKind::Histogram)
        return;
    const double change = streamOf(metric).set(m_settings, labels, value);
    for (const auto& view : viewedOf(metric).streams)
        view->observe(m_settings, labels, value, change);
    if (change != 0)
        ++m_revision;
}

void MetricRegistry::remove(MetricId metric, std::span<const QByteArray> labels)
{
    const std::int64_t now = m_clock.unixNs();
    const std::optional<double> gone = streamOf(metric).remove(labels, now);
    if (!gone)
        return;
    for (const auto& view : viewedOf(metric).streams)
        view->forget(m_settings, labels, *gone, now);
    ++m_revision;
}

void MetricRegistry::clear(MetricId metric)
{
    if (streamOf(metric).isEmpty())
        return;
    const std::int64_t now = m_clock.unixNs();
    streamOf(metric).clear(now);
    for (const auto& view : viewedOf(metric).streams)
        view->clear(now);
    ++m_revision;
}

void MetricRegistry::setExponentialHistograms(bool kept)
{
    if (kept == m_settings.keepsExponential)
        return;
    m_settings.keepsExponential = kept;
    m_settings.exponentialSinceUnixNs = m_clock.unixNs();
    for (MetricStream& stream : m_streams)
        stream.forgetExponential();
    for (Viewed& viewed : m_viewed) {
        for (const auto& view : viewed.streams)
            view->forgetExponential();
    }
}

void MetricRegistry::setViews(std::vector<MetricView> views)
{
    if (views == m_views)
        return;
    m_views = std::move(views);
    rebuildViews();
    ++m_revision;
}

void MetricRegistry::rebuildViews()
{
    const std::int64_t now = m_clock.unixNs();
    std::set<QByteArray> names;
    for (const MetricRow& row : metricTable()) {
        Viewed& viewed = viewedOf(row.id);
        viewed = {};
        viewed.isSelected = std::any_of(m_views.begin(), m_views.end(),
                                        [&](const MetricView& view) { return isSelected(view, row, fullName(row.id)); });
        if (!viewed.isSelected)
            names.insert(fullName(row.id).toLower());
    }
    for (const MetricRow& row : metricTable()) {
        const QByteArray full = fullName(row.id);
        for (const MetricView& view : m_views) {
            if (view.aggregation == MetricView::Aggregation::Drop || !isSelected(view, row, full))
                continue;
            auto stream = std::make_unique<ViewStream>(row, full, view);
            if (!names.insert(stream->name().toLower()).second)
                continue;
            // What was measured before cannot be told apart any more, but what stands for all of it can be taken over.
            if (row.kind == InstrumentKind::Histogram)
                stream->beginAt(now);
            else
                streamOf(row.id).visitValues(
                    [&](MetricStream::Labels labels, double value) { stream->observe(m_settings, labels, value, value); });
            viewedOf(row.id).streams.push_back(std::move(stream));
        }
    }
}

void MetricRegistry::setNameSpace(QByteArray nameSpace)
{
    if (nameSpace != m_nameSpace) {
        m_nameSpace = std::move(nameSpace);
        rebuildViews();
    }
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
    MetricData data;
    data.name = fullName(metric);
    if (row.alias != nullptr)
        data.alias = row.namespaced && !m_nameSpace.isEmpty() ? m_nameSpace + '_' + row.alias : QByteArray(row.alias);
    data.description = row.description;
    data.unit = row.unit;
    data.kind = row.kind;
    data.monotonic = row.kind == InstrumentKind::Counter;
    data.observed = row.observed;
    m_streams[static_cast<std::size_t>(metric)].collect(data, nowUnixNs, forExport);
    return data;
}

std::vector<MetricData> MetricRegistry::collect(bool forExport) const
{
    std::vector<MetricData> all;
    const std::int64_t now = m_clock.unixNs();
    for (const MetricRow& row : metricTable()) {
        const auto index = static_cast<std::size_t>(row.id);
        if (forExport && m_viewed[index].isSelected) {
            for (const auto& view : m_viewed[index].streams) {
                if (!view->isEmpty())
                    all.push_back(view->collect(now));
            }
        } else if (!m_streams[index].isEmpty()) {
            all.push_back(collect(row.id, now, forExport));
        }
    }
    return all;
}

} // namespace oriel::telemetry
