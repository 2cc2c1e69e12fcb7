// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/config_page.h"

namespace oriel::ui {

class KeyValueTable;

/// The local endpoint: where it listens, who may use it, how names are made, and how long things may take.
class GatewayPage : public ConfigPage {
    Q_OBJECT
public:
    explicit GatewayPage(service::GatewayService& service, QWidget* parent = nullptr);
    void refresh() override;
    [[nodiscard]] Banner* openBanner() const { return m_open; }

protected:
    void load(const config::Config& configuration) override;
    void store(config::Config& configuration) const override;
    [[nodiscard]] QList<FieldError> check() const override;

private:
    KeyValueTable* m_state;
    Banner* m_open; ///< in red while anyone on this machine may use the endpoint
    QSpinBox* m_port;
    QLineEdit* m_host;
    QCheckBox* m_auth;
    QPlainTextEdit* m_origins;
    QLineEdit* m_body;
    QLineEdit* m_separator;
    QCheckBox* m_prefix;
    QList<std::pair<std::chrono::milliseconds config::Timeouts::*, QLineEdit*>> m_times;
    QStringList m_timeKeys;
};

} // namespace oriel::ui
