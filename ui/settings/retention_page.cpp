// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/retention_page.h"

#include "ui/widgets/async.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/format.h"
#include "ui/widgets/quantity.h"
#include "ui/widgets/text_label.h"

#include <QCheckBox>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTimer>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

using service::RetentionPreviewRow;

constexpr int pauseMs = 250;
constexpr int mostDays = 36'500;
constexpr std::int64_t mebibyte = 1024 * 1024;
constexpr std::int64_t mostBytes = mebibyte * mebibyte;

RowModel<RetentionPreviewRow>* makeModel(QObject* parent)
{
    using Column = RowModel<RetentionPreviewRow>::Column;
    const auto when = [](std::int64_t ns) { return ns > 0 ? formatDateTime(ns).left(16) : QStringLiteral("–"); };
    std::vector<Column> columns;
    columns.push_back({QStringLiteral("store"), [](const RetentionPreviewRow& row, int role) -> QVariant {
                           return role == Qt::DisplayRole ? QVariant(row.store) : QVariant();
                       }});
    columns.push_back({QStringLiteral("rows to delete"),
                       [](const RetentionPreviewRow& row, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return formatCount(std::int64_t(row.rows));
                           return role == CellRole::Tone && row.rows > 0 ? QVariant(int(Tone::Warning)) : QVariant();
                       },
                       true});
    columns.push_back({QStringLiteral("bytes"),
                       [](const RetentionPreviewRow& row, int role) -> QVariant {
                           return role == Qt::DisplayRole ? QVariant(formatBytes(std::uint64_t(std::max<qint64>(0, row.bytes))))
                                                          : QVariant();
                       },
                       true});
    columns.push_back({QStringLiteral("oldest of them"), [when](const RetentionPreviewRow& row, int role) -> QVariant {
                           return role == Qt::DisplayRole                           ? QVariant(when(row.oldestUnixNs))
                                  : role == CellRole::Mono || role == CellRole::Dim ? QVariant(true)
                                                                                    : QVariant();
                       }});
    columns.push_back({QStringLiteral("newest of them"), [when](const RetentionPreviewRow& row, int role) -> QVariant {
                           return role == Qt::DisplayRole                           ? QVariant(when(row.newestUnixNs))
                                  : role == CellRole::Mono || role == CellRole::Dim ? QVariant(true)
                                                                                    : QVariant();
                       }});
    return new RowModel<RetentionPreviewRow>(
        std::move(columns), [](const RetentionPreviewRow& row) { return row.store; }, parent);
}

} // namespace

RetentionPage::RetentionPage(service::GatewayService& service, QWidget* parent)
    : ConfigPage(service,
                 {QStringLiteral("retention"), QStringLiteral("Retention"), IconName::Database,
                  QStringLiteral("How long traces, logs, metrics and audit rows are kept on this machine. What is past its time "
                                 "goes when Oriel starts and once an hour.")},
                 parent)
{
    const QString forever = QStringLiteral("no limit");
    form()->addHeading(QStringLiteral("Traces"));
    m_traceDays = addNumber(QStringLiteral("traceDays"), QStringLiteral("Kept for days"), 0, mostDays, forever);
    m_traceBytes =
        addText(QStringLiteral("traceBytes"), QStringLiteral("On disk at most"), QStringLiteral("Such as 512 MiB; 0: no limit."));
    m_spanBudget = addText(QStringLiteral("spanBudgetBytes"), QStringLiteral("In memory at most"));
    form()->addHeading(QStringLiteral("Logs and metrics"));
    m_logDays = addNumber(QStringLiteral("logDays"), QStringLiteral("Logs for days"), 0, mostDays, forever);
    m_logBytes = addText(QStringLiteral("logBytes"), QStringLiteral("Logs on disk at most"));
    m_metricDays = addNumber(QStringLiteral("metricDays"), QStringLiteral("Metrics for days"), 0, mostDays, forever);
    form()->addHeading(QStringLiteral("Audit"));
    m_auditDays = addNumber(QStringLiteral("auditDays"), QStringLiteral("Rows for days"), 0, mostDays, forever);
    m_payload = addText(QStringLiteral("payloadLimit"), QStringLiteral("Of each payload"),
                        QStringLiteral("Kept of arguments and of the response, masked; 0: none."));
    m_strict = addCheck(QStringLiteral("strict"), QStringLiteral("Strict: a row is on disk before its answer is released"),
                        QStringLiteral("Otherwise within 20 ms. Strict calls wait for the disk, and a full disk refuses them."));
    body()->addWidget(buildPreview());
    body()->addStretch(1);
    m_pause = new QTimer(this);
    m_pause->setSingleShot(true);
    m_pause->setInterval(pauseMs);
    connect(m_pause, &QTimer::timeout, this, &RetentionPage::askForPreview);
}

QWidget* RetentionPage::buildPreview()
{
    auto* card = new Card(QStringLiteral("What would be deleted"), this);
    m_summary = new TextLabel(QString(), TextLabel::Role::Caption, card);
    m_apply = new QPushButton(QStringLiteral("Delete now …"), card);
    m_apply->setFixedHeight(26);
    card->addHeaderWidget(m_summary);
    card->addHeaderWidget(m_apply);
    m_preview = makeModel(this);
    m_table = new DataTable(card);
    m_table->setModel(m_preview);
    m_table->setColumnWidths({0, 130, 110, 170, 170});
    m_table->setFixedHeight(metrics::headerHeight + 4 * metrics::rowHeight + 6);
    card->setBody(m_table);
    connect(m_apply, &QPushButton::clicked, this, &RetentionPage::askToApply);
    return card;
}

void RetentionPage::refresh()
{
    ConfigPage::refresh();
    if (m_preview->rowCount() == 0)
        askForPreview();
}

void RetentionPage::load(const config::Config& configuration)
{
    const config::Retention& kept = configuration.retention;
    m_traceDays->setValue(kept.traceDays);
    m_traceBytes->setText(bytesText(kept.traceBytes));
    m_spanBudget->setText(bytesText(kept.spanBudgetBytes));
    m_logDays->setValue(kept.logDays);
    m_logBytes->setText(bytesText(kept.logBytes));
    m_metricDays->setValue(kept.metricDays);
    m_auditDays->setValue(kept.auditDays);
    m_payload->setText(bytesText(configuration.audit.payloadLimit));
    m_strict->setChecked(configuration.audit.mode == config::AuditMode::Strict);
}

void RetentionPage::store(config::Config& configuration) const
{
    config::Retention& kept = configuration.retention;
    kept.traceDays = m_traceDays->value();
    kept.traceBytes = parseBytes(m_traceBytes->text()).value_or(kept.traceBytes);
    kept.spanBudgetBytes = parseBytes(m_spanBudget->text()).value_or(kept.spanBudgetBytes);
    kept.logDays = m_logDays->value();
    kept.logBytes = parseBytes(m_logBytes->text()).value_or(kept.logBytes);
    kept.metricDays = m_metricDays->value();
    kept.auditDays = m_auditDays->value();
    configuration.audit.payloadLimit =
        int(std::min<std::int64_t>(parseBytes(m_payload->text()).value_or(configuration.audit.payloadLimit), 1 << 30));
    configuration.audit.mode = m_strict->isChecked() ? config::AuditMode::Strict : config::AuditMode::Group;
}

QList<FieldError> RetentionPage::check() const
{
    QList<FieldError> errors;
    const auto bytes = [&errors](const char* key, const QLineEdit* edit, std::int64_t least, std::int64_t most) {
        const auto value = parseBytes(edit->text());
        if (!value)
            errors.append({QLatin1String(key), QStringLiteral("Expected a size such as 512 MiB.")});
        else if (*value < least || *value > most)
            errors.append(
                {QLatin1String(key), QStringLiteral("Expected a size from %1 to %2.").arg(bytesText(least), bytesText(most))});
    };
    bytes("traceBytes", m_traceBytes, 0, mostBytes);
    bytes("spanBudgetBytes", m_spanBudget, mebibyte, mostBytes);
    bytes("logBytes", m_logBytes, 0, mostBytes);
    bytes("payloadLimit", m_payload, 0, 16 * mebibyte);
    return errors;
}

void RetentionPage::edited()
{
    m_apply->setEnabled(!isChanged());
    m_apply->setToolTip(isChanged() ? QStringLiteral("Save or revert first: only the numbers in force are applied") : QString());
    if (isVisible())
        m_pause->start();
}

void RetentionPage::askForPreview()
{
    if (!check().isEmpty())
        return;
    m_pause->stop();
    m_summary->setText(QStringLiteral("counting …"));
    const int question = ++m_question;
    whenDone(service().retentionPreview(current().retention), this, [this, question](const QList<RetentionPreviewRow>& rows) {
        if (question != m_question)
            return; // the numbers have changed meanwhile
        m_preview->setRows(rows);
        std::uint64_t all = 0;
        for (const RetentionPreviewRow& row : rows)
            all += row.rows;
        m_summary->setText(all == 0 ? QStringLiteral("nothing") : QStringLiteral("%1 rows").arg(formatCount(std::int64_t(all))));
    });
}

void RetentionPage::askToApply()
{
    auto* dialog = new Dialog(QStringLiteral("Delete what is past its time?"), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QStringList parts;
    for (const RetentionPreviewRow& row : m_preview->rows()) {
        if (row.rows > 0)
            parts.append(QStringLiteral("%1 of %2").arg(formatCount(std::int64_t(row.rows)), row.store));
    }
    dialog->setSentence(parts.isEmpty()
                            ? QStringLiteral("Nothing is past its time just now.")
                            : QStringLiteral("%1 are deleted for good. The deletion itself is recorded in the audit log.")
                                  .arg(parts.join(QStringLiteral(", "))));
    dialog->setAcceptButton(QStringLiteral("Delete"), Tone::Error);
    connect(dialog, &QDialog::accepted, this, [this] {
        m_apply->setEnabled(false);
        whenDone(service().applyRetention(), this, [this](const Status& done) {
            m_apply->setEnabled(!isChanged());
            report(QStringLiteral("Not everything was deleted"), done);
            askForPreview();
            if (done)
                Q_EMIT notice(QStringLiteral("Retention applied"));
        });
    });
    dialog->open();
}

} // namespace oriel::ui
