// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/config_page.h"
#include "ui/widgets/row_model.h"

class QPushButton;
class QTimer;

namespace oriel::ui {

class DataTable;
class TextLabel;

/// How long things are kept, what would be deleted with these numbers, and deleting it now.
class RetentionPage : public ConfigPage {
    Q_OBJECT
public:
    explicit RetentionPage(service::GatewayService& service, QWidget* parent = nullptr);
    [[nodiscard]] RowModel<service::RetentionPreviewRow>* preview() const { return m_preview; }
    [[nodiscard]] QPushButton* applyButton() const { return m_apply; }
    void refresh() override;

protected:
    void load(const config::Config& configuration) override;
    void store(config::Config& configuration) const override;
    [[nodiscard]] QList<FieldError> check() const override;
    void edited() override;

private:
    QWidget* buildPreview();
    void askForPreview();
    void askToApply();

    QSpinBox* m_traceDays;
    QLineEdit* m_traceBytes;
    QLineEdit* m_spanBudget;
    QSpinBox* m_logDays;
    QLineEdit* m_logBytes;
    QSpinBox* m_metricDays;
    QSpinBox* m_auditDays;
    QLineEdit* m_payload;
    QCheckBox* m_strict;
    RowModel<service::RetentionPreviewRow>* m_preview;
    TextLabel* m_summary;
    DataTable* m_table;
    QPushButton* m_apply;
    QTimer* m_pause;
    int m_question = 0;
};

} // namespace oriel::ui
