// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QTabBar>

class QHBoxLayout;
class QStackedWidget;

namespace oriel::ui {

/// A row of joined buttons of which one is chosen: "lines | area | stacked". Left and Right move.
class Segmented : public QWidget {
    Q_OBJECT
public:
    explicit Segmented(const QStringList& labels, QWidget* parent = nullptr);
    [[nodiscard]] int currentIndex() const { return m_current; }
    void setCurrentIndex(int index);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

Q_SIGNALS:
    void currentChanged(int index);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] QRect segmentRect(int index) const;
    [[nodiscard]] int segmentAt(const QPoint& point) const;

    QStringList m_labels;
    int m_current = 0;
    int m_hovered = -1;
};

/// Tabs over pages as in the trace view: text with an accent line under the chosen one, a quiet area for controls at the right.
class TabPages : public QWidget {
    Q_OBJECT
public:
    explicit TabPages(QWidget* parent = nullptr);
    /// Takes `page`; returns its index.
    int addPage(QWidget* page, const QString& title);
    void setPageTitle(int index, const QString& title);
    void setPageVisible(int index, bool visible);
    [[nodiscard]] int currentIndex() const;
    void setCurrentIndex(int index);
    [[nodiscard]] QWidget* page(int index) const;
    [[nodiscard]] QTabBar* tabBar() const { return m_bar; }
    void addCornerWidget(QWidget* widget);

Q_SIGNALS:
    void currentChanged(int index);

private:
    QTabBar* m_bar;
    QStackedWidget* m_stack;
    QHBoxLayout* m_row;
};

} // namespace oriel::ui
