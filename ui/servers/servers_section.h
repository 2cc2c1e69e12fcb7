// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/shell/section.h"

#include <optional>

class QStackedWidget;
class QTimer;

namespace oriel::ui {

class Banner;
class Card;
class DataTable;
class EmptyState;
class LiveRefresh;
class ServerHeader;
class ServerListModel;
class ServerOverview;
class ServerSettingsPage;
class Splitter;
class TabPages;
class ToolsPage;
class WirePage;

/// The servers behind the gateway: their list with state and traffic, and for the chosen one its overview, tools, wire log and
/// settings; adding, importing, enabling, restarting and removing them. States stay current while paused, because commands depend
/// on them; the wire log stands still. GUI thread; `service` must outlive it.
class ServersSection : public Section {
    Q_OBJECT
public:
    enum Tab { OverviewTab, ToolsTab, WireTab, SettingsTab };

    explicit ServersSection(service::GatewayService& service, QWidget* parent = nullptr);

    [[nodiscard]] QString id() const override { return QStringLiteral("servers"); }
    [[nodiscard]] QString title() const override { return QStringLiteral("Servers"); }
    [[nodiscard]] IconName icon() const override { return IconName::Servers; }
    [[nodiscard]] QString filterHint() const override { return QStringLiteral("Filter servers by name or command …"); }
    void setFilter(const QString& text) override;
    void setLive(bool live) override;
    [[nodiscard]] bool isReady() const override;
    [[nodiscard]] QString emptyReason() const override;
    /// A server's name, optionally with a tab: "notes", "notes/wire"; a tab alone for the current server: "wire"; "exchange" for
    /// its newest call on both sides; "wire:<trace>[/<span>]" for the frames of that call, whichever server it went to; "add" and
    /// "import" open their dialogs.
    bool open(const QString& target) override;
    [[nodiscard]] QByteArray saveState() const override;
    void restoreState(const QByteArray& state) override;

    [[nodiscard]] ServerListModel* model() const { return m_model; }
    [[nodiscard]] DataTable* list() const { return m_list; }
    [[nodiscard]] TabPages* tabs() const { return m_tabs; }
    [[nodiscard]] ServerOverview* overview() const { return m_overview; }
    [[nodiscard]] ToolsPage* tools() const { return m_tools; }
    [[nodiscard]] WirePage* wire() const { return m_wire; }
    [[nodiscard]] ServerSettingsPage* settings() const { return m_settings; }
    [[nodiscard]] Banner* banner() const { return m_banner; }
    [[nodiscard]] QString currentServer() const { return m_current; }
    [[nodiscard]] QAction* signInAction() const { return m_signIn; }
    [[nodiscard]] QAction* restartAction() const { return m_restart; }
    [[nodiscard]] QAction* enableAction() const { return m_enable; }
    [[nodiscard]] QAction* removeAction() const { return m_remove; }

public Q_SLOTS:
    void addServer();
    void importServers();
    /// Removes without asking; the banner offers to undo it.
    void removeServer(const QString& name);

private:
    void buildActions();
    void buildPage();
    QWidget* buildList();
    QWidget* buildDetail();
    void connectPages();
    bool openWire(const QString& target);
    void refresh();
    void updateBadge();
    void select(const QString& name);
    void showCurrent();
    void askToRemove();
    void restoreRemoved();
    void setEnabled(const QString& name, bool enabled);
    void runSignInCommand();
    void signIn(bool begin);
    void signOut();
    void showSignInCommand(const service::ServerSnapshot* server);
    /// Shows a failure over the page, or nothing when it went well.
    void report(const QString& what, const Status& done);
    [[nodiscard]] const service::ServerSnapshot* current() const;
    [[nodiscard]] QStringList otherNames(const QString& name) const;

    service::GatewayService& m_service;
    LiveRefresh* m_refresh;
    QTimer* m_badgeTimer;
    QList<service::ServerSnapshot> m_servers;
    QString m_current;
    QString m_wanted; ///< to be chosen as soon as it appears
    QString m_filter;
    std::optional<config::Server> m_removed;
    bool m_refreshed = false;
    bool m_waitsForWire = false; ///< the wire tab was asked for: the page is ready when it shows something
    QAction* m_add;
    QAction* m_import;
    QAction* m_signIn; ///< or to give it up, or to sign out
    QAction* m_restart;
    QAction* m_enable;
    QAction* m_edit;
    QAction* m_remove;
    Banner* m_banner;
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    Splitter* m_splitter;
    Card* m_listCard;
    DataTable* m_list;
    ServerListModel* m_model;
    ServerHeader* m_header;
    TabPages* m_tabs;
    ServerOverview* m_overview;
    ToolsPage* m_tools;
    WirePage* m_wire;
    ServerSettingsPage* m_settings;
};

} // namespace oriel::ui
