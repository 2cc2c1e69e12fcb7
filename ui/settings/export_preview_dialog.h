// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/widgets/dialog.h"

class QPushButton;

namespace oriel::ui {

class CodeView;

/// The newest call as one destination would get it, as JSON to be read and copied. GUI thread.
class ExportPreviewDialog : public Dialog {
    Q_OBJECT
public:
    ExportPreviewDialog(service::GatewayService& service, const QString& destination, QWidget* parent = nullptr);
    [[nodiscard]] CodeView* view() const { return m_view; }
    [[nodiscard]] QPushButton* copyButton() const { return m_copy; }
    [[nodiscard]] QPushButton* againButton() const { return m_again; }

private:
    void load();
    void showPreview(const Result<service::ExportPreview>& preview);

    service::GatewayService& m_service;
    QString m_destination;
    CodeView* m_view;
    QPushButton* m_copy;
    QPushButton* m_again;
};

} // namespace oriel::ui
