// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/overview/overview_section.h"

#include "ui/charts/bar_list.h"
#include "ui/charts/time_series_chart.h"
#include "ui/compat/qt_compat.hpp"
#include "ui/overview/client_guide.h"
#include "ui/overview/first_run_page.h"
#include "ui/overview/overview_models.h"
#include "ui/overview/server_banners.h"
#include "ui/widgets/async.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/key_figure.h"
#include "ui/widgets/live_refresh.h"
#include "ui/widgets/sparkline.h"

#include <QDateTime>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QScrollArea>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <cmath>

namespace oriel::ui {
namespace {

constexpr int shortestIntervalMs = 1000;
constexpr int chartPoints = 100;
constexpr std::size_t mostFailures = 4000;
constexpr int latestFailures = 8;
constexpr std::int64_t metricStepNs = 5'000'000'000;

std::int64_t unixNow()
{
    return QDateTime::currentMSecsSinceEpoch() * 1'000'000;
}

QString secondsText(double seconds)
{
    return formatDuration(std::llround(seconds * 1e9));
}
QString secondsTick(double seconds)
{
    return formatDurationTick(std::llround(seconds * 1e9));
}

store::Filter failed(const store::Filter& filter)
{
    store::FilterCondition condition;
    condition.field = store::FilterField::Status;
    condition.values = {QByteArrayLiteral("error")};
    return filter.with(condition);
}

QScrollArea* scrolled(QWidget* page)
{
    auto* area = new QScrollArea;
    area->setFrameShape(QFrame::NoFrame);
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    page->setAutoFillBackground(false);
    area->viewport()->setAutoFillBackground(false);
    area->setWidget(page);
    page->setAutoFillBackground(false);
    return area;
}

} // namespace

OverviewSection::OverviewSection(service::GatewayService& service, QWidget* parent)
    : Section(parent),
      m_service(service),
      m_refresh(new LiveRefresh(this, shortestIntervalMs))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    m_pages = new QStackedWidget(this);
    column->addWidget(m_pages);
    m_pages->addWidget(scrolled(makeContent()));
    auto* first = new QWidget;
    auto* firstColumn = new QVBoxLayout(first);
    firstColumn->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    m_firstRun = new FirstRunPage(service, first);
    m_firstRun->setDemoOffered(false);
    firstColumn->addWidget(m_firstRun);
    m_pages->addWidget(scrolled(first));
    connect(m_firstRun, &FirstRunPage::importRequested, this,
            [this] { Q_EMIT openRequested(QStringLiteral("servers"), QStringLiteral("import")); });
    connect(m_firstRun, &FirstRunPage::addRequested, this,
            [this] { Q_EMIT openRequested(QStringLiteral("servers"), QStringLiteral("add")); });
    connect(m_firstRun, &FirstRunPage::demoRequested, this, &OverviewSection::addDemoServer);
    connect(m_firstRun, &FirstRunPage::found, this, &Section::readyChanged);
    connect(m_firstRun, &FirstRunPage::notice, this, &Section::notice);
    makeCommands();
    connectService();
    updatePage();
}

OverviewSection::~OverviewSection()
{
    cancelFetches();
}

void OverviewSection::setDemoServer(const QString& program)
{
    m_demoProgram = program;
    m_firstRun->setDemoOffered(!program.isEmpty());
}

QWidget* OverviewSection::makeContent()
{
    auto* content = new QWidget;
    auto* grid = new QGridLayout(content);
    grid->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    grid->setSpacing(metrics::cardGap);
    grid->addWidget(makeFigures(), 0, 0, 1, 2);

    auto* charts = new QWidget;
    auto* row = new QHBoxLayout(charts);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(metrics::cardGap);
    row->addWidget(makeLatencyCard(), 2);
    row->addWidget(makeErrorsCard(), 1);
    auto* pointing = new Card(QStringLiteral("No call has come yet: point your client here"));
    m_guide = new ClientGuide(m_service, pointing);
    connect(m_guide, &ClientGuide::notice, this, &Section::notice);
    pointing->setBody(m_guide);
    m_middle = new QStackedWidget;
    m_middle->addWidget(charts);
    m_middle->addWidget(pointing);
    m_middle->setMinimumHeight(236);
    grid->addWidget(m_middle, 1, 0, 1, 2);

    auto* lower = new QWidget;
    auto* lowerRow = new QHBoxLayout(lower);
    lowerRow->setContentsMargins(0, 0, 0, 0);
    lowerRow->setSpacing(metrics::cardGap);
    lowerRow->addWidget(makeServersCard(), 2);
    lowerRow->addWidget(makeFailuresCard(), 1);
    grid->addWidget(lower, 2, 0, 1, 2);
    grid->setRowStretch(1, 5);
    grid->setRowStretch(2, 8);
    return content;
}

QWidget* OverviewSection::makeFigures()
{
    auto* figures = new QWidget;
    auto* row = new QHBoxLayout(figures);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(metrics::cardGap);
    const auto figure = [&](const QString& title, int slot, Tone tone, const QString& section, const QString& tip) {
        auto* card = new KeyFigure(title, figures);
        card->setFigure(QStringLiteral("–"));
        card->setSeriesSlot(slot);
        card->setSeriesTone(tone);
        card->setToolTip(tip);
        card->setClickable(true);
        card->setObjectName(title);
        connect(card, &KeyFigure::clicked, this, [this, section] { Q_EMIT openRequested(section, {}); });
        row->addWidget(card, 1);
        return card;
    };
    m_calls = figure(QStringLiteral("Calls"), -1, Tone::Accent, QStringLiteral("traces"),
                     QStringLiteral("Tool calls in the time range, and how many come each second now"));
    m_success = figure(QStringLiteral("Success"), -1, Tone::Good, QStringLiteral("metrics"),
                       QStringLiteral("Share of tool calls answered without an error"));
    m_p95 = figure(QStringLiteral("p95 latency"), 2, Tone::Accent, QStringLiteral("metrics"),
                   QStringLiteral("95 of 100 tool calls were answered within this time"));
    m_overhead =
        figure(QStringLiteral("Gateway overhead"), 4, Tone::Accent, QStringLiteral("metrics"),
               QStringLiteral(
                   "Time of a request in which no server was working on it: what Oriel itself adds, half of all requests less"));
    m_clients = figure(QStringLiteral("Clients"), 1, Tone::Accent, QStringLiteral("audit"),
                       QStringLiteral("Sessions that are open now, and how many tokens use them"));
    return figures;
}

Card* OverviewSection::makeLatencyCard()
{
    auto* card = new Card(QStringLiteral("Latency by tool call"));
    card->setHint(QStringLiteral("dots open traces"));
    m_latency = new TimeSeriesChart(card);
    m_latency->setScale(ScaleKind::Log);
    m_latency->setValueFormat(secondsTick, secondsText);
    m_latency->setAccessibleName(QStringLiteral("Latency of tool calls over time"));
    card->setBody(m_latency);
    connect(m_latency, &TimeSeriesChart::exemplarClicked, this,
            [this](const QString& trace) { Q_EMIT openRequested(QStringLiteral("traces"), trace); });
    connect(m_latency, &TimeSeriesChart::rangeSelected, this,
            [this](qint64 from, qint64 to) { Q_EMIT timeRangeRequested(TimeRange::fixed(from, to)); });
    return card;
}

Card* OverviewSection::makeErrorsCard()
{
    m_errorsCard = new Card(QStringLiteral("Errors by type"));
    m_errors = new BarList(m_errorsCard);
    m_errorsCard->setBody(m_errors);
    connect(m_errors, &BarList::rowActivated, this, [this](int, const QString& filter) {
        Q_EMIT filterRequested(filter);
        Q_EMIT openRequested(QStringLiteral("traces"), {});
    });
    return m_errorsCard;
}

Card* OverviewSection::makeServersCard()
{
    m_serversCard = new Card(QStringLiteral("Servers"));
    m_serversModel = new OverviewServersModel(this);
    m_servers = new DataTable(m_serversCard);
    m_servers->setModel(m_serversModel);
    m_servers->setItemDelegateForColumn(OverviewServersModel::Course, new SparklineDelegate(m_servers));
    m_servers->setColumnWidths({130, 76, 0, 76, 76, 84, 58, 128});
    m_servers->setAccessibleName(QStringLiteral("Servers"));
    connect(m_servers, &QAbstractItemView::activated, this, [this](const QModelIndex& index) {
        Q_EMIT openRequested(QStringLiteral("servers"), index.siblingAtColumn(OverviewServersModel::Name).data().toString());
    });
    m_banners = new ServerBanners(m_serversCard);
    connect(m_banners, &ServerBanners::traceRequested, this,
            [this](const QString& trace) { Q_EMIT openRequested(QStringLiteral("traces"), trace); });
    connect(m_banners, &ServerBanners::restartRequested, this, &OverviewSection::restart);
    connect(m_banners, &ServerBanners::editRequested, this,
            [this](const QString& server) { Q_EMIT openRequested(QStringLiteral("servers"), server); });
    connect(m_banners, &ServerBanners::allRequested, this, [this] { Q_EMIT openRequested(QStringLiteral("servers"), {}); });
    m_serversCard->body()->addWidget(m_servers, 100);
    m_serversCard->body()->addWidget(m_banners);
    m_serversCard->body()->addStretch(1);
    return m_serversCard;
}

Card* OverviewSection::makeFailuresCard()
{
    m_failuresCard = new Card(QStringLiteral("Latest failures"));
    m_failuresCard->setHeaderLine(true);
    m_failuresModel = new FailuresModel(this);
    auto* list = new DataTable(m_failuresCard);
    list->setModel(m_failuresModel);
    list->setColumnWidths({0, 84});
    list->horizontalHeader()->hide();
    list->setItemDelegate(new TwoLineDelegate(list));
    list->verticalHeader()->setDefaultSectionSize(TwoLineDelegate::height);
    list->setCursor(Qt::PointingHandCursor);
    list->setAccessibleName(QStringLiteral("Latest failures"));
    const auto open = [this](const QModelIndex& index) {
        Q_EMIT openRequested(QStringLiteral("traces"), index.data(FailuresModel::TraceRole).toString());
    };
    connect(list, &QAbstractItemView::clicked, this, open);
    connect(list, &QAbstractItemView::activated, this, open);
    m_failures = new QStackedWidget(m_failuresCard);
    m_failures->addWidget(list);
    m_failures->addWidget(
        new EmptyState(IconName::Check, QStringLiteral("No failure"),
                       QStringLiteral("Calls that fail in this time range are listed here, each with its reason.")));
    m_failuresCard->setBody(m_failures);
    return m_failuresCard;
}

void OverviewSection::connectService()
{
    connect(m_refresh, &LiveRefresh::due, this, &OverviewSection::refresh);
    const auto changed = [this] { m_refresh->markDirty(); };
    connect(&m_service, &service::GatewayService::tracesAdvanced, this, changed);
    connect(&m_service, &service::GatewayService::serversChanged, this, changed);
    connect(&m_service, &service::GatewayService::sessionsChanged, this, changed);
    connect(&m_service, &service::GatewayService::statusChanged, this, changed);
    connect(&m_service, &service::GatewayService::configurationChanged, this, [this] {
        updatePage();
        m_refresh->demand();
    });
}

void OverviewSection::makeCommands()
{
    const auto command = [this](IconName icon, const QString& text, auto&& run) {
        auto* action = new QAction(themedIcon(icon), text, this);
        connect(action, &QAction::triggered, this, run);
        addAction(action);
    };
    command(IconName::Import, QStringLiteral("Import servers of other clients…"),
            [this] { Q_EMIT openRequested(QStringLiteral("servers"), QStringLiteral("import")); });
    command(IconName::Plus, QStringLiteral("Add a server…"),
            [this] { Q_EMIT openRequested(QStringLiteral("servers"), QStringLiteral("add")); });
    command(IconName::Restart, QStringLiteral("Restart the servers that failed"), [this] {
        for (const service::ServerSnapshot& server : m_service.servers()) {
            if (serverLamp(server.state) == Lamp::Error)
                restart(server.config.name);
        }
    });
}

void OverviewSection::setFilter(const QString& text)
{
    const auto parsed = store::Filter::parse(text.toUtf8());
    if (!parsed) // half typed: the last whole one stays
        return;
    m_filter = *parsed;
    m_filtered = !m_filter.isEmpty();
    m_refresh->demand();
}

void OverviewSection::setTimeRange(const TimeRange& range)
{
    if (range == m_range)
        return;
    m_range = range;
    m_refresh->demand();
}

void OverviewSection::setLive(bool live)
{
    m_refresh->setLive(live);
}

QStringList OverviewSection::completions(const QString& text) const
{
    const QByteArray utf8 = text.toUtf8();
    QStringList words;
    for (const store::FilterSuggestion& suggestion : store::suggestFilter(utf8, utf8.size(), m_service.filterVocabulary()))
        words.append(QString::fromUtf8(suggestion.text));
    return words;
}

void OverviewSection::cancelFetches()
{
    ++m_generation;
    for (QFuture<void>& fetch : m_fetches)
        compat::cancelRunning(fetch);
    m_fetches.clear();
    m_missing = 0;
}

template <class T, class Apply> void OverviewSection::fetch(QFuture<T> future, Apply apply)
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
        m_data = std::move(m_arriving);
        m_arriving = {};
        showData();
        m_refresh->finished();
    });
}

void OverviewSection::refresh()
{
    cancelFetches();
    const store::TraceStoreStats stats = m_service.traceStats();
    m_everCalled = m_everCalled || stats.calls > 0;
    m_arriving = {};
    m_arriving.nowNs = unixNow();
    m_arriving.status = m_service.status();
    m_arriving.window = chartWindow(m_range, m_arriving.nowNs, stats.oldestUnixNs, chartPoints);
    const ChartWindow& window = m_arriving.window;
    m_refresh->setTick(m_range.kind == TimeRange::Kind::Fixed
                           ? 0
                           : static_cast<int>(std::clamp<std::int64_t>(window.stepNs / 1'000'000, 1000, 60'000)));

    store::AggregateQuery calls;
    calls.fromUnixNs = window.fromNs;
    calls.toUnixNs = window.toNs;
    calls.stepNs = window.stepNs;
    calls.toolCallsOnly = true;
    calls.filter = m_filter;
    store::AggregateQuery byServer = calls;
    byServer.groupBy = store::GroupBy::Server;
    store::TraceQuery latest;
    latest.fromUnixNs = window.fromNs;
    latest.toUnixNs = window.toNs;
    latest.filter = failed(m_filter);
    latest.limit = latestFailures;
    fetch(m_service.aggregate(calls), [this](const store::AggregateResult& result) { m_arriving.calls = result; });
    fetch(m_service.aggregate(byServer), [this](const store::AggregateResult& result) { m_arriving.byServer = result; });
    fetch(m_service.latencyPoints(window.fromNs, window.toNs, mostFailures, failed(m_filter)),
          [this](const std::vector<store::LatencyPoint>& points) { m_arriving.failures = points; });
    fetch(m_service.traces(latest), [this](const store::TracePage& page) { m_arriving.latestFailures = page.rows; });
    fetchCharts(window);
}

void OverviewSection::fetchCharts(const ChartWindow& window)
{
    const std::int64_t step = std::max(metricStepNs, window.stepNs);
    service::ChartQuery overhead;
    overhead.kind = service::ChartQuery::Kind::Quantile;
    overhead.metric = QByteArrayLiteral("oriel_gateway_overhead_seconds");
    overhead.quantile = 0.5;
    overhead.range = {window.fromNs / 1'000'000, window.endNs / 1'000'000, step / 1'000'000, 0};
    service::ChartQuery whole = overhead;
    const std::int64_t length = std::max<std::int64_t>(1, window.lengthNs() / 1'000'000);
    whole.range = {window.endNs / 1'000'000, window.endNs / 1'000'000, length, length};
    service::ChartQuery sessions = overhead;
    sessions.kind = service::ChartQuery::Kind::Value;
    sessions.metric = m_service.configuration().metrics.nameSpace.toUtf8() + QByteArrayLiteral("_active_sessions");

    using Lines = Result<std::vector<store::ChartLine>>;
    fetch(m_service.chart(overhead), [this](const Lines& lines) {
        if (lines)
            m_arriving.overhead = *lines;
    });
    fetch(m_service.chart(whole), [this](const Lines& lines) {
        if (lines && !lines->empty() && !lines->front().points.empty() && std::isfinite(lines->front().points.back().value))
            m_arriving.overheadP50 = lines->front().points.back().value;
    });
    fetch(m_service.chart(sessions), [this](const Lines& lines) {
        if (lines)
            m_arriving.sessionCount = *lines;
    });
}

QString OverviewSection::rangeWords() const
{
    switch (m_range.kind) {
    case TimeRange::Kind::Last:
        return QStringLiteral("in the last %1").arg(formatDurationTick(m_range.spanNs));
    case TimeRange::Kind::All:
        return QStringLiteral("so far");
    case TimeRange::Kind::Fixed:
        break;
    }
    return QStringLiteral("from %1").arg(m_range.label());
}

void OverviewSection::showData()
{
    m_everCalled = m_everCalled || callCount(m_data) > 0;
    m_loaded = true;
    const auto put = [](KeyFigure* figure, const FigureText& text) {
        figure->setFigure(text.value, text.note);
        figure->setSeries(text.course);
    };
    put(m_calls, callsFigure(m_data, m_range.kind != TimeRange::Kind::Fixed && !m_filtered));
    put(m_success, successFigure(m_data));
    put(m_p95, latencyFigure(m_data));
    put(m_overhead, overheadFigure(m_data));
    put(m_clients, clientsFigure(m_data));
    showLatency();
    m_errors->setRows(errorRows(m_data.failures));
    m_errors->setEmptyText(callCount(m_data) > 0 ? QStringLiteral("Every call succeeded %1.").arg(rangeWords())
                                                 : QStringLiteral("No error %1.").arg(rangeWords()));
    m_errorsCard->setHint(
        m_data.failures.size() >= mostFailures
            ? QStringLiteral("of %1 failures").arg(formatCount(static_cast<std::int64_t>(m_data.failures.size())))
            : QString());
    m_failuresModel->setFailures(m_data.latestFailures, m_service.configuration().gateway.separator);
    m_failures->setCurrentIndex(m_data.latestFailures.empty() ? 1 : 0);
    showServers();
    updatePage();
    Q_EMIT readyChanged();
}

void OverviewSection::showLatency()
{
    const store::AggregateGroup none;
    const store::AggregateGroup& group = m_data.calls.groups.empty() ? none : m_data.calls.groups.front();
    const bool any = group.total.calls > 0;
    const QList<TimeSeries> series = latencySeries(group, m_data.window);
    const QList<Exemplar> dots = any ? failureDots(m_data.failures, m_data.window) : QList<Exemplar>();
    m_latency->setEmptyText(m_filtered ? QStringLiteral("No tool call that the filter matches %1.").arg(rangeWords())
                                       : QStringLiteral("No tool call %1.").arg(rangeWords()));
    const auto bounds = latencyBounds(series, dots);
    m_latency->setValueBounds(bounds ? std::optional(bounds->first) : std::nullopt,
                              bounds ? std::optional(bounds->second) : std::nullopt);
    m_latency->setTimeWindow(m_data.window.fromNs, m_data.window.endNs);
    m_latency->setBackdrop(any ? callRateSeries(group, m_data.window) : TimeSeries(), formatRate);
    m_latency->setSeries(series);
    m_latency->setExemplars(dots);
}

void OverviewSection::showServers()
{
    const QList<service::ServerSnapshot> servers = m_service.servers();
    m_serversModel->setServers(overviewServers(servers, m_data.byServer));
    const int rows = static_cast<int>(servers.size());
    m_servers->setMinimumHeight(metrics::headerHeight + std::min(rows, 3) * metrics::rowHeight + 6);
    m_servers->setMaximumHeight(metrics::headerHeight + rows * metrics::rowHeight + 6);
    m_serversCard->setHint(QStringLiteral("%1 configured").arg(rows));
    m_banners->setServers(servers);
}

OverviewSection::Page OverviewSection::page() const
{
    return m_service.servers().isEmpty() ? Page::FirstRun : Page::Content;
}

void OverviewSection::updatePage()
{
    const Page wanted = page();
    const bool arrived = m_pages->currentIndex() != int(wanted) || (wanted == Page::FirstRun && !m_firstRun->isSettled());
    m_pages->setCurrentIndex(int(wanted));
    if (wanted == Page::FirstRun && arrived)
        m_firstRun->refresh();
    const bool pointing = m_loaded && !m_everCalled;
    if (pointing)
        m_guide->refresh();
    m_middle->setCurrentIndex(pointing ? 1 : 0);
    m_middle->setMinimumHeight(pointing ? 330 : 236);
}

bool OverviewSection::isReady() const
{
    if (page() == Page::FirstRun)
        return m_firstRun->isSettled();
    return m_loaded && callCount(m_data) > 0;
}

QString OverviewSection::emptyReason() const
{
    if (page() == Page::FirstRun)
        return QStringLiteral("No server is configured.");
    if (!m_loaded)
        return QStringLiteral("The calls have not been read yet.");
    if (callCount(m_data) > 0)
        return {};
    return m_everCalled ? QStringLiteral("No tool call %1.").arg(rangeWords()) : QStringLiteral("No tool call has come yet.");
}

QByteArray OverviewSection::saveState() const
{
    QJsonArray hidden;
    for (qsizetype i = 0; i < m_latency->series().size(); ++i) {
        if (!m_latency->isSeriesVisible(i))
            hidden.append(m_latency->series()[i].name);
    }
    return QJsonDocument(QJsonObject{{QStringLiteral("hiddenLatency"), hidden}}).toJson(QJsonDocument::Compact);
}

void OverviewSection::restoreState(const QByteArray& state)
{
    const QJsonArray hidden = QJsonDocument::fromJson(state).object().value(QStringLiteral("hiddenLatency")).toArray();
    if (m_latency->series().isEmpty()) // names to hide, before there are values
        m_latency->setSeries(latencySeries({}, {}));
    for (qsizetype i = 0; i < m_latency->series().size(); ++i)
        m_latency->setSeriesVisible(i, !hidden.contains(m_latency->series()[i].name));
}

void OverviewSection::restart(const QString& server)
{
    whenDone(m_service.restartServer(server), this, [this, server](const Status& done) {
        Q_EMIT notice(done ? QStringLiteral("%1 is restarting").arg(server) : done.error().toString());
    });
}

void OverviewSection::addDemoServer()
{
    config::Server demo;
    demo.name = QStringLiteral("demo");
    demo.command = m_demoProgram;
    whenDone(m_service.saveServer(demo), this, [this](const Status& done) {
        if (done) {
            Q_EMIT notice(QStringLiteral("The demo server was added"));
            Q_EMIT demoStarted();
        } else {
            Q_EMIT notice(done.error().toString());
        }
    });
}

} // namespace oriel::ui
