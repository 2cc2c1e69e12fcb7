// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/config_page.h"

namespace oriel::ui {

class Segmented;

/// Light, dark, or as the system has it. A choice is shown at once; Save keeps it, Revert takes it back.
class AppearancePage : public ConfigPage {
    Q_OBJECT
public:
    explicit AppearancePage(service::GatewayService& service, QWidget* parent = nullptr);
    [[nodiscard]] Segmented* choice() const { return m_theme; }

Q_SIGNALS:
    /// "system", "light" or "dark", as Appearance::preferenceFromName() takes it.
    void themeChosen(const QString& theme);

protected:
    void load(const config::Config& configuration) override;
    void store(config::Config& configuration) const override;
    [[nodiscard]] QList<FieldError> check() const override { return {}; }
    void edited() override;

private:
    Segmented* m_theme;
    QString m_shown;
};

} // namespace oriel::ui
