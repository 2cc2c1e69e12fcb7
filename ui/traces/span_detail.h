// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"
#include "store/log_store.h"
#include "ui/traces/trace_document.h"

#include <QWidget>

#include <memory>
#include <optional>

class QStackedLayout;
class QVBoxLayout;

namespace oriel::ui {

class CodeView;
class DataTable;
class EmptyState;
class KeyValueTable;
class LinkButton;
class TabPages;
class TextLabel;
class TraceLogModel;

/// A title, quiet words and "copy" over a text: arguments or an answer.
class PayloadView : public QWidget {
    Q_OBJECT
public:
    PayloadView(const QString& title, int maximumLines, QWidget* parent = nullptr);
    /// `wholeBytes` is what it was before it was cut; an empty text shows `emptyWords`.
    void setPayload(const QByteArray& json, std::int64_t wholeBytes, bool failed, const QString& emptyWords);
    [[nodiscard]] CodeView* code() const { return m_code; }
    [[nodiscard]] QString facts() const;

Q_SIGNALS:
    void copied();

private:
    TextLabel* m_facts;
    LinkButton* m_copy;
    CodeView* m_code;
};

/// Everything about one span: what it is, payload, events, logs and the audit row of its call. GUI thread; asks the store for
/// nothing itself.
class SpanDetail : public QWidget {
    Q_OBJECT
public:
    explicit SpanDetail(QWidget* parent = nullptr);

    /// Null, or a row out of range, shows nothing.
    void setSpan(std::shared_ptr<const TraceDocument> document, std::uint32_t row);
    /// Log lines of the whole trace; the span's own are shown.
    void setLogs(const std::vector<store::LogEntry>& logs);
    /// The audit row of the call that the span belongs to; `reason` says why there is none.
    void setAuditRow(const std::optional<store::AuditRow>& row, const QString& reason);

    [[nodiscard]] std::uint32_t row() const { return m_row; }
    [[nodiscard]] TabPages* tabs() const { return m_tabs; }
    [[nodiscard]] KeyValueTable* essentials() const { return m_essentials; }
    [[nodiscard]] PayloadView* arguments() const { return m_arguments; }
    [[nodiscard]] PayloadView* answer() const { return m_answer; }
    [[nodiscard]] KeyValueTable* audit() const { return m_audit; }

Q_SIGNALS:
    void filterTermRequested(const QString& term);
    void logsRequested();
    void auditRequested();
    void wireRequested();
    void copied();

private:
    QWidget* makeSpanPage();
    QWidget* makePayloadPage();
    QWidget* makeEventsPage();
    QWidget* makeLogsPage();
    QWidget* makeAuditPage();
    KeyValueTable* addTable(QVBoxLayout* column, TextLabel*& heading, const QString& title);
    void showPayload();

    std::shared_ptr<const TraceDocument> m_document;
    std::uint32_t m_row = TraceIndex::none;
    std::optional<store::AuditRow> m_auditRow;
    QString m_auditReason;
    std::vector<store::LogEntry> m_allLogs;

    QStackedLayout* m_stack;
    TabPages* m_tabs;
    TextLabel* m_title;
    TextLabel* m_kind;
    KeyValueTable* m_essentials;
    PayloadView* m_shortArguments;
    PayloadView* m_shortAnswer;
    TextLabel* m_furtherHeading = nullptr;
    KeyValueTable* m_further;
    TextLabel* m_linksHeading = nullptr;
    KeyValueTable* m_links;
    TextLabel* m_resourceHeading = nullptr;
    KeyValueTable* m_resource;
    PayloadView* m_arguments;
    PayloadView* m_answer;
    QStackedLayout* m_payloadStack;
    EmptyState* m_noPayload;
    KeyValueTable* m_events;
    QStackedLayout* m_eventStack;
    TraceLogModel* m_logModel;
    QStackedLayout* m_logStack;
    KeyValueTable* m_audit;
    QStackedLayout* m_auditStack;
    EmptyState* m_noAudit;
};

} // namespace oriel::ui
