// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QList>
#include <QWidget>

namespace oriel::ui {

/// One bar of a BarList.
struct BarListRow {
    QString label;
    QString code; ///< monospace word after the label: "-32001"
    double value = 0;
    QString valueText; ///< empty: the value as a count
    Tone tone = Tone::Accent;
    QString target; ///< handed back by rowActivated()

    bool operator==(const BarListRow&) const = default;
};

/// Labelled bars under one another, longest first as given; "Errors by type". Rows that do not fit are left out and counted in
/// the last line. Up, Down and Enter choose one.
class BarList : public QWidget {
    Q_OBJECT
public:
    explicit BarList(QWidget* parent = nullptr);
    void setRows(const QList<BarListRow>& rows);
    [[nodiscard]] const QList<BarListRow>& rows() const { return m_rows; }
    void setEmptyText(const QString& text);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void rowActivated(int row, const QString& target);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] int rowAt(const QPoint& point) const;
    [[nodiscard]] int visibleRows() const;

    QList<BarListRow> m_rows;
    QString m_emptyText;
    int m_hovered = -1;
    int m_current = -1;
};

} // namespace oriel::ui
