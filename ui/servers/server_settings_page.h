// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"

#include <QWidget>

namespace oriel::ui {

class SaveBar;
class ServerForm;

/// A server's settings with Save and Revert. What is being edited is not overwritten by what happens outside, and is kept as a
/// draft while another server is shown; saving writes what was edited here and nothing else. GUI thread.
class ServerSettingsPage : public QWidget {
    Q_OBJECT
public:
    explicit ServerSettingsPage(service::GatewayService& service, QWidget* parent = nullptr);
    void setServer(const config::Server& server, const QStringList& otherNames);
    [[nodiscard]] ServerForm* form() const { return m_form; }
    [[nodiscard]] SaveBar* bar() const { return m_bar; }
    [[nodiscard]] bool isChanged() const;

Q_SIGNALS:
    void saved(const QString& name);

private:
    struct Draft {
        config::Server base; ///< as it was read
        config::Server edited;
    };
    void save();
    void show(const config::Server& base, const std::optional<config::Server>& edited);
    void followSaved(const config::Server& base, const config::Server& sent);

    service::GatewayService& m_service;
    ServerForm* m_form;
    SaveBar* m_bar;
    QHash<QString, Draft> m_drafts; ///< by the name of the server they were made from
    QStringList m_otherNames;
    bool m_loaded = false;
};

} // namespace oriel::ui
