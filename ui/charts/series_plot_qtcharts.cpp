// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/series_plot.h"

#include <QAreaSeries>
#include <QChart>
#include <QChartView>
#include <QGraphicsLayout>
#include <QLegend>
#include <QLineSeries>
#include <QPen>
#include <QValueAxis>

namespace oriel::ui {
namespace {

/// Series are kept and refilled by replace(): making them anew, or appending point by point, costs more than a thousand times as
/// much.
class QtChartsPlot final : public SeriesPlot {
public:
    explicit QtChartsPlot(QWidget* parent)
    {
        m_chart = new QChart;
        m_chart->setAnimationOptions(QChart::NoAnimation);
        m_chart->setBackgroundVisible(false);
        m_chart->setPlotAreaBackgroundVisible(false);
        m_chart->setMargins(QMargins());
        m_chart->layout()->setContentsMargins(0, 0, 0, 0);
        m_chart->legend()->hide();
        m_x = new QValueAxis(m_chart);
        m_y = new QValueAxis(m_chart);
        for (QValueAxis* axis : {m_x, m_y}) {
            axis->setLabelsVisible(false);
            axis->setGridLineVisible(false);
            axis->setLineVisible(false);
            axis->setTickCount(2);
        }
        m_chart->addAxis(m_x, Qt::AlignBottom);
        m_chart->addAxis(m_y, Qt::AlignLeft);
        m_view = new QChartView(m_chart, parent);
        m_view->setFrameShape(QFrame::NoFrame);
        m_view->setRenderHint(QPainter::Antialiasing);
        m_view->setBackgroundBrush(Qt::NoBrush);
        m_view->viewport()->setAutoFillBackground(false);
        m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        m_view->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        m_view->setFocusPolicy(Qt::NoFocus);
        m_view->setAttribute(Qt::WA_TransparentForMouseEvents);
        m_view->viewport()->setAttribute(Qt::WA_TransparentForMouseEvents);
    }

    [[nodiscard]] QWidget* widget() const override { return m_view; }

    void setStretches(const QList<PlotStretch>& stretches, double xHighest, double yLowest, double yHighest,
                      const QRectF& area) override
    {
        m_x->setRange(0, std::max(xHighest, 1e-9));
        m_y->setRange(yLowest, yHighest > yLowest ? yHighest : yLowest + 1);
        m_chart->setPlotArea(area);
        qsizetype lines = 0;
        qsizetype areas = 0;
        for (const PlotStretch& stretch : stretches) {
            if (stretch.fillAlpha > 0)
                fill(areaAt(areas++), stretch);
            // An area has its line too; lines lie over every area because they are added after them in the scene.
            QLineSeries* line = lineAt(lines++);
            line->setPen(QPen(stretch.color, stretch.width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            line->replace(stretch.upper);
            line->setVisible(true);
        }
        for (; lines < m_lines.size(); ++lines)
            m_lines[lines]->setVisible(false);
        for (; areas < m_areas.size(); ++areas)
            m_areas[areas]->setVisible(false);
    }

private:
    void adopt(QAbstractSeries* series)
    {
        m_chart->addSeries(series);
        series->attachAxis(m_x);
        series->attachAxis(m_y);
    }
    QLineSeries* lineAt(qsizetype index)
    {
        if (index == m_lines.size()) {
            m_lines.append(new QLineSeries(m_chart));
            adopt(m_lines.last());
        }
        return m_lines[index];
    }
    QAreaSeries* areaAt(qsizetype index)
    {
        if (index == m_areas.size()) {
            auto* series = new QAreaSeries(m_chart);
            series->setUpperSeries(new QLineSeries(series));
            series->setLowerSeries(new QLineSeries(series));
            series->setPen(Qt::NoPen);
            m_areas.append(series);
            adopt(series);
        }
        return m_areas[index];
    }
    static void fill(QAreaSeries* series, const PlotStretch& stretch)
    {
        QColor color = stretch.color;
        color.setAlphaF(static_cast<float>(stretch.fillAlpha));
        series->setBrush(color);
        series->setColor(color);
        series->setPen(Qt::NoPen);
        series->upperSeries()->replace(stretch.upper);
        series->lowerSeries()->replace(stretch.lower);
        series->setVisible(true);
    }

    QChart* m_chart;
    QValueAxis* m_x;
    QValueAxis* m_y;
    QChartView* m_view;
    QList<QLineSeries*> m_lines;
    QList<QAreaSeries*> m_areas;
};

} // namespace

std::unique_ptr<SeriesPlot> makeSeriesPlot(QWidget* parent)
{
    return std::make_unique<QtChartsPlot>(parent);
}

QString seriesPlotName()
{
    return QStringLiteral("Qt Charts");
}

} // namespace oriel::ui
