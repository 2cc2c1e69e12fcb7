// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/splitter.h"

#include "ui/theme/theme.h"

#include <QKeyEvent>
#include <QPainter>

namespace oriel::ui {

Splitter::Splitter(Qt::Orientation orientation, QWidget* parent) : QSplitter(orientation, parent)
{
    setChildrenCollapsible(false);
    setHandleWidth(1 + 2 * 3);
}

void Splitter::setGap(int pixels)
{
    m_gap = true;
    setHandleWidth(pixels);
}

QSplitterHandle* Splitter::createHandle()
{
    return new SplitterHandle(orientation(), this);
}

SplitterHandle::SplitterHandle(Qt::Orientation orientation, Splitter* parent) : QSplitterHandle(orientation, parent)
{
    setFocusPolicy(Qt::TabFocus);
    setAccessibleName(QStringLiteral("Splitter"));
}

void SplitterHandle::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    const bool lit = m_hovered || hasFocus();
    const bool gap = static_cast<const Splitter*>(splitter())->m_gap;
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    const int thickness = lit ? 2 : 1;
    QRect line = orientation() == Qt::Horizontal ? QRect((width() - thickness) / 2, 0, thickness, height())
                                                 : QRect(0, (height() - thickness) / 2, width(), thickness);
    if (gap) {
        if (!lit)
            return;
        line = orientation() == Qt::Horizontal ? line.adjusted(0, height() / 2 - 20, 0, 20 - height() / 2)
                                               : line.adjusted(width() / 2 - 20, 0, 20 - width() / 2, 0);
    }
    painter.fillRect(line, lit ? theme.accent : theme.line);
}

void SplitterHandle::enterEvent(QEnterEvent* event)
{
    m_hovered = true;
    update();
    QSplitterHandle::enterEvent(event);
}

void SplitterHandle::leaveEvent(QEvent* event)
{
    m_hovered = false;
    update();
    QSplitterHandle::leaveEvent(event);
}

void SplitterHandle::keyPressEvent(QKeyEvent* event)
{
    const int step = event->modifiers() & Qt::ShiftModifier ? 64 : 16;
    const bool sideways = orientation() == Qt::Horizontal;
    const int at = sideways ? x() : y();
    if (event->key() == (sideways ? Qt::Key_Left : Qt::Key_Up))
        moveSplitter(at - step);
    else if (event->key() == (sideways ? Qt::Key_Right : Qt::Key_Down))
        moveSplitter(at + step);
    else
        QSplitterHandle::keyPressEvent(event);
}

} // namespace oriel::ui
