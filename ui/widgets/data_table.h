// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

namespace oriel::ui {

/// A QTableView set up as every list of the console: 26 px rows, quiet header, no grid, whole rows, hover, keyboard. Columns that
/// hold numbers are right-aligned by the model (Qt::TextAlignmentRole); the header follows the alignment of its column. Return
/// and double click emit activated(); Ctrl+C copies the selected rows as tab-separated text.
class DataTable : public QTableView {
    Q_OBJECT
public:
    explicit DataTable(QWidget* parent = nullptr);

    void setModel(QAbstractItemModel* model) override;
    /// Widths in pixels; 0 stretches, and there should be exactly one of those.
    void setColumnWidths(const QList<int>& widths);
    /// What stands in place of rows while there are none: what would be here, and how it comes here.
    void setEmptyText(const QString& text);
    [[nodiscard]] QString emptyText() const { return m_emptyText; }
    /// While following, the view keeps the newest row (the first when `newestFirst`) in sight.
    void setFollowing(bool following, bool newestFirst = false);
    [[nodiscard]] bool isFollowing() const { return m_following; }
    [[nodiscard]] int hoveredRow() const { return m_hovered; }
    /// The selected rows as text, columns parted by tabs.
    [[nodiscard]] QString selectionAsText() const;

Q_SIGNALS:
    void currentRowChanged(int row); ///< another row was chosen, not only given the focus; −1: none
    void contextMenuRequested(const QModelIndex& index, const QPoint& globalPosition);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;
    void rowsInserted(const QModelIndex& parent, int start, int end) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void setHovered(int row);
    void applyWidths();

    QList<int> m_widths;
    QString m_emptyText;
    int m_hovered = -1;
    bool m_following = false;
    bool m_newestFirst = false;
};

} // namespace oriel::ui
