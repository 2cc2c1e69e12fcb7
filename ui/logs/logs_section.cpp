// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/logs/logs_section.h"

#include "ui/compat/qt_compat.hpp"
#include "ui/logs/log_detail.h"
#include "ui/logs/log_model.h"
#include "ui/logs/log_words.h"
#include "ui/widgets/card.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/filter_text.h"
#include "ui/widgets/format.h"
#include "ui/widgets/live_refresh.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/splitter.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDataStream>
#include <QIODevice>
#include <QScrollBar>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace oriel::ui {

namespace {

constexpr int kShortestIntervalMs = 33;
constexpr quint8 kStateVersion = 1;

} // namespace

LogsSection::LogsSection(service::GatewayService& service, QWidget* parent) : Section(parent), m_service(service)
{
    m_model = new LogModel(this);
    m_table = new DataTable;
    m_table->setModel(m_model);
    m_table->setColumnWidths({112, 84, 120, 0, 96});
    m_table->setFollowing(true);
    m_table->setAccessibleName(QStringLiteral("Log lines"));
    m_card = new Card(QStringLiteral("Logs"));
    m_detail = new LogDetail;
    m_detail->hide();
    m_splitter = new Splitter(Qt::Vertical);
    m_splitter->setGap(metrics::cardGap);
    m_splitter->addWidget(m_card);
    m_splitter->addWidget(m_detail);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setSizes({560, 240});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    column->addWidget(m_splitter);
    m_refresh = new LiveRefresh(this, kShortestIntervalMs);
    buildHeader();
    buildActions();
    buildEmptyState();
    connectView();
}

LogsSection::~LogsSection()
{
    compat::cancelRunning(m_pending);
    compat::cancelRunning(m_pendingOlder);
}

void LogsSection::buildHeader()
{
    m_pill = new Chip({}, Tone::Accent);
    m_pill->setClickable(true);
    m_pill->hide();
    m_levels = new Segmented({QStringLiteral("All"), QStringLiteral("Info+"), QStringLiteral("Warn+"), QStringLiteral("Error+")});
    m_levels->setAccessibleName(QStringLiteral("Lowest level shown"));
    m_levels->setToolTip(QStringLiteral("Lowest level shown"));
    m_sources = new QComboBox;
    m_sources->setAccessibleName(QStringLiteral("Source"));
    m_sources->setMinimumWidth(130);
    m_sources->addItem(QStringLiteral("All sources"));
    m_card->addHeaderWidget(m_pill);
    m_card->addHeaderWidget(m_levels);
    m_card->addHeaderWidget(m_sources);
    connect(m_levels, &Segmented::currentChanged, this, &LogsSection::reload);
    connect(m_sources, &QComboBox::activated, this, [this](int index) {
        m_source = index <= 0 ? QString() : m_sources->itemText(index);
        reload();
    });
    connect(m_pill, &Chip::clicked, this, [this] {
        if (!m_refresh->isLive())
            Q_EMIT liveRequested(true);
        follow();
    });
}

QAction* LogsSection::command(const QString& text, IconName name, const QKeySequence& keys, void (LogsSection::*run)())
{
    auto* action = new QAction(themedIcon(name), text, this);
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(action, &QAction::triggered, this, run);
    addAction(action);
    return action;
}

void LogsSection::buildActions()
{
    command(QStringLiteral("Open the trace of the line"), IconName::Traces, QKeySequence(Qt::Key_T), &LogsSection::openTrace);
    command(QStringLiteral("Copy the line as JSON"), IconName::Copy, QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C),
            &LogsSection::copyJson);
    command(QStringLiteral("Follow the newest lines"), IconName::Live, QKeySequence(Qt::Key_F), &LogsSection::follow);
    command(QStringLiteral("Close the details"), IconName::Close, QKeySequence(Qt::Key_Escape), &LogsSection::closeDetail);
    static constexpr std::array words{"Logs: all levels", "Logs: info and above", "Logs: warnings and errors",
                                      "Logs: errors only"};
    for (int i = 0; i < static_cast<int>(words.size()); ++i) {
        auto* action = new QAction(themedIcon(IconName::Filter), QString::fromLatin1(words[static_cast<std::size_t>(i)]), this);
        connect(action, &QAction::triggered, this, [this, i] { m_levels->setCurrentIndex(i); });
        addAction(action);
    }
}

void LogsSection::buildEmptyState()
{
    m_clear = new QAction(QStringLiteral("Clear the filter"), this);
    m_allTime = new QAction(themedIcon(IconName::Clock), QStringLiteral("Show all time"), this);
    m_toServers = new QAction(themedIcon(IconName::Servers), QStringLiteral("Look at the servers"), this);
    m_empty = new EmptyState(IconName::Logs);
    for (QAction* action : {m_clear, m_allTime, m_toServers})
        m_empty->addButton(action);
    connect(m_clear, &QAction::triggered, this, &LogsSection::clearFilters);
    connect(m_allTime, &QAction::triggered, this, [this] {
        setTimeRange(TimeRange::all());
        Q_EMIT timeRangeRequested(TimeRange::all());
    });
    connect(m_toServers, &QAction::triggered, this, [this] { Q_EMIT openRequested(QStringLiteral("servers"), QString()); });
    auto* pages = new QWidget;
    m_stack = new QStackedLayout(pages);
    m_stack->addWidget(m_table);
    m_stack->addWidget(m_empty);
    m_card->setBody(pages);
}

void LogsSection::connectView()
{
    connect(m_refresh, &LiveRefresh::due, this, &LogsSection::fetch);
    connect(&m_service, &service::GatewayService::logsAdvanced, this, [this](quint64 lastId) {
        m_announcedId = lastId;
        m_refresh->markDirty();
        if (isVisible() && !m_refresh->isLive())
            updatePill();
    });
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this, &LogsSection::onScrolled);
    connect(m_table, &DataTable::currentRowChanged, this, &LogsSection::onCurrentRow);
    connect(m_table, &QAbstractItemView::activated, this, &LogsSection::openTrace);
    connect(m_table, &QAbstractItemView::clicked, this, [this](const QModelIndex& index) {
        const LogModel::Row& row = m_model->row(index.row());
        if (index.column() == LogModel::Trace && !row.isGap() && row.record->traceId.isValid())
            openTraceOf(*row.record);
        else
            onCurrentRow(index.row());
    });
    connect(m_detail, &LogDetail::openTraceRequested, this, [this] { openTraceOf(*m_detail->record()); });
    connect(m_detail, &LogDetail::copyRequested, this, &LogsSection::copyJson);
    connect(m_detail, &LogDetail::closeRequested, this, &LogsSection::closeDetail);
    connect(m_detail, &LogDetail::filterRequested, this, [this](const QString& term) {
        const QString text = joinFilter({m_filterText, term});
        setFilter(text);
        Q_EMIT filterRequested(text);
    });
}

QString LogsSection::filterHint() const
{
    return QStringLiteral("Filter lines: words, level>=warn, source=, trace=, attr.<key>= …");
}

void LogsSection::setFilter(const QString& text)
{
    if (text == m_filterText)
        return;
    m_filterText = text;
    m_filter = LogFilter::parse(text);
    reload();
}

void LogsSection::setTimeRange(const TimeRange& range)
{
    if (range == m_range)
        return;
    m_range = range;
    reload();
}

void LogsSection::setLive(bool live)
{
    m_refresh->setLive(live);
    updatePill();
}

QStringList LogsSection::completions(const QString& text) const
{
    const QString word = text.section(QLatin1Char(' '), -1);
    QStringList words;
    if (word.startsWith(QLatin1StringView("source="))) {
        for (const QString& source : m_service.logSources())
            words.append(QStringLiteral("source=") + quoteFilterValue(source));
    } else if (word.startsWith(QLatin1StringView("level"))) {
        for (const QString& op : {QStringLiteral("level>="), QStringLiteral("level=")}) {
            for (int level = 0; level <= static_cast<int>(LogLevel::Fatal); ++level)
                words.append(op + logLevelWord(static_cast<LogLevel>(level)));
        }
    } else {
        words = {QStringLiteral("level>="), QStringLiteral("source="),     QStringLiteral("trace="), QStringLiteral("span="),
                 QStringLiteral("event="),  QStringLiteral("request.id="), QStringLiteral("attr.")};
    }
    words.removeIf(
        [&word](const QString& candidate) { return candidate == word || !candidate.startsWith(word, Qt::CaseInsensitive); });
    return words;
}

bool LogsSection::isFiltered() const
{
    return !m_filter.isEmpty() || m_levels->currentIndex() > 0 || !m_source.isEmpty();
}

bool LogsSection::usesTimeRange() const
{
    return m_range.kind != TimeRange::Kind::All && !m_filter.namesTrace();
}

QString LogsSection::emptyReason() const
{
    if (!m_ready || m_model->rowCount() > 0)
        return {};
    if (isFiltered())
        return QStringLiteral("No line%1 passes the filter.").arg(usesTimeRange() ? m_range.phrase() : QString());
    if (usesTimeRange())
        return QStringLiteral("No line was written%1.").arg(m_range.phrase());
    return QStringLiteral(
        "What servers write to stderr or send as MCP log messages appears here as it comes, beside the gateway's own lines.");
}

bool LogsSection::open(const QString& target)
{
    if (!target.startsWith(QLatin1StringView("trace:")))
        return false;
    const QString hex = target.mid(6).toLower();
    if (!TraceId::fromHex(hex.toLatin1()))
        return false;
    m_levels->setCurrentIndex(0);
    m_source.clear();
    updateSources();
    const QString text = QStringLiteral("trace=") + hex;
    setFilter(text);
    Q_EMIT filterRequested(text);
    return true;
}

QByteArray LogsSection::saveState() const
{
    QByteArray state;
    QDataStream out(&state, QIODevice::WriteOnly);
    out.setVersion(QDataStream::Qt_6_0);
    out << kStateVersion << m_levels->currentIndex() << m_source << m_splitter->saveState() << m_detail->splitter()->saveState();
    return state;
}

void LogsSection::restoreState(const QByteArray& state)
{
    QDataStream in(state);
    in.setVersion(QDataStream::Qt_6_0);
    quint8 version = 0;
    int level = 0;
    QString source;
    QByteArray outer;
    QByteArray inner;
    in >> version >> level >> source >> outer >> inner;
    if (in.status() != QDataStream::Ok || version != kStateVersion)
        return;
    m_splitter->restoreState(outer);
    m_detail->splitter()->restoreState(inner);
    m_source = source;
    updateSources();
    m_levels->setCurrentIndex(level);
    reload();
}

void LogsSection::openTrace()
{
    const QModelIndex current = m_table->currentIndex();
    if (!current.isValid() || m_model->row(current.row()).isGap())
        return;
    const telemetry::LogRecord& record = *m_model->row(current.row()).record;
    if (record.traceId.isValid())
        openTraceOf(record);
    else
        Q_EMIT notice(QStringLiteral("This line belongs to no trace"));
}

void LogsSection::openTraceOf(const telemetry::LogRecord& record)
{
    QString target = QString::fromLatin1(record.traceId.toHex());
    if (record.spanId.isValid())
        target += QLatin1Char('/') + QString::fromLatin1(record.spanId.toHex());
    Q_EMIT openRequested(QStringLiteral("traces"), target);
}

void LogsSection::copyJson()
{
    QModelIndexList rows = m_table->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    QByteArrayList lines;
    for (const QModelIndex& index : rows) {
        const LogModel::Row& row = m_model->row(index.row());
        if (!row.isGap())
            lines.append(logJson(*row.record));
    }
    if (lines.isEmpty() && m_detail->record() != nullptr)
        lines.append(logJson(*m_detail->record()));
    if (lines.isEmpty())
        return;
    QApplication::clipboard()->setText(QString::fromUtf8(lines.join('\n')));
    Q_EMIT notice(lines.size() == 1 ? QStringLiteral("The line is copied as JSON")
                                    : QStringLiteral("%1 lines are copied as JSON").arg(lines.size()));
}

void LogsSection::clearFilters()
{
    m_levels->setCurrentIndex(0);
    m_source.clear();
    updateSources();
    setFilter({});
    reload();
    Q_EMIT filterRequested(QString());
}

void LogsSection::updateWords()
{
    const int rows = m_model->rowCount();
    const QString count = rows == 1 ? QStringLiteral("1 line") : QStringLiteral("%1 lines").arg(formatCount(rows));
    const QString range = usesTimeRange() ? m_range.phrase() : QString();
    if (m_model->isFull())
        m_card->setSubtitle(QStringLiteral("the newest %1").arg(count));
    else
        m_card->setSubtitle(m_hasOlder ? QStringLiteral("more than %1%2").arg(count, range) : count + range);
    const QStringList& ignored = m_filter.ignored();
    m_card->setHint(ignored.isEmpty() ? QString() : QStringLiteral("not for logs: %1").arg(ignored.join(QStringLiteral(" "))));
    const bool isEmpty = m_ready && rows == 0;
    if (isEmpty) {
        const bool isFirst = !isFiltered() && !usesTimeRange();
        m_empty->setHeadline(isFirst        ? QStringLiteral("No log lines yet")
                             : isFiltered() ? QStringLiteral("No line matches")
                                            : QStringLiteral("All quiet"));
        m_empty->setSentence(emptyReason());
        m_clear->setVisible(isFiltered());
        m_allTime->setVisible(usesTimeRange());
        m_toServers->setVisible(!isFiltered());
    }
    m_stack->setCurrentIndex(isEmpty ? 1 : 0);
    updatePill();
}

void LogsSection::updatePill()
{
    QString text;
    if (!m_refresh->isLive() && m_announcedId > m_seenId)
        text = QStringLiteral("▼ %1 since the pause").arg(formatCount(static_cast<std::int64_t>(m_announcedId - m_seenId)));
    else if (!m_following && m_newBelow > 0)
        text = QStringLiteral("▼ %1 new").arg(formatCount(m_newBelow));
    if (!text.isEmpty())
        m_pill->setText(text);
    m_pill->setVisible(!text.isEmpty());
}

void LogsSection::updateSources()
{
    QStringList names{QStringLiteral("All sources")};
    names += m_service.logSources();
    if (!m_source.isEmpty() && !names.contains(m_source))
        names.append(m_source);
    QStringList shown;
    for (int i = 0; i < m_sources->count(); ++i)
        shown.append(m_sources->itemText(i));
    if (shown != names) {
        m_sources->clear();
        m_sources->addItems(names);
    }
    m_sources->setCurrentIndex(m_source.isEmpty() ? 0 : static_cast<int>(names.indexOf(m_source)));
}

} // namespace oriel::ui
