// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"

#include <QWidget>

class QVBoxLayout;

namespace oriel::ui {

class CodeView;
class LinkButton;
class Segmented;
class TextLabel;

/// How to point a client at Oriel: a tab for each client, the file to edit and what to put there, with a button that makes a
/// token for that client and fills it in. A token is shown this once and kept by nobody else. GUI thread.
class ClientGuide : public QWidget {
    Q_OBJECT
public:
    explicit ClientGuide(service::GatewayService& service, QWidget* parent = nullptr);

    /// Reads the snippets anew; call when the endpoint may have changed. Cheap when it has not.
    void refresh();
    [[nodiscard]] QString shownText() const;
    [[nodiscard]] int clientCount() const { return static_cast<int>(m_snippets.size()); }
    void showClient(int index);

Q_SIGNALS:
    void notice(const QString& text);

private:
    void rebuildTabs();
    void showSnippet();
    void makeToken();

    service::GatewayService& m_service;
    QList<service::ClientSnippet> m_snippets;
    QString m_endpoint;
    QString m_token; ///< just made, for the client below
    QString m_tokenClient;
    bool m_making = false;
    int m_current = 0;
    QVBoxLayout* m_column;
    Segmented* m_tabs = nullptr;
    TextLabel* m_path;
    TextLabel* m_note;
    CodeView* m_code;
    LinkButton* m_makeToken;
    TextLabel* m_tokenNote;
};

/// A name for a client's token: "claude-code".
[[nodiscard]] QString tokenNameFor(const QString& client);

} // namespace oriel::ui
