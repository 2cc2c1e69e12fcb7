// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/log_store.h"
#include "ui/traces/trace_document.h"

#include <QAbstractTableModel>

#include <memory>
#include <vector>

namespace oriel::ui {

/// What every name of a trace cost; sorted by the column that was asked for. GUI thread.
class StatisticsModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Count, Errors, Total, Self, P50, P95, ColumnCount };

    explicit StatisticsModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}
    void setDocument(std::shared_ptr<const TraceDocument> document);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

    [[nodiscard]] const NameStatistics& row(int row) const { return m_rows[static_cast<std::size_t>(row)]; }

private:
    void sortRows();

    std::shared_ptr<const TraceDocument> m_document;
    std::vector<NameStatistics> m_rows;
    int m_column = Total;
    Qt::SortOrder m_order = Qt::DescendingOrder;
};

/// The log lines of one trace or one span, in order of time. GUI thread.
class TraceLogModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Level, Source, Text, ColumnCount };

    explicit TraceLogModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}
    void setRecords(std::vector<std::shared_ptr<const telemetry::LogRecord>> records);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<std::shared_ptr<const telemetry::LogRecord>> m_records;
};

/// "error", "warn" … ; a record without severity has none.
[[nodiscard]] QString severityWord(telemetry::Severity severity);

} // namespace oriel::ui
