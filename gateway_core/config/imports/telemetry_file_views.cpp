// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/imports/telemetry_file_views.h"

#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <limits>

namespace oriel::config {

namespace {

using Aggregation = MetricView::Aggregation;

constexpr int kMaxBuckets = 16'384;
constexpr int kMinScale = -10;
constexpr int kMaxScale = 20;

bool isPattern(const QString& name)
{
    return name.isEmpty() || name.contains(QLatin1Char('*')) || name.contains(QLatin1Char('?'));
}

void readSelector(YamlSection selector, MetricView& view)
{
    view.instrumentName = selector.text("instrument_name").value_or(QString());
    view.instrumentType =
        selector
            .choice("instrument_type", {QStringLiteral("counter"), QStringLiteral("gauge"), QStringLiteral("histogram"),
                                        QStringLiteral("observable_counter"), QStringLiteral("observable_gauge"),
                                        QStringLiteral("observable_up_down_counter"), QStringLiteral("up_down_counter")})
            .value_or(QString());
    view.unit = selector.text("unit").value_or(QString());
    view.meterName = selector.text("meter_name").value_or(QString());
    view.meterVersion = selector.text("meter_version").value_or(QString());
    view.meterSchemaUrl = selector.text("meter_schema_url").value_or(QString());
    selector.reportOthers();
}

/// Finite and ascending, or nothing with an error.
std::optional<QList<double>> readBoundaries(YamlSection& buckets)
{
    const YamlNode* list = buckets.take("boundaries");
    if (list == nullptr)
        return std::nullopt;
    QList<double> boundaries;
    bool isGood = list->kind == YamlNode::Kind::Sequence && list->items.size() <= kMaxBuckets;
    for (const YamlPtr& item : list->items) {
        const std::optional<double> bound = item->asNumber();
        isGood = isGood && bound && (boundaries.isEmpty() || *bound > boundaries.last());
        boundaries.append(bound.value_or(0));
    }
    if (isGood)
        return boundaries;
    buckets.error(*list, "boundaries", QStringLiteral("expected a list of numbers, each larger than the one before"));
    return std::nullopt;
}

void readExplicitBuckets(YamlSection buckets, MetricView& view)
{
    view.aggregation = Aggregation::ExplicitBuckets;
    view.boundaries = readBoundaries(buckets);
    view.recordMinMax = buckets.flag("record_min_max").value_or(true);
    buckets.reportOthers();
}

void readExponential(YamlSection buckets, MetricView& view)
{
    view.aggregation = Aggregation::Exponential;
    view.maxSize = static_cast<int>(buckets.integer("max_size", 2, kMaxBuckets).value_or(view.maxSize));
    view.maxScale = static_cast<int>(buckets.integer("max_scale", kMinScale, kMaxScale).value_or(view.maxScale));
    view.recordMinMax = buckets.flag("record_min_max").value_or(true);
    buckets.reportOthers();
}

void readAggregation(YamlSection aggregation, MetricView& view)
{
    if (!aggregation.exists())
        return;
    if (aggregation.has("drop"))
        view.aggregation = Aggregation::Drop;
    else if (aggregation.has("sum"))
        view.aggregation = Aggregation::Sum;
    else if (aggregation.has("explicit_bucket_histogram"))
        readExplicitBuckets(aggregation.section("explicit_bucket_histogram"), view);
    else if (aggregation.has("base2_exponential_bucket_histogram"))
        readExponential(aggregation.section("base2_exponential_bucket_histogram"), view);
    else if (aggregation.has("last_value"))
        aggregation.report().warning(*aggregation.node(), aggregation.keyOf("last_value"),
                                     QStringLiteral("has no effect in Oriel: its gauges tell their last value anyway, and "
                                                    "nothing else can"));
    else
        (void)aggregation.has("default");
    aggregation.reportOthers();
}

void readName(YamlSection& stream, MetricView& view)
{
    const auto name = stream.text("name");
    if (!name)
        return;
    static const QRegularExpression form(QStringLiteral("^[A-Za-z][A-Za-z0-9_.\\-/]{0,254}$"));
    if (!form.match(*name).hasMatch())
        stream.error(*stream.take("name"), "name",
                     QStringLiteral("expected the name of a metric: a letter, then letters, digits and _ . - /"));
    else if (isPattern(view.instrumentName))
        stream.warning(*stream.take("name"), "name",
                       QStringLiteral("has no effect: several instruments cannot get one name; give instrument_name in full"));
    else
        view.name = *name;
}

void readStream(YamlSection stream, MetricView& view)
{
    readName(stream, view);
    view.description = stream.text("description");
    readAggregation(stream.section("aggregation"), view);
    view.cardinalityLimit =
        static_cast<int>(stream.integer("aggregation_cardinality_limit", 1, std::numeric_limits<qint32>::max()).value_or(0));
    YamlSection keys = stream.section("attribute_keys");
    view.included = keys.texts("included").value_or(QStringList());
    view.excluded = keys.texts("excluded").value_or(QStringList());
    keys.reportOthers();
    stream.reportOthers();
}

} // namespace

QList<MetricView> readViews(YamlSection& meterProvider)
{
    QList<MetricView> views;
    for (YamlSection& entry : meterProvider.sections("views")) {
        if (!entry.exists())
            continue;
        MetricView view;
        if (entry.take("selector") == nullptr)
            entry.error(*entry.node(), "selector",
                        QStringLiteral("expected which instruments it is about, such as {instrument_name: \"*\"}"));
        readSelector(entry.section("selector"), view);
        readStream(entry.section("stream"), view);
        entry.reportOthers();
        views.append(view);
    }
    return views;
}

} // namespace oriel::config
