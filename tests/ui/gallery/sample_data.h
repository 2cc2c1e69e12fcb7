// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/scatter_chart.h"
#include "ui/charts/time_series.h"
#include "ui/shell/shell_status.h"

#include <QAbstractTableModel>

namespace oriel::gallery {

inline constexpr std::int64_t sampleEndNs = 1'763'634'120'000'000'000; ///< a fixed "now", so that pictures do not change

[[nodiscard]] QList<double> wave(int count, double base, double swing, unsigned seed);
[[nodiscard]] ui::TimeSeries latencySeries(const QString& name, double base, double swing, unsigned seed, int slot);
[[nodiscard]] QList<ui::ScatterPoint> scatterPoints();
[[nodiscard]] ui::ShellStatus sampleStatus();

/// Rows of cells with roles; what the sections' models are in small.
class SampleTable final : public QAbstractTableModel {
    Q_OBJECT
public:
    struct Cell {
        QString text;
        QHash<int, QVariant> roles;
    };
    SampleTable(const QStringList& headers, const QList<QList<Cell>>& rows, QObject* parent);
    [[nodiscard]] int rowCount(const QModelIndex& parent) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QStringList m_headers;
    QList<QList<Cell>> m_rows;
};

[[nodiscard]] SampleTable* serverTable(QObject* parent);
[[nodiscard]] SampleTable* traceTable(QObject* parent);
[[nodiscard]] SampleTable* failureTable(QObject* parent);

} // namespace oriel::gallery
