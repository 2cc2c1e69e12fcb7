// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/icons.h"
#include "ui/theme/oriel_style.h"
#include "ui/traces/waterfall_view.h"
#include "ui/widgets/format.h"

#include <QPainter>
#include <QScrollBar>

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr int chevronRoom = 15;
constexpr int signSize = 9;

QString markOf(const TraceIndex& index, std::uint32_t row, bool folded)
{
    if (index.has(row, TraceIndex::Cycle))
        return QStringLiteral("circular parents");
    if (index.has(row, TraceIndex::Orphan))
        return QStringLiteral("parent missing");
    return folded ? QStringLiteral("+%1").arg(formatCount(index.subtree(row) - 1)) : QString();
}

/// Own failure solid, a descendant's hollow.
void paintErrorSign(QPainter& painter, const QRectF& room, bool own, const Theme& theme)
{
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.setPen(QPen(theme.error, 1.5));
    painter.setBrush(own ? QBrush(theme.error) : QBrush(Qt::NoBrush));
    const double inset = own ? 0.5 : 1.0;
    painter.drawEllipse(room.adjusted(inset, inset, -inset, -inset));
    painter.setRenderHint(QPainter::Antialiasing, false);
}

} // namespace

void WaterfallView::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(viewport());
    painter.setLayoutDirection(Qt::LeftToRight);
    painter.fillRect(viewport()->rect(), theme.panel);
    if (!m_document || m_document->index.isEmpty())
        return;
    const WaterfallLayout layout = layoutNow();
    const int rows = static_cast<int>(m_fold.rows().size());
    const int last = std::min(rows, layout.firstPosition + layout.rowsInView() + 1);
    const int bottom = std::min(layout.height, layout.topOf(last));

    const int hovered = m_drag == Drag::None ? layout.positionAt(m_pointer.y()) : -1;
    for (int position = layout.firstPosition; position < last; ++position) {
        const bool selected = m_fold.rows()[static_cast<std::size_t>(position)] == m_selected;
        if (selected || position == hovered)
            painter.fillRect(QRect(0, layout.topOf(position), layout.width, WaterfallLayout::rowHeight),
                             selected ? theme.selection : theme.hover);
    }
    const std::vector<std::int64_t> ticks = rulerTicks(layout);
    painter.setPen(theme.line);
    for (const std::int64_t tick : ticks) {
        const int x = static_cast<int>(layout.xOf(tick));
        painter.drawLine(x, WaterfallLayout::rulerHeight, x, bottom - 1);
    }
    for (int position = layout.firstPosition; position < last; ++position)
        paintRow(painter, layout, position);
    paintRuler(painter, layout, ticks);
    paintPointer(painter, layout);
    if (hasFocus())
        paintFocusRing(painter, viewport()->rect(), metrics::radiusChip, theme);
}

void WaterfallView::paintRuler(QPainter& painter, const WaterfallLayout& layout, const std::vector<std::int64_t>& ticks) const
{
    const Theme& theme = themeOf(this);
    painter.fillRect(QRect(0, 0, layout.width, WaterfallLayout::rulerHeight), theme.panel);
    painter.setFont(fonts::small());
    painter.setPen(theme.dim);
    painter.drawText(
        QRect(WaterfallLayout::leftMargin, 0, layout.nameWidth - WaterfallLayout::leftMargin, WaterfallLayout::rulerHeight - 1),
        Qt::AlignVCenter | Qt::TextSingleLine, QStringLiteral("name"));
    const std::int64_t step = ticks.size() > 1 ? ticks[1] - ticks[0] : m_window.span();
    const QFontMetrics metrics(fonts::small());
    for (const std::int64_t tick : ticks) {
        const QString label = rulerLabel(tick, step);
        const int width = metrics.horizontalAdvance(label);
        int x = static_cast<int>(layout.xOf(tick)) + 5;
        if (x + width > layout.width - 2)
            x -= width + 10;
        painter.drawText(QRect(x, 0, width + 2, WaterfallLayout::rulerHeight - 1), Qt::AlignVCenter | Qt::TextSingleLine, label);
    }
    painter.setPen(theme.line);
    for (const std::int64_t tick : ticks) {
        const int x = static_cast<int>(layout.xOf(tick));
        painter.drawLine(x, WaterfallLayout::rulerHeight - 6, x, WaterfallLayout::rulerHeight - 1);
    }
    painter.drawLine(0, WaterfallLayout::rulerHeight - 1, layout.width, WaterfallLayout::rulerHeight - 1);
}

void WaterfallView::paintRow(QPainter& painter, const WaterfallLayout& layout, int position) const
{
    const Theme& theme = themeOf(this);
    const TraceIndex& index = m_document->index;
    const std::uint32_t row = m_fold.rows()[static_cast<std::size_t>(position)];
    const QRectF bar = layout.barOf(index.start(row), index.duration(row), position);
    QString label = formatDuration(index.duration(row));
    if (index.has(row, TraceIndex::Running))
        label += QStringLiteral(" …");
    const int width = QFontMetrics(fonts::small()).horizontalAdvance(label);
    int nameRight = layout.nameWidth - metrics::space2;
    if (!bar.isNull()) {
        paintBar(painter, bar, row, layout);
        const int top = layout.topOf(position);
        QRectF room(bar.right() + WaterfallLayout::labelGap, top, width + 2, WaterfallLayout::rowHeight);
        const LabelSide side = labelSide(bar, width, layout);
        if (side == LabelSide::Left)
            room.moveLeft(bar.left() - WaterfallLayout::labelGap - width);
        if (side == LabelSide::NameColumn) {
            room.moveLeft(layout.nameWidth - WaterfallLayout::labelGap - width);
            nameRight -= width + metrics::space2;
        }
        painter.setFont(fonts::small());
        painter.setPen(theme.dim);
        painter.drawText(room, Qt::AlignVCenter | Qt::TextSingleLine, label);
    }
    paintName(painter, layout, position, nameRight);
}

void WaterfallView::paintName(QPainter& painter, const WaterfallLayout& layout, int position, int rightEdge) const
{
    const Theme& theme = themeOf(this);
    const TraceIndex& index = m_document->index;
    const std::uint32_t row = m_fold.rows()[static_cast<std::size_t>(position)];
    const int top = layout.topOf(position);
    const int middle = top + WaterfallLayout::rowHeight / 2;
    int x = layout.nameLeft(index.depth(row));
    if (index.hasChildren(row))
        paintIcon(painter, QRectF(x, middle - 5, 10, 10), m_fold.isFolded(row) ? IconName::ChevronRight : IconName::ChevronDown,
                  theme.dim);
    x += chevronRoom;
    painter.fillRect(QRect(x, middle - 7, 3, 14), m_colors[index.service(row)]);
    x += 9;
    if ((index.flags(row) & (TraceIndex::OwnError | TraceIndex::DescendantError)) != 0) {
        paintErrorSign(painter, QRectF(x, middle - signSize / 2.0, signSize, signSize), index.has(row, TraceIndex::OwnError),
                       theme);
        x += signSize + 6;
    }
    const QFont font = fonts::body();
    const QFontMetrics metrics(font);
    const QString mark = markOf(index, row, m_fold.isFolded(row));
    const int markWidth = mark.isEmpty() ? 0 : QFontMetrics(fonts::small()).horizontalAdvance(mark) + 8;
    const QString name = metrics.elidedText(m_document->name(row), Qt::ElideRight, std::max(24, rightEdge - x - markWidth));
    painter.setFont(font);
    painter.setPen(theme.text);
    painter.drawText(QRect(x, top, std::max(0, rightEdge - x), WaterfallLayout::rowHeight), Qt::AlignVCenter | Qt::TextSingleLine,
                     name);
    if (mark.isEmpty())
        return;
    x += metrics.horizontalAdvance(name) + 8;
    painter.setFont(fonts::small());
    painter.setPen((index.flags(row) & (TraceIndex::Orphan | TraceIndex::Cycle)) != 0 ? theme.warning : theme.dim);
    painter.drawText(QRect(x, top, std::max(0, rightEdge - x), WaterfallLayout::rowHeight), Qt::AlignVCenter | Qt::TextSingleLine,
                     mark);
}

void WaterfallView::paintBar(QPainter& painter, const QRectF& bar, std::uint32_t row, const WaterfallLayout& layout) const
{
    const Theme& theme = themeOf(this);
    const TraceIndex& index = m_document->index;
    const QColor color = index.has(row, TraceIndex::OwnError) ? theme.error : m_colors[index.service(row)];
    const bool running = index.has(row, TraceIndex::Running);
    if (bar.width() < 5 && !running) {
        painter.fillRect(bar.toAlignedRect(), color);
    } else {
        painter.setRenderHint(QPainter::Antialiasing, true);
        painter.setPen(Qt::NoPen);
        painter.setBrush(running ? QBrush(color, Qt::BDiagPattern) : QBrush(color));
        painter.drawRoundedRect(bar, metrics::radiusBar, metrics::radiusBar);
        if (running)
            painter.fillRect(QRectF(bar.right() - 2, bar.top(), 2, bar.height()), color);
        painter.setRenderHint(QPainter::Antialiasing, false);
    }
    if (m_showPath)
        paintPath(painter, bar, row, layout);
}

void WaterfallView::paintPath(QPainter& painter, const QRectF& bar, std::uint32_t row, const WaterfallLayout& layout) const
{
    const Theme& theme = themeOf(this);
    const auto line = [&](std::int64_t from, std::int64_t to) {
        const double left = std::max(layout.timeLeft(), layout.xOf(from));
        const double right = std::min(layout.timeLeft() + layout.timeWidth(), layout.xOf(to));
        if (right < layout.timeLeft() || left > right)
            return;
        // A halo in the panel's colour keeps the line readable on any bar.
        const QRectF stroke(left, bar.bottom() + 1, std::max(1.0, right - left), 2);
        painter.fillRect(stroke.adjusted(-1, -1, 1, 1), theme.panel);
        painter.fillRect(stroke, theme.text);
    };
    const CriticalPath& path = m_document->path;
    if (m_fold.isFolded(row)) {
        if (const CriticalSegment* cover = path.coverOf(row))
            line(cover->fromNs, cover->toNs);
        return;
    }
    for (const CriticalSegment& segment : path.segmentsOf(row)) {
        if (segment.toNs >= m_window.fromNs && segment.fromNs <= m_window.toNs)
            line(segment.fromNs, segment.toNs);
    }
}

void WaterfallView::paintPointer(QPainter& painter, const WaterfallLayout& layout) const
{
    const Theme& theme = themeOf(this);
    if (m_pointer.x() <= layout.timeLeft() || m_drag == Drag::Divider)
        return;
    if (m_drag == Drag::Range) {
        QColor tint = theme.accent;
        tint.setAlpha(46);
        painter.fillRect(QRectF(QPointF(m_pressed.x(), 0), QPointF(m_pointer.x(), layout.height)).normalized(), tint);
    }
    const int x = static_cast<int>(m_pointer.x());
    QColor hair = theme.dim;
    hair.setAlpha(120);
    painter.fillRect(QRect(x, WaterfallLayout::rulerHeight, 1, layout.height - WaterfallLayout::rulerHeight), hair);
    const std::int64_t from = layout.nsOf(m_pressed.x());
    const std::int64_t at = layout.nsOf(m_pointer.x());
    const QString words = m_drag == Drag::Range ? QStringLiteral("Δ %1").arg(formatDuration(std::abs(at - from)))
                                                : formatDuration(std::max<std::int64_t>(0, at));
    const QFontMetrics metrics(fonts::small());
    const int width = metrics.horizontalAdvance(words) + 10;
    const QRect flag(std::clamp(x - width / 2, layout.nameWidth, std::max(layout.nameWidth, layout.width - width)), 4, width,
                     WaterfallLayout::rulerHeight - 8);
    painter.setRenderHint(QPainter::Antialiasing, true);
    painter.setPen(theme.line);
    painter.setBrush(theme.raised);
    painter.drawRoundedRect(QRectF(flag).adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusChip, metrics::radiusChip);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setFont(fonts::small());
    painter.setPen(theme.text);
    painter.drawText(flag, Qt::AlignCenter | Qt::TextSingleLine, words);
}

} // namespace oriel::ui
