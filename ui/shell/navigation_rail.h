// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/section.h"

#include <QList>
#include <QWidget>

namespace oriel::ui {

/// The sections at the left: icon, name and badge; icons only when collapsed. Up and Down move, Enter shows. Owned by MainWindow.
class NavigationRail : public QWidget {
    Q_OBJECT
public:
    explicit NavigationRail(QWidget* parent = nullptr);

    void addEntry(const QString& title, IconName icon, const QString& shortcutHint);
    void setCurrentIndex(int index);
    [[nodiscard]] int currentIndex() const { return m_current; }
    void setBadge(int index, const Badge& badge);
    [[nodiscard]] Badge badge(int index) const { return m_entries[index].badge; }
    void setCollapsed(bool collapsed);
    [[nodiscard]] bool isCollapsed() const { return m_collapsed; }
    [[nodiscard]] QRect entryRect(int index) const;
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void selected(int index);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Entry {
        QString title;
        IconName icon;
        QString shortcut;
        Badge badge;
    };
    [[nodiscard]] int entryAt(const QPoint& point) const;
    void paintEntry(class QPainter& painter, int index) const;
    void paintBadge(QPainter& painter, const QRect& entry, const Badge& badge) const;

    QList<Entry> m_entries;
    int m_current = 0;
    int m_hovered = -1;
    bool m_collapsed = false;
};

} // namespace oriel::ui
