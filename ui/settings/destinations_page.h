// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/settings_page.h"
#include "ui/widgets/row_model.h"

class QPushButton;
class QStackedWidget;

namespace oriel::ui {

class DataTable;
class KeyValueTable;
class TextLabel;

/// Where telemetry goes: every destination with its state and counts, and for the chosen one its settings in words, a test span
/// and the backend's real answer.
class DestinationsPage : public SettingsPage {
    Q_OBJECT
public:
    explicit DestinationsPage(service::GatewayService& service, QWidget* parent = nullptr);
    void refresh() override;
    bool open(const QString& target) override;
    [[nodiscard]] RowModel<service::DestinationSnapshot>* model() const { return m_model; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] QPushButton* testButton() const { return m_test; }

private:
    QWidget* buildTable();
    QWidget* buildDetail();
    QWidget* buildEmpty();
    [[nodiscard]] const service::DestinationSnapshot* current() const;
    void showCurrent();
    void edit(const config::Destination& destination, const QString& existing);
    void test();
    void askToRemove();
    void setEnabled(const config::Destination& destination, bool enabled);

    RowModel<service::DestinationSnapshot>* m_model;
    QStackedWidget* m_stack;
    DataTable* m_table;
    TextLabel* m_name;
    KeyValueTable* m_facts;
    QPushButton* m_test;
    QPushButton* m_edit;
    QPushButton* m_enable;
    QPushButton* m_remove;
    QString m_current;
    QString m_wanted;
};

} // namespace oriel::ui
