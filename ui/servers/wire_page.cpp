// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/wire_page.h"

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
    m_table->setColumnWidths({104, 116, 92, 150, 52, 72, 0});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setFollowing(true);
    m_splitter = new Splitter(Qt::Vertical, this);
    m_splitter->addWidget(m_table);
    m_splitter->addWidget(buildDetail());
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    m_splitter->setChildrenCollapsible(false);
    m_empty = new EmptyState(IconName::Wire, QStringLiteral("No frames yet"),
                             QStringLiteral("Every message between Oriel and this server appears here as it passes, with what "
                                            "the server writes to stderr and stray stdout between them."),
                             this);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(m_splitter);
    m_stack->addWidget(m_empty);
    column->addWidget(m_stack, 1);
    m_refresh = new LiveRefresh(this, 33);
    connectTools();
    showState();
}

QWidget* WirePage::buildTools()
{
    auto* tools = new QWidget(this);
    auto* row = new QHBoxLayout(tools);
    row->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space2);
    row->setSpacing(metrics::space2);
    m_search = new SearchField(QStringLiteral("Search in frames"), tools);
    m_search->setMinimumWidth(120);
    row->addWidget(m_search, 1);
    auto* kinds = new QHBoxLayout;
    kinds->setSpacing(2);
    for (std::size_t i = 0; i < m_kinds.size(); ++i) {
        m_kinds[i] = toggle(kindGroupWord(static_cast<KindGroup>(i)), QStringLiteral("Show or hide this kind of frame"), tools);
        m_kinds[i]->setChecked(true);
        kinds->addWidget(m_kinds[i]);
    }
    row->addLayout(kinds);
    m_direction = new Segmented({QStringLiteral("Both ways"), QStringLiteral("Sent"), QStringLiteral("Received")}, tools);
    row->addWidget(m_direction);
    m_clients = toggle(QStringLiteral("Clients too"),
                       QStringLiteral("Also show what clients and Oriel said to each other, in the same order"), tools);
    row->addWidget(m_clients);
    m_follow = toggle(QStringLiteral("Follow"), QStringLiteral("Stay with the newest frame"), tools);
    m_follow->setChecked(true);
    row->addWidget(m_follow);
    return tools;
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
    m_span = new LinkButton(QStringLiteral("Show span"), detail);
    row->addWidget(m_title, 1);
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
    connect(m_clients, &QToolButton::toggled, this, &WirePage::restart);
    for (QToolButton* kind : m_kinds)
        connect(kind, &QToolButton::toggled, this, &WirePage::restart);
    connect(m_follow, &QToolButton::toggled, this, [this](bool follow) { m_table->setFollowing(follow); });
    connect(m_table, &DataTable::currentRowChanged, this, &WirePage::showFrame);
    connect(m_table, &DataTable::activated, this, &WirePage::showSpan);
    connect(m_span, &LinkButton::clicked, this, &WirePage::showSpan);
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

store::WireQuery WirePage::query() const
{
    store::WireQuery query;
    query.limit = pageSize;
    query.text = m_search->text().trimmed().toUtf8();
    if (!m_clients->isChecked()) {
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
    if (!m_clients->isChecked())
        return true;
    const int direction = m_direction->currentIndex();
    if (direction != 0 && isOutgoing(entry.frame.direction) != (direction == 1))
        return false;
    return isClientSide(entry.frame.direction) || entry.frame.server == m_server.toUtf8();
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

void WirePage::showState()
{
    const bool filtered =
        !m_search->text().isEmpty() || m_direction->currentIndex() != 0 ||
        std::any_of(m_kinds.cbegin(), m_kinds.cend(), [](const QToolButton* kind) { return !kind->isChecked(); });
    m_empty->setHeadline(filtered ? QStringLiteral("No frame matches") : QStringLiteral("No frames yet"));
    m_stack->setCurrentWidget(m_model->rowCount() == 0 ? static_cast<QWidget*>(m_empty) : m_splitter);
    const store::WireEntry* entry = m_model->entryAt(m_table->currentIndex().row());
    m_span->setVisible(entry != nullptr && !spanTarget(entry->frame).isEmpty());
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
