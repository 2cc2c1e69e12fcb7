// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/time_series_chart.h"

#include "ui/charts/time_series_chart_p.h"
#include "ui/widgets/format.h"

#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <cmath>

namespace oriel::ui {
namespace {

constexpr int axisWidth = 58;
constexpr int axisHeight = 24;
constexpr int topRoom = 10;
constexpr int legendRoom = 24;
constexpr double backdropShare = 0.32;

} // namespace

TimeSeriesChart::TimeSeriesChart(QWidget* parent) : QWidget(parent), d(std::make_unique<Private>())
{
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    d->plot = makeSeriesPlot(this);
    d->overlay = new Private::Overlay(this);
    d->rebuild(*this);
}

TimeSeriesChart::~TimeSeriesChart() = default;

void TimeSeriesChart::setSeries(const QList<TimeSeries>& series)
{
    if (series == d->series)
        return;
    QList<bool> hidden(series.size(), false);
    for (qsizetype i = 0; i < series.size(); ++i) { // what the user hid stays hidden under its name
        for (qsizetype old = 0; old < d->series.size(); ++old)
            hidden[i] = hidden[i] || (d->series[old].name == series[i].name && d->hidden.value(old));
    }
    d->series = series;
    d->hidden = hidden;
    d->rebuild(*this);
}

const QList<TimeSeries>& TimeSeriesChart::series() const
{
    return d->series;
}

void TimeSeriesChart::setExemplars(const QList<Exemplar>& exemplars)
{
    d->exemplars = exemplars;
    d->overDot = -1;
    d->overlay->update();
}

void TimeSeriesChart::setBackdrop(const TimeSeries& backdrop, ValueFormat format)
{
    d->backdropFormat = std::move(format);
    if (d->backdrop == backdrop)
        return;
    d->backdrop = backdrop;
    d->rebuild(*this);
}

void TimeSeriesChart::setTimeWindow(std::int64_t fromNs, std::int64_t toNs)
{
    if (d->fixedFrom == fromNs && d->fixedTo == toNs)
        return;
    d->fixedFrom = fromNs;
    d->fixedTo = toNs;
    d->rebuild(*this);
}

void TimeSeriesChart::setScale(ScaleKind kind)
{
    d->kind = kind;
    d->rebuild(*this);
}

void TimeSeriesChart::setStacked(bool stacked)
{
    d->isStacked = stacked;
    d->rebuild(*this);
}

void TimeSeriesChart::setValueBounds(std::optional<double> lowest, std::optional<double> highest)
{
    d->lowest = lowest;
    d->highest = highest;
    d->rebuild(*this);
}

void TimeSeriesChart::setValueFormat(ValueFormat axis, ValueFormat hover)
{
    d->hoverFormat = hover ? hover : axis;
    d->axisFormat = std::move(axis);
    update();
}

void TimeSeriesChart::setLegendVisible(bool visible)
{
    d->legend = visible;
    d->rebuild(*this);
}

void TimeSeriesChart::setEmptyText(const QString& text)
{
    d->emptyText = text;
    update();
}

void TimeSeriesChart::setCrosshair(std::optional<std::int64_t> atNs)
{
    if (d->pointer || d->cross == atNs)
        return;
    d->cross = atNs;
    d->overlay->update();
}

bool TimeSeriesChart::isEmpty() const
{
    for (const TimeSeries& one : d->series) {
        for (const TimeValue& sample : one.samples) {
            if (std::isfinite(sample.value) && sample.atNs >= d->fromNs && sample.atNs <= d->toNs)
                return false;
        }
    }
    return true;
}

QRectF TimeSeriesChart::plotArea() const
{
    const double top = d->legend && d->series.size() > 1 ? legendRoom : topRoom;
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    return QRectF(rect()).adjusted(mirrored ? 14 : axisWidth, top, mirrored ? -axisWidth : -14, -axisHeight);
}

QPointF TimeSeriesChart::positionOf(std::int64_t atNs, double value) const
{
    return {d->pixelOf(atNs), d->y.toPixel(value)};
}

bool TimeSeriesChart::isSeriesVisible(qsizetype index) const
{
    return !d->hidden.value(index, true);
}

void TimeSeriesChart::setSeriesVisible(qsizetype index, bool visible)
{
    if (index < 0 || index >= d->hidden.size())
        return;
    d->hidden[index] = !visible;
    d->rebuild(*this);
}

void TimeSeriesChart::Private::rebuild(TimeSeriesChart& chart)
{
    fromNs = fixedFrom;
    toNs = fixedTo;
    if (fixedTo <= fixedFrom) {
        fromNs = INT64_MAX;
        toNs = INT64_MIN;
        for (const TimeSeries& one : std::as_const(series)) {
            if (one.samples.isEmpty())
                continue;
            fromNs = std::min(fromNs, one.samples.first().atNs);
            toNs = std::max(toNs, one.samples.last().atNs);
        }
        if (toNs <= fromNs) {
            fromNs = fromNs == INT64_MAX ? 0 : fromNs;
            toNs = fromNs + 60'000'000'000;
        }
    }
    QList<TimeSeries> visible;
    shownIndex.clear();
    for (qsizetype i = 0; i < series.size(); ++i) {
        if (hidden.value(i))
            continue;
        visible.append(series[i]);
        shownIndex.append(i);
    }
    shown = isStacked ? stacked(visible) : visible;
    const auto [low, high] = valueBounds(shown, fromNs, toNs);
    auto [niceLow, niceHigh] = niceBounds(lowest.value_or(low), highest.value_or(high), kind);
    if (kind == ScaleKind::Linear &&
        niceHigh - high < 0.03 * (niceHigh - niceLow)) // a line on the edge would lose half its width
        niceHigh += 0.05 * (niceHigh - niceLow);
    const QRectF area = chart.plotArea();
    x = {ScaleKind::Linear, 0, static_cast<double>(toNs - fromNs) / 1e9, area.left(), area.right()};
    y = {kind, lowest.value_or(niceLow), highest.value_or(niceHigh), area.bottom(), area.top()};
    if (kind == ScaleKind::Log && y.lowest <= 0)
        y.lowest = niceLow;
    const Theme& theme = themeOf(&chart);
    QList<PlotStretch> stretches = backdropStretches(theme, std::max(1, static_cast<int>(area.width())));
    for (qsizetype i = shown.size() - 1; i >= 0; --i) { // the first series lies on top
        const TimeSeries* foot = isStacked && i > 0 ? &shown[i - 1] : nullptr;
        QList<PlotStretch> pieces = plotStretches(shown[i], foot, fromNs, toNs, std::max(1, static_cast<int>(area.width())), y);
        for (PlotStretch& piece : pieces) {
            piece.color = seriesColor(theme, shown[i], shownIndex[i]);
            if (isStacked)
                piece.fillAlpha = 0.34;
        }
        stretches += pieces;
    }
    plot->widget()->setGeometry(chart.rect());
    overlay->setGeometry(chart.rect());
    overlay->raise();
    const bool log = kind == ScaleKind::Log;
    plot->setStretches(stretches, x.highest, log ? std::log10(y.lowest) : y.lowest, log ? std::log10(y.highest) : y.highest,
                       area);
    chart.update();
    overlay->update();
}

QList<PlotStretch> TimeSeriesChart::Private::backdropStretches(const Theme& theme, int pixels) const
{
    const double highestValue = valueBounds({backdrop}, fromNs, toNs).second;
    if (highestValue <= 0)
        return {};
    const bool log = kind == ScaleKind::Log;
    const double ground = log ? std::log10(y.lowest) : y.lowest;
    const double top = log ? std::log10(y.highest) : y.highest;
    TimeSeries area = backdrop;
    area.look = TimeSeries::Look::Area;
    QList<PlotStretch> stretches = plotStretches(area, nullptr, fromNs, toNs, pixels, {ScaleKind::Linear, 0, highestValue, 0, 1});
    for (PlotStretch& stretch : stretches) {
        for (QPointF& point : stretch.upper)
            point.setY(ground + point.y() / highestValue * backdropShare * (top - ground));
        for (QPointF& point : stretch.lower)
            point.setY(ground);
        stretch.color = mix(theme.panel, theme.accent, theme.isDark() ? 0.3 : 0.24);
        stretch.fillAlpha = 0.5;
        stretch.width = 1;
    }
    return stretches;
}

std::int64_t TimeSeriesChart::Private::timeAt(double pixel) const
{
    return fromNs + std::llround(x.toValue(pixel) * 1e9);
}

void TimeSeriesChart::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    const QRectF area = plotArea();
    if (isEmpty()) {
        painter.setFont(fonts::caption());
        painter.setPen(theme.dim);
        painter.drawText(rect().adjusted(12, 0, -12, 0), Qt::AlignCenter | Qt::TextWordWrap, d->emptyText);
        return;
    }
    painter.setFont(fonts::monoSmall());
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const int count = std::clamp(static_cast<int>(area.height() / 36), 2, 6);
    for (const double tick : niceTicks(d->y.lowest, d->y.highest, count, d->kind)) {
        const double at = std::round(d->y.toPixel(tick));
        painter.fillRect(QRectF(area.left(), at, area.width(), 1), mix(theme.panel, theme.line, 0.75));
        const QRectF label(mirrored ? area.right() + 8 : 0, at - 8, axisWidth - 8, 16);
        painter.setPen(theme.dim);
        painter.drawText(label, Qt::AlignVCenter | (mirrored ? Qt::AlignLeft : Qt::AlignRight),
                         Private::valueText(d->axisFormat, tick));
    }
    painter.setPen(theme.dim);
    for (const std::int64_t tick : timeTicks(d->fromNs, d->toNs, static_cast<int>(area.width()))) {
        const double at = d->pixelOf(tick);
        const QRectF label(std::clamp(at - 40, area.left() - 30.0, area.right() - 56.0), area.bottom() + 6, 80, 16);
        painter.drawText(label, Qt::AlignCenter, timeTickLabel(tick, d->toNs - d->fromNs));
    }
}

void TimeSeriesChart::resizeEvent(QResizeEvent*)
{
    d->rebuild(*this);
}

void TimeSeriesChart::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange ||
        event->type() == QEvent::LayoutDirectionChange)
        d->rebuild(*this);
}

void TimeSeriesChart::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    const QList<QRect> entries = d->legendRects(*this);
    for (qsizetype i = 0; i < entries.size(); ++i) {
        if (entries[i].contains(event->position().toPoint())) {
            setSeriesVisible(i, d->hidden[i]);
            return;
        }
    }
    if (plotArea().contains(event->position()))
        d->dragFrom = event->position();
}

void TimeSeriesChart::mouseMoveEvent(QMouseEvent* event)
{
    const QRectF area = plotArea();
    d->pointer = event->position();
    const qsizetype dot = d->dotAt(event->position());
    if (dot != d->overDot) {
        d->overDot = dot;
        setCursor(dot >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
        if (dot >= 0 && !d->exemplars[dot].tip.isEmpty())
            QToolTip::showText(event->globalPosition().toPoint(), d->exemplars[dot].tip, this);
    }
    if (area.adjusted(-2, -2, 2, 2).contains(event->position())) {
        std::int64_t at = d->timeAt(event->position().x());
        // Onto the nearest sample, so that time and values in the box belong together.
        const std::int64_t reach = std::max<std::int64_t>((d->toNs - d->fromNs) / 40, 1);
        for (const TimeSeries& one : std::as_const(d->shown)) {
            if (const TimeValue* near = sampleNear(one, at, reach)) {
                at = near->atNs;
                break;
            }
        }
        d->cross = at;
        Q_EMIT crosshairMoved(true, at);
    } else if (d->cross) {
        d->cross.reset();
        Q_EMIT crosshairMoved(false, 0);
    }
    d->overlay->update();
}

void TimeSeriesChart::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !d->dragFrom)
        return;
    const QRectF area = plotArea();
    const double from = std::clamp(d->dragFrom->x(), area.left(), area.right());
    const double to = std::clamp(event->position().x(), area.left(), area.right());
    d->dragFrom.reset();
    d->overlay->update();
    if (std::abs(to - from) > Private::dragThreshold) {
        Q_EMIT rangeSelected(d->timeAt(std::min(from, to)), d->timeAt(std::max(from, to)));
        return;
    }
    const qsizetype dot = d->dotAt(event->position());
    if (dot >= 0)
        Q_EMIT exemplarClicked(d->exemplars[dot].target);
}

void TimeSeriesChart::leaveEvent(QEvent* event)
{
    d->pointer.reset();
    d->cross.reset();
    d->overDot = -1;
    d->overlay->update();
    Q_EMIT crosshairMoved(false, 0);
    QWidget::leaveEvent(event);
}

} // namespace oriel::ui
