// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/check_column.h"

#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

namespace oriel::ui {

CheckColumn::CheckColumn(DataTable* table, int column) : QStyledItemDelegate(table), m_table(table), m_column(column)
{
    table->setItemDelegateForColumn(column, this);
    table->installEventFilter(this);
}

void CheckColumn::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    paintCellBackground(*painter, item);
    const QVariant state = index.data(Qt::CheckStateRole);
    if (!state.isValid())
        return;
    QStyleOptionViewItem box = item;
    box.rect = QRect(0, 0, 16, 16);
    box.rect.moveCenter(item.rect.center());
    const bool usable = index.flags() & Qt::ItemIsEnabled;
    box.state = (usable ? QStyle::State_Enabled : QStyle::State_None) |
                (state.toInt() == Qt::Checked ? QStyle::State_On : QStyle::State_Off);
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_IndicatorItemViewItemCheck, &box, painter, option.widget);
}

bool CheckColumn::editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                              const QModelIndex& index)
{
    if (event->type() == QEvent::MouseButtonDblClick)
        return true; // its two releases have toggled already
    if (event->type() != QEvent::MouseButtonRelease)
        return false;
    const auto* mouse = static_cast<QMouseEvent*>(event);
    if (mouse->button() != Qt::LeftButton || !option.rect.contains(mouse->position().toPoint()))
        return false;
    return toggle(model, index);
}

bool CheckColumn::eventFilter(QObject* object, QEvent* event)
{
    if (object != m_table)
        return QStyledItemDelegate::eventFilter(object, event);
    if (event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const QModelIndex current = m_table->currentIndex();
        if (key->key() == Qt::Key_Space && key->modifiers() == Qt::NoModifier && current.isValid())
            return toggle(m_table->model(), current.siblingAtColumn(m_column));
    }
    return false; // the table is no editor, which is what the delegate would take it for
}

bool CheckColumn::toggle(QAbstractItemModel* model, const QModelIndex& index)
{
    const QVariant state = index.data(Qt::CheckStateRole);
    if (!state.isValid() || !(index.flags() & Qt::ItemIsEnabled))
        return false;
    return model->setData(index, state.toInt() == Qt::Checked ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
}

} // namespace oriel::ui
