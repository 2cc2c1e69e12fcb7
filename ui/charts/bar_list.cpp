// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/bar_list.h"

#include "ui/theme/oriel_style.h"
#include "ui/widgets/format.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <cmath>

namespace oriel::ui {
namespace {
constexpr int step = 38;
constexpr int side = 14;
} // namespace

BarList::BarList(QWidget* parent) : QWidget(parent), m_emptyText(QStringLiteral("Nothing in this time range"))
{
    setMouseTracking(true);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void BarList::setRows(const QList<BarListRow>& rows)
{
    if (rows == m_rows)
        return;
    m_rows = rows;
    m_current = m_current < m_rows.size() ? m_current : -1;
    m_hovered = -1;
    updateGeometry();
    update();
}

void BarList::setEmptyText(const QString& text)
{
    m_emptyText = text;
    update();
}

QSize BarList::sizeHint() const
{
    return {300, std::max<int>(3, static_cast<int>(std::min<qsizetype>(m_rows.size(), 8))) * step + 8};
}

QSize BarList::minimumSizeHint() const
{
    return {140, 2 * step};
}

int BarList::visibleRows() const
{
    const int room = std::max(1, (height() - 4) / step);
    return std::min(static_cast<int>(m_rows.size()), m_rows.size() > room ? std::max(1, (height() - 22) / step) : room);
}

int BarList::rowAt(const QPoint& point) const
{
    const int row = point.y() / step;
    return point.y() >= 0 && row < visibleRows() ? row : -1;
}

void BarList::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_rows.isEmpty()) {
        painter.setFont(fonts::caption());
        painter.setPen(theme.dim);
        painter.drawText(rect().adjusted(side, 0, -side, 0), Qt::AlignCenter | Qt::TextWordWrap, m_emptyText);
        return;
    }
    double longest = 0;
    for (const BarListRow& row : std::as_const(m_rows))
        longest = std::max(longest, row.value);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const QFontMetrics bodyMetrics(fonts::body());
    for (int i = 0; i < visibleRows(); ++i) {
        const BarListRow& row = m_rows[i];
        const QRect box(side, i * step, width() - 2 * side, step);
        if (i == m_hovered || (i == m_current && hasFocus())) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(i == m_current && hasFocus() ? theme.selection : theme.hover);
            painter.drawRoundedRect(box.adjusted(-6, 0, 6, -2), metrics::radiusChip, metrics::radiusChip);
        }
        const QRect words(box.left(), box.top() + 2, box.width(), 20);
        const QString value = row.valueText.isEmpty() ? formatCount(std::llround(row.value)) : row.valueText;
        const int valueWidth = bodyMetrics.horizontalAdvance(value) + 10;
        painter.setFont(fonts::body());
        painter.setPen(theme.text);
        painter.drawText(words, Qt::AlignVCenter | (mirrored ? Qt::AlignLeft : Qt::AlignRight), value);
        const QRect nameRoom = mirrored ? words.adjusted(valueWidth, 0, 0, 0) : words.adjusted(0, 0, -valueWidth, 0);
        const QString name = bodyMetrics.elidedText(row.label, Qt::ElideRight, nameRoom.width());
        painter.drawText(nameRoom, Qt::AlignVCenter | (mirrored ? Qt::AlignRight : Qt::AlignLeft), name);
        const int used = bodyMetrics.horizontalAdvance(name) + 9;
        if (!row.code.isEmpty() && used < nameRoom.width() - 30) {
            painter.setFont(fonts::mono());
            painter.setPen(theme.dim);
            const QRect codeRoom = mirrored ? nameRoom.adjusted(0, 0, -used, 0) : nameRoom.adjusted(used, 0, 0, 0);
            painter.drawText(codeRoom, Qt::AlignVCenter | (mirrored ? Qt::AlignRight : Qt::AlignLeft),
                             painter.fontMetrics().elidedText(row.code, Qt::ElideRight, codeRoom.width()));
        }
        QRectF groove(box.left(), box.top() + 24, box.width(), 6);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.hover);
        painter.drawRoundedRect(groove, 3, 3);
        const double length = longest > 0 && row.value > 0 ? std::max(6.0, groove.width() * row.value / longest) : 0;
        if (mirrored)
            groove.setLeft(groove.right() - length);
        else
            groove.setWidth(length);
        painter.setBrush(theme.toneColor(row.tone == Tone::Neutral ? Tone::Accent : row.tone));
        painter.drawRoundedRect(groove, 3, 3);
    }
    const qsizetype rest = m_rows.size() - visibleRows();
    if (rest > 0) {
        painter.setFont(fonts::caption());
        painter.setPen(theme.dim);
        painter.drawText(QRect(side, visibleRows() * step, width() - 2 * side, 20), Qt::AlignVCenter,
                         QStringLiteral("and %1 more").arg(rest));
    }
}

void BarList::mouseMoveEvent(QMouseEvent* event)
{
    const int row = rowAt(event->position().toPoint());
    const bool active = row >= 0 && !m_rows[row].target.isEmpty();
    setCursor(active ? Qt::PointingHandCursor : Qt::ArrowCursor);
    m_hovered = active ? row : -1;
    update();
}

void BarList::mouseReleaseEvent(QMouseEvent* event)
{
    const int row = rowAt(event->position().toPoint());
    if (row >= 0 && event->button() == Qt::LeftButton)
        Q_EMIT rowActivated(row, m_rows[row].target);
}

void BarList::leaveEvent(QEvent* event)
{
    m_hovered = -1;
    update();
    QWidget::leaveEvent(event);
}

void BarList::keyPressEvent(QKeyEvent* event)
{
    const int last = visibleRows() - 1;
    switch (event->key()) {
    case Qt::Key_Down:
        m_current = std::min(m_current + 1, last);
        break;
    case Qt::Key_Up:
        m_current = std::max(m_current - 1, std::min(0, last));
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_current >= 0)
            Q_EMIT rowActivated(m_current, m_rows[m_current].target);
        break;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    update();
}

} // namespace oriel::ui
