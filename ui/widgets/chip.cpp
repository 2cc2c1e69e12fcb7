// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/chip.h"

#include "ui/theme/icons.h"
#include "ui/theme/oriel_style.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

namespace oriel::ui {
namespace {
constexpr int padding = 7;
constexpr int crossRoom = 18;
} // namespace

Chip::Chip(const QString& text, Tone tone, QWidget* parent) : QWidget(parent), m_text(text), m_tone(tone)
{
    setMouseTracking(true);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAccessibleName(text);
}

void Chip::setText(const QString& text)
{
    m_text = text;
    setAccessibleName(text);
    updateGeometry();
    update();
}

void Chip::setTone(Tone tone)
{
    m_tone = tone;
    update();
}

void Chip::setRemovable(bool removable)
{
    m_removable = removable;
    setFocusPolicy(removable || m_clickable ? Qt::TabFocus : Qt::NoFocus);
    updateGeometry();
}

void Chip::setClickable(bool clickable)
{
    m_clickable = clickable;
    setFocusPolicy(m_removable || clickable ? Qt::TabFocus : Qt::NoFocus);
}

void Chip::setEmphasisFrom(int index)
{
    m_emphasisFrom = index;
    update();
}

void Chip::setMono(bool mono)
{
    m_mono = mono;
    updateGeometry();
    update();
}

QFont Chip::textFont() const
{
    return m_mono ? fonts::monoSmall() : fonts::caption();
}

QSize Chip::sizeHint() const
{
    const QFontMetrics metrics(textFont());
    return {metrics.horizontalAdvance(m_text) + 2 * padding + (m_removable ? crossRoom - 3 : 0), m_removable ? 22 : 20};
}

QRectF Chip::crossRect() const
{
    const qreal side = 10;
    const qreal x = layoutDirection() == Qt::RightToLeft ? padding - 1 : width() - padding - side + 1;
    return {x, (height() - side) / 2, side, side};
}

void Chip::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor fill = m_removable ? mix(theme.window, theme.selection, 0.8) : theme.toneTint(m_tone);
    if (underMouse() && (m_clickable || m_removable))
        fill = mix(fill, theme.text, 0.06);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawRoundedRect(rect(), metrics::radiusChip, metrics::radiusChip);
    painter.setFont(textFont());
    const QRect words = layoutDirection() == Qt::RightToLeft
                            ? rect().adjusted(m_removable ? crossRoom : padding, 0, -padding, 0)
                            : rect().adjusted(padding, 0, m_removable ? -crossRoom : -padding, 0);
    const QColor strong = m_tone == Tone::Neutral ? theme.text : theme.toneText(m_tone);
    if (m_emphasisFrom > 0 && m_emphasisFrom < m_text.size()) {
        const QString key = m_text.left(m_emphasisFrom);
        painter.setPen(theme.dim);
        painter.drawText(words, Qt::AlignVCenter | Qt::TextSingleLine, key);
        painter.setPen(strong);
        painter.drawText(words.adjusted(painter.fontMetrics().horizontalAdvance(key), 0, 0, 0),
                         Qt::AlignVCenter | Qt::TextSingleLine, m_text.mid(m_emphasisFrom));
    } else {
        painter.setPen(strong);
        painter.drawText(words, Qt::AlignVCenter | Qt::TextSingleLine, m_text);
    }
    if (m_removable)
        paintIcon(painter, crossRect(), IconName::Close, m_overCross ? theme.text : theme.dim);
    if (hasFocus())
        paintFocusRing(painter, rect(), metrics::radiusChip, theme);
}

void Chip::mouseMoveEvent(QMouseEvent* event)
{
    const bool over = m_removable && crossRect().adjusted(-4, -4, 4, 4).contains(event->position());
    if (over == m_overCross)
        return;
    m_overCross = over;
    setCursor(over || m_clickable ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void Chip::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !rect().contains(event->position().toPoint()))
        return;
    if (m_removable && crossRect().adjusted(-4, -4, 4, 4).contains(event->position()))
        Q_EMIT removed();
    else if (m_clickable)
        Q_EMIT clicked();
}

void Chip::leaveEvent(QEvent* event)
{
    m_overCross = false;
    update();
    QWidget::leaveEvent(event);
}

void Chip::keyPressEvent(QKeyEvent* event)
{
    if (m_removable && (event->key() == Qt::Key_Delete || event->key() == Qt::Key_Backspace))
        Q_EMIT removed();
    else if (m_clickable && (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space))
        Q_EMIT clicked();
    else
        QWidget::keyPressEvent(event);
}

} // namespace oriel::ui
