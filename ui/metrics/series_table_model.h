// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/metrics/metric_series.h"

#include <QAbstractTableModel>

namespace oriel::ui {

/// The values of a chart as a table, newest first: the time, then a column for each line.
class SeriesTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    SeriesTableModel(MetricUnit unit, QObject* parent);
    void setSeries(const QList<TimeSeries>& series);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    MetricUnit m_unit;
    QStringList m_names;
    QList<SeriesRow> m_rows;
};

} // namespace oriel::ui
