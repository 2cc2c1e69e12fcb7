// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_list_pane.h"

#include "ui/traces/pane_header.h"
#include "ui/traces/trace_list_model.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"

#include <QAction>
#include <QHeaderView>
#include <QMenu>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QStackedLayout>
#include <QVBoxLayout>

namespace oriel::ui {

TraceListPane::TraceListPane(QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_header = new PaneHeader(QStringLiteral("Traces"), this);
    m_pill = new Chip(QString(), Tone::Accent, this);
    m_pill->setClickable(true);
    m_pill->setToolTip(QStringLiteral("Go to the newest"));
    m_pill->hide();
    m_follow = new QuietToggle(QStringLiteral("follow"), QStringLiteral("Keep the newest trace in sight"), this);
    m_follow->setChecked(true);
    m_header->addWidget(m_pill);
    m_header->addWidget(m_follow);
    column->addWidget(m_header);
    m_error = new Banner(Tone::Error, this);
    m_error->hide();
    auto* errorRow = new QVBoxLayout;
    errorRow->setContentsMargins(metrics::space3, 0, metrics::space3, 0);
    errorRow->addWidget(m_error);
    column->addLayout(errorRow);

    m_model = new TraceListModel(this);
    m_table = new DataTable(this);
    m_bars = new DurationBarDelegate(m_table);
    m_table->setModel(m_model);
    m_table->setItemDelegateForColumn(TraceListModel::Duration, m_bars);
    m_table->setColumnWidths({112, 0, 100, 54, 140, 124});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setAccessibleName(QStringLiteral("Traces, newest first"));
    m_table->setFollowing(true, true);
    m_empty = new EmptyState(IconName::Search, QString(), QString(), this);
    m_emptyAction = new QAction(QStringLiteral("Clear the filter"), this);
    m_empty->addButton(m_emptyAction);
    auto* host = new QWidget(this);
    m_stack = new QStackedLayout(host);
    m_stack->addWidget(m_table);
    m_stack->addWidget(m_empty);
    column->addWidget(host, 1);

    connect(m_emptyAction, &QAction::triggered, this, &TraceListPane::clearFilterRequested);
    connect(m_model, &TraceListModel::moreWanted, this, &TraceListPane::moreWanted);
    connect(m_follow, &QAbstractButton::toggled, this, [this](bool on) {
        m_table->setFollowing(on, true);
        onScrolled();
    });
    connect(m_pill, &Chip::clicked, this, &TraceListPane::followAgain);
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this, &TraceListPane::onScrolled);
    connect(m_table, &DataTable::currentRowChanged, this, [this](int row) {
        if (!m_selecting && row >= 0)
            Q_EMIT chosen(m_model->row(row).traceId);
    });
    connect(m_table, &QTableView::activated, this,
            [this](const QModelIndex& index) { Q_EMIT activated(m_model->row(index.row()).traceId); });
    connect(m_table, &DataTable::contextMenuRequested, this, &TraceListPane::showMenu);
}

void TraceListPane::takePage(store::TracePage page, const QString& rangeWords, std::int64_t fromUnixNs)
{
    const QString total = formatCount(static_cast<std::int64_t>(page.totalMatched));
    const std::int64_t dropped = page.droppedBeforeUnixNs;
    const TraceId selected = selectedId();
    QString words = QStringLiteral("%1 %2").arg(total, rangeWords);
    if (dropped > fromUnixNs && dropped > 0)
        words += QStringLiteral(" · kept since %1").arg(formatClock(dropped));
    m_header->setSubtitle(words, dropped > fromUnixNs ? QStringLiteral("Older traces have left memory") : QString());
    const bool hadRows = m_model->rowCount() > 0;
    m_selecting = true;
    const int fresh = m_model->merge(std::move(page), fromUnixNs);
    m_selecting = false;
    if (selected.isValid())
        showSelected(selected);
    if (m_model->longestNs() > 0) {
        m_bars->setLongest(m_model->longestNs());
        m_table->viewport()->update();
    }
    if (!hadRows || isFollowing())
        setNew(0);
    else
        setNew(m_new + fresh);
    m_stack->setCurrentIndex(m_model->rowCount() > 0 ? 0 : 1);
}

void TraceListPane::takeMore(store::TracePage page)
{
    m_model->append(std::move(page));
    m_bars->setLongest(m_model->longestNs());
}

void TraceListPane::setFilterError(const QString& sentence)
{
    m_error->setVisible(!sentence.isEmpty());
    m_error->setMessage(QStringLiteral("The filter is not understood"), sentence);
    if (sentence.isEmpty())
        m_error->setMessage(QString());
}

QString TraceListPane::filterError() const
{
    return m_error->sentence();
}

void TraceListPane::setEmptyWords(const QString& headline, const QString& sentence)
{
    m_empty->setHeadline(headline);
    m_empty->setSentence(sentence);
}

void TraceListPane::setEmptyAction(const QString& text)
{
    m_emptyAction->setText(text);
}

void TraceListPane::showSelected(const TraceId& id)
{
    const int row = m_model->rowOf(id);
    m_selecting = true;
    if (row < 0) {
        m_table->setCurrentIndex({});
        m_table->clearSelection();
    } else if (m_table->currentIndex().row() != row || !m_table->selectionModel()->isRowSelected(row)) {
        const int top = m_table->verticalScrollBar()->value();
        m_table->setCurrentIndex(m_model->index(row, TraceListModel::Name));
        if (isFollowing())
            m_table->verticalScrollBar()->setValue(top);
    }
    m_selecting = false;
}

TraceId TraceListPane::selectedId() const
{
    const QModelIndex current = m_table->currentIndex();
    return current.isValid() ? m_model->row(current.row()).traceId : TraceId{};
}

bool TraceListPane::isFollowing() const
{
    return m_table->isFollowing();
}

QString TraceListPane::countWords() const
{
    return m_header->subtitle();
}

void TraceListPane::followAgain()
{
    m_follow->setChecked(true);
    m_table->setFollowing(true, true);
    m_table->scrollToTop();
    setNew(0);
}

void TraceListPane::onScrolled()
{
    // Following means that the top is in sight; scrolling away is how one stops.
    const bool atTop = m_table->verticalScrollBar()->value() == 0;
    m_table->setFollowing(false, true);
    if (atTop && m_follow->isChecked()) {
        m_table->setFollowing(true, true);
        setNew(0);
    }
}

void TraceListPane::setNew(int count)
{
    m_new = count;
    m_pill->setVisible(count > 0);
    m_pill->setText(QStringLiteral("▲ %1 new").arg(formatCount(count)));
}

void TraceListPane::addFilterActions(QMenu* menu, const QModelIndex& index)
{
    for (const bool out : {false, true}) {
        const QString term = m_model->filterTerm(index, out);
        if (term.isEmpty())
            continue;
        QAction* action = menu->addAction(themedIcon(IconName::Filter), term);
        connect(action, &QAction::triggered, this, [this, term] { Q_EMIT filterTermRequested(term); });
    }
}

void TraceListPane::showMenu(const QModelIndex& index, const QPoint& position)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const TraceId id = m_model->row(index.row()).traceId;
    addFilterActions(menu, index);
    const QByteArray server = m_model->row(index.row()).server;
    if (!server.isEmpty()) {
        for (const char* op : {"=", "!="}) {
            const QString term =
                QStringLiteral("server%1%2").arg(QLatin1StringView(op), QString::fromUtf8(store::quoteFilterValue(server)));
            connect(menu->addAction(themedIcon(IconName::Filter), term), &QAction::triggered, this,
                    [this, term] { Q_EMIT filterTermRequested(term); });
        }
    }
    menu->addSeparator();
    const auto add = [&](IconName icon, const QString& text, Act act) {
        connect(menu->addAction(themedIcon(icon), text), &QAction::triggered, this,
                [this, act, id] { Q_EMIT actRequested(act, id); });
    };
    add(IconName::Copy, QStringLiteral("Copy trace id"), Act::CopyTraceId);
    add(IconName::Copy, QStringLiteral("Copy request as JSON-RPC"), Act::CopyRequest);
    add(IconName::Copy, QStringLiteral("Copy trace as OTLP JSON"), Act::CopyOtlp);
    add(IconName::Export, QStringLiteral("Export trace…"), Act::Export);
    menu->addSeparator();
    add(IconName::Logs, QStringLiteral("Logs of this trace"), Act::ShowLogs);
    add(IconName::Audit, QStringLiteral("Audit row of this trace"), Act::ShowAudit);
    menu->popup(position);
}

} // namespace oriel::ui
