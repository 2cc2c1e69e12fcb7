// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/span_detail.h"

#include "ui/traces/trace_tables.h"
#include "ui/traces/trace_words.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/text_label.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QStackedLayout>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

enum Tab { SpanTab, PayloadTab, EventsTab, LogsTab, AuditTab };

constexpr int previewLines = 9;
constexpr int keyColumn = 145;

/// A page that scrolls up and down only.
QScrollArea* scrolling(QWidget* page, QWidget* parent)
{
    auto* area = new QScrollArea(parent);
    area->setFrameShape(QFrame::NoFrame);
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    page->setAutoFillBackground(false);
    area->viewport()->setAutoFillBackground(false);
    area->setWidget(page);
    page->setAutoFillBackground(false); // setWidget() switches it on
    return area;
}

QString titled(const QString& title, qsizetype count)
{
    return count == 0 ? title : QStringLiteral("%1 %2").arg(title, formatCount(count));
}

} // namespace

// --- PayloadView -----------------------------------------------------------

PayloadView::PayloadView(const QString& title, int maximumLines, QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(metrics::space2);
    auto* row = new QHBoxLayout;
    row->setSpacing(metrics::space2);
    row->addWidget(new TextLabel(title, TextLabel::Role::CardTitle, this));
    row->addStretch(1);
    m_facts = new TextLabel(QString(), TextLabel::Role::Caption, this);
    row->addWidget(m_facts);
    m_copy = new LinkButton(QStringLiteral("copy"), this);
    m_copy->setFont(fonts::caption());
    m_copy->setAccessibleName(QStringLiteral("Copy %1").arg(title.toLower()));
    row->addWidget(m_copy);
    column->addLayout(row);
    m_code = new CodeView(this);
    m_code->setCopyButtonVisible(false);
    if (maximumLines > 0)
        m_code->setMaximumLines(maximumLines);
    column->addWidget(m_code, maximumLines > 0 ? 0 : 1);
    connect(m_copy, &QAbstractButton::clicked, this, [this] {
        QApplication::clipboard()->setText(m_code->text());
        Q_EMIT copied();
    });
}

QString PayloadView::facts() const
{
    return m_facts->text();
}

void PayloadView::setPayload(const QByteArray& json, std::int64_t wholeBytes, bool failed, const QString& emptyWords)
{
    const bool empty = json.isEmpty();
    m_code->setTone(failed ? Tone::Error : Tone::Neutral);
    m_code->setText(empty ? emptyWords : QString::fromUtf8(json), empty ? CodeView::Language::Plain : CodeView::Language::Json);
    m_copy->setVisible(!empty);
    QStringList facts;
    if (!empty && m_code->maskCount() > 0)
        facts.append(QStringLiteral("masked %1").arg(formatCount(m_code->maskCount())));
    if (!empty && wholeBytes > json.size())
        facts.append(
            QStringLiteral("first %1 of %2")
                .arg(formatBytes(static_cast<std::uint64_t>(json.size())), formatBytes(static_cast<std::uint64_t>(wholeBytes))));
    else if (!empty)
        facts.append(formatBytes(static_cast<std::uint64_t>(json.size())));
    m_facts->setText(facts.join(QStringLiteral(" · ")));
    updateGeometry();
}

// --- SpanDetail ------------------------------------------------------------

SpanDetail::SpanDetail(QWidget* parent) : QWidget(parent)
{
    m_stack = new QStackedLayout(this);
    m_tabs = new TabPages(this);
    m_tabs->addPage(makeSpanPage(), QStringLiteral("Span"));
    m_tabs->addPage(makePayloadPage(), QStringLiteral("Payload"));
    m_tabs->addPage(makeEventsPage(), QStringLiteral("Events"));
    m_tabs->addPage(makeLogsPage(), QStringLiteral("Logs"));
    m_tabs->addPage(makeAuditPage(), QStringLiteral("Audit"));
    m_stack->addWidget(
        new EmptyState(IconName::Info, QStringLiteral("No span chosen"), QStringLiteral("Choose a row of the waterfall."), this));
    m_stack->addWidget(m_tabs);
    setMinimumWidth(220);
}

KeyValueTable* SpanDetail::addTable(QVBoxLayout* column, TextLabel*& heading, const QString& title)
{
    if (!title.isEmpty()) {
        heading = new TextLabel(title, TextLabel::Role::CardTitle, this);
        auto* room = new QHBoxLayout;
        room->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, 0);
        room->addWidget(heading);
        column->addLayout(room);
    }
    auto* table = new KeyValueTable(this);
    table->setFitToContents(true);
    table->setKeyWidth(keyColumn);
    column->addWidget(table);
    connect(table, &KeyValueTable::filterRequested, this, &SpanDetail::filterTermRequested);
    return table;
}

QWidget* SpanDetail::makeSpanPage()
{
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, metrics::space3);
    column->setSpacing(metrics::space1);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space1);
    head->setSpacing(metrics::space3);
    m_title = new TextLabel(QString(), TextLabel::Role::Strong, page);
    m_title->setElided(true);
    m_kind = new TextLabel(QString(), TextLabel::Role::Dim, page);
    head->addWidget(m_title);
    head->addWidget(m_kind);
    head->addStretch(1);
    auto* wire = new LinkButton(QStringLiteral("On the wire"), page);
    wire->setToolTip(QStringLiteral("The frames of this call, as the client sent it and as the server got it"));
    connect(wire, &QAbstractButton::clicked, this, &SpanDetail::wireRequested);
    head->addWidget(wire);
    column->addLayout(head);
    TextLabel* none = nullptr;
    m_essentials = addTable(column, none, QString());
    auto* payloads = new QVBoxLayout;
    payloads->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space1);
    payloads->setSpacing(metrics::space3);
    m_shortArguments = new PayloadView(QStringLiteral("Arguments"), previewLines, page);
    m_shortAnswer = new PayloadView(QStringLiteral("Answer"), previewLines, page);
    payloads->addWidget(m_shortArguments);
    payloads->addWidget(m_shortAnswer);
    column->addLayout(payloads);
    m_further = addTable(column, m_furtherHeading, QStringLiteral("Attributes"));
    m_links = addTable(column, m_linksHeading, QStringLiteral("Links"));
    m_resource = addTable(column, m_resourceHeading, QStringLiteral("Resource"));
    column->addStretch(1);
    connect(m_shortArguments, &PayloadView::copied, this, &SpanDetail::copied);
    connect(m_shortAnswer, &PayloadView::copied, this, &SpanDetail::copied);
    return scrolling(page, this);
}

QWidget* SpanDetail::makePayloadPage()
{
    auto* page = new QWidget(this);
    m_payloadStack = new QStackedLayout(page);
    m_noPayload = new EmptyState(IconName::File, QStringLiteral("No payload"), QString(), page);
    auto* both = new QWidget(page);
    auto* column = new QVBoxLayout(both);
    column->setContentsMargins(metrics::space3, metrics::space3, metrics::space3, metrics::space3);
    column->setSpacing(metrics::space3);
    m_arguments = new PayloadView(QStringLiteral("Arguments"), 0, both);
    m_answer = new PayloadView(QStringLiteral("Answer"), 0, both);
    column->addWidget(m_arguments, 1);
    column->addWidget(m_answer, 1);
    m_payloadStack->addWidget(m_noPayload);
    m_payloadStack->addWidget(both);
    connect(m_arguments, &PayloadView::copied, this, &SpanDetail::copied);
    connect(m_answer, &PayloadView::copied, this, &SpanDetail::copied);
    return page;
}

QWidget* SpanDetail::makeEventsPage()
{
    auto* page = new QWidget(this);
    m_eventStack = new QStackedLayout(page);
    m_eventStack->addWidget(new EmptyState(IconName::Clock, QStringLiteral("No events"),
                                           QStringLiteral("Nothing was noted while this span ran."), page));
    m_events = new KeyValueTable(page);
    m_events->setKeyWidth(keyColumn);
    m_eventStack->addWidget(m_events);
    return page;
}

QWidget* SpanDetail::makeLogsPage()
{
    auto* page = new QWidget(this);
    m_logStack = new QStackedLayout(page);
    m_logStack->addWidget(new EmptyState(IconName::Logs, QStringLiteral("No log lines"),
                                         QStringLiteral("Nothing was logged with the id of this span."), page));
    auto* host = new QWidget(page);
    auto* column = new QVBoxLayout(host);
    column->setContentsMargins(0, 0, 0, metrics::space2);
    m_logModel = new TraceLogModel(this);
    auto* table = new DataTable(host);
    table->setModel(m_logModel);
    table->setColumnWidths({100, 52, 70, 0});
    column->addWidget(table, 1);
    auto* open = new LinkButton(QStringLiteral("Open in Logs"), host);
    column->addWidget(open, 0, Qt::AlignHCenter);
    m_logStack->addWidget(host);
    connect(open, &QAbstractButton::clicked, this, &SpanDetail::logsRequested);
    return page;
}

QWidget* SpanDetail::makeAuditPage()
{
    auto* page = new QWidget(this);
    m_auditStack = new QStackedLayout(page);
    m_noAudit = new EmptyState(IconName::Audit, QStringLiteral("No audit row"), QString(), page);
    auto* host = new QWidget(page);
    auto* column = new QVBoxLayout(host);
    column->setContentsMargins(0, metrics::space2, 0, metrics::space2);
    m_audit = new KeyValueTable(host);
    m_audit->setKeyWidth(110);
    column->addWidget(m_audit, 1);
    auto* open = new LinkButton(QStringLiteral("Open in Audit"), host);
    column->addWidget(open, 0, Qt::AlignHCenter);
    m_auditStack->addWidget(m_noAudit);
    m_auditStack->addWidget(host);
    connect(open, &QAbstractButton::clicked, this, &SpanDetail::auditRequested);
    connect(m_audit, &KeyValueTable::filterRequested, this, &SpanDetail::filterTermRequested);
    return page;
}

void SpanDetail::setSpan(std::shared_ptr<const TraceDocument> document, std::uint32_t row)
{
    m_document = std::move(document);
    m_row = m_document && row < m_document->index.size() ? row : TraceIndex::none;
    m_stack->setCurrentIndex(m_row == TraceIndex::none ? 0 : 1);
    if (m_row == TraceIndex::none)
        return;
    const telemetry::SpanData& span = m_document->span(m_row);
    m_title->setText(m_document->name(m_row));
    m_kind->setText(kindWord(span.kind));
    m_essentials->setRows(essentialRows(*m_document, m_row));
    m_further->setRows(furtherRows(span));
    m_furtherHeading->setText(QStringLiteral("Attributes"));
    const QList<KeyValue> links = linkRows(span);
    m_links->setRows(links);
    m_links->setVisible(!links.isEmpty());
    m_linksHeading->setVisible(!links.isEmpty());
    const QList<KeyValue> resource = resourceRows(span);
    m_resource->setRows(resource);
    m_resource->setVisible(!resource.isEmpty());
    m_resourceHeading->setVisible(!resource.isEmpty());
    m_events->setRows(eventRows(*m_document, m_row));
    m_eventStack->setCurrentIndex(span.events.empty() ? 0 : 1);
    m_tabs->setPageTitle(EventsTab, titled(QStringLiteral("Events"), static_cast<qsizetype>(span.events.size())));
    setLogs(m_allLogs);
    showPayload();
}

void SpanDetail::setLogs(const std::vector<store::LogEntry>& logs)
{
    if (&logs != &m_allLogs)
        m_allLogs = logs;
    std::vector<std::shared_ptr<const telemetry::LogRecord>> own;
    if (m_row != TraceIndex::none) {
        const SpanId id = m_document->span(m_row).spanId;
        for (const store::LogEntry& entry : m_allLogs) {
            if (entry.record->spanId == id)
                own.push_back(entry.record);
        }
    }
    m_tabs->setPageTitle(LogsTab, titled(QStringLiteral("Logs"), static_cast<qsizetype>(own.size())));
    m_logStack->setCurrentIndex(own.empty() ? 0 : 1);
    m_logModel->setRecords(std::move(own));
}

void SpanDetail::setAuditRow(const std::optional<store::AuditRow>& row, const QString& reason)
{
    m_auditRow = row;
    m_auditReason = reason;
    showPayload();
}

void SpanDetail::showPayload()
{
    m_auditStack->setCurrentIndex(m_auditRow ? 1 : 0);
    m_payloadStack->setCurrentIndex(m_auditRow ? 1 : 0);
    m_noAudit->setSentence(m_auditReason);
    m_noPayload->setSentence(m_auditReason);
    const bool ofCall = m_auditRow && m_row != TraceIndex::none &&
                        (m_document->index.flags(m_row) & (TraceIndex::GatewayServer | TraceIndex::GatewayHop)) != 0;
    m_shortArguments->setVisible(ofCall);
    m_shortAnswer->setVisible(ofCall);
    if (!m_auditRow)
        return;
    m_audit->setRows(auditRows(*m_auditRow));
    const bool failed = m_auditRow->outcome != telemetry::Outcome::Ok;
    const QByteArray answer = m_auditRow->response.isEmpty() ? m_auditRow->errorMessage : m_auditRow->response;
    const std::int64_t answerBytes = m_auditRow->response.isEmpty() ? 0 : m_auditRow->responseBytes;
    for (PayloadView* view : {m_arguments, m_shortArguments})
        view->setPayload(m_auditRow->arguments, m_auditRow->argumentsBytes, false, QStringLiteral("none"));
    for (PayloadView* view : {m_answer, m_shortAnswer})
        view->setPayload(answer, answerBytes, failed, QStringLiteral("none"));
}

} // namespace oriel::ui
