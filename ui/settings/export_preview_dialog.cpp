// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/export_preview_dialog.h"

#include "ui/settings/destination_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/code_view.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>
#include <QVBoxLayout>

namespace oriel::ui {

ExportPreviewDialog::ExportPreviewDialog(service::GatewayService& service, const QString& destination, QWidget* parent)
    : Dialog(QStringLiteral("What %1 gets").arg(destination), parent),
      m_service(service),
      m_destination(destination)
{
    setSentence(QStringLiteral("Looking for the newest call …"));
    m_view = new CodeView(this);
    m_view->setAccessibleName(QStringLiteral("The request as JSON"));
    m_view->setMinimumHeight(200);
    body()->addWidget(m_view, 1);
    m_copy = addButton(QStringLiteral("Copy"));
    m_copy->setEnabled(false);
    m_again = addButton(QStringLiteral("Newest call again"));
    setAcceptButton(QStringLiteral("Close"));
    cancelButton()->hide();
    resize(760, 640);
    connect(m_copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_view->text()); });
    connect(m_again, &QPushButton::clicked, this, &ExportPreviewDialog::load);
    load();
}

void ExportPreviewDialog::load()
{
    m_again->setEnabled(false);
    whenDone(m_service.previewExport(m_destination), this, [this](const Result<service::ExportPreview>& preview) {
        m_again->setEnabled(true);
        showPreview(preview);
    });
}

void ExportPreviewDialog::showPreview(const Result<service::ExportPreview>& preview)
{
    m_copy->setEnabled(preview && !preview->request.isEmpty());
    if (!preview) {
        setSentence(QStringLiteral("Nothing can be sent there as it is configured."));
        showError(QStringLiteral("%1 gets nothing").arg(m_destination), sentencesOf(preview.error()));
        m_view->setText({});
        return;
    }
    showError({});
    setSentence(previewSentence(*preview));
    m_view->setText(QString::fromUtf8(preview->request), CodeView::Language::Json);
}

} // namespace oriel::ui
