// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "privacy/masker.h"
#include "ui/settings/config_page.h"
#include "ui/widgets/row_model.h"

class QPushButton;
class QTimer;

namespace oriel::ui {

class CodeView;
class DataTable;
class MaskPreviewer;
class PairList;
class TextLabel;

/// What is masked before anything is stored, sent or shown, with a live preview of the rules as they stand in the fields, saved
/// or not.
class MaskingPage : public ConfigPage {
    Q_OBJECT
public:
    explicit MaskingPage(service::GatewayService& service, QWidget* parent = nullptr);
    [[nodiscard]] QPlainTextEdit* sample() const { return m_sample; }
    [[nodiscard]] CodeView* result() const { return m_result; }
    [[nodiscard]] RowModel<privacy::MaskHit>* hits() const { return m_hits; }
    [[nodiscard]] DataTable* hitTable() const { return m_hitTable; }
    [[nodiscard]] PairList* patterns() const { return m_patterns; }
    /// Puts the value of a hit on the list of what is not a secret, as its hash.
    void except(int hit);

protected:
    void load(const config::Config& configuration) override;
    void store(config::Config& configuration) const override;
    [[nodiscard]] QList<FieldError> check() const override;
    void edited() override;
    void showEvent(QShowEvent* event) override;

private:
    void buildFields();
    QWidget* buildPreview();
    void preview();
    void showResult(const privacy::MaskResult& result);

    QCheckBox* m_keys;
    QCheckBox* m_secrets;
    QList<std::pair<QString, QCheckBox*>> m_pii;
    PairList* m_patterns;
    QPlainTextEdit* m_exceptions;
    QPlainTextEdit* m_sample;
    CodeView* m_result;
    TextLabel* m_count;
    RowModel<privacy::MaskHit>* m_hits;
    DataTable* m_hitTable;
    QPushButton* m_except;
    MaskPreviewer* m_previewer;
    QTimer* m_pause;
    QString m_patternError; ///< what the masker says about the rules in the fields
    QByteArray m_masked;    ///< the text that the hits are places in
};

} // namespace oriel::ui
