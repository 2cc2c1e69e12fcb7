// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/metrics/metric_card.h"

#include "ui/charts/time_series_chart.h"
#include "ui/metrics/series_table_model.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/icon_button.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QStackedWidget>

namespace oriel::ui {
namespace {

constexpr int lowestHeight = 190;

/// Ends of a log scale that hold the dots as well as the lines.
std::optional<std::pair<double, double>> logBounds(const QList<TimeSeries>& series, const QList<Exemplar>& dots,
                                                   std::int64_t fromNs, std::int64_t toNs)
{
    auto [low, high] = valueBounds(series, fromNs, toNs);
    for (const Exemplar& dot : dots) {
        low = low > 0 ? std::min(low, dot.value) : dot.value;
        high = std::max(high, dot.value);
    }
    if (low <= 0)
        return std::nullopt;
    return niceBounds(low, high, ScaleKind::Log);
}

} // namespace

MetricCard::MetricCard(const MetricSpec& spec, QWidget* parent) : Card(spec.title, parent), m_spec(spec)
{
    setHint(spec.hint);
    setMinimumHeight(lowestHeight);
    m_toggle = new IconButton(IconName::Logs, QStringLiteral("Show the values of “%1” as a table").arg(spec.title), this);
    m_toggle->setCheckable(true);
    m_copy = new IconButton(IconName::Copy, QStringLiteral("Copy the values of “%1” as CSV").arg(spec.title), this);
    addHeaderWidget(m_toggle);
    addHeaderWidget(m_copy);
    m_faces = new QStackedWidget(this);
    m_chart = new TimeSeriesChart(m_faces);
    m_chart->setScale(spec.scale);
    m_chart->setStacked(spec.stacked);
    m_chart->setValueBounds(spec.lowest, spec.highest);
    const MetricUnit unit = spec.unit;
    m_chart->setValueFormat([unit](double value) { return formatMetricTick(unit, value); },
                            [unit](double value) { return formatMetric(unit, value); });
    m_chart->setEmptyText(spec.emptyText);
    m_chart->setAccessibleName(spec.title);
    m_faces->addWidget(m_chart);
    m_model = new SeriesTableModel(unit, this);
    m_table = new DataTable(m_faces);
    m_table->setModel(m_model);
    m_table->setAccessibleName(QStringLiteral("Values of %1").arg(spec.title));
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_faces->addWidget(m_table);
    setBody(m_faces);
    m_copy->setEnabled(false);
    connect(m_toggle, &QToolButton::toggled, this, [this](bool on) {
        if (on)
            m_model->setSeries(m_chart->series());
        m_faces->setCurrentIndex(on ? 1 : 0);
        Q_EMIT tableShownChanged();
    });
    connect(m_copy, &QToolButton::clicked, this, &MetricCard::copy);
}

void MetricCard::setData(const QList<TimeSeries>& series, const QList<Exemplar>& dots, std::int64_t fromNs, std::int64_t toNs)
{
    m_chart->setEmptyText(m_spec.emptyText);
    m_chart->setTimeWindow(fromNs, toNs);
    if (m_spec.exemplars) {
        const auto bounds = logBounds(series, dots, fromNs, toNs);
        m_chart->setValueBounds(bounds ? std::optional(bounds->first) : std::nullopt,
                                bounds ? std::optional(bounds->second) : std::nullopt);
        m_chart->setExemplars(dots);
    }
    m_chart->setSeries(series);
    showHint();
    m_copy->setEnabled(!series.isEmpty());
    if (isTableShown()) // a table behind the chart is filled when it is turned to
        m_model->setSeries(series);
}

void MetricCard::setScope(const QString& words)
{
    m_scope = words;
    showHint();
}

void MetricCard::showHint()
{
    // A legend comes with the second line; a lone one is named here.
    const QList<TimeSeries>& series = m_chart->series();
    const bool labelled =
        std::any_of(m_spec.queries.cbegin(), m_spec.queries.cend(), [](const MetricQuery& query) { return !query.by.isEmpty(); });
    const QString lone = series.size() == 1 && labelled ? series.first().name : QString();
    QStringList words{m_scope.isEmpty() ? m_spec.hint : m_scope, lone};
    words.removeAll(QString());
    setHint(words.join(QStringLiteral(" · ")));
}

void MetricCard::setProblem(const QString& text)
{
    m_chart->setEmptyText(text);
}

bool MetricCard::isEmpty() const
{
    return m_chart->isEmpty();
}

void MetricCard::setTableShown(bool shown)
{
    m_toggle->setChecked(shown);
}

bool MetricCard::isTableShown() const
{
    return m_toggle->isChecked();
}

void MetricCard::copy()
{
    const QList<TimeSeries> series = m_chart->series();
    QGuiApplication::clipboard()->setText(seriesCsv(series, unitText(m_spec.unit)));
    Q_EMIT notice(QStringLiteral("%1 rows of “%2” copied as CSV").arg(seriesRows(series).size()).arg(m_spec.title));
}

} // namespace oriel::ui
