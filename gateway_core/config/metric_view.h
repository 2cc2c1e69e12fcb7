// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace oriel::config {

/// One entry of `meter_provider.views` of a declarative configuration; what it means stands with telemetry::MetricView.
struct MetricView {
    QString instrumentName; ///< with * and ?; empty: all, as for the rest of the selector
    QString instrumentType;
    QString unit;
    QString meterName;
    QString meterVersion;
    QString meterSchemaUrl;

    QString name; ///< empty: the instrument's
    std::optional<QString> description;
    enum class Aggregation : quint8 { Default, Drop, Sum, ExplicitBuckets, Exponential };
    Aggregation aggregation = Aggregation::Default;
    std::optional<QList<double>> boundaries; ///< ascending
    bool recordMinMax = true;
    int maxSize = 160;
    int maxScale = 20;
    QStringList included; ///< with * and ?; empty: all
    QStringList excluded;
    int cardinalityLimit = 0; ///< 0: Oriel's
    bool operator==(const MetricView&) const = default;
};

} // namespace oriel::config
