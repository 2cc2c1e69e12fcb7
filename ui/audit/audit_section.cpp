// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/audit/audit_section.h"

#include "store/audit_log.h"
#include "ui/audit/audit_detail.h"
#include "ui/audit/audit_model.h"
#include "ui/audit/audit_words.h"
#include "ui/compat/qt_compat.hpp"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/filter_text.h"
#include "ui/widgets/format.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/live_refresh.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/splitter.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDataStream>
#include <QFileInfo>
#include <QIODevice>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {

using telemetry::Outcome;

namespace {

constexpr int kCompletionRows = 200; ///< newest rows whose tools are offered
constexpr int kShortestIntervalMs = 33;
constexpr int kCountIntervalMs = 1'000;
constexpr int kNarrow = 900; ///< pixels under which the details stand beneath the list
constexpr quint8 kStateVersion = 1;

QComboBox* selector(const QString& all, const QString& name)
{
    auto* box = new QComboBox;
    box->addItem(all);
    box->setAccessibleName(name);
    box->setToolTip(name);
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(9);
    return box;
}

/// `chosen` empty: the first entry, which means all.
void fill(QComboBox* box, const QStringList& names, const QString& chosen)
{
    QStringList wanted{box->itemText(0)};
    wanted += names;
    if (!chosen.isEmpty() && !wanted.contains(chosen))
        wanted.append(chosen);
    QStringList shown;
    for (int i = 0; i < box->count(); ++i)
        shown.append(box->itemText(i));
    if (shown != wanted) {
        box->clear();
        box->addItems(wanted);
    }
    box->setCurrentIndex(chosen.isEmpty() ? 0 : static_cast<int>(wanted.indexOf(chosen)));
}

bool isRowId(const QString& target)
{
    if (target.isEmpty() || target.size() > 64)
        return false;
    return std::all_of(target.begin(), target.end(), [](QChar c) { return c.isLetterOrNumber() || c == u'-' || c == u'_'; });
}

} // namespace

AuditSection::AuditSection(service::GatewayService& service, QWidget* parent)
    : Section(parent),
      m_service(service),
      m_choosePath(exportFileDialog())
{
    m_model = new AuditModel(this);
    m_table = new DataTable;
    m_table->setModel(m_model);
    m_bars = new DurationBarDelegate(m_table);
    m_table->setItemDelegateForColumn(AuditModel::Latency, m_bars);
    setTimeWidth(false);
    m_table->setFollowing(true, true);
    m_table->setAccessibleName(QStringLiteral("Audit rows"));
    m_card = new Card(QStringLiteral("Audit"));
    m_card->setMinimumWidth(320);
    m_detail = new AuditDetail;
    m_detail->setMinimumWidth(260);
    m_splitter = new Splitter(Qt::Horizontal);
    m_splitter->setGap(metrics::cardGap);
    m_splitter->addWidget(m_card);
    m_splitter->addWidget(m_detail);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setSizes({850, 380});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    column->addWidget(m_splitter);
    m_refresh = new LiveRefresh(this, kShortestIntervalMs);
    m_countTimer.setSingleShot(true);
    m_countTimer.setInterval(kCountIntervalMs);
    buildHeader();
    buildActions();
    buildBody();
    connectView();
}

AuditSection::~AuditSection()
{
    compat::cancelRunning(m_pending);
    compat::cancelRunning(m_pendingOlder);
    compat::cancelRunning(m_pendingCount);
    compat::cancelRunning(m_pendingRow);
}

void AuditSection::setTimeWidth(bool withDays)
{
    m_table->setColumnWidths({withDays ? 130 : 112, 176, 84, 104, 160, 0});
}

void AuditSection::buildHeader()
{
    m_pill = new Chip({}, Tone::Accent);
    m_pill->setClickable(true);
    m_pill->hide();
    m_outcomes = selector(QStringLiteral("Any outcome"), QStringLiteral("Outcome"));
    m_outcomes->addItem(QStringLiteral("Failed"));
    for (int i = 0; i <= static_cast<int>(Outcome::Unavailable); ++i)
        m_outcomes->addItem(outcomeWord(static_cast<Outcome>(i)));
    m_servers = selector(QStringLiteral("All servers"), QStringLiteral("Server"));
    m_clients = selector(QStringLiteral("All clients"), QStringLiteral("Client"));
    auto* exports = new QPushButton(themedIcon(IconName::Export), QStringLiteral("Export"));
    auto* menu = new QMenu(exports);
    connect(menu->addAction(QStringLiteral("JSON lines …")), &QAction::triggered, this, &AuditSection::exportJsonLines);
    connect(menu->addAction(QStringLiteral("CSV …")), &QAction::triggered, this, &AuditSection::exportCsv);
    exports->setMenu(menu);
    exports->setToolTip(QStringLiteral("Export the rows that the filter shows, with their payloads as they are kept: masked"));
    for (QWidget* widget : QList<QWidget*>{m_pill, m_outcomes, m_servers, m_clients, exports})
        m_card->addHeaderWidget(widget);
    connect(m_outcomes, &QComboBox::activated, this, &AuditSection::reloadFromTheTop);
    connect(m_servers, &QComboBox::activated, this, [this](int index) {
        m_server = index <= 0 ? QString() : m_servers->itemText(index);
        reloadFromTheTop();
    });
    connect(m_clients, &QComboBox::activated, this, [this](int index) {
        m_client = index <= 0 ? QString() : m_clients->itemText(index);
        reloadFromTheTop();
    });
    connect(m_pill, &Chip::clicked, this, [this] {
        if (!m_refresh->isLive())
            Q_EMIT liveRequested(true);
        showNewest();
    });
}

QAction* AuditSection::command(const QString& text, IconName name, const QKeySequence& keys, void (AuditSection::*run)())
{
    auto* action = new QAction(themedIcon(name), text, this);
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(action, &QAction::triggered, this, run);
    addAction(action);
    return action;
}

void AuditSection::buildActions()
{
    command(QStringLiteral("Open the trace of the call"), IconName::Traces, QKeySequence(Qt::Key_T), &AuditSection::openTrace);
    command(QStringLiteral("Copy the rows as JSON"), IconName::Copy, QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C),
            &AuditSection::copyJson);
    command(QStringLiteral("Go to the newest rows"), IconName::Live, QKeySequence(Qt::Key_F), &AuditSection::showNewest);
    command(QStringLiteral("Export the audit log as JSON lines"), IconName::Export, QKeySequence(Qt::CTRL | Qt::Key_E),
            &AuditSection::exportJsonLines);
    command(QStringLiteral("Export the audit log as CSV"), IconName::Export, {}, &AuditSection::exportCsv);
}

void AuditSection::buildBody()
{
    m_strip = new AuditExportStrip;
    m_banner = new Banner(Tone::Error);
    m_banner->hide();
    auto* bannerRow = new QVBoxLayout;
    bannerRow->setContentsMargins(metrics::space3, 0, metrics::space3, 0);
    bannerRow->addWidget(m_banner);
    m_card->body()->addWidget(m_strip);
    m_card->body()->addLayout(bannerRow);
    m_clear = new QAction(QStringLiteral("Clear the filter"), this);
    m_allTime = new QAction(themedIcon(IconName::Clock), QStringLiteral("Show all time"), this);
    m_toServers = new QAction(themedIcon(IconName::Servers), QStringLiteral("Look at the servers"), this);
    m_empty = new EmptyState(IconName::Audit);
    for (QAction* action : {m_clear, m_allTime, m_toServers})
        m_empty->addButton(action);
    connect(m_clear, &QAction::triggered, this, &AuditSection::clearFilters);
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

void AuditSection::connectView()
{
    connect(m_refresh, &LiveRefresh::due, this, &AuditSection::fetch);
    connect(&m_countTimer, &QTimer::timeout, this, &AuditSection::count);
    connect(&m_service, &service::GatewayService::auditAdvanced, this, [this](quint64 lastId) {
        m_announced = static_cast<std::int64_t>(lastId);
        m_refresh->markDirty();
        if (isVisible() && !m_refresh->isLive())
            updatePill();
    });
    connect(&m_service, &service::GatewayService::statusChanged, this, [this] {
        Q_EMIT badgeChanged({static_cast<std::int64_t>(m_service.status().auditRows), Badge::Kind::Count});
        if (isVisible())
            updateBanner();
    });
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this, &AuditSection::onScrolled);
    connect(m_table, &DataTable::currentRowChanged, this, &AuditSection::onCurrentRow);
    connect(m_table, &QAbstractItemView::activated, this, &AuditSection::openTrace);
    connect(m_detail, &AuditDetail::openTraceRequested, this, [this] { openTraceOf(*m_detail->row()); });
    connect(m_detail, &AuditDetail::filterRequested, this, [this](const QString& term) {
        const QString text = joinFilter({m_filterText, term});
        setFilter(text);
        Q_EMIT filterRequested(text);
    });
    connect(m_strip, &AuditExportStrip::exported, this, [this](quint64 rows, const QString& path) {
        Q_EMIT notice(QStringLiteral("%1 exported to %2")
                          .arg(rows == 1 ? QStringLiteral("1 row")
                                         : QStringLiteral("%1 rows").arg(formatCount(static_cast<std::int64_t>(rows))),
                               QFileInfo(path).fileName()));
    });
    connect(m_strip, &AuditExportStrip::cancelled, this,
            [this] { Q_EMIT notice(QStringLiteral("The export was stopped; no file was written")); });
    connect(m_strip, &AuditExportStrip::failed, this, [this](const QString& headline, const QString& sentence) {
        m_exportError = headline + QLatin1Char('\n') + sentence;
        updateBanner();
    });
    connect(m_banner, &Banner::actionTriggered, this, [this](const QString& action) {
        if (action == QLatin1StringView("retry"))
            reload();
        m_exportError.clear();
        updateBanner();
    });
}

QString AuditSection::filterHint() const
{
    return QStringLiteral("Filter calls: a word, server=, tool=, client=, status=error, duration>1s, trace=, request.id= …");
}

void AuditSection::setFilter(const QString& text)
{
    if (text == m_filterText)
        return;
    m_filterText = text;
    m_filter = AuditFilter::parse(text);
    reloadFromTheTop();
}

void AuditSection::setTimeRange(const TimeRange& range)
{
    if (range == m_range)
        return;
    m_range = range;
    reloadFromTheTop();
}

void AuditSection::setLive(bool live)
{
    m_refresh->setLive(live);
    updatePill();
}

QStringList AuditSection::completions(const QString& text) const
{
    const QString word = text.section(QLatin1Char(' '), -1);
    QStringList words;
    const auto values = [&words](const QString& key, const QStringList& known) {
        for (const QString& value : known)
            words.append(key + quoteFilterValue(value));
    };
    if (word.startsWith(QLatin1StringView("server="))) {
        values(QStringLiteral("server="), m_seenServers);
    } else if (word.startsWith(QLatin1StringView("client="))) {
        values(QStringLiteral("client="), m_seenClients);
    } else if (word.startsWith(QLatin1StringView("tool="))) {
        QStringList tools;
        for (int row = 0; row < std::min(m_model->rowCount(), kCompletionRows); ++row) {
            const QString tool = QString::fromUtf8(m_model->row(row).tool);
            if (!tool.isEmpty() && !tools.contains(tool))
                tools.append(tool);
        }
        values(QStringLiteral("tool="), tools);
    } else if (word.startsWith(QLatin1StringView("status="))) {
        values(QStringLiteral("status="), {QStringLiteral("error"), QStringLiteral("ok"), QStringLiteral("tool_error"),
                                           QStringLiteral("rpc_error"), QStringLiteral("timeout"), QStringLiteral("cancelled"),
                                           QStringLiteral("blocked"), QStringLiteral("rejected"), QStringLiteral("unavailable")});
    } else {
        words = {QStringLiteral("server="),   QStringLiteral("tool="),  QStringLiteral("client="),    QStringLiteral("status="),
                 QStringLiteral("duration>"), QStringLiteral("trace="), QStringLiteral("request.id=")};
    }
    words.removeIf(
        [&word](const QString& candidate) { return candidate == word || !candidate.startsWith(word, Qt::CaseInsensitive); });
    return words;
}

bool AuditSection::isFiltered() const
{
    return !m_filter.isEmpty() || m_outcomes->currentIndex() > 0 || !m_server.isEmpty() || !m_client.isEmpty();
}

bool AuditSection::usesTimeRange() const
{
    return m_range.kind != TimeRange::Kind::All && !m_filter.namesTrace() && m_anchor == 0;
}

QString AuditSection::emptyReason() const
{
    if (!m_loaded || m_model->rowCount() > 0)
        return {};
    if (isFiltered())
        return QStringLiteral("No call%1 passes the filter.").arg(usesTimeRange() ? m_range.phrase() : QString());
    if (usesTimeRange())
        return QStringLiteral("Nothing was called%1.").arg(m_range.phrase());
    return QStringLiteral(
        "Point a client at the gateway: each tool call is recorded here, with its arguments and its answer, secrets masked.");
}

bool AuditSection::open(const QString& target)
{
    if (target.startsWith(QLatin1StringView("trace:"))) {
        const QString hex = target.mid(6).toLower();
        if (!TraceId::fromHex(hex.toLatin1()))
            return false;
        m_outcomes->setCurrentIndex(0);
        m_server.clear();
        m_client.clear();
        updateSelectors();
        const QString text = QStringLiteral("trace=") + hex;
        setFilter(text);
        Q_EMIT filterRequested(text);
        return true;
    }
    if (!isRowId(target))
        return false;
    openRow(target.toLatin1());
    return true;
}

QByteArray AuditSection::saveState() const
{
    QByteArray state;
    QDataStream out(&state, QIODevice::WriteOnly);
    out.setVersion(QDataStream::Qt_6_0);
    out << kStateVersion << m_outcomes->currentIndex() << m_server << m_client << m_detail->tabs()->currentIndex()
        << m_splitter->saveState();
    return state;
}

void AuditSection::restoreState(const QByteArray& state)
{
    QDataStream in(state);
    in.setVersion(QDataStream::Qt_6_0);
    quint8 version = 0;
    int outcome = 0;
    int tab = 0;
    QString server;
    QString client;
    QByteArray splitter;
    in >> version >> outcome >> server >> client >> tab >> splitter;
    if (in.status() != QDataStream::Ok || version != kStateVersion)
        return;
    m_splitter->restoreState(splitter);
    m_outcomes->setCurrentIndex(std::clamp(outcome, 0, m_outcomes->count() - 1));
    m_detail->tabs()->setCurrentIndex(std::clamp<int>(tab, AuditDetail::Summary, AuditDetail::Raw));
    m_server = server;
    m_client = client;
    updateSelectors();
    reloadFromTheTop();
}

void AuditSection::openTrace()
{
    if (const QModelIndex current = m_table->currentIndex(); current.isValid())
        openTraceOf(m_model->row(current.row()));
}

void AuditSection::openTraceOf(const store::AuditRow& row)
{
    if (!row.traceId.isValid()) {
        Q_EMIT notice(QStringLiteral("This row belongs to no trace"));
        return;
    }
    QString target = QString::fromLatin1(row.traceId.toHex());
    if (row.spanId.isValid())
        target += QLatin1Char('/') + QString::fromLatin1(row.spanId.toHex());
    Q_EMIT openRequested(QStringLiteral("traces"), target);
}

void AuditSection::copyJson()
{
    QModelIndexList chosen = m_table->selectionModel()->selectedRows();
    std::sort(chosen.begin(), chosen.end());
    QByteArrayList lines;
    for (const QModelIndex& index : chosen) {
        const store::AuditRow& row = m_model->row(index.row());
        lines.append(store::toJsonLine(m_detail->row() && m_detail->row()->id == row.id ? *m_detail->row() : row));
    }
    if (lines.isEmpty())
        return;
    QApplication::clipboard()->setText(QString::fromUtf8(lines.join('\n')));
    Q_EMIT notice(lines.size() == 1 ? QStringLiteral("The row is copied as JSON")
                                    : QStringLiteral("%1 rows are copied as JSON, without payloads").arg(lines.size()));
}

void AuditSection::exportJsonLines()
{
    startExport(false);
}

void AuditSection::exportCsv()
{
    startExport(true);
}

void AuditSection::startExport(bool csv)
{
    if (m_strip->isRunning()) {
        Q_EMIT notice(QStringLiteral("An export is under way already"));
        return;
    }
    m_choosePath(this, csv, suggestedExportPath(csv, m_clock.unixNs()), [this, csv](const QString& path) {
        if (path.isEmpty() || m_strip->isRunning())
            return;
        m_exportError.clear();
        updateBanner();
        m_strip->watch(m_service.exportAudit(query(), path, csv), path);
    });
}

void AuditSection::clearFilters()
{
    m_outcomes->setCurrentIndex(0);
    m_server.clear();
    m_client.clear();
    updateSelectors();
    setFilter({});
    reloadFromTheTop();
    Q_EMIT filterRequested(QString());
}

void AuditSection::noteNames(const std::vector<store::AuditRow>& rows)
{
    bool hasNew = false;
    const auto note = [&hasNew](QStringList& known, const QByteArray& name) {
        const QString text = QString::fromUtf8(name);
        if (text.isEmpty() || known.contains(text))
            return;
        known.insert(std::lower_bound(known.begin(), known.end(), text), text);
        hasNew = true;
    };
    for (const store::AuditRow& row : rows) {
        note(m_seenServers, row.server);
        note(m_seenClients, row.client);
    }
    for (const service::ServerSnapshot& server : m_service.servers())
        note(m_seenServers, server.config.name.toUtf8());
    if (hasNew)
        updateSelectors();
}

void AuditSection::updateSelectors()
{
    fill(m_servers, m_seenServers, m_server);
    fill(m_clients, m_seenClients, m_client);
}

void AuditSection::updateWords()
{
    m_card->setSubtitle(m_anchor > 0 ? QStringLiteral("from %1 back")
                                           .arg(formatDateTime(m_model->rowCount() > 0 ? m_model->row(0).timeUnixNs : 0).left(19))
                                     : m_countWords);
    if (!m_filter.error().isEmpty())
        m_card->setHint(m_filter.error());
    else
        m_card->setHint(m_filter.ignored().isEmpty()
                            ? QString()
                            : QStringLiteral("left out: %1").arg(m_filter.ignored().join(QLatin1Char(' '))));
    const bool isEmpty = m_loaded && m_model->rowCount() == 0 && m_next == 0;
    if (isEmpty) {
        m_empty->setHeadline(isFiltered()      ? QStringLiteral("No call matches")
                             : usesTimeRange() ? QStringLiteral("No calls")
                                               : QStringLiteral("No calls recorded yet"));
        m_empty->setSentence(emptyReason());
        m_clear->setVisible(isFiltered());
        m_allTime->setVisible(usesTimeRange());
        m_toServers->setVisible(!isFiltered());
    }
    m_stack->setCurrentIndex(isEmpty ? 1 : 0);
    updatePill();
}

void AuditSection::updatePill()
{
    QString text;
    if (m_anchor > 0)
        text = QStringLiteral("▲ newest");
    else if (!m_refresh->isLive() && m_announced > m_seenSequence)
        text = QStringLiteral("▲ %1 since the pause").arg(formatCount(m_announced - m_seenSequence));
    else if (!m_held.empty())
        text = QStringLiteral("▲ %1%2 new")
                   .arg(formatCount(static_cast<std::int64_t>(m_held.size())), m_heldTooMany ? QStringLiteral("+") : QString());
    if (!text.isEmpty())
        m_pill->setText(text);
    m_pill->setVisible(!text.isEmpty());
}

void AuditSection::updateBanner()
{
    const QString writing = m_service.status().auditError;
    m_banner->clearLinks();
    if (!m_exportError.isEmpty()) {
        m_banner->setMessage(m_exportError.section(QLatin1Char('\n'), 0, 0), m_exportError.section(QLatin1Char('\n'), 1));
        m_banner->addLink(QStringLiteral("close"), QStringLiteral("Close"));
    } else if (!m_readError.isEmpty()) {
        m_banner->setMessage(QStringLiteral("The audit log cannot be read"), m_readError);
        m_banner->addLink(QStringLiteral("retry"), QStringLiteral("Try again"));
    } else if (!writing.isEmpty()) {
        m_banner->setMessage(QStringLiteral("The audit log cannot be written just now"), writing);
    }
    m_banner->setVisible(!m_exportError.isEmpty() || !m_readError.isEmpty() || !writing.isEmpty());
}

void AuditSection::resizeEvent(QResizeEvent* event)
{
    Section::resizeEvent(event);
    m_splitter->setOrientation(width() < kNarrow ? Qt::Vertical : Qt::Horizontal);
}

} // namespace oriel::ui
