// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/waterfall_minimap.h"

#include "ui/theme/service_colors.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <array>
#include <cmath>

namespace oriel::ui {

WaterfallMinimap::WaterfallMinimap(QWidget* parent) : QWidget(parent)
{
    setFixedHeight(height);
    setAccessibleName(QStringLiteral("The whole trace"));
    setToolTip(QStringLiteral("Drag to zoom, double click for the whole trace"));
}

void WaterfallMinimap::setDocument(std::shared_ptr<const TraceDocument> document)
{
    m_document = std::move(document);
    m_picture = {};
    update();
}

void WaterfallMinimap::setWindow(const TimeWindow& window)
{
    if (window == m_window)
        return;
    m_window = window;
    update();
}

QRectF WaterfallMinimap::inside() const
{
    return QRectF(rect()).adjusted(3, 3, -3, -3);
}

TimeWindow WaterfallMinimap::whole() const
{
    return wholeWindow(m_document ? m_document->index.traceDurationNs() : 0);
}

double WaterfallMinimap::xOf(std::int64_t ns) const
{
    return inside().left() + static_cast<double>(ns) / static_cast<double>(whole().span()) * inside().width();
}

std::int64_t WaterfallMinimap::nsOf(double x) const
{
    const double share = std::clamp((x - inside().left()) / std::max(1.0, inside().width()), 0.0, 1.0);
    return static_cast<std::int64_t>(std::llround(share * static_cast<double>(whole().span())));
}

void WaterfallMinimap::render()
{
    const Theme& theme = themeOf(this);
    const qreal ratio = devicePixelRatioF();
    const QSize size = (inside().size() * ratio).toSize();
    // Two pixels for a span and one between while there is room; then lanes share.
    const int unit = m_document->index.size() * 3 <= static_cast<std::uint32_t>(size.height()) ? 3 : 1;
    const MinimapRaster raster = minimapRaster(m_document->index, size.width(), size.height() / unit);
    m_picture = QImage(size, QImage::Format_ARGB32_Premultiplied);
    m_picture.fill(Qt::transparent);
    if (raster.lanes == 0)
        return;
    std::array<QRgb, 256> colors{};
    for (qsizetype service = 0; service < std::min<qsizetype>(m_document->services.size(), 254); ++service)
        colors[static_cast<std::size_t>(service) + 1] = serviceColor(this, m_document->services[service]).rgba();
    colors[255] = theme.error.rgba();
    const int thickness = unit == 3 ? 2 : std::max(1, size.height() / raster.lanes);
    for (int lane = 0; lane < raster.lanes; ++lane) {
        const int top =
            unit == 3 ? static_cast<int>((lane + 0.5) * size.height() / raster.lanes) - 1 : lane * size.height() / raster.lanes;
        for (int y = std::max(0, top); y < std::min(size.height(), top + thickness); ++y) {
            auto* line = reinterpret_cast<QRgb*>(m_picture.scanLine(y)); // NOLINT: a 32-bit image's line
            for (int x = 0; x < raster.width; ++x) {
                if (const std::uint8_t cell = raster.at(x, lane))
                    line[x] = colors[cell];
            }
        }
    }
    m_picture.setDevicePixelRatio(ratio);
}

void WaterfallMinimap::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LeftToRight);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(theme.line);
    painter.setBrush(theme.window);
    painter.drawRoundedRect(frame, metrics::radiusChip, metrics::radiusChip);
    if (!m_document || m_document->index.isEmpty())
        return;
    if (m_picture.isNull() && inside().width() >= 1)
        render();
    painter.drawImage(inside().topLeft(), m_picture);
    const QRectF seen(QPointF(xOf(m_window.fromNs) - 2.5, frame.top()), QPointF(xOf(m_window.toNs) + 2.5, frame.bottom()));
    if (m_window != whole()) {
        QColor veil = theme.window;
        veil.setAlpha(170);
        painter.fillRect(QRectF(frame.topLeft(), QPointF(seen.left(), frame.bottom())), veil);
        painter.fillRect(QRectF(QPointF(seen.right(), frame.top()), frame.bottomRight()), veil);
    }
    painter.setPen(mix(theme.line, theme.accent, 0.75));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(seen, metrics::radiusChip, metrics::radiusChip);
}

void WaterfallMinimap::resizeEvent(QResizeEvent* event)
{
    m_picture = {};
    QWidget::resizeEvent(event);
}

void WaterfallMinimap::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::StyleChange || event->type() == QEvent::PaletteChange)
        m_picture = {};
    QWidget::changeEvent(event);
}

void WaterfallMinimap::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_document)
        return;
    m_dragging = true;
    m_pressed = event->position().x();
    m_pressedWindow = m_window;
    m_moving = m_window != whole() && m_pressed >= xOf(m_window.fromNs) && m_pressed <= xOf(m_window.toNs);
}

void WaterfallMinimap::mouseMoveEvent(QMouseEvent* event)
{
    if (!m_dragging)
        return;
    const double x = event->position().x();
    if (m_moving) {
        const TimeWindow moved = panned(m_pressedWindow, whole(), nsOf(x) - nsOf(m_pressed));
        Q_EMIT windowRequested(moved.fromNs, moved.toNs);
    } else if (std::abs(x - m_pressed) >= QApplication::startDragDistance()) {
        const auto [from, to] = std::minmax({nsOf(m_pressed), nsOf(x)});
        Q_EMIT windowRequested(from, to);
    }
}

void WaterfallMinimap::mouseReleaseEvent(QMouseEvent*)
{
    m_dragging = false;
}

void WaterfallMinimap::mouseDoubleClickEvent(QMouseEvent*)
{
    Q_EMIT wholeRequested();
}

void WaterfallMinimap::wheelEvent(QWheelEvent* event)
{
    const TimeWindow next =
        zoomed(m_window, whole(), nsOf(event->position().x()), std::pow(0.8, event->angleDelta().y() / 120.0));
    Q_EMIT windowRequested(next.fromNs, next.toNs);
    event->accept();
}

} // namespace oriel::ui
