// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/traces_section.h"

#include "ui/compat/qt_compat.hpp"
#include "ui/traces/latency_pane.h"
#include "ui/traces/open_trace.h"
#include "ui/traces/span_detail.h"
#include "ui/traces/trace_actions.h"
#include "ui/traces/trace_list_model.h"
#include "ui/traces/trace_pane.h"
#include "ui/traces/waterfall_view.h"
#include "ui/widgets/async.h"
#include "ui/widgets/card.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/live_refresh.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/splitter.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDataStream>
#include <QDateTime>
#include <QHeaderView>
#include <QIODevice>
#include <QMenu>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

namespace oriel::ui {
namespace {

constexpr int listIntervalMs = 150;
constexpr int pointsIntervalMs = 1'000;
constexpr int pageRows = 200;
constexpr int mostRefreshedRows = 1'000;
constexpr std::size_t mostPoints = 6'000;
constexpr quint32 stateMagic = 0x54524301; // "TRC", version 1

} // namespace

TracesSection::TracesSection(service::GatewayService& service, QWidget* parent)
    : Section(parent),
      m_service(service),
      m_listRefresh(new LiveRefresh(this, listIntervalMs)),
      m_pointsRefresh(new LiveRefresh(this, pointsIntervalMs))
{
    buildPage();
    buildEmptyPage();
    m_open = new OpenTrace(service, *m_trace, *m_detail, this);
    m_actions = new TraceActions(service, this);
    buildCommands();
    connectList();
    connectTrace();
    connect(m_listRefresh, &LiveRefresh::due, this, &TracesSection::fetchList);
    connect(m_pointsRefresh, &LiveRefresh::due, this, &TracesSection::fetchPoints);
    connect(&service, &service::GatewayService::tracesAdvanced, this, [this] {
        m_listRefresh->markDirty();
        m_pointsRefresh->markDirty();
    });
    const auto showBadge = [this] {
        Q_EMIT badgeChanged({static_cast<std::int64_t>(m_service.status().traces), Badge::Kind::Count});
    };
    connect(&service, &service::GatewayService::statusChanged, this, showBadge);
}

TracesSection::~TracesSection()
{
    compat::cancelRunning(m_listFetch);
    compat::cancelRunning(m_moreFetch);
    compat::cancelRunning(m_pointsFetch);
}

// --- page ------------------------------------------------------------------

void TracesSection::buildPage()
{
    auto* content = new QWidget(this);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    m_rows = new Splitter(Qt::Vertical, content);
    m_rows->setGap(metrics::cardGap);
    column->addWidget(m_rows);

    const auto cardWith = [this](QWidget* left, QWidget* right, Splitter*& splitter) {
        auto* card = new Card(QString(), m_rows);
        splitter = new Splitter(Qt::Horizontal, card);
        splitter->addWidget(left);
        splitter->addWidget(right);
        splitter->setStretchFactor(0, 1);
        splitter->setChildrenCollapsible(true);
        card->setBody(splitter);
        m_rows->addWidget(card);
    };
    m_list = new TraceListPane(content);
    m_latency = new LatencyPane(content);
    cardWith(m_list, m_latency, m_top);
    m_trace = new TracePane(content);
    m_detail = new SpanDetail(content);
    cardWith(m_trace, m_detail, m_bottom);
    m_rows->setChildrenCollapsible(false);
    m_rows->setStretchFactor(1, 1);
    m_rows->setSizes({250, 532});
    m_top->setSizes({826, 402});
    m_bottom->setSizes({852, 376});

    m_pages = new QStackedLayout(this);
    m_pages->addWidget(content);
}

void TracesSection::buildEmptyPage()
{
    m_empty = new EmptyState(IconName::Traces, QStringLiteral("No call has come yet"), QString(), this);
    auto* copy = new QAction(themedIcon(IconName::Copy), QStringLiteral("Copy the address"), this);
    auto* guide = new QAction(themedIcon(IconName::Plug), QStringLiteral("How to point a client here"), this);
    m_empty->addButton(guide);
    m_empty->addButton(copy);
    connect(copy, &QAction::triggered, this, [this] {
        QApplication::clipboard()->setText(m_service.status().endpoint);
        Q_EMIT notice(QStringLiteral("The gateway's address is copied"));
    });
    connect(guide, &QAction::triggered, this, [this] { Q_EMIT openRequested(QStringLiteral("overview"), {}); });
    m_pages->addWidget(m_empty);
}

void TracesSection::buildCommands()
{
    const auto add = [this](QWidget* owner, IconName icon, const QString& text, const QKeySequence& keys, auto run) {
        auto* action = new QAction(themedIcon(icon), text, this);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, run);
        owner->addAction(action);
        if (owner != this)
            addAction(action);
        return action;
    };
    const auto whenOpen = [this](void (TraceActions::*run)(const TraceId&)) {
        return [this, run] {
            if (m_open->isOpen())
                (m_actions->*run)(m_open->target().trace);
        };
    };
    QAction* copyId = add(this, IconName::Copy, QStringLiteral("Copy trace id"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C),
                          whenOpen(&TraceActions::copyTraceId));
    QAction* copyRequest = add(this, IconName::Copy, QStringLiteral("Copy request as JSON-RPC"), {},
                               [this] { act(TraceListPane::Act::CopyRequest, m_open->target().trace); });
    QAction* copyOtlp =
        add(this, IconName::Copy, QStringLiteral("Copy trace as OTLP JSON"), {}, whenOpen(&TraceActions::copyOtlp));
    QAction* exportIt = add(this, IconName::Export, QStringLiteral("Export trace…"), QKeySequence(Qt::CTRL | Qt::Key_E),
                            whenOpen(&TraceActions::exportTrace));
    m_trace->setMenuActions({copyId, copyRequest, copyOtlp, exportIt});
    add(this, IconName::Live, QStringLiteral("Follow the newest trace"), QKeySequence(Qt::CTRL | Qt::Key_Home),
        [this] { m_list->followAgain(); });
    WaterfallView* waterfall = m_trace->waterfall();
    add(waterfall, IconName::Fit, QStringLiteral("Waterfall: whole trace"), QKeySequence(Qt::Key_F),
        [waterfall] { waterfall->showWholeTrace(); });
    add(waterfall, IconName::ZoomIn, QStringLiteral("Waterfall: zoom to the span"), QKeySequence(Qt::Key_Z),
        [waterfall] { waterfall->zoomToSelection(); });
    add(waterfall, IconName::Collapse, QStringLiteral("Waterfall: fold all"), QKeySequence(Qt::Key_BracketLeft),
        [waterfall] { waterfall->foldAll(); });
    add(waterfall, IconName::Expand, QStringLiteral("Waterfall: unfold all"), QKeySequence(Qt::Key_BracketRight),
        [waterfall] { waterfall->unfoldAll(); });
    add(waterfall, IconName::ChevronDown, QStringLiteral("Waterfall: next error"), QKeySequence(Qt::Key_E),
        [waterfall] { waterfall->nextError(); });
    add(waterfall, IconName::ChevronUp, QStringLiteral("Waterfall: previous error"), QKeySequence(Qt::SHIFT | Qt::Key_E),
        [waterfall] { waterfall->previousError(); });
    add(waterfall, IconName::Link, QStringLiteral("Waterfall: critical path"), QKeySequence(Qt::Key_C),
        [waterfall] { waterfall->setCriticalPathVisible(!waterfall->isCriticalPathVisible()); });
}

void TracesSection::connectList()
{
    connect(m_list, &TraceListPane::chosen, this, &TracesSection::choose);
    connect(m_list, &TraceListPane::activated, this, [this](const TraceId& id) {
        choose(id);
        m_trace->waterfall()->setFocus();
    });
    connect(m_list, &TraceListPane::moreWanted, this, &TracesSection::fetchMore);
    connect(m_list, &TraceListPane::filterTermRequested, this,
            [this](const QString& term) { Q_EMIT filterRequested(withTerm(m_filterText, term)); });
    connect(m_list, &TraceListPane::clearFilterRequested, this, [this] {
        if (m_filterText.trimmed().isEmpty())
            Q_EMIT timeRangeRequested(TimeRange::all());
        else
            Q_EMIT filterRequested(QString());
    });
    connect(m_list, &TraceListPane::actRequested, this, &TracesSection::act);
    connect(m_latency, &LatencyPane::chosen, this, [this](const TraceId& id) {
        choose(id);
        m_list->showSelected(id);
    });
    connect(m_latency, &LatencyPane::brushed, this, &TracesSection::onBrush);
    connect(m_latency, &LatencyPane::brushCleared, this, &TracesSection::undoBrush);
}

void TracesSection::connectTrace()
{
    connect(m_open, &OpenTrace::settled, this, &TracesSection::noteReady);
    connect(m_actions, &TraceActions::notice, this, &Section::notice);
    connect(m_trace, &TracePane::copyTraceIdRequested, this, [this] { m_actions->copyTraceId(m_open->target().trace); });
    const auto toLogs = [this] { act(TraceListPane::Act::ShowLogs, m_open->target().trace); };
    connect(m_trace, &TracePane::logsRequested, this, toLogs);
    connect(m_detail, &SpanDetail::logsRequested, this, toLogs);
    connect(m_detail, &SpanDetail::auditRequested, this, [this] { act(TraceListPane::Act::ShowAudit, m_open->target().trace); });
    connect(m_detail, &SpanDetail::wireRequested, this, [this] {
        const auto document = m_open->document();
        if (document && m_detail->row() < document->index.size())
            Q_EMIT openRequested(QStringLiteral("servers"),
                                 QStringLiteral("wire:%1/%2")
                                     .arg(QString::fromLatin1(document->id.toHex()),
                                          QString::fromLatin1(document->span(m_detail->row()).spanId.toHex())));
    });
    connect(m_detail, &SpanDetail::filterTermRequested, this,
            [this](const QString& term) { Q_EMIT filterRequested(withTerm(m_filterText, term)); });
    connect(m_detail, &SpanDetail::copied, this, [this] { Q_EMIT notice(QStringLiteral("Copied")); });
    connect(m_trace->waterfall(), &WaterfallView::menuRequested, this, &TracesSection::showWaterfallMenu);
    connect(m_trace->waterfall(), &WaterfallView::rowActivated, this,
            [this] { m_detail->tabs()->setCurrentIndex(m_detail->tabs()->currentIndex() == 1 ? 0 : 1); });
}

// --- shared state ----------------------------------------------------------

QString TracesSection::filterHint() const
{
    return QStringLiteral("Filter traces: server=github  status=error  duration>250ms  attr.http.route=~\"^/v1\"  words");
}

void TracesSection::setFilter(const QString& text)
{
    m_filterText = text;
    const auto parsed = store::Filter::parse(text.toUtf8());
    m_filterBroken = !parsed.has_value();
    m_list->setFilterError(parsed ? QString() : filterErrorText(text, parsed.error()));
    if (!parsed)
        return; // what was shown stays until the filter is whole again
    m_filter = *parsed;
    if (!m_brushing && m_beforeBrush && text == m_beforeBrush->filter)
        m_beforeBrush.reset();
    m_latency->setBrushed(m_beforeBrush.has_value());
    reload();
}

void TracesSection::setTimeRange(const TimeRange& range)
{
    m_range = range;
    if (!m_brushing && range.kind != TimeRange::Kind::Fixed) {
        m_beforeBrush.reset();
        m_latency->setBrushed(false);
    }
    reload();
}

void TracesSection::setLive(bool live)
{
    if (live == m_live)
        return;
    m_live = live;
    m_pausedAtNs = live ? 0 : QDateTime::currentMSecsSinceEpoch() * 1'000'000;
    for (LiveRefresh* refresh : {m_listRefresh, m_pointsRefresh})
        refresh->setLive(live);
    m_open->setLive(live);
}

QStringList TracesSection::completions(const QString& text) const
{
    return filterCompletions(text, m_service.filterVocabulary());
}

std::int64_t TracesSection::now() const
{
    return m_live ? QDateTime::currentMSecsSinceEpoch() * 1'000'000 : m_pausedAtNs;
}

store::TraceQuery TracesSection::query() const
{
    store::TraceQuery query;
    query.filter = m_filter;
    query.fromUnixNs = m_range.kind == TimeRange::Kind::All ? store::kBeginningOfTime : m_range.beginNs(now());
    // Clients whose clocks run ahead are shown too while the window ends now.
    query.toUnixNs = m_range.kind == TimeRange::Kind::Fixed || !m_live ? m_range.endNs(now()) + 1 : store::kEndOfTime;
    return query;
}

QString TracesSection::rangeWords() const
{
    const QString filtered = m_filter.isEmpty() ? QString() : QStringLiteral("match ");
    switch (m_range.kind) {
    case TimeRange::Kind::All:
        return filtered + QStringLiteral("in all");
    case TimeRange::Kind::Fixed:
        return filtered + QStringLiteral("between %1").arg(m_range.label());
    case TimeRange::Kind::Last:
        break;
    }
    return filtered + QStringLiteral("in %1").arg(formatDurationTick(m_range.spanNs));
}

void TracesSection::reload()
{
    m_restart = true;
    m_listRefresh->demand();
    m_pointsRefresh->demand();
}

// --- list ------------------------------------------------------------------

void TracesSection::fetchList()
{
    compat::cancelRunning(m_listFetch);
    compat::cancelRunning(m_moreFetch);
    store::TraceQuery wanted = query();
    wanted.limit = m_restart ? pageRows : std::clamp(m_list->model()->rowCount(), pageRows, mostRefreshedRows);
    m_listFetch = m_service.traces(wanted);
    whenDone(m_listFetch, this, [this, asked = m_restart || !m_listLoaded](const store::TracePage& page) {
        m_listRefresh->finished();
        // What was on its way when the list was paused is not shown.
        if (!page.cancelled && (m_live || asked))
            takeList(page);
    });
}

void TracesSection::takeList(const store::TracePage& page)
{
    if (m_restart) {
        // The same rows keep their places when the question changes little; those of another question must not stay below.
        store::TracePage whole = page;
        whole.next.reset();
        m_restart = false;
        const auto next = page.next;
        m_list->takePage(std::move(whole), rangeWords(), store::kBeginningOfTime);
        m_list->model()->setNext(next);
        m_list->followAgain();
    } else {
        m_list->takePage(page, rangeWords(), query().fromUnixNs);
    }
    m_listLoaded = true;
    updateEmpty(!page.rows.empty());
    if (!m_open->isOpen() && !page.rows.empty()) {
        m_open->open({page.rows.front().traceId, {}});
        m_latency->setHighlighted(page.rows.front().traceId);
    }
    const int shown = m_list->model()->rowOf(m_open->target().trace);
    if (shown >= 0)
        m_open->noteRevision(m_open->target().trace, m_list->model()->row(shown).revision);
    m_list->showSelected(m_open->target().trace);
    noteReady();
}

void TracesSection::fetchMore()
{
    store::TraceQuery wanted = query();
    wanted.limit = pageRows;
    wanted.after = m_list->model()->next();
    m_moreFetch = m_service.traces(wanted);
    whenDone(m_moreFetch, this, [this](const store::TracePage& page) {
        if (!page.cancelled)
            m_list->takeMore(page);
    });
}

void TracesSection::updateEmpty(bool anyRows)
{
    const store::TraceStoreStats stats = m_service.traceStats();
    const service::GatewayStatus status = m_service.status();
    const bool nothingAtAll = !anyRows && stats.traces == 0 && !m_open->isOpen();
    if (status.listening)
        m_empty->setSentence(QStringLiteral("Point an MCP client at %1. Every call it makes is a trace here: how long it took, "
                                            "where, and what went over the wire.")
                                 .arg(status.endpoint));
    else
        m_empty->setSentence(QStringLiteral("The gateway does not listen. %1").arg(status.listenError));
    m_pages->setCurrentIndex(nothingAtAll ? 1 : 0);
    if (anyRows)
        return;
    const QString newest = stats.newestUnixNs > 0
                               ? QStringLiteral(" The newest trace is from %1.").arg(formatDateTime(stats.newestUnixNs))
                               : QString();
    if (m_filter.isEmpty())
        m_list->setEmptyWords(QStringLiteral("No trace %1").arg(rangeWords()),
                              QStringLiteral("Choose a longer time range.%1").arg(newest));
    else
        m_list->setEmptyWords(QStringLiteral("No trace matches"),
                              QStringLiteral("Of %1 traces none fits this filter and time range.%2")
                                  .arg(formatCount(static_cast<std::int64_t>(stats.traces)), newest));
    m_list->setEmptyAction(m_filter.isEmpty() ? QStringLiteral("Show all") : QStringLiteral("Clear the filter"));
}

void TracesSection::choose(const TraceId& id)
{
    m_open->open({id, {}});
    const int row = m_list->model()->rowOf(id);
    if (row >= 0)
        m_open->noteRevision(id, m_list->model()->row(row).revision);
    m_latency->setHighlighted(id);
}

// --- latency ---------------------------------------------------------------

void TracesSection::fetchPoints()
{
    compat::cancelRunning(m_pointsFetch);
    const store::TraceQuery wanted = query();
    const bool open = m_range.kind == TimeRange::Kind::All;
    const std::int64_t from = wanted.fromUnixNs;
    const std::int64_t to = m_range.endNs(now());
    m_pointsFetch = m_service.latencyPoints(from, wanted.toUnixNs, mostPoints, m_filter);
    whenDone(m_pointsFetch, this, [this, open, from, to](const std::vector<store::LatencyPoint>& points) {
        m_pointsRefresh->finished();
        m_latency->setPoints(points, open ? 0 : from, open ? 0 : to);
        m_pointsLoaded = true;
        noteReady();
    });
}

void TracesSection::onBrush(const ScatterBrush& brush)
{
    if (!m_beforeBrush)
        m_beforeBrush = BeforeBrush{m_filterText, m_range};
    m_latency->chart()->setBrush(std::nullopt);
    m_brushing = true;
    Q_EMIT filterRequested(withDurations(m_filterText, brush.shortestNs, brush.longestNs));
    Q_EMIT timeRangeRequested(TimeRange::fixed(brush.fromNs, brush.toNs));
    m_brushing = false;
    m_latency->setBrushed(true);
}

void TracesSection::undoBrush()
{
    if (!m_beforeBrush)
        return;
    const BeforeBrush before = *m_beforeBrush;
    m_beforeBrush.reset();
    m_latency->setBrushed(false);
    Q_EMIT filterRequested(before.filter);
    Q_EMIT timeRangeRequested(before.range);
}

// --- actions ---------------------------------------------------------------

void TracesSection::act(TraceListPane::Act act, const TraceId& id)
{
    if (!id.isValid())
        return;
    const QString target = QStringLiteral("trace:%1").arg(QString::fromLatin1(id.toHex()));
    switch (act) {
    case TraceListPane::Act::CopyTraceId:
        m_actions->copyTraceId(id);
        break;
    case TraceListPane::Act::CopyOtlp:
        m_actions->copyOtlp(id);
        break;
    case TraceListPane::Act::CopyRequest: {
        SpanId span;
        const auto document = m_open->document();
        if (document && document->id == id) { // the call that is looked at, where a trace has several
            const std::uint32_t call = callRowOf(*document, m_trace->waterfall()->selectedRow());
            span = call == TraceIndex::none ? SpanId{} : document->span(call).spanId;
        }
        m_actions->copyRequest({id, span});
        break;
    }
    case TraceListPane::Act::Export:
        m_actions->exportTrace(id);
        break;
    case TraceListPane::Act::ShowLogs:
        Q_EMIT openRequested(QStringLiteral("logs"), target);
        break;
    case TraceListPane::Act::ShowAudit:
        Q_EMIT openRequested(QStringLiteral("audit"), target);
        break;
    }
}

void TracesSection::showWaterfallMenu(std::uint32_t row, const QPoint& position)
{
    const auto document = m_open->document();
    if (!document || row >= document->index.size())
        return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const QByteArray name = document->span(row).name;
    for (const char* op : {"=", "!="}) {
        const QString term = QString::fromUtf8(QByteArray("name") + op + store::quoteFilterValue(name));
        connect(menu->addAction(themedIcon(IconName::Filter), term), &QAction::triggered, this,
                [this, term] { Q_EMIT filterRequested(withTerm(m_filterText, term)); });
    }
    menu->addSeparator();
    const auto copy = [&](const QString& text, const QString& what) {
        connect(menu->addAction(themedIcon(IconName::Copy), text), &QAction::triggered, this, [this, what] {
            QApplication::clipboard()->setText(what);
            Q_EMIT notice(QStringLiteral("Copied"));
        });
    };
    copy(QStringLiteral("Copy name"), QString::fromUtf8(name));
    copy(QStringLiteral("Copy span id"), QString::fromLatin1(document->span(row).spanId.toHex()));
    copy(QStringLiteral("Copy trace id"), QString::fromLatin1(document->id.toHex()));
    connect(menu->addAction(themedIcon(IconName::Copy), QStringLiteral("Copy request as JSON-RPC")), &QAction::triggered, this,
            [this, id = document->id] { act(TraceListPane::Act::CopyRequest, id); });
    menu->addSeparator();
    connect(menu->addAction(themedIcon(IconName::ZoomIn), QStringLiteral("Zoom to this span")), &QAction::triggered,
            m_trace->waterfall(), &WaterfallView::zoomToSelection);
    connect(menu->addAction(themedIcon(IconName::Fit), QStringLiteral("Whole trace")), &QAction::triggered, m_trace->waterfall(),
            &WaterfallView::showWholeTrace);
    menu->popup(position);
}

// --- shell -----------------------------------------------------------------

bool TracesSection::isReady() const
{
    if (!m_listLoaded || !m_pointsLoaded)
        return false;
    return m_open->isOpen() ? m_open->isSettled() : m_list->model()->rowCount() == 0;
}

void TracesSection::noteReady()
{
    const bool ready = isReady();
    if (ready == m_wasReady)
        return;
    m_wasReady = ready;
    Q_EMIT readyChanged();
}

QString TracesSection::emptyReason() const
{
    if (!m_listLoaded || m_list->model()->rowCount() > 0 || m_open->isOpen())
        return {};
    return m_pages->currentIndex() == 1 ? m_empty->sentence() : m_list->emptyState()->sentence();
}

bool TracesSection::open(const QString& target)
{
    const auto wanted = TraceTarget::parse(target);
    if (!wanted)
        return false;
    m_pages->setCurrentIndex(0);
    m_open->open(*wanted);
    m_list->showSelected(wanted->trace);
    m_latency->setHighlighted(wanted->trace);
    m_trace->tabs()->setCurrentIndex(0);
    return true;
}

QByteArray TracesSection::saveState() const
{
    QByteArray state;
    QDataStream out(&state, QIODevice::WriteOnly);
    out.setVersion(QDataStream::Qt_6_4);
    out << stateMagic << m_rows->saveState() << m_top->saveState() << m_bottom->saveState()
        << m_list->table()->horizontalHeader()->saveState() << m_trace->waterfall()->nameShare()
        << m_trace->waterfall()->isCriticalPathVisible();
    return state;
}

void TracesSection::restoreState(const QByteArray& state)
{
    QDataStream in(state);
    in.setVersion(QDataStream::Qt_6_4);
    quint32 magic = 0;
    QByteArray rows;
    QByteArray top;
    QByteArray bottom;
    QByteArray columns;
    double nameShare = 0;
    bool path = true;
    in >> magic >> rows >> top >> bottom >> columns >> nameShare >> path;
    if (in.status() != QDataStream::Ok || magic != stateMagic)
        return;
    m_rows->restoreState(rows);
    m_top->restoreState(top);
    m_bottom->restoreState(bottom);
    m_list->table()->horizontalHeader()->restoreState(columns);
    m_trace->waterfall()->setNameShare(nameShare);
    m_trace->waterfall()->setCriticalPathVisible(path);
}

} // namespace oriel::ui
