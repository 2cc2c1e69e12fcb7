// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/settings_page.h"
#include "ui/widgets/row_model.h"

class QPushButton;

namespace oriel::ui {

class Card;
class DataTable;
class LimitsCard;
class SnippetView;

/// Who is connected now, which tokens there are, and how to point a client at Oriel.
class ClientsPage : public SettingsPage {
    Q_OBJECT
public:
    explicit ClientsPage(service::GatewayService& service, QWidget* parent = nullptr);
    void refresh() override;
    [[nodiscard]] RowModel<service::SessionSnapshot>* sessionModel() const { return m_sessions; }
    [[nodiscard]] RowModel<service::TokenSnapshot>* tokenModel() const { return m_tokens; }
    [[nodiscard]] DataTable* tokenTable() const { return m_tokenTable; }
    [[nodiscard]] LimitsCard* limits() const { return m_limits; }
    [[nodiscard]] SnippetView* snippets() const { return m_snippets; }
    /// Takes a token back without asking.
    void revoke(const QString& name);

private:
    QWidget* buildSessions();
    QWidget* buildTokens();
    void addToken();
    void askToRevoke();

    RowModel<service::SessionSnapshot>* m_sessions;
    RowModel<service::TokenSnapshot>* m_tokens;
    Card* m_sessionCard;
    DataTable* m_sessionTable;
    DataTable* m_tokenTable;
    QPushButton* m_revoke;
    LimitsCard* m_limits;
    SnippetView* m_snippets;
};

} // namespace oriel::ui
