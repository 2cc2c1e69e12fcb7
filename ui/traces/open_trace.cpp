// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/open_trace.h"

#include "ui/compat/qt_compat.hpp"
#include "ui/traces/span_detail.h"
#include "ui/traces/trace_pane.h"
#include "ui/traces/waterfall_view.h"
#include "ui/widgets/async.h"
#include "ui/widgets/format.h"
#include "ui/widgets/live_refresh.h"

#include <QDateTime>
#include <QThreadPool>

namespace oriel::ui {
namespace {

constexpr int shortestIntervalMs = 250;
constexpr int logLimit = 2'000;
constexpr std::int64_t growingForNs = 30'000'000'000; ///< late spans and log lines come within this time

std::int64_t nowNs()
{
    return QDateTime::currentMSecsSinceEpoch() * 1'000'000;
}

} // namespace

OpenTrace::OpenTrace(service::GatewayService& service, TracePane& pane, SpanDetail& detail, QWidget* page)
    : QObject(page),
      m_service(service),
      m_pane(pane),
      m_detail(detail),
      m_refresh(new LiveRefresh(page, shortestIntervalMs))
{
    connect(m_refresh, &LiveRefresh::due, this, [this] {
        if (isOpen() && mayStillGrow())
            fetch();
        else
            m_refresh->finished();
    });
    connect(&service, &service::GatewayService::tracesAdvanced, this, [this] {
        if (isOpen() && m_settled &&
            (!m_document || m_document->state != store::TraceLookup::State::Found || m_document->index.runningCount() > 0))
            m_refresh->markDirty();
    });
    connect(&service, &service::GatewayService::logsAdvanced, this, [this] {
        if (m_settled && m_pane.isVisible() && mayStillGrow() && m_logs.isFinished())
            fetchLogs();
    });
    connect(&service, &service::GatewayService::auditAdvanced, this, [this] {
        if (m_auditMissing && m_pane.isVisible() && mayStillGrow())
            fetchAudit();
    });
    connect(pane.waterfall(), &WaterfallView::rowSelected, this, &OpenTrace::onRowSelected);
}

OpenTrace::~OpenTrace()
{
    compat::cancelRunning(m_lookup);
    compat::cancelRunning(m_logs);
}

void OpenTrace::setLive(bool live)
{
    m_refresh->setLive(live);
}

bool OpenTrace::mayStillGrow() const
{
    if (!m_document || m_document->index.isEmpty() || m_document->index.runningCount() > 0)
        return true;
    if (m_revision > m_askedRevision)
        return true;
    return nowNs() - (m_document->index.traceStartNs() + m_document->index.traceDurationNs()) < growingForNs;
}

void OpenTrace::open(const TraceTarget& target)
{
    if (target.trace == m_target.trace && m_document && m_document->state == store::TraceLookup::State::Found) {
        m_target.span = target.span;
        if (target.span.isValid())
            m_pane.waterfall()->selectSpan(target.span);
        return;
    }
    m_target = target;
    m_revision = 0;
    m_settled = false;
    m_auditRow.reset();
    m_auditSpan = {};
    m_auditMissing = false;
    fetch();
}

void OpenTrace::noteRevision(const TraceId& id, std::uint64_t revision)
{
    if (id != m_target.trace || revision <= m_revision)
        return;
    const bool known = m_revision == 0; // the first time only says where the fetch under way stands
    m_revision = revision;
    if (known)
        m_askedRevision = revision;
    else
        m_refresh->markDirty();
}

void OpenTrace::fetch()
{
    compat::cancelRunning(m_lookup);
    const quint64 generation = ++m_generation;
    const TraceId id = m_target.trace;
    m_askedRevision = m_revision;
    m_lookup = m_service.trace(id);
    m_built = m_lookup.then(QThreadPool::globalInstance(), [id, now = nowNs()](QFuture<store::TraceLookup> found) {
        if (found.resultCount() == 0)
            return std::shared_ptr<const TraceDocument>();
        // A copy: takeResult() would set the state back that the promise still looks at when it goes, and that cancelling asks.
        return TraceDocument::make(id, found.result(), now);
    });
    whenDone(m_built, this, [this, generation](const std::shared_ptr<const TraceDocument>& document) {
        if (generation == m_generation && document)
            take(document);
    });
    fetchLogs();
}

void OpenTrace::take(std::shared_ptr<const TraceDocument> document)
{
    m_document = std::move(document);
    m_lookup = {}; // and the spans in it
    m_built = {};
    m_refresh->finished();
    const bool found = m_document->state == store::TraceLookup::State::Found && !m_document->index.isEmpty();
    if (!found) {
        showMissing(*m_document);
    } else {
        WaterfallView* waterfall = m_pane.waterfall();
        m_pane.setDocument(m_document);
        const std::uint32_t wanted = m_document->index.rowOf(m_target.span);
        const std::uint32_t before = waterfall->selectedRow();
        if (!m_settled && wanted != TraceIndex::none)
            waterfall->selectRow(wanted);
        else if (before == TraceIndex::none)
            waterfall->selectRow(m_document->index.mainRoot());
        if (waterfall->selectedRow() == before)
            onRowSelected(before);
    }
    m_settled = true;
    Q_EMIT settled();
}

void OpenTrace::showMissing(const TraceDocument& document)
{
    m_detail.setSpan(nullptr, TraceIndex::none);
    const QString id = shortId(QString::fromLatin1(document.id.toHex()), 16);
    if (document.state == store::TraceLookup::State::Evicted) {
        const QString when =
            document.evictedAtUnixNs > 0 ? QStringLiteral(" at %1").arg(formatDateTime(document.evictedAtUnixNs)) : QString();
        m_pane.showNothing(QStringLiteral("Trace %1 is gone").arg(id),
                           QStringLiteral("It was evicted%1 to make room for newer ones, and is on disk no more. More room for "
                                          "traces: Settings, Retention. "
                                          "Its audit row may still be there.")
                               .arg(when));
        return;
    }
    m_pane.showNothing(QStringLiteral("No trace %1").arg(id),
                       QStringLiteral("No span with this id has come here. It is shown as soon as one does; a client that was "
                                      "told not to sample sends none."));
}

void OpenTrace::fetchLogs()
{
    compat::cancelRunning(m_logs);
    store::LogQuery query;
    query.traceId = m_target.trace;
    query.limit = logLimit;
    m_logs = m_service.logs(query);
    whenDone(m_logs, this, [this, id = m_target.trace](const store::LogPage& page) {
        if (id != m_target.trace || page.cancelled)
            return;
        m_pane.setLogs(page.rows);
        m_detail.setLogs(page.rows);
    });
}

void OpenTrace::onRowSelected(std::uint32_t row)
{
    m_detail.setSpan(m_document, row);
    if (!m_document || row >= m_document->index.size())
        return;
    m_target.span = m_document->span(row).spanId;
    Q_EMIT spanChosen(m_target.span);
    const std::uint32_t call = callRowOf(*m_document, row);
    if (call == TraceIndex::none) {
        m_auditSpan = {};
        m_auditMissing = false;
        m_auditRow.reset();
        m_detail.setAuditRow(std::nullopt,
                             QStringLiteral("This span came from elsewhere: only calls through the gateway have an audit row."));
        return;
    }
    const SpanId span = m_document->span(call).spanId;
    if (span == m_auditSpan && !m_auditMissing)
        return;
    m_auditSpan = span;
    fetchAudit();
}

void OpenTrace::fetchAudit()
{
    const quint64 generation = ++m_auditGeneration;
    whenDone(m_service.auditRowOfTrace(m_target.trace, m_auditSpan), this,
             [this, generation](const Result<std::optional<store::AuditRow>>& row) {
                 if (generation != m_auditGeneration)
                     return;
                 m_auditRow = row ? *row : std::nullopt;
                 m_auditMissing = !m_auditRow.has_value();
                 m_detail.setAuditRow(m_auditRow,
                                      row ? QStringLiteral("The audit log has no row of this call: it may have been removed by "
                                                           "retention, or is being written just now.")
                                          : QStringLiteral("The audit log cannot be read: %1").arg(row.error().message));
             });
}

} // namespace oriel::ui
