// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/audit/audit_export.h"

#include "ui/theme/theme.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/text_label.h"

#include <QDateTime>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QProgressBar>
#include <QStandardPaths>

namespace oriel::ui {

ExportPathChooser exportFileDialog()
{
    return [](QWidget* parent, bool csv, const QString& suggestion, std::function<void(const QString&)> chosen) {
        auto* dialog = new QFileDialog(parent, QStringLiteral("Export the audit log"), suggestion);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setAcceptMode(QFileDialog::AcceptSave);
        dialog->setNameFilters({csv ? QStringLiteral("Comma-separated values (*.csv)") : QStringLiteral("JSON lines (*.jsonl)"),
                                QStringLiteral("All files (*)")});
        dialog->setDefaultSuffix(csv ? QStringLiteral("csv") : QStringLiteral("jsonl"));
        dialog->selectFile(QFileInfo(suggestion).fileName());
        QObject::connect(dialog, &QFileDialog::fileSelected, parent, std::move(chosen));
        dialog->open();
    };
}

QString suggestedExportPath(bool csv, std::int64_t nowUnixNs)
{
    const QString day = QDateTime::fromMSecsSinceEpoch(nowUnixNs / 1'000'000).toString(QStringLiteral("yyyy-MM-dd"));
    const QString name = QStringLiteral("audit-%1.%2").arg(day, csv ? QStringLiteral("csv") : QStringLiteral("jsonl"));
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    return QDir(folder.isEmpty() ? QDir::homePath() : folder).filePath(name);
}

AuditExportStrip::AuditExportStrip(QWidget* parent) : QWidget(parent)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(metrics::space3, 0, metrics::space3, metrics::space2);
    row->setSpacing(metrics::space3);
    m_words = new TextLabel({}, TextLabel::Role::Caption);
    m_words->setElided(true);
    m_bar = new QProgressBar;
    m_bar->setTextVisible(false);
    m_bar->setMaximumWidth(220);
    auto* stop = new LinkButton(QStringLiteral("Stop"));
    row->addWidget(m_words, 1);
    row->addWidget(m_bar);
    row->addWidget(stop);
    hide();
    connect(stop, &QAbstractButton::clicked, this, &AuditExportStrip::cancel);
    connect(&m_watcher, &QFutureWatcherBase::progressRangeChanged, m_bar, &QProgressBar::setRange);
    connect(&m_watcher, &QFutureWatcherBase::progressValueChanged, m_bar, &QProgressBar::setValue);
    connect(&m_watcher, &QFutureWatcherBase::finished, this, &AuditExportStrip::end);
}

AuditExportStrip::~AuditExportStrip()
{
    cancel();
}

void AuditExportStrip::watch(const QFuture<Result<quint64>>& rows, const QString& path)
{
    m_path = path;
    m_words->setText(QStringLiteral("Exporting to %1").arg(QDir::toNativeSeparators(path)));
    m_bar->setRange(0, 0);
    show();
    m_watcher.setFuture(rows);
}

void AuditExportStrip::cancel()
{
    if (!m_watcher.isFinished())
        m_watcher.cancel();
}

void AuditExportStrip::end()
{
    hide();
    if (m_watcher.isCanceled() || m_watcher.future().resultCount() == 0) {
        Q_EMIT cancelled();
        return;
    }
    const Result<quint64> rows = m_watcher.result();
    if (rows) {
        Q_EMIT exported(*rows, m_path);
        return;
    }
    if (rows.error().code == ErrorCode::Cancelled) {
        Q_EMIT cancelled();
        return;
    }
    const QString why =
        rows.error().remedy.isEmpty() ? rows.error().message : rows.error().message + QLatin1Char(' ') + rows.error().remedy;
    Q_EMIT failed(QStringLiteral("The audit log was not exported to `%1`").arg(QDir::toNativeSeparators(m_path)), why);
}

} // namespace oriel::ui
