// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/metric_reference.h"

#include "telemetry/metric_data.h"
#include "telemetry/metric_table.h"
#include "telemetry/prometheus_names.h"

#include <QByteArrayList>

namespace oriel::telemetry {

namespace {

constexpr const char* kHead = "# Metrics\n\n"
                              "This page is made from the table of metrics in the code. `NS_` stands for `metrics.namespace` and "
                              "an underscore: `mcp_gateway_` unless\n"
                              "set otherwise. The first name is the one over OTLP; where it differs, the one in Prometheus "
                              "stands below it. Labels without a value are\n"
                              "left out. A histogram has the series `…_bucket`, `…_sum` and `…_count` in Prometheus.\n\n"
                              "| name | kind | unit | labels | what it is |\n|---|---|---|---|---|\n";

const char* kindName(InstrumentKind kind)
{
    switch (kind) {
    case InstrumentKind::Counter:
        return "counter";
    case InstrumentKind::UpDownCounter:
        return "up-down counter";
    case InstrumentKind::Histogram:
        return "histogram";
    case InstrumentKind::Gauge:
        break;
    }
    return "gauge";
}

QByteArray code(const QByteArray& text)
{
    return '`' + text + '`';
}

QByteArray namesOf(const MetricRow& row)
{
    const QByteArray prefix = row.namespaced ? "NS_" : "";
    MetricData metric;
    metric.name = prefix + row.name;
    metric.unit = row.unit;
    metric.kind = row.kind;
    metric.monotonic = row.kind == InstrumentKind::Counter;
    QByteArray names = code(metric.name);
    if (const QByteArray name = prometheusName(metric); name != metric.name)
        names += "<br>" + code(name);
    if (row.alias != nullptr)
        names += "<br>also " + code(prefix + row.alias);
    return names;
}

QByteArray labelsOf(const MetricRow& row)
{
    QByteArrayList labels;
    for (const char* label : row.labels)
        labels.append(code(label));
    return labels.join(", ");
}

QByteArray boundsOf(const MetricRow& row)
{
    QByteArrayList bounds;
    for (const double bound : row.boundaries)
        bounds.append(prometheusNumber(bound));
    return bounds.isEmpty() ? QByteArray() : " Bounds: " + bounds.join(' ') + '.';
}

} // namespace

QByteArray metricReference()
{
    QByteArray page = kHead;
    for (const MetricRow& row : metricTable())
        page += "| " + namesOf(row) + " | " + kindName(row.kind) + " | " + code(row.unit) + " | " + labelsOf(row) + " | " +
                row.description + boundsOf(row) + " |\n";
    return page;
}

} // namespace oriel::telemetry
