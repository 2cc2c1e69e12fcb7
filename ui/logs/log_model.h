// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/log_store.h"

#include <QAbstractTableModel>

#include <deque>

namespace oriel::ui {

/// A window on the log, oldest line first: what the store gave, never more than the limit. A gap, where lines were lost before
/// they could be shown, is a row of its own. GUI thread.
class LogModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Level, Source, Text, Trace, ColumnCount };
    static constexpr int defaultLimit = 50'000;

    struct Row {
        std::uint64_t id = 0;
        std::shared_ptr<const telemetry::LogRecord> record; ///< null: a gap
        std::uint64_t lost = 0;                             ///< of a gap
        [[nodiscard]] bool isGap() const { return record == nullptr; }
    };

    explicit LogModel(QObject* parent = nullptr, int limit = defaultLimit) : QAbstractTableModel(parent), m_limit(limit) {}

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// Replaces everything. `entries` oldest first here and below.
    void reset(std::vector<store::LogEntry> entries);
    /// Adds at the end, at once; `lostBefore` lines are missing in front of them. The oldest rows go when there are too many.
    /// Returns how many went.
    int append(std::vector<store::LogEntry> entries, std::uint64_t lostBefore = 0);
    /// Adds in front. Returns how many found room; the newest of `entries` win.
    int prepend(std::vector<store::LogEntry> entries);
    /// Drops the rows before the first that is not older. Returns how many went.
    int dropBefore(std::int64_t unixNs);

    [[nodiscard]] const Row& row(int row) const { return m_rows[static_cast<std::size_t>(row)]; }
    [[nodiscard]] int rowOfId(std::uint64_t id) const; ///< -1: not here
    [[nodiscard]] bool isFull() const { return rowCount() >= m_limit; }

private:
    [[nodiscard]] QVariant gapData(const Row& row, int column, int role) const;
    [[nodiscard]] QVariant lineData(const telemetry::LogRecord& record, int column, int role) const;
    int dropFront(int count);

    std::deque<Row> m_rows;
    int m_limit;
};

} // namespace oriel::ui
