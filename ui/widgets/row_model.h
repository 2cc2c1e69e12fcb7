// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QList>
#include <QSet>
#include <QString>

#include <functional>
#include <vector>

namespace oriel::ui {

/// A table over a short list of values that is replaced as a whole, such as servers or tokens. Rows keep their identity by a key,
/// so that selection and scroll position survive setRows(). GUI thread.
template <class Row> class RowModel : public QAbstractTableModel {
public:
    struct Column {
        QString title;
        std::function<QVariant(const Row& row, int role)> data; ///< asked for every role but alignment of numbers
        bool number = false;                                    ///< right-aligned
    };
    using Key = std::function<QString(const Row& row)>;
    /// Called by setData() for Qt::CheckStateRole; the rows change when the owner sets them anew.
    using Check = std::function<void(const Row& row, bool checked)>;

    RowModel(std::vector<Column> columns, Key key, QObject* parent = nullptr)
        : QAbstractTableModel(parent),
          m_columns(std::move(columns)),
          m_key(std::move(key))
    {}

    void setCheckHandler(Check check) { m_check = std::move(check); }
    [[nodiscard]] const QList<Row>& rows() const { return m_rows; }
    /// Null when there is no such row.
    [[nodiscard]] const Row* rowAt(int row) const { return row >= 0 && row < m_rows.size() ? &m_rows[row] : nullptr; }
    [[nodiscard]] int indexOf(const QString& key) const
    {
        for (int row = 0; row < int(m_rows.size()); ++row) {
            if (m_key(m_rows[row]) == key)
                return row;
        }
        return -1;
    }

    void setRows(QList<Row> rows)
    {
        QSet<QString> wanted;
        for (const Row& row : rows)
            wanted.insert(m_key(row));
        for (int row = int(m_rows.size()) - 1; row >= 0; --row) {
            if (wanted.contains(m_key(m_rows[row])))
                continue;
            beginRemoveRows({}, row, row);
            m_rows.removeAt(row);
            endRemoveRows();
        }
        if (!keepsOrder(rows)) {
            beginResetModel();
            m_rows = std::move(rows);
            endResetModel();
            return;
        }
        for (int row = 0; row < int(rows.size()); ++row) {
            if (row < int(m_rows.size()) && m_key(m_rows[row]) == m_key(rows[row]))
                continue;
            beginInsertRows({}, row, row);
            m_rows.insert(row, rows[row]);
            endInsertRows();
        }
        m_rows = std::move(rows);
        if (!m_rows.isEmpty())
            Q_EMIT dataChanged(index(0, 0), index(int(m_rows.size()) - 1, columnCount() - 1));
    }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : int(m_rows.size());
    }
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : int(m_columns.size());
    }

    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override
    {
        if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
            return {};
        const Column& column = m_columns[std::size_t(index.column())];
        if (role == Qt::TextAlignmentRole)
            return column.number ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
        return column.data(m_rows[index.row()], role);
    }

    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override
    {
        if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
            return {};
        if (role == Qt::DisplayRole)
            return m_columns[std::size_t(section)].title;
        return role == Qt::TextAlignmentRole && m_columns[std::size_t(section)].number
                   ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter))
                   : QVariant();
    }

    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override
    {
        if (role != Qt::CheckStateRole || !m_check || !index.isValid())
            return false;
        m_check(Row(m_rows[index.row()]), value.toInt() == Qt::Checked);
        return true;
    }

private:
    /// True when what is shown stands in the same order within `rows`.
    [[nodiscard]] bool keepsOrder(const QList<Row>& rows) const
    {
        qsizetype found = 0;
        for (const Row& row : rows) {
            if (found < m_rows.size() && m_key(m_rows[found]) == m_key(row))
                ++found;
        }
        return found == m_rows.size();
    }

    std::vector<Column> m_columns;
    Key m_key;
    Check m_check;
    QList<Row> m_rows;
};

} // namespace oriel::ui
