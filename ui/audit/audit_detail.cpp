// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/audit/audit_detail.h"

#include "store/audit_log.h"
#include "ui/audit/audit_words.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/text_label.h"

#include <QStackedLayout>
#include <QVBoxLayout>

namespace oriel::ui {

/// A payload with what is to be said about it: nothing there, cut, masked.
class PayloadPage final : public QWidget {
public:
    explicit PayloadPage(QString nothing) : m_nothing(std::move(nothing))
    {
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(metrics::space3, metrics::space3, metrics::space3, metrics::space3);
        column->setSpacing(metrics::space2);
        m_note = new TextLabel({}, TextLabel::Role::Caption);
        m_note->setWordWrap(true);
        m_masks = new TextLabel({}, TextLabel::Role::Warning);
        m_code = new CodeView;
        column->addWidget(m_note);
        column->addWidget(m_masks);
        column->addWidget(m_code, 1);
        m_rest = new QWidget;
        column->addWidget(m_rest, 1);
    }

    void setPayload(const QByteArray& kept, std::int64_t wholeBytes, bool failed)
    {
        m_code->setText(QString::fromUtf8(kept), CodeView::Language::Json);
        m_code->setTone(failed ? Tone::Error : Tone::Neutral);
        m_code->setVisible(!kept.isEmpty());
        m_rest->setVisible(kept.isEmpty());
        const QString cut = cutNote(kept, wholeBytes);
        m_note->setText(kept.isEmpty() && cut.isEmpty() ? m_nothing : cut);
        m_note->setVisible(!m_note->text().isEmpty());
        const auto masks = m_code->maskCount();
        m_masks->setText(masks == 0   ? QString()
                         : masks == 1 ? QStringLiteral("1 masked value")
                                      : QStringLiteral("%1 masked values").arg(masks));
        m_masks->setVisible(masks > 0);
    }

    [[nodiscard]] CodeView* code() const { return m_code; }
    [[nodiscard]] QString note() const
    {
        QStringList parts{m_note->text(), m_masks->text()};
        parts.removeAll(QString());
        return parts.join(QLatin1Char(' '));
    }

private:
    QString m_nothing;
    TextLabel* m_note;
    TextLabel* m_masks;
    CodeView* m_code;
    QWidget* m_rest;
};

AuditDetail::AuditDetail(QWidget* parent) : Card({}, parent)
{
    m_openTrace = new LinkButton(QStringLiteral("Open trace"), this);
    addHeaderWidget(m_openTrace);
    m_summary = new KeyValueTable;
    m_arguments = new PayloadPage(QStringLiteral("The call had no arguments."));
    m_response = new PayloadPage(QStringLiteral("There was no answer."));
    m_raw = new CodeView;
    auto* rawPage = new QWidget;
    auto* rawColumn = new QVBoxLayout(rawPage);
    rawColumn->setContentsMargins(metrics::space3, metrics::space3, metrics::space3, metrics::space3);
    rawColumn->addWidget(m_raw);
    m_tabs = new TabPages;
    auto* summaryPage = new QWidget;
    auto* summaryColumn = new QVBoxLayout(summaryPage);
    summaryColumn->setContentsMargins(0, metrics::space2, 0, metrics::space2);
    summaryColumn->addWidget(m_summary);
    m_tabs->addPage(summaryPage, QStringLiteral("Summary"));
    m_tabs->addPage(m_arguments, QStringLiteral("Arguments"));
    m_tabs->addPage(m_response, QStringLiteral("Response"));
    m_tabs->addPage(rawPage, QStringLiteral("Raw"));
    auto* pages = new QWidget;
    m_stack = new QStackedLayout(pages);
    m_stack->addWidget(new EmptyState(IconName::Audit, QStringLiteral("No row chosen"),
                                      QStringLiteral("Choose a call to see who made it, with what, and what came back.")));
    m_stack->addWidget(m_tabs);
    setBody(pages);
    connect(m_openTrace, &QAbstractButton::clicked, this, &AuditDetail::openTraceRequested);
    connect(m_summary, &KeyValueTable::filterRequested, this, &AuditDetail::filterRequested);
    clear();
}

CodeView* AuditDetail::argumentsView() const
{
    return m_arguments->code();
}

CodeView* AuditDetail::responseView() const
{
    return m_response->code();
}

QString AuditDetail::noteOf(Tab tab) const
{
    return tab == Arguments ? m_arguments->note() : tab == Response ? m_response->note() : QString();
}

void AuditDetail::setRow(store::AuditRow row)
{
    m_row = std::move(row);
    const bool isCall = m_row->kind == store::AuditKind::Call;
    const bool failed = m_row->outcome != telemetry::Outcome::Ok;
    setTitle(auditSubject(*m_row));
    setSubtitle(isCall ? QStringLiteral("%1 · %2").arg(outcomeWord(m_row->outcome), formatDuration(m_row->latencyNs))
                       : formatTime(m_row->timeUnixNs));
    m_openTrace->setVisible(m_row->traceId.isValid());
    m_summary->setRows(auditSummary(*m_row));
    m_arguments->setPayload(m_row->arguments, m_row->argumentsBytes, false);
    m_response->setPayload(m_row->response, m_row->responseBytes, failed);
    m_raw->setText(QString::fromUtf8(store::toJsonLine(*m_row)), CodeView::Language::Json);
    m_tabs->setPageVisible(Arguments, isCall);
    m_tabs->setPageVisible(Response, isCall);
    m_stack->setCurrentIndex(1);
}

void AuditDetail::clear()
{
    m_row.reset();
    setTitle(QStringLiteral("Details"));
    setSubtitle({});
    m_openTrace->hide();
    m_stack->setCurrentIndex(0);
}

} // namespace oriel::ui
