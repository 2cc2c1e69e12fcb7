// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/data_table.h"

#include "ui/theme/theme.h"
#include "ui/widgets/cells.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>

namespace oriel::ui {
namespace {

/// The header's words stand as the column's cells do; the model is asked for its first row only.
class AlignedHeader final : public QHeaderView {
public:
    explicit AlignedHeader(QWidget* parent) : QHeaderView(Qt::Horizontal, parent) {}

protected:
    void initStyleOptionForIndex(QStyleOptionHeader* option, int logicalIndex) const override
    {
        QHeaderView::initStyleOptionForIndex(option, logicalIndex);
        if (!model() || model()->rowCount() == 0 ||
            model()->headerData(logicalIndex, Qt::Horizontal, Qt::TextAlignmentRole).isValid())
            return;
        const QVariant alignment = model()->index(0, logicalIndex).data(Qt::TextAlignmentRole);
        option->textAlignment =
            alignment.isValid() ? Qt::Alignment(alignment.toInt()) : Qt::Alignment(Qt::AlignLeft | Qt::AlignVCenter);
    }
};

} // namespace

DataTable::DataTable(QWidget* parent) : QTableView(parent)
{
    setHorizontalHeader(new AlignedHeader(this));
    setItemDelegate(new TextCellDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setWordWrap(false);
    setCornerButtonEnabled(false);
    setAlternatingRowColors(false);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    setVerticalScrollMode(QAbstractItemView::ScrollPerItem);
    setTabKeyNavigation(false);
    setMouseTracking(true);
    viewport()->setAutoFillBackground(false); // the card behind shows through
    verticalHeader()->hide();
    verticalHeader()->setMinimumSectionSize(metrics::compactRowHeight); // first: it bounds the next
    verticalHeader()->setDefaultSectionSize(metrics::rowHeight);
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    QHeaderView* header = horizontalHeader();
    header->setHighlightSections(false);
    header->setSectionsClickable(true);
    header->setMinimumSectionSize(28);
    header->setFixedHeight(metrics::headerHeight);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setAutoFillBackground(false);
    header->viewport()->setAutoFillBackground(false);
    header->setStretchLastSection(true);
    connect(this, &QTableView::doubleClicked, this, [this](const QModelIndex& index) {
        if (!style()->styleHint(QStyle::SH_ItemView_ActivateItemOnSingleClick, nullptr, this))
            Q_EMIT activated(index);
    });
}

void DataTable::setModel(QAbstractItemModel* model)
{
    QTableView::setModel(model);
    m_hovered = -1;
    if (model) {
        connect(model, &QAbstractItemModel::modelReset, this, [this] { setHovered(-1); });
        // A click, and a key on the row that has the focus, choose the row after it became the current one.
        connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, [this](const QItemSelection& selected) {
            if (currentIndex().isValid() && selected.contains(currentIndex()))
                Q_EMIT currentRowChanged(currentIndex().row());
        });
    }
    applyWidths();
}

void DataTable::setColumnWidths(const QList<int>& widths)
{
    m_widths = widths;
    horizontalHeader()->setStretchLastSection(!widths.contains(0));
    applyWidths();
}

void DataTable::setEmptyText(const QString& text)
{
    m_emptyText = text;
    setAccessibleDescription(text);
    viewport()->update();
}

void DataTable::paintEvent(QPaintEvent* event)
{
    QTableView::paintEvent(event);
    if (m_emptyText.isEmpty() || (model() && model()->rowCount() > 0))
        return;
    QPainter painter(viewport());
    painter.setPen(themeOf(this).dim);
    const QRect room = viewport()->rect().adjusted(metrics::space2, 0, -metrics::space2, 0);
    painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter, fontMetrics().elidedText(m_emptyText, Qt::ElideRight, room.width()));
}

void DataTable::applyWidths()
{
    if (!model())
        return;
    const qsizetype columns = std::min<qsizetype>(m_widths.size(), model()->columnCount());
    for (qsizetype column = 0; column < columns; ++column) {
        const int section = static_cast<int>(column);
        if (m_widths[column] == 0) {
            horizontalHeader()->setSectionResizeMode(section, QHeaderView::Stretch);
        } else {
            horizontalHeader()->setSectionResizeMode(section, QHeaderView::Interactive);
            setColumnWidth(section, m_widths[column]);
        }
    }
}

void DataTable::setFollowing(bool following, bool newestFirst)
{
    m_following = following;
    m_newestFirst = newestFirst;
    if (following && newestFirst)
        scrollToTop();
    else if (following)
        scrollToBottom();
}

QString DataTable::selectionAsText() const
{
    if (!selectionModel())
        return {};
    QModelIndexList rows = selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    QStringList lines;
    for (const QModelIndex& row : rows) {
        QStringList cells;
        for (int visual = 0; visual < model()->columnCount(); ++visual) {
            const int column = horizontalHeader()->logicalIndex(visual);
            if (!isColumnHidden(column))
                cells.append(row.siblingAtColumn(column).data().toString());
        }
        lines.append(cells.join(QLatin1Char('\t')));
    }
    return lines.join(QLatin1Char('\n'));
}

void DataTable::setHovered(int row)
{
    if (row == m_hovered)
        return;
    const auto refresh = [this](int changed) {
        if (changed >= 0)
            viewport()->update(0, rowViewportPosition(changed), viewport()->width(), rowHeight(changed));
    };
    refresh(m_hovered);
    m_hovered = row;
    refresh(m_hovered);
}

void DataTable::mouseMoveEvent(QMouseEvent* event)
{
    setHovered(rowAt(event->position().toPoint().y()));
    QTableView::mouseMoveEvent(event);
}

void DataTable::leaveEvent(QEvent* event)
{
    setHovered(-1);
    QTableView::leaveEvent(event);
}

void DataTable::focusInEvent(QFocusEvent* event)
{
    // Qt would make the first row the current one and scroll to it, away from what is followed.
    if (!currentIndex().isValid() && model() && model()->rowCount() > 0) {
        const int row = m_following && !m_newestFirst ? model()->rowCount() - 1 : std::max(0, rowAt(0));
        selectionModel()->setCurrentIndex(model()->index(row, 0), QItemSelectionModel::NoUpdate);
    }
    QTableView::focusInEvent(event);
}

void DataTable::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy)) {
        QApplication::clipboard()->setText(selectionAsText());
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        Q_EMIT activated(currentIndex());
        return;
    }
    const bool plain = event->modifiers() == Qt::NoModifier;
    if (plain && (event->key() == Qt::Key_J || event->key() == Qt::Key_K) && model() && model()->rowCount() > 0) {
        const bool isChosen = selectionModel()->isRowSelected(currentIndex().row(), {});
        const int step = !isChosen ? 0 : event->key() == Qt::Key_J ? 1 : -1;
        const int row = std::clamp(currentIndex().isValid() ? currentIndex().row() + step : 0, 0, model()->rowCount() - 1);
        setCurrentIndex(model()->index(row, std::max(0, currentIndex().column())));
        return;
    }
    if (event->key() == Qt::Key_Home || event->key() == Qt::Key_End) {
        if (model() && model()->rowCount() > 0)
            setCurrentIndex(model()->index(event->key() == Qt::Key_Home ? 0 : model()->rowCount() - 1, 0));
        return;
    }
    if (plain && !event->text().isEmpty() && event->text().at(0).isPrint()) {
        event->ignore(); // single letters belong to the page's shortcuts, not to the search by typing
        return;
    }
    QTableView::keyPressEvent(event);
}

void DataTable::contextMenuEvent(QContextMenuEvent* event)
{
    const QModelIndex index =
        event->reason() == QContextMenuEvent::Keyboard ? currentIndex() : indexAt(viewport()->mapFromGlobal(event->globalPos()));
    const QPoint position = event->reason() == QContextMenuEvent::Keyboard
                                ? viewport()->mapToGlobal(visualRect(index).bottomLeft())
                                : event->globalPos();
    if (index.isValid())
        Q_EMIT contextMenuRequested(index, position);
}

void DataTable::currentChanged(const QModelIndex& current, const QModelIndex& previous)
{
    QTableView::currentChanged(current, previous);
    if (!current.isValid() && previous.isValid())
        Q_EMIT currentRowChanged(-1);
    else if (current.row() != previous.row() &&
             (selectionMode() == NoSelection || selectionModel()->isSelected(current))) // the focus alone chooses nothing
        Q_EMIT currentRowChanged(current.row());
}

void DataTable::rowsInserted(const QModelIndex& parent, int start, int end)
{
    // Rows that arrive above must not push what is being read out of sight.
    const int first = rowAt(0);
    const bool keep = !m_following && m_newestFirst && start <= first && first >= 0 && verticalScrollBar()->value() > 0;
    QTableView::rowsInserted(parent, start, end);
    if (keep)
        verticalScrollBar()->setValue(verticalScrollBar()->value() + end - start + 1);
    else if (m_following && m_newestFirst)
        scrollToTop();
    else if (m_following)
        scrollToBottom();
    if (m_hovered >= start)
        setHovered(-1);
}

void DataTable::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    if (m_following && !m_newestFirst)
        scrollToBottom();
}

} // namespace oriel::ui
