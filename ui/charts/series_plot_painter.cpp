// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/series_plot.h"

#include <QPainter>
#include <QPolygonF>

namespace oriel::ui {
namespace {

class PainterPlot final : public SeriesPlot {
public:
    explicit PainterPlot(QWidget* parent) : m_canvas(new Canvas(parent)) {}

    [[nodiscard]] QWidget* widget() const override { return m_canvas; }

    void setStretches(const QList<PlotStretch>& stretches, double xHighest, double yLowest, double yHighest,
                      const QRectF& area) override
    {
        m_canvas->stretches = stretches;
        m_canvas->x = {ScaleKind::Linear, 0, std::max(xHighest, 1e-9), area.left(), area.right()};
        m_canvas->y = {ScaleKind::Linear, yLowest, yHighest > yLowest ? yHighest : yLowest + 1, area.bottom(), area.top()};
        m_canvas->area = area;
        m_canvas->update();
    }

private:
    class Canvas final : public QWidget {
    public:
        explicit Canvas(QWidget* parent) : QWidget(parent)
        {
            setAttribute(Qt::WA_TransparentForMouseEvents);
            setFocusPolicy(Qt::NoFocus);
        }
        QList<PlotStretch> stretches;
        AxisScale x;
        AxisScale y;
        QRectF area;

    protected:
        void paintEvent(QPaintEvent*) override
        {
            QPainter painter(this);
            painter.setLayoutDirection(Qt::LayoutDirectionAuto);
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setClipRect(area.adjusted(-1, -1, 1, 1));
            for (const PlotStretch& stretch : std::as_const(stretches)) {
                if (stretch.fillAlpha <= 0)
                    continue;
                QPolygonF shape = polygon(stretch.upper);
                QPolygonF foot = polygon(stretch.lower);
                std::reverse(foot.begin(), foot.end());
                shape += foot;
                QColor color = stretch.color;
                color.setAlphaF(static_cast<float>(stretch.fillAlpha));
                painter.setPen(Qt::NoPen);
                painter.setBrush(color);
                painter.drawPolygon(shape);
            }
            painter.setBrush(Qt::NoBrush);
            for (const PlotStretch& stretch : std::as_const(stretches)) {
                painter.setPen(QPen(stretch.color, stretch.width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
                painter.drawPolyline(polygon(stretch.upper));
            }
        }

    private:
        [[nodiscard]] QPolygonF polygon(const QList<QPointF>& points) const
        {
            QPolygonF shape;
            shape.reserve(points.size());
            for (const QPointF& point : points)
                shape.append({x.toPixel(point.x()), y.toPixel(point.y())});
            return shape;
        }
    };

    Canvas* m_canvas;
};

} // namespace

std::unique_ptr<SeriesPlot> makeSeriesPlot(QWidget* parent)
{
    return std::make_unique<PainterPlot>(parent);
}

QString seriesPlotName()
{
    return QStringLiteral("QPainter");
}

} // namespace oriel::ui
