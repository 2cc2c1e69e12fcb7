// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/icon_button.h"

#include "ui/theme/theme.h"

#include <QPainter>

namespace oriel::ui {

IconButton::IconButton(IconName name, const QString& tip, QWidget* parent) : QToolButton(parent)
{
    setAutoRaise(true);
    setFocusPolicy(Qt::TabFocus);
    setToolTip(tip);
    setAccessibleName(tip);
    setIconSize({metrics::iconSize, metrics::iconSize});
    setIconName(name);
}

void IconButton::setIconName(IconName name, IconTint tint)
{
    setIcon(themedIcon(name, tint));
}

IconLabel::IconLabel(IconName name, int size, IconTint tint, QWidget* parent)
    : QWidget(parent),
      m_name(name),
      m_size(size),
      m_tint(tint)
{
    setFixedSize(size, size);
}

void IconLabel::setIconName(IconName name)
{
    m_name = name;
    update();
}

void IconLabel::setTint(IconTint tint)
{
    m_tint = tint;
    update();
}

void IconLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    themedIcon(m_name, m_tint).paint(&painter, rect());
}

} // namespace oriel::ui
