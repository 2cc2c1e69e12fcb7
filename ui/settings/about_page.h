// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/settings_page.h"

namespace oriel::ui {

class KeyValueTable;

/// Which Oriel this is, where it keeps things, and under which licences it and its parts stand.
class AboutPage : public SettingsPage {
    Q_OBJECT
public:
    explicit AboutPage(service::GatewayService& service, QWidget* parent = nullptr);
    void refresh() override;

private:
    KeyValueTable* m_build;
    KeyValueTable* m_places;
};

} // namespace oriel::ui
