// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/time_series_chart_p.h"
#include "ui/widgets/format.h"

#include <QPainter>

#include <cmath>

namespace oriel::ui {
namespace {

constexpr double dotReach = 7;

} // namespace

TimeSeriesChart::Private::Overlay::Overlay(TimeSeriesChart* chart) : QWidget(chart), m_chart(chart)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
}

void TimeSeriesChart::Private::Overlay::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    m_chart->d->paintOverlay(painter, *m_chart);
}

QString TimeSeriesChart::Private::valueText(const ValueFormat& format, double value)
{
    return format ? format(value) : formatNumber(value);
}

void TimeSeriesChart::Private::paintOverlay(QPainter& painter, const TimeSeriesChart& chart) const
{
    const Theme& theme = themeOf(&chart);
    paintDots(painter, chart, theme);
    if (dragFrom && pointer && std::abs(pointer->x() - dragFrom->x()) > dragThreshold) {
        QColor veil = theme.accent;
        veil.setAlpha(45);
        const QRectF area = chart.plotArea();
        const double from = std::clamp(std::min(dragFrom->x(), pointer->x()), area.left(), area.right());
        const double to = std::clamp(std::max(dragFrom->x(), pointer->x()), area.left(), area.right());
        painter.fillRect(QRectF(from, area.top(), to - from, area.height()), veil);
        painter.fillRect(QRectF(from, area.top(), 1, area.height()), theme.accent);
        painter.fillRect(QRectF(to, area.top(), 1, area.height()), theme.accent);
    } else if (cross) {
        paintCrosshair(painter, chart, theme);
    }
    if (legend && series.size() > 1)
        paintLegend(painter, chart, theme);
}

void TimeSeriesChart::Private::paintDots(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const
{
    const QRectF area = chart.plotArea().adjusted(-4, -4, 4, 4);
    for (qsizetype i = 0; i < exemplars.size(); ++i) {
        const Exemplar& dot = exemplars[i];
        const QPointF at(pixelOf(dot.atNs), y.toPixel(dot.value));
        if (!area.contains(at))
            continue;
        const bool over = i == overDot;
        painter.setPen(QPen(theme.panel, 1.5));
        painter.setBrush(dot.error ? theme.error : theme.accent);
        painter.drawEllipse(at, over ? 5.5 : 4.25, over ? 5.5 : 4.25);
        if (over) {
            painter.setPen(QPen(dot.error ? theme.error : theme.accent, 1.5));
            painter.setBrush(Qt::NoBrush);
            painter.drawEllipse(at, 8, 8);
        }
    }
}

void TimeSeriesChart::Private::paintCrosshair(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const
{
    const QRectF area = chart.plotArea();
    const double at = pixelOf(*cross);
    if (at < area.left() - 1 || at > area.right() + 1)
        return;
    painter.fillRect(QRectF(std::round(at), area.top(), 1, area.height()), mix(theme.panel, theme.text, 0.35));
    QList<HoverRow> rows;
    const std::int64_t reach = std::max<std::int64_t>((toNs - fromNs) / 40, 1);
    const ValueFormat& format = hoverFormat ? hoverFormat : axisFormat;
    for (qsizetype i = 0; i < shown.size(); ++i) {
        const TimeSeries& own = series[shownIndex[i]];
        const TimeValue* drawn = sampleNear(shown[i], *cross, reach);
        const TimeValue* told = isStacked ? sampleNear(own, *cross, reach) : drawn; // a layer tells its own value, not the sum
        if (!drawn || !told)
            continue;
        const QColor color = seriesColor(theme, own, shownIndex[i]);
        painter.setPen(QPen(theme.panel, 1.5));
        painter.setBrush(color);
        painter.drawEllipse(QPointF(pixelOf(drawn->atNs), y.toPixel(drawn->value)), 4, 4);
        rows.append({color, own.name, valueText(format, told->value)});
    }
    if (const TimeValue* behind = sampleNear(backdrop, *cross, reach))
        rows.append({mix(theme.panel, theme.accent, 0.45), backdrop.name, valueText(backdropFormat, behind->value)});
    if (!rows.isEmpty() && pointer) // a neighbour's crosshair shows the line and dots only
        paintValues(painter, chart, theme, rows);
}

void TimeSeriesChart::Private::paintValues(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme,
                                           const QList<HoverRow>& rows) const
{
    const double at = pixelOf(*cross);
    const QFontMetrics metrics(fonts::caption());
    const QFontMetrics monoMetrics(fonts::mono());
    int nameWidth = 0;
    int valueWidth = 0;
    for (const HoverRow& row : rows) {
        nameWidth = std::max(nameWidth, std::min(metrics.horizontalAdvance(row.name), 220));
        valueWidth = std::max(valueWidth, monoMetrics.horizontalAdvance(row.value));
    }
    const double width = std::max(96, nameWidth + valueWidth + 50);
    const double height = 30 + 18.0 * static_cast<double>(rows.size());
    double left = at + 14;
    if (left + width > chart.width() - 4)
        left = at - 14 - width;
    const double top = std::clamp(pointer->y() - height / 2, 4.0, std::max(4.0, chart.height() - height - 4.0));
    const QRectF box(std::max(2.0, left), top, width, height);
    painter.setPen(mix(theme.line, theme.text, 0.15));
    painter.setBrush(theme.raised);
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusControl, metrics::radiusControl);
    painter.setFont(fonts::monoSmall());
    painter.setPen(theme.dim);
    painter.drawText(box.adjusted(12, 6, -12, 0), Qt::AlignLeft | Qt::AlignTop, formatClock(*cross));
    double line = box.top() + 25;
    for (const HoverRow& row : rows) {
        painter.fillRect(QRectF(box.left() + 12, line + 7, 10, 3), row.color);
        painter.setFont(fonts::caption());
        painter.setPen(theme.dim);
        painter.drawText(QRectF(box.left() + 28, line, nameWidth, 18), Qt::AlignVCenter,
                         metrics.elidedText(row.name, Qt::ElideMiddle, nameWidth));
        painter.setFont(fonts::mono());
        painter.setPen(theme.text);
        painter.drawText(QRectF(box.left(), line, width - 12, 18), Qt::AlignVCenter | Qt::AlignRight, row.value);
        line += 18;
    }
}

QList<QRect> TimeSeriesChart::Private::legendRects(const TimeSeriesChart& chart) const
{
    QList<QRect> rects;
    if (!legend || series.size() < 2)
        return rects;
    const QFontMetrics metrics(fonts::small());
    int x0 = 0;
    for (const TimeSeries& one : series) {
        const int width = std::min(metrics.horizontalAdvance(one.name), 160) + 20;
        rects.append(QRect(x0, 2, width, 18));
        x0 += width + 6;
    }
    const int start = static_cast<int>(chart.plotArea().right()) - x0 + 6;
    for (QRect& rect : rects)
        rect.translate(std::max(start, 4), 0);
    return rects;
}

void TimeSeriesChart::Private::paintLegend(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const
{
    const QList<QRect> rects = legendRects(chart);
    painter.setFont(fonts::small());
    for (qsizetype i = 0; i < rects.size(); ++i) {
        const bool off = hidden.value(i);
        painter.fillRect(QRectF(rects[i].left() + 2, rects[i].center().y(), 10, 2.5),
                         off ? theme.line : seriesColor(theme, series[i], i));
        QFont font = fonts::small();
        font.setStrikeOut(off);
        painter.setFont(font);
        painter.setPen(off ? theme.faint : theme.dim);
        painter.drawText(rects[i].adjusted(17, 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine,
                         painter.fontMetrics().elidedText(series[i].name, Qt::ElideRight, rects[i].width() - 17));
    }
}

qsizetype TimeSeriesChart::Private::dotAt(const QPointF& position) const
{
    qsizetype best = -1;
    double nearest = dotReach * dotReach;
    for (qsizetype i = 0; i < exemplars.size(); ++i) {
        const QPointF away = QPointF(pixelOf(exemplars[i].atNs), y.toPixel(exemplars[i].value)) - position;
        const double distance = QPointF::dotProduct(away, away);
        if (distance <= nearest) {
            nearest = distance;
            best = i;
        }
    }
    return best;
}

} // namespace oriel::ui
