// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/key_figure.h"

#include "ui/theme/oriel_style.h"
#include "ui/widgets/sparkline.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

namespace oriel::ui {

KeyFigure::KeyFigure(const QString& title, QWidget* parent) : QWidget(parent), m_title(title)
{
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setFigure(QStringLiteral("–"));
}

void KeyFigure::setTitle(const QString& title)
{
    m_title = title;
    update();
}

void KeyFigure::setFigure(const QString& value, const QString& note)
{
    m_value = value;
    m_note = note;
    setAccessibleName(QStringLiteral("%1: %2 %3").arg(m_title, m_value, m_note));
    update();
}

void KeyFigure::setSeries(const QList<double>& values)
{
    m_series = values;
    update();
}

void KeyFigure::setSeriesColor(const QColor& color)
{
    m_color = color;
    update();
}

void KeyFigure::setSeriesSlot(int slot)
{
    m_slot = slot;
    update();
}

void KeyFigure::setSeriesTone(Tone tone)
{
    m_seriesTone = tone;
    update();
}

void KeyFigure::setValueTone(Tone tone)
{
    m_valueTone = tone;
    update();
}

void KeyFigure::setClickable(bool clickable)
{
    m_clickable = clickable;
    setFocusPolicy(clickable ? Qt::TabFocus : Qt::NoFocus);
    setCursor(clickable ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

QSize KeyFigure::sizeHint() const
{
    return {220, 104};
}

QSize KeyFigure::minimumSizeHint() const
{
    return {120, 104};
}

QColor KeyFigure::seriesColor(const Theme& theme) const
{
    if (m_color.isValid())
        return m_color;
    if (m_slot >= 0 && m_slot < static_cast<int>(Theme::serviceColorCount))
        return theme.services[static_cast<std::size_t>(m_slot)];
    return theme.toneColor(m_seriesTone);
}

void KeyFigure::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool hovered = m_clickable && underMouse();
    painter.setPen(hovered ? mix(theme.line, theme.accent, 0.6) : theme.line);
    painter.setBrush(theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusCard, metrics::radiusCard);

    const QRect inside = rect().adjusted(15, 11, -15, -11);
    painter.setFont(fonts::caption());
    painter.setPen(theme.dim);
    const Qt::Alignment left = QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft);
    painter.drawText(QRect(inside.left(), inside.top(), inside.width(), 18), int(left | Qt::AlignVCenter),
                     painter.fontMetrics().elidedText(m_title, Qt::ElideRight, inside.width()));

    const QFont figureFont = fonts::keyFigure();
    const QFontMetrics figureMetrics(figureFont);
    const int baseline = inside.top() + 18 + figureMetrics.ascent() + 1;
    const int figureWidth = figureMetrics.horizontalAdvance(m_value);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    painter.setFont(figureFont);
    painter.setPen(theme.toneText(m_valueTone));
    painter.drawText(mirrored ? inside.right() - figureWidth : inside.left(), baseline, m_value);
    painter.setFont(fonts::caption());
    painter.setPen(theme.dim);
    const int room = inside.width() - figureWidth - 6;
    const QString note = painter.fontMetrics().elidedText(m_note, Qt::ElideRight, room);
    const int noteWidth = painter.fontMetrics().horizontalAdvance(note);
    if (room > 20)
        painter.drawText(mirrored ? inside.right() - figureWidth - 6 - noteWidth : inside.left() + figureWidth + 6, baseline,
                         note);

    const double top = baseline + 9;
    const QRectF line(inside.left(), top, inside.width(), std::max(8.0, inside.bottom() + 3 - top));
    paintSparkline(painter, line, {m_series.constData(), static_cast<std::size_t>(m_series.size())}, seriesColor(theme), true);
    if (m_clickable && hasFocus())
        paintFocusRing(painter, rect(), metrics::radiusCard, theme);
}

void KeyFigure::mouseReleaseEvent(QMouseEvent* event)
{
    if (m_clickable && event->button() == Qt::LeftButton && rect().contains(event->position().toPoint()))
        Q_EMIT clicked();
}

void KeyFigure::keyPressEvent(QKeyEvent* event)
{
    if (m_clickable && (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space))
        Q_EMIT clicked();
    else
        QWidget::keyPressEvent(event);
}

} // namespace oriel::ui
