// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/scatter_chart.h"

#include "ui/theme/theme.h"
#include "ui/widgets/format.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <cmath>
#include <vector>

namespace oriel::ui {
namespace {

constexpr double dotRadius = 2.75;
constexpr int reach = 6;
constexpr int dragThreshold = 5;

} // namespace

ScatterChart::ScatterChart(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::ClickFocus);
    setCursor(Qt::CrossCursor);
    updateScales();
}

void ScatterChart::setPoints(const QList<ScatterPoint>& points)
{
    if (points == m_points)
        return;
    m_points = points;
    m_hovered = -1;
    updateScales();
}

void ScatterChart::setTimeWindow(std::int64_t fromNs, std::int64_t toNs)
{
    m_fixedWindow = toNs > fromNs;
    m_fromNs = fromNs;
    m_toNs = toNs;
    updateScales();
}

void ScatterChart::setBrush(const std::optional<ScatterBrush>& brush)
{
    m_brush = brush;
    update();
}

void ScatterChart::setHighlighted(std::optional<std::uint64_t> id)
{
    if (id == m_highlighted)
        return;
    m_highlighted = id;
    update();
}

QRectF ScatterChart::plotArea() const
{
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    return QRectF(rect()).adjusted(mirrored ? 12 : 50, 8, mirrored ? -50 : -12, -24);
}

void ScatterChart::updateScales()
{
    if (!m_fixedWindow) {
        m_fromNs = m_points.isEmpty() ? 0 : m_points.first().atNs;
        m_toNs = m_fromNs;
        for (const ScatterPoint& point : std::as_const(m_points)) {
            m_fromNs = std::min(m_fromNs, point.atNs);
            m_toNs = std::max(m_toNs, point.atNs);
        }
        if (m_toNs <= m_fromNs)
            m_toNs = m_fromNs + 1'000'000'000;
    }
    double lowest = INFINITY;
    double highest = 0;
    for (const ScatterPoint& point : std::as_const(m_points)) {
        const double value = std::max(1.0, static_cast<double>(point.durationNs));
        lowest = std::min(lowest, value);
        highest = std::max(highest, value);
    }
    const auto [low, high] = m_points.isEmpty() ? std::pair{1e6, 1e9} : niceBounds(lowest, highest, ScaleKind::Log);
    const QRectF area = plotArea();
    m_x = {ScaleKind::Linear, 0, static_cast<double>(m_toNs - m_fromNs), area.left(), area.right()};
    m_y = {ScaleKind::Log, low, high, area.bottom(), area.top()};
    m_dots = {};
    update();
}

QPointF ScatterChart::positionOf(const ScatterPoint& point) const
{
    return {m_x.toPixel(static_cast<double>(point.atNs - m_fromNs)),
            m_y.toPixel(std::max(1.0, static_cast<double>(point.durationNs)))};
}

void ScatterChart::renderDots()
{
    const Theme& theme = themeOf(this);
    const qreal ratio = devicePixelRatioF();
    m_dots = QPixmap(size() * ratio);
    m_dots.setDevicePixelRatio(ratio);
    m_dots.fill(Qt::transparent);
    QPainter painter(&m_dots);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const QRectF area = plotArea().adjusted(-1, -1, 1, 1);
    std::vector<bool> taken(static_cast<std::size_t>(std::max(1, width())) * static_cast<std::size_t>(std::max(1, height())),
                            false);
    const auto draw = [&](bool errors) {
        QColor color = errors ? theme.error : theme.accent;
        color.setAlphaF(errors ? 0.95F : 0.62F);
        painter.setBrush(color);
        for (const ScatterPoint& point : std::as_const(m_points)) {
            if (point.error != errors)
                continue;
            const QPointF at = positionOf(point);
            if (!area.contains(at))
                continue;
            const auto cell =
                static_cast<std::size_t>(at.y()) * static_cast<std::size_t>(width()) + static_cast<std::size_t>(at.x());
            if (cell >= taken.size() || taken[cell])
                continue;
            taken[cell] = true;
            painter.drawEllipse(at, dotRadius, dotRadius);
        }
    };
    draw(false);
    std::fill(taken.begin(), taken.end(), false); // an error is never hidden under a dot of the same pixel
    draw(true);
}

void ScatterChart::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    const QRectF area = plotArea();
    painter.setFont(fonts::monoSmall());
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    for (const double tick :
         niceTicks(m_y.lowest, m_y.highest, std::clamp(static_cast<int>(area.height() / 34), 2, 6), ScaleKind::Log)) {
        const double at = std::round(m_y.toPixel(tick));
        painter.fillRect(QRectF(area.left(), at, area.width(), 1), mix(theme.panel, theme.line, 0.6));
        painter.setPen(theme.dim);
        painter.drawText(QRectF(mirrored ? area.right() + 6 : 0, at - 8, 44, 16),
                         Qt::AlignVCenter | (mirrored ? Qt::AlignLeft : Qt::AlignRight), formatDurationTick(std::llround(tick)));
    }
    painter.setPen(theme.dim);
    for (const std::int64_t tick : timeTicks(m_fromNs, m_toNs, static_cast<int>(area.width()), 90)) {
        const double at = m_x.toPixel(static_cast<double>(tick - m_fromNs));
        painter.drawText(QRectF(std::clamp(at - 36, area.left() - 10, area.right() - 60), area.bottom() + 6, 72, 16),
                         Qt::AlignCenter, timeTickLabel(tick, m_toNs - m_fromNs));
    }
    if (m_dots.isNull() || m_dots.devicePixelRatio() != devicePixelRatioF())
        renderDots();
    painter.drawPixmap(0, 0, m_dots);
    painter.setRenderHint(QPainter::Antialiasing);
    const auto ring = [&](const ScatterPoint& point) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme.text, 1.5));
        painter.drawEllipse(positionOf(point), 5.5, 5.5);
    };
    if (m_hovered >= 0)
        ring(m_points[m_hovered]);
    if (m_highlighted) {
        for (const ScatterPoint& point : std::as_const(m_points)) {
            if (point.id == *m_highlighted)
                ring(point);
        }
    }
    QRectF chosen;
    if (m_dragFrom)
        chosen = QRectF(*m_dragFrom, m_dragTo).normalized().intersected(area);
    else if (m_brush)
        chosen = brushRect(*m_brush).intersected(area.adjusted(-4, -4, 4, 4));
    if (!chosen.isEmpty()) {
        QColor veil = theme.accent;
        veil.setAlpha(40);
        painter.setPen(QPen(theme.accent, 1));
        painter.setBrush(veil);
        painter.drawRoundedRect(chosen, metrics::radiusBar, metrics::radiusBar);
    }
    if (m_points.isEmpty()) {
        painter.setFont(fonts::caption());
        painter.setPen(theme.dim);
        painter.drawText(area, Qt::AlignCenter | Qt::TextWordWrap, QStringLiteral("No calls in this time range"));
    }
}

QRectF ScatterChart::brushRect(const ScatterBrush& brush) const
{
    const QPointF a = positionOf({brush.fromNs, brush.shortestNs, 0, false});
    const QPointF b = positionOf({brush.toNs, brush.longestNs, 0, false});
    return QRectF(a, b).normalized();
}

int ScatterChart::pointAt(const QPointF& position) const
{
    int best = -1;
    double nearest = reach * reach;
    for (int i = 0; i < m_points.size(); ++i) {
        const QPointF away = positionOf(m_points[i]) - position;
        const double distance = QPointF::dotProduct(away, away) - (m_points[i].error ? 4 : 0);
        if (distance <= nearest) {
            nearest = distance;
            best = i;
        }
    }
    return best;
}

void ScatterChart::clearBrush()
{
    if (!m_brush)
        return;
    m_brush.reset();
    update();
    Q_EMIT brushCleared();
}

void ScatterChart::resizeEvent(QResizeEvent*)
{
    updateScales();
}

void ScatterChart::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange ||
        event->type() == QEvent::LayoutDirectionChange)
        updateScales();
}

void ScatterChart::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_dragFrom = event->position();
    m_dragTo = event->position();
}

void ScatterChart::mouseMoveEvent(QMouseEvent* event)
{
    if (m_dragFrom) {
        m_dragTo = event->position();
        update();
        return;
    }
    const int point = pointAt(event->position());
    if (point == m_hovered)
        return;
    m_hovered = point;
    setCursor(point >= 0 ? Qt::PointingHandCursor : Qt::CrossCursor);
    if (point >= 0)
        QToolTip::showText(event->globalPosition().toPoint(),
                           QStringLiteral("%1   %2%3")
                               .arg(formatTime(m_points[point].atNs), formatDuration(m_points[point].durationNs),
                                    m_points[point].error ? QStringLiteral("   ✕ error") : QString()),
                           this);
    else
        QToolTip::hideText();
    update();
}

void ScatterChart::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_dragFrom)
        return;
    const QRectF box = QRectF(*m_dragFrom, event->position()).normalized();
    m_dragFrom.reset();
    update();
    if (box.width() <= dragThreshold && box.height() <= dragThreshold) {
        const int point = pointAt(event->position());
        if (point >= 0)
            Q_EMIT pointClicked(m_points[point].id);
        return;
    }
    const QRectF area = plotArea();
    const QRectF inside = box.intersected(area);
    if (inside.isEmpty())
        return;
    ScatterBrush brush;
    brush.fromNs = m_fromNs + std::llround(m_x.toValue(inside.left()));
    brush.toNs = m_fromNs + std::llround(m_x.toValue(inside.right()));
    brush.shortestNs = std::llround(m_y.toValue(inside.bottom()));
    brush.longestNs = std::llround(m_y.toValue(inside.top()));
    m_brush = brush;
    Q_EMIT brushChanged(brush);
}

void ScatterChart::mouseDoubleClickEvent(QMouseEvent*)
{
    clearBrush();
}

void ScatterChart::leaveEvent(QEvent* event)
{
    m_hovered = -1;
    update();
    QWidget::leaveEvent(event);
}

void ScatterChart::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && (m_brush || m_dragFrom)) {
        m_dragFrom.reset();
        clearBrush();
        update();
        return;
    }
    QWidget::keyPressEvent(event);
}

} // namespace oriel::ui
