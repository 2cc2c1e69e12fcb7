// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/traces/trace_document.h"
#include "ui/traces/trace_words.h"

#include <QFuture>
#include <QObject>

#include <memory>

namespace oriel::ui {

class LiveRefresh;
class SpanDetail;
class TracePane;

/// Brings the chosen trace from the store onto the page: spans, logs, and the audit row of the call that the chosen span belongs
/// to. Trees are built on a worker thread; of two requests only the last one's answer is shown. While the page is live, a trace
/// that still grows is fetched again at most four times a second. GUI thread.
class OpenTrace : public QObject {
    Q_OBJECT
public:
    /// `page` owns it; `pane` and `detail` are parts of it.
    OpenTrace(service::GatewayService& service, TracePane& pane, SpanDetail& detail, QWidget* page);
    ~OpenTrace() override;

    /// The same trace again only moves the selection.
    void open(const TraceTarget& target);
    void setLive(bool live);
    /// What the list knows: a revision higher than the one shown means that there is more.
    void noteRevision(const TraceId& id, std::uint64_t revision);

    [[nodiscard]] const TraceTarget& target() const { return m_target; }
    [[nodiscard]] bool isOpen() const { return m_target.trace.isValid(); }
    /// The last answer is on the page.
    [[nodiscard]] bool isSettled() const { return m_settled; }
    [[nodiscard]] const std::shared_ptr<const TraceDocument>& document() const { return m_document; }
    [[nodiscard]] const std::optional<store::AuditRow>& auditRow() const { return m_auditRow; }

Q_SIGNALS:
    void settled();
    void spanChosen(const oriel::SpanId& id);

private:
    void fetch();
    void take(std::shared_ptr<const TraceDocument> document);
    void fetchLogs();
    void fetchAudit();
    void onRowSelected(std::uint32_t row);
    void showMissing(const TraceDocument& document);
    [[nodiscard]] bool mayStillGrow() const;

    service::GatewayService& m_service;
    TracePane& m_pane;
    SpanDetail& m_detail;
    LiveRefresh* m_refresh;
    TraceTarget m_target;
    std::shared_ptr<const TraceDocument> m_document;
    std::uint64_t m_revision = 0;
    std::uint64_t m_askedRevision = 0;
    quint64 m_generation = 0;
    quint64 m_auditGeneration = 0;
    QFuture<store::TraceLookup> m_lookup;
    QFuture<std::shared_ptr<const TraceDocument>>
        m_built; ///< kept as long as m_lookup: Qt 6.4 writes to it when that is cancelled
    QFuture<store::LogPage> m_logs;
    SpanId m_auditSpan;
    std::optional<store::AuditRow> m_auditRow;
    bool m_auditMissing = false;
    bool m_settled = false;
};

} // namespace oriel::ui
