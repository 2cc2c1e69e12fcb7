// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/trace_types.h"

#include <QAbstractTableModel>

#include <vector>

namespace oriel::ui {

/// The trace list, newest first: pages of summaries from the store, merged so that rows keep their identity while new ones arrive
/// above. GUI thread.
class TraceListModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Name, Client, Spans, Duration, Error, ColumnCount };

    explicit TraceListModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    [[nodiscard]] bool canFetchMore(const QModelIndex& parent) const override;
    /// Asks for the next page by moreWanted().
    void fetchMore(const QModelIndex& parent) override;

    /// Puts the newest page in place of the rows down to its end. Rows beyond it stay unless the page is the last one, or they
    /// start before `fromUnixNs`. Returns how many rows are new at the top.
    int merge(store::TracePage page, std::int64_t fromUnixNs);
    /// Adds the page that follows the last row.
    void append(store::TracePage page);
    void clear();

    [[nodiscard]] const store::TraceSummary& row(int row) const { return m_rows[static_cast<std::size_t>(row)]; }
    [[nodiscard]] int rowOf(const TraceId& id) const; ///< −1: not loaded
    [[nodiscard]] const std::optional<store::TraceCursor>& next() const { return m_next; }
    void setNext(const std::optional<store::TraceCursor>& next) { m_next = next; }
    [[nodiscard]] std::int64_t longestNs() const { return m_longest; }
    /// A term of the filter language for what stands in a cell; empty where there is none.
    [[nodiscard]] QString filterTerm(const QModelIndex& index, bool out) const;

Q_SIGNALS:
    void moreWanted();

private:
    using Rows = std::vector<store::TraceSummary>;
    [[nodiscard]] bool tryMerge(const Rows& page, std::size_t replaced);
    [[nodiscard]] std::size_t replacedBy(const store::TracePage& page) const;
    [[nodiscard]] QVariant display(const store::TraceSummary& trace, int column) const;
    void measure();

    Rows m_rows;
    std::optional<store::TraceCursor> m_next;
    std::int64_t m_longest = 1;
    bool m_asked = false;
};

} // namespace oriel::ui
