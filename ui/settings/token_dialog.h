// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/widgets/dialog.h"

class QCheckBox;
class QLineEdit;
class QStackedWidget;

namespace oriel::ui {

class CodeView;
class Form;
class SnippetView;

/// Makes a token for a client and shows it once, with what to put into the client's configuration. GUI thread.
class TokenDialog : public Dialog {
    Q_OBJECT
public:
    TokenDialog(service::GatewayService& service, const QStringList& takenNames, QWidget* parent = nullptr);
    [[nodiscard]] Form* form() const { return m_form; }
    /// Empty until it was made.
    [[nodiscard]] QString token() const;
    void accept() override;

private:
    void showToken(const QString& token);

    service::GatewayService& m_service;
    QStringList m_takenNames;
    QStackedWidget* m_pages;
    Form* m_form;
    QLineEdit* m_name;
    QCheckBox* m_mcp;
    QCheckBox* m_api;
    QLineEdit* m_project;
    CodeView* m_token;
    SnippetView* m_snippets;
};

} // namespace oriel::ui
