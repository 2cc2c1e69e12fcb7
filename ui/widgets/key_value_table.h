// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QAbstractScrollArea>
#include <QList>
#include <QString>

namespace oriel::ui {

/// One line of a KeyValueTable.
struct KeyValue {
    QString key;
    QString value;
    Tone tone = Tone::Neutral;
    QString note;      ///< quiet word after the value: "pid 48213"
    bool mono = true;  ///< values are monospace unless they are prose
    QString filterKey; ///< what a filter on this line compares; empty: no filter offered

    bool operator==(const KeyValue&) const = default;
};

/// Names at the left, values at the right, as in the span detail. Paints only what is visible; long values wrap. Right click or
/// the menu key offers copy and filter in / out. `[masked:…]` is amber.
class KeyValueTable : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit KeyValueTable(QWidget* parent = nullptr);

    void setRows(const QList<KeyValue>& rows);
    [[nodiscard]] const QList<KeyValue>& rows() const { return m_rows; }
    /// Width of the name column in pixels; 0 (the default) takes the widest name, at most 45 %.
    void setKeyWidth(int width);
    /// The table takes its whole height and does not scroll, as inside a scrolling page.
    void setFitToContents(bool fit);
    [[nodiscard]] int currentRow() const { return m_current; }
    [[nodiscard]] int contentHeight() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    /// A filter term such as `tool=create_issue` or `tool!=create_issue`.
    void filterRequested(const QString& term);
    void rowActivated(int row);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void relayout();
    [[nodiscard]] int rowAt(int y) const;
    void setCurrent(int row);
    void copyRow(int row, bool withKey) const;
    [[nodiscard]] int keyColumnWidth() const;

    QList<KeyValue> m_rows;
    QList<int> m_tops; ///< top of each row and, last, the whole height
    int m_keyWidth = 0;
    int m_current = -1;
    bool m_fit = false;
};

} // namespace oriel::ui
