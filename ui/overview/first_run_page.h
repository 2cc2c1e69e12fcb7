// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"

#include <QFuture>
#include <QWidget>

class QPushButton;

namespace oriel::ui {

class ClientGuide;
class TextLabel;

/// What the Overview shows while no server is configured: three ways to get one, and how to point a client at Oriel. GUI thread.
class FirstRunPage : public QWidget {
    Q_OBJECT
public:
    explicit FirstRunPage(service::GatewayService& service, QWidget* parent = nullptr);
    ~FirstRunPage() override;

    /// Looks again for the configurations of clients, and at the endpoint. `found()` follows.
    void refresh();
    /// True when it is known what can be imported.
    [[nodiscard]] bool isSettled() const { return m_settled; }
    void setDemoOffered(bool offered);
    [[nodiscard]] QString importSentence() const;

Q_SIGNALS:
    void importRequested();
    void addRequested();
    void demoRequested();
    void found();
    void notice(const QString& text);

private:
    QWidget* step(int number, const QString& title, TextLabel* sentence, QPushButton* button);
    void showCandidates(const QList<service::ImportCandidate>& candidates);

    service::GatewayService& m_service;
    QFuture<void> m_search;
    bool m_settled = false;
    TextLabel* m_endpoint;
    TextLabel* m_importWords;
    QPushButton* m_import;
    QPushButton* m_add;
    QPushButton* m_demo;
    QWidget* m_demoStep;
    ClientGuide* m_guide;
};

/// "7 servers in Claude Desktop and Cursor" or why there is nothing to import.
[[nodiscard]] QString importSummary(const QList<service::ImportCandidate>& candidates);

} // namespace oriel::ui
