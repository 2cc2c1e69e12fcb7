// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/metrics/metrics_section.h"

#include "ui/charts/time_series_chart.h"
#include "ui/compat/qt_compat.hpp"
#include "ui/metrics/metric_card.h"
#include "ui/metrics/metric_series.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/async.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/live_refresh.h"

#include <QDateTime>
#include <QGridLayout>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QResizeEvent>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr int shortestIntervalMs = 1000;
constexpr int chartPoints = 180;
constexpr std::size_t mostCalls = 600;
constexpr std::int64_t shortestStepNs = 5'000'000'000;

std::int64_t unixNow()
{
    return QDateTime::currentMSecsSinceEpoch() * 1'000'000;
}

} // namespace

int cardColumns(int width)
{
    return width >= 1020 ? 3 : width >= 620 ? 2 : 1;
}

MetricsSection::MetricsSection(service::GatewayService& service, QWidget* parent)
    : Section(parent),
      m_service(service),
      m_refresh(new LiveRefresh(this, shortestIntervalMs))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    m_scroll = new QScrollArea(this);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    column->addWidget(m_scroll);
    m_page = new QWidget;
    auto* rows = new QVBoxLayout(m_page);
    rows->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    rows->setSpacing(metrics::cardGap);
    m_note = new Banner(Tone::Neutral, m_page);
    m_note->hide();
    rows->addWidget(m_note);
    m_grid = new QGridLayout;
    m_grid->setSpacing(metrics::cardGap);
    rows->addLayout(m_grid, 1);
    m_scroll->setWidget(m_page);
    m_page->setAutoFillBackground(false);
    m_scroll->viewport()->setAutoFillBackground(false);
    addCards();
    arrange();
    makeCommands();
    connect(m_refresh, &LiveRefresh::due, this, &MetricsSection::refresh);
    connect(&m_service, &service::GatewayService::configurationChanged, m_refresh, &LiveRefresh::demand);
}

MetricsSection::~MetricsSection()
{
    cancelFetches();
}

void MetricsSection::addCards()
{
    for (const MetricSpec& spec : metricSpecs()) {
        auto* card = new MetricCard(spec, m_page);
        TimeSeriesChart* chart = card->chart();
        connect(chart, &TimeSeriesChart::exemplarClicked, this,
                [this](const QString& trace) { Q_EMIT openRequested(QStringLiteral("traces"), trace); });
        connect(chart, &TimeSeriesChart::rangeSelected, this,
                [this](qint64 from, qint64 to) { Q_EMIT timeRangeRequested(TimeRange::fixed(from, to)); });
        connect(chart, &TimeSeriesChart::crosshairMoved, this,
                [this, card](bool hovering, qint64 atNs) { moveCrosshair(card, hovering, atNs); });
        connect(card, &MetricCard::notice, this, &Section::notice);
        m_cards.append(card);
    }
}

void MetricsSection::makeCommands()
{
    const auto command = [this](IconName icon, const QString& text, auto&& run) {
        auto* action = new QAction(themedIcon(icon), text, this);
        connect(action, &QAction::triggered, this, run);
        addAction(action);
    };
    command(IconName::Logs, QStringLiteral("Show all charts as tables"), [this] {
        for (MetricCard* card : std::as_const(m_cards))
            card->setTableShown(true);
    });
    command(IconName::Metrics, QStringLiteral("Show all tables as charts"), [this] {
        for (MetricCard* card : std::as_const(m_cards))
            card->setTableShown(false);
    });
    for (MetricCard* card : std::as_const(m_cards))
        command(IconName::Copy, QStringLiteral("Copy “%1” as CSV").arg(card->spec().title), [card] { card->copy(); });
}

void MetricsSection::resizeEvent(QResizeEvent* event)
{
    Section::resizeEvent(event);
    arrange();
}

void MetricsSection::arrange()
{
    const int columns = cardColumns(width());
    if (columns == m_columns)
        return;
    for (int column = columns; column < m_columns; ++column)
        m_grid->setColumnStretch(column, 0);
    m_columns = columns;
    for (int i = 0; i < static_cast<int>(m_cards.size()); ++i)
        m_grid->addWidget(m_cards[i], i / columns, i % columns);
    for (int column = 0; column < columns; ++column)
        m_grid->setColumnStretch(column, 1);
}

void MetricsSection::setFilter(const QString& text)
{
    const auto parsed = store::Filter::parse(text.toUtf8());
    if (!parsed) // half typed: the last whole one stays
        return;
    m_filter = *parsed;
    m_narrowing = metricFilter(*parsed);
    showFilter();
    m_refresh->demand();
}

void MetricsSection::showFilter()
{
    m_note->setVisible(m_narrowing.leftOver);
    if (m_narrowing.leftOver)
        m_note->setMessage(QStringLiteral("Only `server=` narrows metrics"),
                           QStringLiteral("The rest of the filter looks at single calls, which metrics no longer know; it "
                                          "applies to the dots and to the other sections."));
    for (MetricCard* card : std::as_const(m_cards)) {
        const QList<MetricQuery>& queries = card->spec().queries;
        const bool narrows =
            std::all_of(queries.cbegin(), queries.cend(), [](const MetricQuery& query) { return !query.serverLabel.isEmpty(); });
        card->setScope(!m_narrowing.servers.isEmpty() && !narrows ? QStringLiteral("all servers") : QString());
    }
}

void MetricsSection::setTimeRange(const TimeRange& range)
{
    if (range == m_range)
        return;
    m_range = range;
    m_refresh->demand();
}

void MetricsSection::setLive(bool live)
{
    m_refresh->setLive(live);
}

QStringList MetricsSection::completions(const QString& text) const
{
    const QByteArray utf8 = text.toUtf8();
    QStringList words;
    for (const store::FilterSuggestion& suggestion : store::suggestFilter(utf8, utf8.size(), m_service.filterVocabulary()))
        words.append(QString::fromUtf8(suggestion.text));
    return words;
}

void MetricsSection::cancelFetches()
{
    ++m_generation;
    for (QFuture<void>& fetch : m_fetches)
        compat::cancelRunning(fetch);
    m_fetches.clear();
    m_missing = 0;
}

template <class T, class Apply> void MetricsSection::fetch(QFuture<T> future, Apply apply)
{
    ++m_missing;
    m_fetches.append(QFuture<void>(future));
    whenDone(future, this, [this, generation = m_generation, apply](const T& value) {
        if (generation != m_generation)
            return;
        apply(value);
        if (--m_missing > 0)
            return;
        m_fetches.clear();
        showBatch();
        m_refresh->finished();
    });
}

void MetricsSection::refresh()
{
    cancelFetches();
    m_arriving = {};
    const std::int64_t now = unixNow();
    const std::int64_t oldest = m_range.kind == TimeRange::Kind::All ? m_service.traceStats().oldestUnixNs : 0;
    m_arriving.window = chartWindow(m_range, now, oldest, chartPoints, shortestStepNs);
    const ChartWindow& window = m_arriving.window;
    const config::Config configuration = m_service.configuration();
    // New values come with every collection of the metrics; until the first ones are there, look each second.
    const auto collected = std::clamp<std::int64_t>(configuration.telemetry.metricInterval.count(), shortestIntervalMs, 60'000);
    const bool waiting = !m_loaded || m_cards.first()->isEmpty();
    m_refresh->setTick(m_range.kind == TimeRange::Kind::Fixed ? 0 : waiting ? shortestIntervalMs : static_cast<int>(collected));

    const QByteArray nameSpace = configuration.metrics.nameSpace.toUtf8();
    m_arriving.answers.resize(static_cast<std::size_t>(m_cards.size()));
    m_arriving.problems.resize(m_cards.size());
    using Lines = Result<std::vector<store::ChartLine>>;
    for (qsizetype card = 0; card < m_cards.size(); ++card) {
        const QList<MetricQuery>& queries = m_cards[card]->spec().queries;
        m_arriving.answers[static_cast<std::size_t>(card)].resize(static_cast<std::size_t>(queries.size()));
        for (qsizetype query = 0; query < queries.size(); ++query) {
            fetch(m_service.chart(chartQuery(queries[query], nameSpace, window, m_narrowing.servers)),
                  [this, card, query](const Lines& lines) {
                      if (lines)
                          m_arriving.answers[static_cast<std::size_t>(card)][static_cast<std::size_t>(query)] = *lines;
                      else
                          m_arriving.problems[card] = lines.error().toString();
                  });
        }
    }
    store::FilterCondition toolCalls;
    toolCalls.field = store::FilterField::Method;
    toolCalls.values = {QByteArrayLiteral("tools/call")};
    fetch(m_service.latencyPoints(window.fromNs, window.endNs, mostCalls, m_filter.with(toolCalls)),
          [this](const std::vector<store::LatencyPoint>& points) { m_arriving.calls = points; });
}

int MetricsSection::serviceSlot(const QString& service) const
{
    const auto* own = qobject_cast<const OrielStyle*>(style());
    return own == nullptr ? -1 : static_cast<int>(own->serviceColors().slot(service));
}

void MetricsSection::showBatch()
{
    const Batch batch = std::move(m_arriving);
    m_arriving = {};
    QList<QList<TimeSeries>> series;
    std::int64_t first = 0;
    for (qsizetype i = 0; i < m_cards.size(); ++i) {
        series.append(metricSeries(m_cards[i]->spec(), batch.answers[static_cast<std::size_t>(i)],
                                   [this](const QString& service) { return serviceSlot(service); }));
        const std::int64_t begins = firstValueNs(series.last());
        if (begins > 0 && (first == 0 || begins < first))
            first = begins;
    }
    const bool moving = m_range.kind == TimeRange::Kind::Last;
    const std::int64_t begin = moving ? fittedBeginNs(batch.window, first) : batch.window.fromNs;
    const QList<Exemplar> dots = callDots(batch.calls, batch.window);
    for (qsizetype i = 0; i < m_cards.size(); ++i) {
        MetricCard* card = m_cards[i];
        card->setData(series[i], card->spec().exemplars && !series[i].isEmpty() ? dots : QList<Exemplar>(), begin,
                      batch.window.endNs);
        if (!batch.problems[i].isEmpty())
            card->setProblem(batch.problems[i]);
    }
    m_loaded = true;
    Q_EMIT readyChanged();
}

void MetricsSection::moveCrosshair(const MetricCard* from, bool hovering, qint64 atNs)
{
    for (MetricCard* card : std::as_const(m_cards)) {
        if (card != from)
            card->chart()->setCrosshair(hovering ? std::optional<std::int64_t>(atNs) : std::nullopt);
    }
}

bool MetricsSection::isReady() const
{
    return m_loaded && !m_cards.first()->isEmpty();
}

QString MetricsSection::emptyReason() const
{
    if (isReady())
        return {};
    return m_loaded ? QStringLiteral("No tool was called in this time range.")
                    : QStringLiteral("The metrics have not been read yet.");
}

bool MetricsSection::open(const QString& target)
{
    for (MetricCard* card : std::as_const(m_cards)) {
        if (card->spec().id == target) {
            m_scroll->ensureWidgetVisible(card);
            return true;
        }
    }
    return false;
}

QByteArray MetricsSection::saveState() const
{
    QJsonArray tables;
    for (const MetricCard* card : m_cards) {
        if (card->isTableShown())
            tables.append(card->spec().id);
    }
    return QJsonDocument(QJsonObject{{QStringLiteral("tables"), tables}}).toJson(QJsonDocument::Compact);
}

void MetricsSection::restoreState(const QByteArray& state)
{
    const QJsonArray tables = QJsonDocument::fromJson(state).object().value(QStringLiteral("tables")).toArray();
    for (MetricCard* card : std::as_const(m_cards))
        card->setTableShown(tables.contains(card->spec().id));
}

} // namespace oriel::ui
