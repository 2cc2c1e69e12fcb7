// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/wire_page.h"

#include "ui/servers/exchange_view.h"
#include "ui/servers/wire_filter.h"
#include "ui/servers/wire_model.h"
#include "ui/servers/wire_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/live_refresh.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/splitter.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDataStream>
#include <QHBoxLayout>
#include <QIODevice>
#include <QScrollBar>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr int pageSize = 1000;

QToolButton* toggle(const QString& text, const QString& tip, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setText(text);
    button->setToolTip(tip);
    button->setCheckable(true);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setFont(fonts::caption());
    button->setFixedHeight(26);
    return button;
}

} // namespace

WirePage::WirePage(service::GatewayService& service, QWidget* parent) : QWidget(parent), m_service(service)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(buildTools());
    m_model = new WireModel(20'000, this);
    m_table = new DataTable(this);
    m_table->setModel(m_model);
    m_table->setColumnWidths({120, 100, 78, 104, 150, 44, 70, 66, 0});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setFollowing(true);
    m_splitter = new Splitter(Qt::Vertical, this);
    m_splitter->addWidget(m_table);
    m_splitter->addWidget(buildDetail());
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    m_splitter->setChildrenCollapsible(false);
    m_empty = new EmptyState(IconName::Wire, QString(), QString(), this);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(m_splitter);
    m_stack->addWidget(m_empty);
    m_clearFilter = new QAction(QStringLiteral("Show all frames"), this);
    m_empty->addButton(m_clearFilter);
    m_exchange = new ExchangeView(m_service, this);
    m_stack->addWidget(m_exchange);
    column->addWidget(m_stack, 1);
    m_refresh = new LiveRefresh(this, 33);
    connectTools();
    showState();
}

QWidget* WirePage::buildTools()
{
    m_tools = new QWidget(this);
    auto* rows = new QVBoxLayout(m_tools);
    rows->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space2);
    rows->setSpacing(metrics::space2);
    auto* first = new QHBoxLayout;
    first->setSpacing(metrics::space2);
    m_search = new SearchField(QStringLiteral("Search, or client=… method=… id=… trace=… server=*"), m_tools);
    m_search->setMinimumWidth(120);
    first->addWidget(m_search, 1);
    m_clients = toggle(QStringLiteral("Clients too"),
                       QStringLiteral("Also show what clients and Oriel said to each other, in the same order"), m_tools);
    first->addWidget(m_clients);
    m_follow = toggle(QStringLiteral("Follow"), QStringLiteral("Stay with the newest frame"), m_tools);
    m_follow->setChecked(true);
    first->addWidget(m_follow);
    rows->addLayout(first);
    auto* second = new QHBoxLayout;
    second->setSpacing(2);
    for (std::size_t i = 0; i < m_kinds.size(); ++i) {
        m_kinds[i] = toggle(kindGroupWord(static_cast<KindGroup>(i)), QStringLiteral("Show or hide this kind of frame"), m_tools);
        m_kinds[i]->setChecked(true);
        second->addWidget(m_kinds[i]);
    }
    second->addStretch(1);
    m_era = new Segmented({QStringLiteral("Any era"), QStringLiteral("Legacy"), QStringLiteral("Modern")}, m_tools);
    m_era->setToolTip(QStringLiteral("Legacy: up to 2025-11-25, with a handshake; modern: 2026-07-28"));
    second->addWidget(m_era);
    second->addSpacing(metrics::space2);
    m_direction = new Segmented({QStringLiteral("Both ways"), QStringLiteral("Sent"), QStringLiteral("Received")}, m_tools);
    second->addWidget(m_direction);
    rows->addLayout(second);
    return m_tools;
}

QWidget* WirePage::buildDetail()
{
    auto* detail = new QWidget(this);
    auto* column = new QVBoxLayout(detail);
    column->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space3);
    column->setSpacing(metrics::space2);
    auto* row = new QHBoxLayout;
    m_title = new TextLabel(QString(), TextLabel::Role::Dim, detail);
    m_title->setElided(true);
    m_copyLink = new LinkButton(QStringLiteral("Copy frame"), detail);
    m_exchangeLink = new LinkButton(QStringLiteral("Show exchange"), detail);
    m_exchangeLink->setToolTip(QStringLiteral("As the client sent it and as the server got it (E)"));
    m_span = new LinkButton(QStringLiteral("Show span"), detail);
    row->addWidget(m_title, 1);
    m_callLink = new LinkButton(QStringLiteral("Only this call"), detail);
    m_callLink->setToolTip(QStringLiteral("Show the frames of this trace only, at all servers and clients"));
    row->addWidget(m_copyLink);
    row->addWidget(m_callLink);
    row->addWidget(m_exchangeLink);
    row->addWidget(m_span);
    column->addLayout(row);
    m_code = new CodeView(detail);
    column->addWidget(m_code, 1);
    return detail;
}

void WirePage::connectTools()
{
    connect(m_refresh, &LiveRefresh::due, this, &WirePage::fetch);
    connect(&m_service, &service::GatewayService::wireAdvanced, this, [this] { m_refresh->markDirty(); });
    connect(m_search, &SearchField::searched, this, &WirePage::restart);
    connect(m_direction, &Segmented::currentChanged, this, &WirePage::restart);
    connect(m_era, &Segmented::currentChanged, this, &WirePage::restart);
    connect(m_clients, &QToolButton::toggled, this, &WirePage::restart);
    for (QToolButton* kind : m_kinds)
        connect(kind, &QToolButton::toggled, this, &WirePage::restart);
    connect(m_follow, &QToolButton::toggled, this, [this](bool follow) { m_table->setFollowing(follow); });
    connect(m_table, &DataTable::currentRowChanged, this, &WirePage::showFrame);
    connect(m_table, &DataTable::activated, this, &WirePage::showSpan);
    connect(m_span, &LinkButton::clicked, this, &WirePage::showSpan);
    connect(m_copyLink, &LinkButton::clicked, this, &WirePage::copyFrame);
    connect(m_callLink, &LinkButton::clicked, this, [this] {
        if (const store::WireEntry* entry = m_model->entryAt(m_table->currentIndex().row()))
            setFilter(traceCondition(entry->frame.traceId));
    });
    connect(m_exchangeLink, &LinkButton::clicked, this, &WirePage::showExchange);
    connect(m_exchange, &ExchangeView::backRequested, this, &WirePage::showList);
    connect(m_exchange, &ExchangeView::spanRequested, this, &WirePage::spanRequested);
    connect(m_exchange, &ExchangeView::copied, this, &WirePage::copied);
    connect(m_exchange, &ExchangeView::settled, this, &WirePage::readyChanged);
    connect(m_clearFilter, &QAction::triggered, this, [this] {
        m_search->setText(QString());
        m_direction->setCurrentIndex(0);
        m_era->setCurrentIndex(0);
        for (QToolButton* kind : m_kinds)
            kind->setChecked(true);
        restart();
    });
    const auto shortcut = [](QWidget* of, const QString& text, const QKeySequence& keys) {
        auto* action = new QAction(text, of);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        of->addAction(action);
        return action;
    };
    connect(shortcut(m_table, QStringLiteral("Show the exchange of this frame"), QKeySequence(Qt::Key_E)), &QAction::triggered,
            this, &WirePage::showExchange);
    connect(shortcut(m_exchange, QStringLiteral("Back to all frames"), QKeySequence(Qt::Key_Escape)), &QAction::triggered, this,
            &WirePage::showList);
    connect(shortcut(m_exchange, QStringLiteral("Copy the exchange"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C)),
            &QAction::triggered, m_exchange, &ExchangeView::copyExchange);
    // Whoever scrolls up or picks a frame wants to read it.
    connect(m_table->verticalScrollBar(), &QScrollBar::actionTriggered, this, [this] {
        const QScrollBar* bar = m_table->verticalScrollBar();
        if (bar->sliderPosition() < bar->maximum())
            m_follow->setChecked(false);
    });
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        if (value == 0 && !m_follow->isChecked())
            fetchOlder();
    });
    connect(m_table, &DataTable::clicked, this, [this] { m_follow->setChecked(false); });
}

void WirePage::setServer(const QString& name)
{
    if (name == m_server)
        return;
    m_server = name;
    restart();
}

void WirePage::setLive(bool live)
{
    m_live = live;
    m_refresh->setLive(live);
}

void WirePage::setClientSide(bool shown)
{
    m_clients->setChecked(shown);
}

bool WirePage::isClientSideShown() const
{
    return m_clients->isChecked();
}

void WirePage::restart()
{
    ++m_generation;
    m_whole = true;
    m_refresh->demand();
}

/// Conditions about clients, or about one call, make no sense without the clients' side.
bool WirePage::showsClients(const WireFilter& filter) const
{
    return m_clients->isChecked() || !filter.query.client.isEmpty() || filter.query.traceId.has_value();
}

store::WireQuery WirePage::query() const
{
    const WireFilter filter = parseWireFilter(m_search->text());
    store::WireQuery query = filter.query;
    query.limit = pageSize;
    if (m_era->currentIndex() != 0)
        query.era = m_era->currentIndex() == 1 ? telemetry::WireEra::Legacy : telemetry::WireEra::Modern;
    if (!showsClients(filter)) {
        if (query.server.isEmpty() && !filter.allServers)
            query.server = m_server.toUtf8();
        if (m_direction->currentIndex() == 1)
            query.direction = telemetry::WireDirection::GatewayToServer;
        else if (m_direction->currentIndex() == 2)
            query.direction = telemetry::WireDirection::ServerToGateway;
    }
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < m_kinds.size(); ++i) {
        if (!m_kinds[i]->isChecked())
            continue;
        ++chosen;
        for (const telemetry::WireKind kind : kindsOf(static_cast<KindGroup>(i)))
            query.kinds.push_back(kind);
    }
    if (chosen == m_kinds.size())
        query.kinds.clear();
    return query;
}

bool WirePage::keeps(const store::WireEntry& entry) const
{
    const WireFilter filter = parseWireFilter(m_search->text());
    if (!showsClients(filter))
        return true;
    const int direction = m_direction->currentIndex();
    if (direction != 0 && isOutgoing(entry.frame.direction) != (direction == 1))
        return false;
    const bool anyServer = filter.allServers || !filter.query.server.isEmpty() || filter.query.traceId.has_value();
    return isClientSide(entry.frame.direction) || anyServer || entry.frame.server == m_server.toUtf8();
}

void WirePage::fetch()
{
    const bool nothing =
        std::none_of(m_kinds.cbegin(), m_kinds.cend(), [](const QToolButton* kind) { return kind->isChecked(); });
    if (m_server.isEmpty() || nothing) {
        m_model->clear();
        m_refresh->finished();
        showState();
        return;
    }
    store::WireQuery wanted = query();
    const bool whole = std::exchange(m_whole, false);
    wanted.newestFirst = whole;
    wanted.sinceId = whole ? 0 : m_seen;
    whenDone(m_service.wire(wanted), this, [this, whole, generation = m_generation](const store::WirePage& page) {
        m_refresh->finished();
        if (generation == m_generation && !page.cancelled)
            take(page, whole);
    });
}

void WirePage::take(const store::WirePage& page, bool whole)
{
    std::vector<store::WireEntry> rows;
    std::copy_if(page.rows.cbegin(), page.rows.cend(), std::back_inserter(rows),
                 [this](const store::WireEntry& row) { return keeps(row); });
    const std::uint64_t shown = m_shown;
    if (whole) {
        std::reverse(rows.begin(), rows.end());
        m_model->clear(); // which takes the frame out of the detail
        m_older = page.more;
        m_seen = page.lastId;
    } else {
        m_seen = page.more && !page.rows.empty() ? page.rows.back().id : std::max(m_seen, page.lastId);
        if (page.more)
            m_refresh->markDirty();
    }
    m_model->append(rows);
    if (whole) {
        if (const int row = m_model->rowOf(shown); row >= 0)
            m_table->setCurrentIndex(m_model->index(row, 0));
        if (m_follow->isChecked())
            m_table->scrollToBottom();
    }
    showState();
    if (m_wantsNewest)
        showNewestExchange();
    Q_EMIT readyChanged();
}

void WirePage::fetchOlder()
{
    if (!m_older || m_fetchingOlder || m_model->isFull() || m_model->rowCount() == 0)
        return;
    m_fetchingOlder = true;
    store::WireQuery wanted = query();
    wanted.newestFirst = true;
    wanted.beforeId = m_model->firstId();
    whenDone(m_service.wire(wanted), this, [this, generation = m_generation](const store::WirePage& page) {
        m_fetchingOlder = false;
        if (generation != m_generation || page.cancelled)
            return;
        std::vector<store::WireEntry> rows;
        std::copy_if(page.rows.crbegin(), page.rows.crend(), std::back_inserter(rows),
                     [this](const store::WireEntry& row) { return keeps(row); });
        m_older = page.more;
        const int before = m_model->rowCount();
        const int top = m_table->verticalScrollBar()->value();
        m_model->prepend(rows);
        m_table->verticalScrollBar()->setValue(top + m_model->rowCount() - before);
        showState();
    });
}

void WirePage::showFrame()
{
    const store::WireEntry* entry = m_model->entryAt(m_table->currentIndex().row());
    if (entry == nullptr) {
        m_shown = 0;
        showState();
        return;
    }
    const bool same = m_shown == entry->id;
    m_shown = entry->id;
    showState();
    if (same)
        return;
    whenDone(m_service.wireFrame(entry->id), this, [this, id = entry->id](const std::optional<store::WireEntry>& frame) {
        if (m_shown != id)
            return;
        if (!frame) {
            m_code->setText(QStringLiteral("This frame is no longer held: the wire log keeps the newest frames only."));
            return;
        }
        const bool json = frame->frame.payload.startsWith('{') || frame->frame.payload.startsWith('[');
        m_code->setTone(frame->frame.kind == telemetry::WireKind::StrayOutput ? Tone::Warning : Tone::Neutral);
        m_code->setText(QString::fromUtf8(frame->frame.payload), json ? CodeView::Language::Json : CodeView::Language::Plain);
    });
}

void WirePage::showSpan()
{
    const store::WireEntry* entry = m_model->entryAt(m_table->currentIndex().row());
    if (entry == nullptr)
        return;
    if (const QString target = spanTarget(entry->frame); !target.isEmpty())
        Q_EMIT spanRequested(target);
}

void WirePage::showExchange()
{
    const store::WireEntry* entry = m_model->entryAt(m_table->currentIndex().row());
    if (entry == nullptr)
        return;
    m_follow->setChecked(false);
    m_exchange->showCall(entry->frame.traceId, entry->frame.callSpanId, entry->id);
    enterExchange();
}

void WirePage::enterExchange()
{
    m_tools->hide();
    m_stack->setCurrentWidget(m_exchange);
    m_exchange->table()->setFocus(Qt::OtherFocusReason);
}

void WirePage::showSpanOnWire(const TraceId& trace, const SpanId& span)
{
    m_exchange->showSpan(trace, span);
    enterExchange();
}

void WirePage::showNewestExchange()
{
    m_wantsNewest = true;
    for (int row = m_model->rowCount() - 1; row >= 0; --row) {
        const store::WireEntry* entry = m_model->entryAt(row);
        const bool isAnswer =
            entry->frame.kind == telemetry::WireKind::Response || entry->frame.kind == telemetry::WireKind::Error;
        if (!isAnswer || !entry->frame.callSpanId.isValid())
            continue;
        m_wantsNewest = false;
        m_table->setCurrentIndex(m_model->index(row, 0));
        showExchange();
        return;
    }
}

void WirePage::showList()
{
    m_wantsNewest = false;
    m_tools->show();
    m_stack->setCurrentWidget(m_splitter);
    showState();
    m_table->setFocus(Qt::OtherFocusReason);
}

bool WirePage::isExchangeShown() const
{
    return m_stack->currentWidget() == m_exchange;
}

bool WirePage::isReady() const
{
    return isExchangeShown() ? m_exchange->isSettled() : !m_wantsNewest && m_model->rowCount() > 0;
}

void WirePage::setFilter(const QString& text)
{
    m_search->setText(text);
    restart();
}

void WirePage::copyFrame()
{
    if (m_code->text().isEmpty())
        return;
    QApplication::clipboard()->setText(m_code->text());
    Q_EMIT copied(QStringLiteral("Frame copied"));
}

void WirePage::showState()
{
    const QString problem = parseWireFilter(m_search->text()).problem;
    const bool filtered =
        !m_search->text().isEmpty() || m_direction->currentIndex() != 0 || m_era->currentIndex() != 0 ||
        std::any_of(m_kinds.cbegin(), m_kinds.cend(), [](const QToolButton* kind) { return !kind->isChecked(); });
    m_empty->setHeadline(filtered ? QStringLiteral("No frame matches") : QStringLiteral("No frames yet"));
    m_empty->setSentence(!problem.isEmpty() ? problem
                         : filtered
                             ? QStringLiteral("The wire log keeps the newest 16 MiB of frames in memory. Frames of other kinds, "
                                              "eras or servers may be there: take the filter away to see them.")
                             : QStringLiteral("Every message between Oriel and this server appears here as it passes, with what "
                                              "it writes to stderr and stray stdout between them. Restart the server to see its "
                                              "handshake, or call one of its tools."));
    m_clearFilter->setVisible(filtered);
    if (!isExchangeShown())
        m_stack->setCurrentWidget(m_model->rowCount() == 0 ? static_cast<QWidget*>(m_empty) : m_splitter);
    const store::WireEntry* entry = m_model->entryAt(m_table->currentIndex().row());
    m_span->setVisible(entry != nullptr && !spanTarget(entry->frame).isEmpty());
    m_exchangeLink->setVisible(entry != nullptr && entry->frame.kind <= telemetry::WireKind::Notification);
    m_copyLink->setVisible(entry != nullptr);
    m_callLink->setVisible(entry != nullptr && entry->frame.traceId.isValid());
    if (entry == nullptr) {
        const QString older = m_older ? QStringLiteral(" · scroll up for older ones") : QString();
        m_title->setText(QStringLiteral("%1 frames%2 · choose one to see it whole").arg(formatCount(m_model->rowCount()), older));
        m_code->setText(QString());
        return;
    }
    QStringList words{kindWord(entry->frame.kind) + QLatin1Char(' ') + QString::fromUtf8(entry->frame.method),
                      peerText(entry->frame)};
    if (!entry->frame.rpcId.isEmpty())
        words.append(QStringLiteral("id ") + QString::fromUtf8(entry->frame.rpcId.left(64)));
    for (const QString& word : {eraWord(entry->frame.era), carrierText(*entry)}) {
        if (!word.isEmpty())
            words.append(word);
    }
    words.append(formatBytes(std::uint64_t(entry->payloadBytes)));
    words.append(formatDateTime(entry->frame.timeUnixNs));
    m_title->setText(words.join(QStringLiteral("  ·  ")));
}

QByteArray WirePage::saveState() const
{
    QByteArray bytes;
    QDataStream out(&bytes, QIODevice::WriteOnly);
    out << m_splitter->saveState() << m_clients->isChecked();
    for (const QToolButton* kind : m_kinds)
        out << kind->isChecked();
    return bytes;
}

void WirePage::restoreState(const QByteArray& state)
{
    QDataStream in(state);
    QByteArray splitter;
    bool clients = false;
    in >> splitter >> clients;
    if (in.status() != QDataStream::Ok)
        return;
    m_splitter->restoreState(splitter);
    m_clients->setChecked(clients);
    for (QToolButton* kind : m_kinds) {
        bool shown = true;
        in >> shown;
        kind->setChecked(in.status() != QDataStream::Ok || shown);
    }
}

} // namespace oriel::ui
