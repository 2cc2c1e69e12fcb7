// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/config_page.h"

class QComboBox;
class QStackedWidget;

namespace oriel::ui {

class KeyValueTable;
class SnippetView;
class TextLabel;

/// Oriel as the OTLP receiver of this machine: where it listens or why it does not, what it took, the lines that point a program
/// at it, and its settings. They take effect when they are saved.
class ReceiverPage : public ConfigPage {
    Q_OBJECT
public:
    explicit ReceiverPage(service::GatewayService& service, QWidget* parent = nullptr);
    void refresh() override;
    [[nodiscard]] Banner* problem() const { return m_problem; }
    [[nodiscard]] KeyValueTable* facts() const { return m_facts; }
    [[nodiscard]] SnippetView* snippets() const { return m_snippets; }

protected:
    void load(const config::Config& configuration) override;
    void store(config::Config& configuration) const override;
    [[nodiscard]] QList<FieldError> check() const override;

private:
    QWidget* buildLines();
    QWidget* buildOff();
    void buildFields();
    void switchOn();

    Banner* m_problem;
    KeyValueTable* m_facts;
    QWidget* m_lines;
    QWidget* m_off;
    TextLabel* m_step;
    SnippetView* m_snippets;
    QCheckBox* m_enabled;
    QSpinBox* m_grpcPort;
    QSpinBox* m_httpPort;
    QComboBox* m_children;
};

} // namespace oriel::ui
