// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/wire_log.h"

#include <QAbstractTableModel>

#include <deque>

namespace oriel::ui {

/// Frames in their order, the oldest first; holds at most `maximum` and lets the oldest go. Fed with pages of the wire log. GUI
/// thread.
class WireModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Peer, Era, Kind, Method, RpcId, Via, Size, Preview, ColumnCount };
    static constexpr int idRole = Qt::UserRole + 210; ///< quint64: the frame's id in the log

    explicit WireModel(int maximum = 20'000, QObject* parent = nullptr);

    void clear();
    /// Rows newer than all that are held, in order; others are ignored.
    void append(const std::vector<store::WireEntry>& rows);
    /// Rows older than all that are held, in order, as far as there is room.
    void prepend(const std::vector<store::WireEntry>& rows);
    [[nodiscard]] const store::WireEntry* entryAt(int row) const;
    [[nodiscard]] int rowOf(std::uint64_t id) const;
    [[nodiscard]] std::uint64_t firstId() const { return m_rows.empty() ? 0 : m_rows.front().id; }
    [[nodiscard]] std::uint64_t lastId() const { return m_rows.empty() ? 0 : m_rows.back().id; }
    [[nodiscard]] bool isFull() const { return int(m_rows.size()) >= m_maximum; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::deque<store::WireEntry> m_rows;
    int m_maximum;
};

} // namespace oriel::ui
