// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/settings/settings_page.h"
#include "ui/shell/section.h"

class QStackedWidget;

namespace oriel::ui {

class AppearancePage;
class ClientsPage;
class CredentialsPage;
class DataTable;
class DestinationsPage;
class GatewayPage;
class LiveRefresh;
class MaskingPage;
class ReceiverPage;
class RetentionPage;
class Splitter;
template <class Row> class RowModel;

/// Categories at the left, their pages at the right. Only the page that is shown reads the service. GUI thread; `service` must
/// outlive it.
class SettingsSection : public Section {
    Q_OBJECT
public:
    explicit SettingsSection(service::GatewayService& service, QWidget* parent = nullptr);

    [[nodiscard]] QString id() const override { return QStringLiteral("settings"); }
    [[nodiscard]] QString title() const override { return QStringLiteral("Settings"); }
    [[nodiscard]] IconName icon() const override { return IconName::Settings; }
    [[nodiscard]] bool isReady() const override { return m_refreshed; }
    /// A category's id, optionally with a thing in it: "masking", "destinations/Grafana"; "destination:Grafana" likewise.
    bool open(const QString& target) override;
    [[nodiscard]] QByteArray saveState() const override;
    void restoreState(const QByteArray& state) override;

    [[nodiscard]] SettingsPage* currentPage() const;
    [[nodiscard]] const QList<SettingsPage*>& pages() const { return m_pages; }
    [[nodiscard]] DataTable* categories() const { return m_list; }
    [[nodiscard]] DestinationsPage* destinations() const { return m_destinations; }
    [[nodiscard]] ReceiverPage* receiver() const { return m_receiver; }
    [[nodiscard]] ClientsPage* clients() const { return m_clients; }
    [[nodiscard]] CredentialsPage* credentials() const { return m_credentials; }
    [[nodiscard]] RetentionPage* retention() const { return m_retention; }
    [[nodiscard]] MaskingPage* masking() const { return m_masking; }
    [[nodiscard]] GatewayPage* gateway() const { return m_gateway; }
    [[nodiscard]] AppearancePage* appearance() const { return m_appearance; }

Q_SIGNALS:
    /// "system", "light" or "dark".
    void themeChosen(const QString& theme);

private:
    void buildPages();
    void buildFrame();
    void connectPages();
    void refresh();
    void showCategories();
    bool showPage(const QString& id);

    service::GatewayService& m_service;
    LiveRefresh* m_refresh;
    Splitter* m_splitter;
    DataTable* m_list;
    RowModel<SettingsPage*>* m_model;
    QStackedWidget* m_stack;
    QList<SettingsPage*> m_pages;
    DestinationsPage* m_destinations;
    ReceiverPage* m_receiver;
    ClientsPage* m_clients;
    CredentialsPage* m_credentials;
    RetentionPage* m_retention;
    MaskingPage* m_masking;
    GatewayPage* m_gateway;
    AppearancePage* m_appearance;
    bool m_refreshed = false;
};

} // namespace oriel::ui
