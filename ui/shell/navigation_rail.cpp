// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/navigation_rail.h"

#include "ui/theme/oriel_style.h"
#include "ui/widgets/format.h"

#include <QFile>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

namespace oriel::ui {
namespace {

constexpr int top = 54;
constexpr int entryHeight = 32;
constexpr int entryStep = 34;
constexpr int edge = 8;

/// The sign of the product: a bay window, three lights under an arch.
void paintSign(QPainter& painter, const QRectF& box, const QColor& color)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(box.topLeft());
    painter.scale(box.width() / 18, box.height() / 18);
    painter.setPen(QPen(color, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    QPainterPath frame;
    frame.moveTo(2, 14.5);
    frame.lineTo(2, 7);
    frame.cubicTo(2, 3.5, 5, 1.75, 9, 1.75);
    frame.cubicTo(13, 1.75, 16, 3.5, 16, 7);
    frame.lineTo(16, 14.5);
    painter.drawPath(frame);
    painter.drawLine(QPointF(1, 14.5), QPointF(17, 14.5));
    painter.drawLine(QPointF(3.5, 16.75), QPointF(14.5, 16.75));
    painter.drawLine(QPointF(6.7, 2.4), QPointF(6.7, 14.5));
    painter.drawLine(QPointF(11.3, 2.4), QPointF(11.3, 14.5));
    painter.drawLine(QPointF(2, 8), QPointF(16, 8));
    painter.restore();
}

} // namespace

NavigationRail::NavigationRail(QWidget* parent) : QWidget(parent)
{
    setFixedWidth(metrics::railWidth);
    setMouseTracking(true);
    setFocusPolicy(Qt::TabFocus);
    setAccessibleName(QStringLiteral("Sections"));
}

void NavigationRail::addEntry(const QString& title, IconName icon, const QString& shortcutHint)
{
    m_entries.append({title, icon, shortcutHint, {}});
    update();
}

void NavigationRail::setCurrentIndex(int index)
{
    if (index < 0 || index >= m_entries.size())
        return;
    m_current = index;
    setAccessibleDescription(m_entries[index].title);
    update();
}

void NavigationRail::setBadge(int index, const Badge& badge)
{
    if (m_entries[index].badge == badge)
        return;
    m_entries[index].badge = badge;
    update(entryRect(index));
}

void NavigationRail::setCollapsed(bool collapsed)
{
    m_collapsed = collapsed;
    setFixedWidth(collapsed ? metrics::railCollapsedWidth : metrics::railWidth);
    update();
}

QRect NavigationRail::entryRect(int index) const
{
    return {edge, top + index * entryStep, width() - 2 * edge - 1, entryHeight};
}

QSize NavigationRail::sizeHint() const
{
    return {width(), top + static_cast<int>(m_entries.size()) * entryStep + edge};
}

int NavigationRail::entryAt(const QPoint& point) const
{
    for (int i = 0; i < m_entries.size(); ++i) {
        if (entryRect(i).contains(point))
            return i;
    }
    return -1;
}

void NavigationRail::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), theme.panel);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    painter.fillRect(QRect(mirrored ? 0 : width() - 1, 0, 1, height()), theme.line);
    const QRect head(0, 0, width() - 1, metrics::topBarHeight);
    const QRectF sign =
        m_collapsed ? QRectF((head.width() - 20) / 2.0, 14, 20, 20) : QRectF(mirrored ? width() - 38 : 18, 15, 19, 19);
    paintSign(painter, sign, theme.accent);
    if (!m_collapsed) {
        painter.setFont(fonts::title());
        painter.setPen(theme.text);
        painter.drawText(mirrored ? head.adjusted(0, 0, -47, 0) : head.adjusted(47, 0, 0, 0),
                         Qt::AlignVCenter | (mirrored ? Qt::AlignRight : Qt::AlignLeft), QStringLiteral("Oriel"));
    }
    for (int i = 0; i < m_entries.size(); ++i)
        paintEntry(painter, i);
}

void NavigationRail::paintEntry(QPainter& painter, int index) const
{
    const Theme& theme = themeOf(this);
    const Entry& entry = m_entries[index];
    const QRect box = entryRect(index);
    const bool current = index == m_current;
    if (current || index == m_hovered) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(current ? (theme.isDark() ? theme.selection : mix(theme.panel, theme.selection, 0.8)) : theme.hover);
        painter.drawRoundedRect(box, metrics::radiusControl, metrics::radiusControl);
    }
    const QColor color = current || index == m_hovered ? theme.text : theme.dim;
    const QRect icon = m_collapsed
                           ? QRect(box.center().x() - 8, box.center().y() - 7, 16, 16)
                           : QStyle::visualRect(layoutDirection(), box, QRect(box.left() + 10, box.center().y() - 7, 16, 16));
    paintIcon(painter, icon, entry.icon, current ? theme.accent : color);
    if (!m_collapsed) {
        const QRect words = QStyle::visualRect(layoutDirection(), box, box.adjusted(36, 0, -8, 0));
        painter.setFont(current ? fonts::bodyMedium() : fonts::body());
        painter.setPen(color);
        painter.drawText(words, int(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft)) | Qt::AlignVCenter, entry.title);
    }
    paintBadge(painter, box, entry.badge);
    if (current && hasFocus() && window()->testAttribute(Qt::WA_KeyboardFocusChange))
        paintFocusRing(painter, box, metrics::radiusControl, theme);
}

void NavigationRail::paintBadge(QPainter& painter, const QRect& entry, const Badge& badge) const
{
    if (badge.count <= 0)
        return;
    const Theme& theme = themeOf(this);
    const bool alarm = badge.kind == Badge::Kind::Alarm;
    if (m_collapsed) {
        if (!alarm)
            return;
        painter.setPen(QPen(theme.panel, 1.5));
        painter.setBrush(theme.error);
        painter.drawEllipse(QPointF(entry.center().x() + 8, entry.center().y() - 7), 4.5, 4.5);
        return;
    }
    painter.setFont(fonts::small());
    const QString text = badge.count < 100'000 ? formatCount(badge.count) : formatCompact(badge.count);
    const int width = painter.fontMetrics().horizontalAdvance(text);
    if (!alarm) {
        painter.setPen(theme.dim);
        painter.drawText(entry.adjusted(10, 0, -10, 0),
                         int(QStyle::visualAlignment(layoutDirection(), Qt::AlignRight)) | Qt::AlignVCenter, text);
        return;
    }
    const int pill = std::max(17, width + 9);
    const QRect box =
        QStyle::visualRect(layoutDirection(), entry, QRect(entry.right() - 9 - pill, entry.center().y() - 8, pill, 17));
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.error);
    painter.drawRoundedRect(box, 8.5, 8.5);
    painter.setPen(theme.onError);
    painter.drawText(box, Qt::AlignCenter, text);
}

void NavigationRail::mouseMoveEvent(QMouseEvent* event)
{
    const int entry = entryAt(event->position().toPoint());
    setCursor(entry >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    if (entry == m_hovered)
        return;
    m_hovered = entry;
    update();
}

void NavigationRail::mousePressEvent(QMouseEvent* event)
{
    const int entry = entryAt(event->position().toPoint());
    if (entry >= 0 && event->button() == Qt::LeftButton)
        Q_EMIT selected(entry);
}

void NavigationRail::leaveEvent(QEvent* event)
{
    m_hovered = -1;
    update();
    QWidget::leaveEvent(event);
}

void NavigationRail::keyPressEvent(QKeyEvent* event)
{
    const int last = static_cast<int>(m_entries.size()) - 1;
    if (event->key() == Qt::Key_Up && m_current > 0)
        Q_EMIT selected(m_current - 1);
    else if (event->key() == Qt::Key_Down && m_current < last)
        Q_EMIT selected(m_current + 1);
    else if (event->key() == Qt::Key_Home)
        Q_EMIT selected(0);
    else if (event->key() == Qt::Key_End)
        Q_EMIT selected(last);
    else
        QWidget::keyPressEvent(event);
}

bool NavigationRail::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int entry = entryAt(help->pos());
        if (entry >= 0)
            QToolTip::showText(help->globalPos(), QStringLiteral("%1  %2").arg(m_entries[entry].title, m_entries[entry].shortcut),
                               this);
        else
            QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

} // namespace oriel::ui
