// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/metrics/series_table_model.h"

#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"

namespace oriel::ui {

SeriesTableModel::SeriesTableModel(MetricUnit unit, QObject* parent) : QAbstractTableModel(parent), m_unit(unit) {}

void SeriesTableModel::setSeries(const QList<TimeSeries>& series)
{
    QStringList names;
    for (const TimeSeries& one : series)
        names.append(one.name);
    QList<SeriesRow> rows = seriesRows(series);
    if (names == m_names && rows.size() == m_rows.size()) {
        m_rows = std::move(rows);
        if (!m_rows.isEmpty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
        return;
    }
    beginResetModel();
    m_names = names;
    m_rows = std::move(rows);
    endResetModel();
}

int SeriesTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int SeriesTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_names.size()) + 1;
}

QVariant SeriesTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const SeriesRow& row = m_rows[index.row()];
    const bool isTime = index.column() == 0;
    switch (role) {
    case Qt::DisplayRole:
        return isTime ? formatClock(row.atNs) : formatMetric(m_unit, row.values[index.column() - 1]);
    case Qt::ToolTipRole:
        return isTime ? QVariant(formatDateTime(row.atNs)) : QVariant();
    case Qt::TextAlignmentRole:
        return int((isTime ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case CellRole::Mono:
    case CellRole::Dim:
        return isTime;
    default:
        return {};
    }
}

QVariant SeriesTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::DisplayRole)
        return section == 0 ? QStringLiteral("time") : m_names.value(section - 1);
    return QAbstractTableModel::headerData(section, orientation, role);
}

} // namespace oriel::ui
