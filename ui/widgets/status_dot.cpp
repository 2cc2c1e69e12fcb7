// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/status_dot.h"

#include <QPainter>
#include <QPainterPath>

namespace oriel::ui {

QColor lampColor(const Theme& theme, Lamp lamp)
{
    switch (lamp) {
    case Lamp::Idle:
        return theme.dim;
    case Lamp::Good:
        return theme.good;
    case Lamp::Pending:
        return theme.accent;
    case Lamp::Warning:
        return theme.warning;
    case Lamp::Error:
        return theme.error;
    }
    return theme.dim;
}

QString lampWord(Lamp lamp)
{
    switch (lamp) {
    case Lamp::Idle:
        return QStringLiteral("idle");
    case Lamp::Good:
        return QStringLiteral("well");
    case Lamp::Pending:
        return QStringLiteral("starting");
    case Lamp::Warning:
        return QStringLiteral("warning");
    case Lamp::Error:
        return QStringLiteral("failed");
    }
    return {};
}

void paintLamp(QPainter& painter, const QRectF& rect, Lamp lamp, const Theme& theme, qreal diameter)
{
    const QColor color = lampColor(theme, lamp);
    QRectF disc(0, 0, diameter, diameter);
    disc.moveCenter(rect.center());
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    switch (lamp) {
    case Lamp::Good:
        painter.drawEllipse(disc.adjusted(0.5, 0.5, -0.5, -0.5));
        break;
    case Lamp::Idle:
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, 1.5));
        painter.drawEllipse(disc.adjusted(1.25, 1.25, -1.25, -1.25));
        break;
    case Lamp::Pending:
        painter.drawPie(disc.adjusted(0.5, 0.5, -0.5, -0.5), 90 * 16, 180 * 16);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, 1.5));
        painter.drawEllipse(disc.adjusted(1.25, 1.25, -1.25, -1.25));
        break;
    case Lamp::Warning: {
        QPainterPath triangle;
        triangle.moveTo(disc.center().x(), disc.top());
        triangle.lineTo(disc.right() + 0.5, disc.bottom() - 0.5);
        triangle.lineTo(disc.left() - 0.5, disc.bottom() - 0.5);
        triangle.closeSubpath();
        painter.setPen(QPen(color, 1.2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPath(triangle);
        break;
    }
    case Lamp::Error: {
        painter.drawEllipse(disc);
        painter.setPen(QPen(theme.panel, 1.4, Qt::SolidLine, Qt::RoundCap));
        const QRectF cross = disc.adjusted(3, 3, -3, -3);
        painter.drawLine(cross.topLeft(), cross.bottomRight());
        painter.drawLine(cross.topRight(), cross.bottomLeft());
        break;
    }
    }
    painter.restore();
}

StatusDot::StatusDot(Lamp lamp, QWidget* parent) : QWidget(parent), m_lamp(lamp)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAccessibleName(lampWord(lamp));
}

void StatusDot::setLamp(Lamp lamp)
{
    if (lamp == m_lamp)
        return;
    m_lamp = lamp;
    setAccessibleName(lampWord(lamp));
    update();
}

void StatusDot::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    paintLamp(painter, rect(), m_lamp, themeOf(this));
}

} // namespace oriel::ui
