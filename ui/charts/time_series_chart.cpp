// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/time_series_chart.h"

#include "ui/charts/series_plot.h"
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
constexpr double dotReach = 7;
constexpr int dragThreshold = 5;

QString axisText(const TimeSeriesChart::ValueFormat& format, double value) { return format ? format(value) : formatNumber(value); }

} // namespace

struct TimeSeriesChart::Private {
    /// Legend, dots, crosshair and brush, over whatever draws the series.
    class Overlay final : public QWidget {
    public:
        Overlay(TimeSeriesChart* chart) : QWidget(chart), m_chart(chart) { setAttribute(Qt::WA_TransparentForMouseEvents); }

    protected:
        void paintEvent(QPaintEvent*) override
        {
            QPainter painter(this);
            painter.setLayoutDirection(Qt::LayoutDirectionAuto);
            painter.setRenderHint(QPainter::Antialiasing);
            m_chart->d->paintOverlay(painter, *m_chart);
        }

    private:
        TimeSeriesChart* m_chart;
    };

    QList<TimeSeries> series;
    QList<TimeSeries> shown; ///< what is drawn: visible ones, summed up when stacked
    QList<qsizetype> shownIndex;
    QList<bool> hidden;
    QList<Exemplar> exemplars;
    std::int64_t fixedFrom = 0;
    std::int64_t fixedTo = 0;
    std::int64_t fromNs = 0;
    std::int64_t toNs = 0;
    ScaleKind kind = ScaleKind::Linear;
    bool isStacked = false;
    bool legend = true;
    std::optional<double> lowest;
    std::optional<double> highest;
    ValueFormat axisFormat;
    ValueFormat hoverFormat;
    QString emptyText = QStringLiteral("Nothing in this time range");
    std::unique_ptr<SeriesPlot> plot;
    Overlay* overlay = nullptr;
    AxisScale x;
    AxisScale y;
    std::optional<std::int64_t> cross;
    std::optional<QPointF> pointer;
    std::optional<QPointF> dragFrom;
    qsizetype overDot = -1;

    void rebuild(TimeSeriesChart& chart);
    void paintOverlay(QPainter& painter, const TimeSeriesChart& chart) const;
    void paintDots(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const;
    void paintCrosshair(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const;
    void paintLegend(QPainter& painter, const TimeSeriesChart& chart, const Theme& theme) const;
    [[nodiscard]] QList<QRect> legendRects(const TimeSeriesChart& chart) const;
    [[nodiscard]] qsizetype dotAt(const QPointF& position) const;
    [[nodiscard]] std::int64_t timeAt(double pixel) const;
    [[nodiscard]] double pixelOf(std::int64_t atNs) const { return x.toPixel(static_cast<double>(atNs - fromNs) / 1e9); }
};

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

const QList<TimeSeries>& TimeSeriesChart::series() const { return d->series; }

void TimeSeriesChart::setExemplars(const QList<Exemplar>& exemplars)
{
    d->exemplars = exemplars;
    d->overDot = -1;
    d->overlay->update();
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

QPointF TimeSeriesChart::positionOf(std::int64_t atNs, double value) const { return {d->pixelOf(atNs), d->y.toPixel(value)}; }

bool TimeSeriesChart::isSeriesVisible(qsizetype index) const { return !d->hidden.value(index, true); }

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
    const auto [niceLow, niceHigh] = niceBounds(lowest.value_or(low), highest.value_or(high), kind);
    const QRectF area = chart.plotArea();
    x = {ScaleKind::Linear, 0, static_cast<double>(toNs - fromNs) / 1e9, area.left(), area.right()};
    y = {kind, lowest.value_or(niceLow), highest.value_or(niceHigh), area.bottom(), area.top()};
    if (kind == ScaleKind::Log && y.lowest <= 0)
        y.lowest = niceLow;
    const Theme& theme = themeOf(&chart);
    QList<PlotStretch> stretches;
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
    plot->setStretches(stretches, x.highest, log ? std::log10(y.lowest) : y.lowest, log ? std::log10(y.highest) : y.highest, area);
    chart.update();
    overlay->update();
}

std::int64_t TimeSeriesChart::Private::timeAt(double pixel) const { return fromNs + std::llround(x.toValue(pixel) * 1e9); }

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
        painter.drawText(label, Qt::AlignVCenter | (mirrored ? Qt::AlignLeft : Qt::AlignRight), axisText(d->axisFormat, tick));
    }
    painter.setPen(theme.dim);
    for (const std::int64_t tick : timeTicks(d->fromNs, d->toNs, static_cast<int>(area.width()))) {
        const double at = d->pixelOf(tick);
        const QRectF label(std::clamp(at - 40, area.left() - 30.0, area.right() - 56.0), area.bottom() + 6, 80, 16);
        painter.drawText(label, Qt::AlignCenter, timeTickLabel(tick, d->toNs - d->fromNs));
    }
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
    struct Row {
        QColor color;
        QString name;
        QString value;
    };
    QList<Row> rows;
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
        rows.append({color, own.name, axisText(format, told->value)});
    }
    if (rows.isEmpty() || !pointer) // a neighbour's crosshair shows the line and dots only
        return;
    const QFontMetrics metrics(fonts::caption());
    const QFontMetrics monoMetrics(fonts::mono());
    int nameWidth = 0;
    int valueWidth = 0;
    for (const Row& row : std::as_const(rows)) {
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
    for (const Row& row : std::as_const(rows)) {
        painter.fillRect(QRectF(box.left() + 12, line + 7, 10, 3), row.color);
        painter.setFont(fonts::caption());
        painter.setPen(theme.dim);
        painter.drawText(QRectF(box.left() + 28, line, nameWidth, 18), Qt::AlignVCenter, metrics.elidedText(row.name, Qt::ElideMiddle, nameWidth));
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
        painter.fillRect(QRectF(rects[i].left() + 2, rects[i].center().y(), 10, 2.5), off ? theme.line : seriesColor(theme, series[i], i));
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

void TimeSeriesChart::resizeEvent(QResizeEvent*) { d->rebuild(*this); }

void TimeSeriesChart::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange || event->type() == QEvent::LayoutDirectionChange)
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
    if (std::abs(to - from) > dragThreshold) {
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
