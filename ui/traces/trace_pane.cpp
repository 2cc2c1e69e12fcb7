// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_pane.h"

#include "otlp/codec/encode.h"
#include "ui/traces/pane_header.h"
#include "ui/traces/trace_tables.h"
#include "ui/traces/waterfall_minimap.h"
#include "ui/traces/waterfall_view.h"
#include "ui/widgets/async.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QSignalBlocker>
#include <QStackedLayout>
#include <QThreadPool>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

/// More spans than this make a text that nobody reads; it can be exported.
constexpr std::size_t jsonSpanLimit = 5'000;

enum Tab { WaterfallTab, StatisticsTab, LogsTab, JsonTab };

QString counted(std::int64_t count, const QString& one, const QString& many)
{
    return QStringLiteral("%1 %2").arg(formatCount(count), count == 1 ? one : many);
}

QString percent(double share)
{
    return formatNumber(share * 100) + QStringLiteral(" %");
}

} // namespace

TracePane::TracePane(QWidget* parent) : QWidget(parent)
{
    m_stack = new QStackedLayout(this);
    m_empty = new EmptyState(IconName::Traces, QStringLiteral("No trace chosen"),
                             QStringLiteral("Choose one in the list above, or a dot in the chart."), this);
    m_tabs = new TabPages(this);
    m_tabs->addPage(makeWaterfallPage(), QStringLiteral("Waterfall"));
    m_statisticsModel = new StatisticsModel(this);
    m_statistics = new DataTable(this);
    m_statistics->setModel(m_statisticsModel);
    m_statistics->setColumnWidths({0, 70, 70, 96, 96, 96, 96});
    m_statistics->setSortingEnabled(true);
    m_statistics->horizontalHeader()->setSortIndicator(StatisticsModel::Total, Qt::DescendingOrder);
    m_statistics->setAccessibleName(QStringLiteral("Statistics by name"));
    m_tabs->addPage(m_statistics, QStringLiteral("Statistics"));
    m_tabs->addPage(makeLogsPage(), QStringLiteral("Logs"));
    m_json = new CodeView(this);
    m_json->setFramed(false);
    m_json->setCopyButtonVisible(true);
    m_tabs->addPage(m_json, QStringLiteral("JSON"));

    m_path = new QuietToggle(QStringLiteral("critical path"),
                             QStringLiteral("The line under the bars: what the duration is made of (C)"), this);
    m_path->setChecked(m_waterfall->isCriticalPathVisible());
    m_menu = new IconButton(IconName::More, QStringLiteral("Copy and export"), this);
    m_menu->setPopupMode(QToolButton::InstantPopup);
    m_tabs->addCornerWidget(m_path);
    m_tabs->addCornerWidget(m_menu);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_tabs);

    connect(m_path, &QAbstractButton::toggled, m_waterfall, &WaterfallView::setCriticalPathVisible);
    connect(m_waterfall, &WaterfallView::criticalPathVisibleChanged, m_path, &QAbstractButton::setChecked);
    connect(m_tabs, &TabPages::currentChanged, this, [this](int tab) {
        m_path->setVisible(tab == WaterfallTab);
        fillLazily();
    });
    connect(m_statistics, &QTableView::activated, this, [this](const QModelIndex& index) {
        m_waterfall->selectRow(m_statisticsModel->row(index.row()).slowestRow);
        m_tabs->setCurrentIndex(WaterfallTab);
    });
}

QWidget* TracePane::makeHeader()
{
    auto* header = new QWidget(this);
    header->setFixedHeight(metrics::cardHeaderHeight);
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(metrics::space3, 0, metrics::space3, 0);
    row->setSpacing(metrics::space4);
    m_title = new TextLabel(QString(), TextLabel::Role::Strong, header);
    m_title->setElided(true);
    m_duration = new TextLabel(QString(), TextLabel::Role::Dim, header);
    m_spans = new TextLabel(QString(), TextLabel::Role::Dim, header);
    m_errors = new TextLabel(QString(), TextLabel::Role::Error, header);
    m_notes = new TextLabel(QString(), TextLabel::Role::Warning, header);
    m_split = new QWidget(header);
    auto* split = new QHBoxLayout(m_split);
    split->setContentsMargins(0, 0, 0, 0);
    split->setSpacing(metrics::space1);
    m_gatewayShare = new TextLabel(QString(), TextLabel::Role::Strong, m_split);
    m_upstreamShare = new TextLabel(QString(), TextLabel::Role::Strong, m_split);
    split->addWidget(new TextLabel(QStringLiteral("gateway"), TextLabel::Role::Dim, m_split));
    split->addWidget(m_gatewayShare);
    split->addWidget(new TextLabel(QStringLiteral("· upstream"), TextLabel::Role::Dim, m_split));
    split->addWidget(m_upstreamShare);
    m_id = new Chip(QString(), Tone::Neutral, header);
    m_id->setMono(true);
    m_id->setClickable(true);
    m_id->setToolTip(QStringLiteral("Copy the trace id"));
    for (QWidget* part : QList<QWidget*>{m_title, m_duration, m_spans, m_errors, m_notes, m_split})
        row->addWidget(part);
    row->addStretch(1);
    row->addWidget(m_id);
    connect(m_id, &Chip::clicked, this, &TracePane::copyTraceIdRequested);
    return header;
}

QWidget* TracePane::makeWaterfallPage()
{
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeHeader());
    m_minimap = new WaterfallMinimap(page);
    auto* room = new QHBoxLayout;
    room->setContentsMargins(metrics::space3, 0, metrics::space3, metrics::space1);
    room->addWidget(m_minimap);
    column->addLayout(room);
    m_waterfall = new WaterfallView(page);
    column->addWidget(m_waterfall, 1);
    connect(m_waterfall, &WaterfallView::windowChanged, this, [this] { m_minimap->setWindow(m_waterfall->window()); });
    connect(m_minimap, &WaterfallMinimap::windowRequested, this, [this](qint64 from, qint64 to) {
        m_waterfall->setWindow({from, to});
    });
    connect(m_minimap, &WaterfallMinimap::wholeRequested, m_waterfall, &WaterfallView::showWholeTrace);
    return page;
}

QWidget* TracePane::makeLogsPage()
{
    auto* page = new QWidget(this);
    m_logStack = new QStackedLayout(page);
    m_noLogs = new EmptyState(IconName::Logs, QStringLiteral("No log lines"),
                              QStringLiteral("Nothing was logged with the id of this trace."), page);
    auto* host = new QWidget(page);
    auto* column = new QVBoxLayout(host);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_logModel = new TraceLogModel(this);
    m_logs = new DataTable(host);
    m_logs->setModel(m_logModel);
    m_logs->setColumnWidths({104, 60, 120, 0});
    m_logs->setAccessibleName(QStringLiteral("Log lines of this trace"));
    column->addWidget(m_logs, 1);
    auto* foot = new QHBoxLayout;
    foot->setContentsMargins(metrics::space3, metrics::space1, metrics::space3, metrics::space2);
    auto* open = new LinkButton(QStringLiteral("Open in Logs"), host);
    foot->addWidget(open);
    foot->addStretch(1);
    column->addLayout(foot);
    m_logStack->addWidget(m_noLogs);
    m_logStack->addWidget(host);
    connect(open, &QAbstractButton::clicked, this, &TracePane::logsRequested);
    connect(m_logs, &QTableView::activated, this, [this] { Q_EMIT logsRequested(); });
    return page;
}

void TracePane::setMenuActions(const QList<QAction*>& actions)
{
    auto* menu = new QMenu(this);
    menu->addActions(actions);
    m_menu->setMenu(menu);
}

void TracePane::setDocument(std::shared_ptr<const TraceDocument> document)
{
    m_document = std::move(document);
    m_statisticsStale = true;
    m_jsonStale = true;
    m_minimap->setDocument(m_document);
    m_waterfall->setDocument(m_document);
    m_minimap->setWindow(m_waterfall->window());
    if (m_document) {
        showHeader();
        m_stack->setCurrentIndex(1);
    }
    fillLazily();
}

void TracePane::showNothing(const QString& headline, const QString& sentence)
{
    m_document.reset();
    m_minimap->setDocument(nullptr);
    m_waterfall->setDocument(nullptr);
    m_empty->setHeadline(headline);
    m_empty->setSentence(sentence);
    m_stack->setCurrentIndex(0);
}

bool TracePane::isShowingTrace() const
{
    return m_document != nullptr;
}

QString TracePane::headline() const
{
    return m_empty->headline();
}

QString TracePane::splitWords() const
{
    if (!m_document || !m_document->split.isValid())
        return {};
    return QStringLiteral("gateway %1 · upstream %2").arg(m_gatewayShare->text(), m_upstreamShare->text());
}

void TracePane::showHeader()
{
    const TraceIndex& index = m_document->index;
    m_title->setText(m_document->title());
    m_duration->setText(formatDuration(index.traceDurationNs()));
    m_spans->setText(counted(index.size(), QStringLiteral("span"), QStringLiteral("spans")));
    m_errors->setVisible(index.errorCount() > 0);
    m_errors->setText(counted(index.errorCount(), QStringLiteral("error"), QStringLiteral("errors")));
    QStringList notes;
    if (index.runningCount() > 0)
        notes.append(QStringLiteral("%1 running").arg(formatCount(index.runningCount())));
    if (index.promotedCount() > 0)
        notes.append(QStringLiteral("%1 without parent").arg(formatCount(index.promotedCount())));
    m_notes->setVisible(!notes.isEmpty());
    m_notes->setText(notes.join(QStringLiteral(", ")));
    const GatewaySplit& split = m_document->split;
    m_split->setVisible(split.isValid());
    m_gatewayShare->setText(percent(1.0 - split.upstreamShare()));
    m_upstreamShare->setText(percent(split.upstreamShare()));
    m_split->setToolTip(
        QStringLiteral("Of %1, the servers were working for %2 and the gateway alone for %3")
            .arg(formatDuration(split.totalNs), formatDuration(split.upstreamNs), formatDuration(split.gatewayNs())));
    m_id->setText(shortId(QString::fromLatin1(m_document->id.toHex()), 16));
}

void TracePane::setLogs(const std::vector<store::LogEntry>& logs)
{
    std::vector<std::shared_ptr<const telemetry::LogRecord>> records;
    records.reserve(logs.size());
    for (const store::LogEntry& entry : logs)
        records.push_back(entry.record);
    m_tabs->setPageTitle(LogsTab, records.empty()
                                      ? QStringLiteral("Logs")
                                      : QStringLiteral("Logs %1").arg(formatCount(static_cast<std::int64_t>(records.size()))));
    m_logStack->setCurrentIndex(records.empty() ? 0 : 1);
    m_logModel->setRecords(std::move(records));
}

/// Statistics and JSON cost something and are made only when they are looked at.
void TracePane::fillLazily()
{
    const int tab = m_tabs->currentIndex();
    if (tab == StatisticsTab && m_statisticsStale) {
        m_statisticsStale = false;
        m_statisticsModel->setDocument(m_document);
    }
    if (tab != JsonTab || !m_jsonStale || !m_document)
        return;
    m_jsonStale = false;
    if (m_document->spans.size() > jsonSpanLimit) {
        m_json->setText(QStringLiteral("%1 are too many to show as text. Export the trace instead.").arg(m_spans->text()));
        return;
    }
    const auto encoded = QtFuture::makeReadyFuture().then(QThreadPool::globalInstance(), [document = m_document] {
        return QString::fromUtf8(otlp::encodeTraces(document->spans, otlp::Encoding::Json));
    });
    whenDone(encoded, this, [this, document = m_document](const QString& json) {
        if (document == m_document)
            m_json->setText(json, CodeView::Language::Json);
    });
}

} // namespace oriel::ui
