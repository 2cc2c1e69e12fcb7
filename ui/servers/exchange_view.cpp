// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/exchange_view.h"

#include "ui/servers/exchange_model.h"
#include "ui/servers/exchange_text.h"
#include "ui/servers/wire_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/splitter.h"
#include "ui/widgets/text_label.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

constexpr int mostFrames = 2'000;
constexpr qsizetype shownBytes = 64 * 1024;

store::WireQuery callQuery(const TraceId& trace)
{
    store::WireQuery query;
    query.traceId = trace;
    query.limit = mostFrames;
    return query;
}

const store::WireEntry* anyOf(const WireExchange& exchange, bool client)
{
    for (std::size_t i = 0; i < exchange.steps.size(); ++i) {
        if (const store::WireEntry* entry = client ? exchange.clientOf(i) : exchange.serverOf(i))
            return entry;
    }
    return nullptr;
}

QString payloadOf(const store::WireEntry* entry, const QString& otherwise)
{
    return entry != nullptr ? QString::fromUtf8(entry->frame.payload) : otherwise;
}

} // namespace

ExchangeView::ExchangeView(service::GatewayService& service, QWidget* parent) : QWidget(parent), m_service(service)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(buildHeader());
    m_steps = new ExchangeModel(this);
    m_changes = new ChangeModel(this);
    m_table = new DataTable(this);
    m_table->setModel(m_steps);
    m_table->setColumnWidths({120, 260, 0, 190});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setAccessibleName(QStringLiteral("Steps of the exchange"));
    auto* splitter = new Splitter(Qt::Vertical, this);
    splitter->addWidget(m_table);
    splitter->addWidget(buildStep());
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 3);
    splitter->setSizes({210, 380});
    splitter->setChildrenCollapsible(false);
    m_empty = new EmptyState(IconName::Wire, QString(), QString(), this);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(splitter);
    m_stack->addWidget(m_empty);
    column->addWidget(m_stack, 1);
    connect(m_table, &DataTable::currentRowChanged, this, &ExchangeView::showStep);
    connect(m_table, &DataTable::activated, this, [this] { m_span->click(); });
}

QWidget* ExchangeView::buildHeader()
{
    auto* header = new QWidget(this);
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space2);
    row->setSpacing(metrics::space2);
    auto* back = new LinkButton(QStringLiteral("‹ All frames"), header);
    back->setToolTip(QStringLiteral("Back to the list (Esc)"));
    connect(back, &LinkButton::clicked, this, &ExchangeView::backRequested);
    row->addWidget(back);
    m_title = new TextLabel(QString(), TextLabel::Role::Strong, header);
    m_title->setElided(true);
    row->addWidget(m_title, 1);
    m_client = new Chip(QString(), Tone::Neutral, header);
    m_server = new Chip(QString(), Tone::Neutral, header);
    row->addWidget(m_client);
    row->addWidget(m_server);
    m_copy = new LinkButton(QStringLiteral("Copy exchange"), header);
    m_copy->setToolTip(QStringLiteral("All frames of both sides as text, masked as shown (Ctrl+Shift+C)"));
    connect(m_copy, &LinkButton::clicked, this, &ExchangeView::copyExchange);
    m_span = new LinkButton(QStringLiteral("Show span"), header);
    connect(m_span, &LinkButton::clicked, this, [this] {
        const WireExchange& exchange = m_steps->exchange();
        const auto step = std::size_t(std::max(0, m_table->currentIndex().row()));
        const store::WireEntry* client = exchange.clientOf(step);
        const store::WireEntry* server = exchange.serverOf(step);
        if (const store::WireEntry* entry = server != nullptr ? server : client; entry != nullptr)
            Q_EMIT spanRequested(spanTarget(entry->frame));
    });
    row->addWidget(m_copy);
    row->addWidget(m_span);
    return header;
}

QWidget* ExchangeView::buildStep()
{
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space3);
    column->setSpacing(metrics::space2);
    auto* row = new QHBoxLayout;
    row->setSpacing(metrics::space3);
    m_how = new Segmented({QStringLiteral("What Oriel changed"), QStringLiteral("Both frames")}, page);
    row->addWidget(m_how);
    m_all = new QToolButton(page);
    m_all->setText(QStringLiteral("Equal members too"));
    m_all->setCheckable(true);
    m_all->setFont(fonts::caption());
    m_all->setFixedHeight(26);
    row->addWidget(m_all);
    m_note = new TextLabel(QString(), TextLabel::Role::Dim, page);
    m_note->setElided(true);
    row->addWidget(m_note, 1);
    m_whole = new LinkButton(QStringLiteral("Show all"), page);
    row->addWidget(m_whole);
    column->addLayout(row);
    m_changeTable = new DataTable(page);
    m_changeTable->setModel(m_changes);
    m_changeTable->setColumnWidths({28, 210, 190, 0, 230});
    m_changeTable->setAccessibleName(QStringLiteral("What Oriel changed"));
    auto* both = new Splitter(Qt::Horizontal, page);
    m_left = new CodeView(both);
    m_right = new CodeView(both);
    both->addWidget(m_left);
    both->addWidget(m_right);
    both->setChildrenCollapsible(false);
    m_detail = new QStackedWidget(page);
    m_detail->addWidget(m_changeTable);
    m_detail->addWidget(both);
    column->addWidget(m_detail, 1);
    const auto again = [this] { showStep(m_table->currentIndex().row()); };
    connect(m_how, &Segmented::currentChanged, this, again);
    connect(m_all, &QToolButton::toggled, this, again);
    connect(m_whole, &LinkButton::clicked, this, [this] {
        const WireExchange& exchange = m_steps->exchange();
        const auto step = std::size_t(std::max(0, m_table->currentIndex().row()));
        const store::WireEntry* entry = exchange.clientOf(step) != nullptr ? exchange.clientOf(step) : exchange.serverOf(step);
        fetch(m_trace, m_callSpan, entry != nullptr ? entry->id : 0, 0);
    });
    return page;
}

void ExchangeView::showCall(const TraceId& trace, const SpanId& callSpan, std::uint64_t frameId)
{
    m_trace = trace;
    m_callSpan = callSpan;
    m_settled = false;
    fetch(trace, callSpan, frameId, shownBytes);
}

void ExchangeView::fetch(const TraceId& trace, const SpanId& callSpan, std::uint64_t frameId, qsizetype limit)
{
    const int generation = ++m_generation;
    if (!trace.isValid() || !callSpan.isValid()) {
        whenDone(m_service.wireFrame(frameId), this, [this, generation, frameId](const std::optional<store::WireEntry>& frame) {
            if (generation == m_generation)
                take(frame ? std::vector{*frame} : std::vector<store::WireEntry>(), frameId);
        });
        return;
    }
    store::WireQuery query = callQuery(trace);
    query.callSpanId = callSpan;
    whenDone(m_service.wire(query, limit), this, [this, generation, frameId](const store::WirePage& page) {
        if (generation == m_generation && !page.cancelled)
            take(page.rows, frameId);
    });
}

void ExchangeView::showSpan(const TraceId& trace, const SpanId& span)
{
    const int generation = ++m_generation;
    m_trace = trace;
    m_callSpan = span;
    m_settled = false;
    // The span may be any of the call's: the frame that carries it says which call that is, else the trace's first is taken.
    whenDone(m_service.wire(callQuery(trace), 1), this, [this, generation, trace, span](const store::WirePage& page) {
        if (generation != m_generation || page.cancelled)
            return;
        const store::WireEntry* found = nullptr;
        for (const store::WireEntry& entry : page.rows) {
            if (!entry.frame.callSpanId.isValid())
                continue;
            if (found == nullptr || entry.frame.spanId == span || entry.frame.callSpanId == span)
                found = &entry;
            if (entry.frame.spanId == span || entry.frame.callSpanId == span)
                break;
        }
        if (found == nullptr)
            take({}, 0);
        else
            showCall(trace, found->frame.callSpanId, found->id);
    });
}

void ExchangeView::take(std::vector<store::WireEntry> frames, std::uint64_t frameId)
{
    m_settled = true;
    m_steps->setExchange(pairFrames(std::move(frames)));
    showHeader();
    if (m_steps->rowCount() == 0) {
        showNothing();
    } else {
        m_stack->setCurrentIndex(0);
        const auto step = m_steps->exchange().stepOf(frameId);
        m_table->setCurrentIndex(m_steps->index(int(step.value_or(0)), 0));
        showStep(m_table->currentIndex().row());
    }
    Q_EMIT settled();
}

void ExchangeView::showNothing()
{
    m_empty->setHeadline(QStringLiteral("The frames of this call are gone"));
    m_empty->setSentence(QStringLiteral("The wire log keeps the newest frames in memory, 16 MiB of them, and only while Oriel "
                                        "runs. Make the call again to see it here; its trace and its audit row stay."));
    m_stack->setCurrentWidget(m_empty);
}

void ExchangeView::showHeader()
{
    const WireExchange& exchange = m_steps->exchange();
    const store::WireEntry* client = anyOf(exchange, true);
    const store::WireEntry* server = anyOf(exchange, false);
    const store::WireEntry* first = client != nullptr ? client : server;
    m_title->setText(first != nullptr
                         ? (first->frame.method.isEmpty() ? kindWord(first->frame.kind) : QString::fromUtf8(first->frame.method))
                         : QString());
    m_client->setVisible(client != nullptr);
    m_server->setVisible(server != nullptr);
    if (client != nullptr)
        m_client->setText(peerBadge(*client));
    if (server != nullptr)
        m_server->setText(peerBadge(*server));
    const bool across = client != nullptr && server != nullptr && client->frame.era != server->frame.era;
    m_client->setTone(across ? Tone::Accent : Tone::Neutral);
    m_server->setTone(across ? Tone::Accent : Tone::Neutral);
    m_copy->setVisible(first != nullptr);
    m_span->setVisible(first != nullptr && !spanTarget(first->frame).isEmpty());
}

void ExchangeView::showStep(int step)
{
    const WireExchange& exchange = m_steps->exchange();
    if (step < 0 || std::size_t(step) >= exchange.steps.size())
        return;
    const auto index = std::size_t(step);
    const store::WireEntry* client = exchange.clientOf(index);
    const store::WireEntry* server = exchange.serverOf(index);
    const JsonDiff* diff = m_steps->diffOf(step);
    const bool cut = (client != nullptr && client->cut) || (server != nullptr && server->cut);
    const bool tooLong = diff != nullptr && diff->state == JsonDiff::State::TooLong;
    const bool compares = diff != nullptr && diff->state == JsonDiff::State::Compared;
    m_changes->setRows(compares ? changeRows(exchange, index, *diff, m_all->isChecked()) : std::vector<ChangeModel::Row>());
    const bool asFrames = m_how->currentIndex() == 1 || !compares;
    m_how->setEnabled(compares);
    m_all->setVisible(compares && m_how->currentIndex() == 0);
    m_detail->setCurrentIndex(asFrames ? 1 : 0);
    const QString why = aloneBecause(exchange, index);
    m_left->setText(payloadOf(client, why), client != nullptr ? CodeView::Language::Json : CodeView::Language::Plain);
    m_right->setText(payloadOf(server, why), server != nullptr ? CodeView::Language::Json : CodeView::Language::Plain);
    m_whole->setVisible(cut);
    if (cut)
        m_note->setText(
            QStringLiteral("Longer than %1: shown in part and not compared").arg(formatBytes(std::uint64_t(shownBytes))));
    else if (tooLong)
        m_note->setText(QStringLiteral("Longer than %1: not compared").arg(formatBytes(std::uint64_t(shownBytes))));
    else if (diff != nullptr && diff->state == JsonDiff::State::NotJson)
        m_note->setText(QStringLiteral("Not JSON: cannot be compared"));
    else if (compares && diff->cut)
        m_note->setText(QStringLiteral("The first %1 members").arg(formatCount(std::int64_t(diff->changes.size()))));
    else if (compares)
        m_note->setText(diff->differences() == 0   ? QStringLiteral("Passed on as it came")
                        : diff->differences() == 1 ? QStringLiteral("1 member differs")
                                                   : QStringLiteral("%1 members differ").arg(diff->differences()));
    else
        m_note->setText(why);
}

void ExchangeView::copyExchange()
{
    if (m_steps->rowCount() == 0)
        return;
    QApplication::clipboard()->setText(exchangeAsText(m_steps->exchange()));
    Q_EMIT copied(QStringLiteral("Exchange copied"));
}

} // namespace oriel::ui
