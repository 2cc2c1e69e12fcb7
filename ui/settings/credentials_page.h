// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/settings_page.h"
#include "ui/widgets/row_model.h"

class QPushButton;
class QStackedWidget;

namespace oriel::ui {

class DataTable;
class IconLabel;
class TextLabel;

/// A secret of the vault: its name and what refers to it, never its value.
struct SecretRow {
    QString name;
    QStringList uses;
    bool set = true; ///< false: something refers to it and the vault has none of this name
};
/// The vault's secrets, and those that the configuration refers to in vain. Pure.
[[nodiscard]] QList<SecretRow> secretRows(const QStringList& names, const config::Config& configuration);

/// The vault: where its key is, which secrets it holds and what uses them. Values can be set, replaced and removed, not read.
class CredentialsPage : public SettingsPage {
    Q_OBJECT
public:
    explicit CredentialsPage(service::GatewayService& service, QWidget* parent = nullptr);
    void refresh() override;
    [[nodiscard]] RowModel<SecretRow>* model() const { return m_model; }
    [[nodiscard]] DataTable* table() const { return m_table; }

private:
    void edit(const QString& name);
    void askToRemove();
    void showVault();

    RowModel<SecretRow>* m_model;
    IconLabel* m_lock;
    TextLabel* m_vault;
    QStackedWidget* m_stack;
    DataTable* m_table;
    QPushButton* m_replace;
    QPushButton* m_remove;
};

} // namespace oriel::ui
