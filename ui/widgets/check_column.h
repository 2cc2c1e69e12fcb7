// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace oriel::ui {

class DataTable;

/// Makes one column of a table a column of check boxes: paints Qt::CheckStateRole, and a click into the cell or Space on the row
/// asks the model to change it with setData(). A cell without a check state shows nothing. Owned by the table.
class CheckColumn : public QStyledItemDelegate {
    Q_OBJECT
public:
    CheckColumn(DataTable* table, int column);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                     const QModelIndex& index) override;

protected:
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    static bool toggle(QAbstractItemModel* model, const QModelIndex& index);

    DataTable* m_table;
    int m_column;
};

} // namespace oriel::ui
