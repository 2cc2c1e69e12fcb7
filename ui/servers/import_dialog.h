// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/servers/import_choice.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/row_model.h"

class QCheckBox;
class QStackedWidget;

namespace oriel::ui {

class CodeView;
class DataTable;
class EmptyState;
class TextLabel;

/// The servers that other clients on this machine have, with a preview of what each would run, a check box each, and the offer to
/// move their secrets to the vault. Nothing is changed in the other clients' files. GUI thread.
class ImportDialog : public Dialog {
    Q_OBJECT
public:
    explicit ImportDialog(service::GatewayService& service, QWidget* parent = nullptr);
    /// Also called by itself with what discoverImports() found.
    void setCandidates(const QList<service::ImportCandidate>& candidates);
    [[nodiscard]] const ImportChoice& choice() const { return m_choice; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] QAbstractItemModel* model() const { return m_model; }
    [[nodiscard]] CodeView* preview() const { return m_preview; }
    void accept() override;

Q_SIGNALS:
    void imported(const QStringList& names);

private:
    void showChoice();
    void showCandidate();

    service::GatewayService& m_service;
    ImportChoice m_choice;
    RowModel<int>* m_model; ///< of indexes into the choice
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    DataTable* m_table;
    TextLabel* m_source;
    CodeView* m_preview;
    QCheckBox* m_vault;
};

/// What the preview shows: the line or URL that would be run, then environment and headers with secrets as "set". Pure.
[[nodiscard]] QString candidatePreview(const service::ImportCandidate& candidate);

} // namespace oriel::ui
