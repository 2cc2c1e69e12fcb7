// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/servers/json_diff.h"
#include "ui/servers/wire_exchange.h"

#include <QAbstractTableModel>

namespace oriel::ui {

/// The steps of an exchange: when, the frame at the client's side, the frame at the server's side, what Oriel changed. Where a
/// side has no frame it says why. GUI thread.
class ExchangeModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Client, Server, Changed, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void setExchange(WireExchange exchange);
    [[nodiscard]] const WireExchange& exchange() const { return m_exchange; }
    /// The comparison of both frames of a step; null for a step with one frame.
    [[nodiscard]] const JsonDiff* diffOf(int step) const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] QString text(std::size_t step, int column) const;
    [[nodiscard]] QString sideText(std::size_t step, bool client) const;

    WireExchange m_exchange;
    mutable std::vector<std::optional<JsonDiff>> m_diffs; ///< made when somebody looks
};

/// The members of both frames of one step, the different ones marked with a sign and a reason. GUI thread.
class ChangeModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Sign, Member, Client, Server, Why, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    struct Row {
        JsonChange change;
        QString why;
    };
    void setRows(std::vector<Row> rows);
    [[nodiscard]] const std::vector<Row>& rows() const { return m_rows; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<Row> m_rows;
};

/// The rows of one step: the HTTP fields of both sides, then the members; without the equal ones unless `all`. `fromClient`
/// decides which side is the earlier one: what only the later one has was added.
[[nodiscard]] std::vector<ChangeModel::Row> changeRows(const WireExchange& exchange, std::size_t step, const JsonDiff& diff,
                                                       bool all);

} // namespace oriel::ui
