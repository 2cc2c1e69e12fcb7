// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/metric_views.h"

namespace oriel::service {

namespace {

telemetry::MetricView::Aggregation aggregationOf(config::MetricView::Aggregation aggregation)
{
    using From = config::MetricView::Aggregation;
    using To = telemetry::MetricView::Aggregation;
    switch (aggregation) {
    case From::Drop:
        return To::Drop;
    case From::Sum:
        return To::Sum;
    case From::ExplicitBuckets:
        return To::ExplicitBuckets;
    case From::Exponential:
        return To::Exponential;
    case From::Default:
        break;
    }
    return To::Default;
}

std::vector<QByteArray> patternsOf(const QStringList& texts)
{
    std::vector<QByteArray> patterns;
    for (const QString& text : texts)
        patterns.push_back(text.toUtf8());
    return patterns;
}

} // namespace

std::vector<telemetry::MetricView> metricViews(const QList<config::MetricView>& views)
{
    std::vector<telemetry::MetricView> all;
    for (const config::MetricView& from : views) {
        telemetry::MetricView& view = all.emplace_back();
        view.instrumentName = from.instrumentName.toUtf8();
        view.instrumentType = from.instrumentType.toUtf8();
        view.unit = from.unit.toUtf8();
        view.meterName = from.meterName.toUtf8();
        view.meterVersion = from.meterVersion.toUtf8();
        view.meterSchemaUrl = from.meterSchemaUrl.toUtf8();
        view.name = from.name.toUtf8();
        if (from.description)
            view.description = from.description->toUtf8();
        view.aggregation = aggregationOf(from.aggregation);
        if (from.boundaries)
            view.boundaries.emplace(from.boundaries->begin(), from.boundaries->end());
        view.recordMinMax = from.recordMinMax;
        view.maxSize = from.maxSize;
        view.maxScale = from.maxScale;
        view.included = patternsOf(from.included);
        view.excluded = patternsOf(from.excluded);
        view.cardinalityLimit = from.cardinalityLimit;
    }
    return all;
}

} // namespace oriel::service
