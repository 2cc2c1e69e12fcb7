// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/gateway_page.h"

#include "ui/settings/settings_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/quantity.h"

#include <QCheckBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QVBoxLayout>

namespace oriel::ui {

GatewayPage::GatewayPage(service::GatewayService& service, QWidget* parent)
    : ConfigPage(service,
                 {QStringLiteral("gateway"), QStringLiteral("Gateway"), IconName::Plug,
                  QStringLiteral("The one endpoint in front of all servers. It listens on this machine only.")},
                 parent)
{
    m_open = new Banner(Tone::Error, this);
    m_open->setMessage(QStringLiteral("Authentication is off"),
                       QStringLiteral("Every program on this machine can use all servers and read the audit log. Switch it on, "
                                      "unless this is a test; `--no-auth` on the command line does the same."));
    m_state = new KeyValueTable(this);
    m_state->setFitToContents(true);
    m_state->setMaximumWidth(760);
    body()->insertWidget(0, m_state);
    body()->insertWidget(0, m_open);
    m_port = addNumber(
        QStringLiteral("port"), QStringLiteral("Port"), 0, 65535, QStringLiteral("any free one"),
        QStringLiteral("7420 unless changed. Clients hold it in their configuration; it takes effect at the next start."));
    m_host = addText(QStringLiteral("host"), QStringLiteral("Address"));
    m_auth = addCheck(QStringLiteral("auth"), QStringLiteral("Ask every client for its token"));
    m_origins = addLines(QStringLiteral("allowedOrigins"), QStringLiteral("Web origins"), QStringLiteral("https://app.example"),
                         QStringLiteral("One a line: web pages beside those of this machine that may use the endpoint."));
    m_body = addText(QStringLiteral("maxBodyBytes"), QStringLiteral("Largest request"));
    form()->addHeading(QStringLiteral("Names"));
    m_separator = addText(QStringLiteral("separator"), QStringLiteral("Separator"),
                          QStringLiteral("Between server and tool in the names that clients see: server__tool."));
    m_prefix =
        addCheck(QStringLiteral("prefix"), QStringLiteral("Put the server's name in front also when there is only one server"));
    form()->addHeading(QStringLiteral("Timeouts"),
                       QStringLiteral("A warning is given at 80 %; a server can have its own. Such as 500 ms, 30 s, 5 min."));
    const auto time = [this](const char* key, const QString& label, std::chrono::milliseconds config::Timeouts::*field) {
        m_times.append({field, addText(QLatin1String(key), label)});
        m_timeKeys.append(QLatin1String(key));
    };
    time("timeouts.connectivity", QStringLiteral("Connecting"), &config::Timeouts::connectivity);
    time("timeouts.discovery", QStringLiteral("Reading lists"), &config::Timeouts::discovery);
    time("timeouts.toolCall", QStringLiteral("A call"), &config::Timeouts::toolCall);
    time("timeouts.guardrail", QStringLiteral("A guardrail check"), &config::Timeouts::guardrail);
    time("timeouts.auth", QStringLiteral("Authorization"), &config::Timeouts::auth);
    body()->addStretch(1);
}

void GatewayPage::refresh()
{
    ConfigPage::refresh();
    const service::GatewayStatus status = service().status();
    m_open->setVisible(status.authDisabled);
    QList<KeyValue> rows;
    if (status.listening)
        rows.append({QStringLiteral("endpoint"), status.endpoint, Tone::Neutral, {}, true, {}});
    else
        rows.append({QStringLiteral("endpoint"),
                     status.listenError.isEmpty() ? QStringLiteral("not listening") : status.listenError,
                     Tone::Error,
                     {},
                     false,
                     {}});
    rows.append({QStringLiteral("authentication"),
                 status.authDisabled ? QStringLiteral("✕ off") : QStringLiteral("✓ a token for every client"),
                 status.authDisabled ? Tone::Error : Tone::Good,
                 {},
                 false,
                 {}});
    if (rows != m_state->rows())
        m_state->setRows(rows);
}

void GatewayPage::load(const config::Config& configuration)
{
    const config::Gateway& gateway = configuration.gateway;
    m_port->setValue(gateway.port);
    m_host->setText(gateway.host);
    m_auth->setChecked(gateway.auth);
    m_origins->setPlainText(gateway.allowedOrigins.join(QLatin1Char('\n')));
    m_body->setText(bytesText(gateway.maxBodyBytes));
    m_separator->setText(gateway.separator);
    m_prefix->setChecked(gateway.prefixSingleServer);
    for (const auto& [field, edit] : std::as_const(m_times))
        edit->setText(durationText(gateway.timeouts.*field));
}

void GatewayPage::store(config::Config& configuration) const
{
    config::Gateway& gateway = configuration.gateway;
    if (m_port->value() != gateway.port) {
        gateway.port = quint16(m_port->value());
        gateway.portIsExplicit = true;
    }
    gateway.host = m_host->text().trimmed();
    gateway.auth = m_auth->isChecked();
    gateway.allowedOrigins = linesOf(m_origins->toPlainText());
    gateway.maxBodyBytes = parseBytes(m_body->text()).value_or(gateway.maxBodyBytes);
    gateway.separator = m_separator->text().trimmed();
    gateway.prefixSingleServer = m_prefix->isChecked();
    for (const auto& [field, edit] : m_times)
        gateway.timeouts.*field = parseDuration(edit->text()).value_or(gateway.timeouts.*field);
}

QList<FieldError> GatewayPage::check() const
{
    QList<FieldError> errors = validateGateway(current().gateway);
    if (!parseBytes(m_body->text()))
        errors.append({QStringLiteral("maxBodyBytes"), QStringLiteral("Expected a size such as 64 MiB.")});
    for (qsizetype i = 0; i < m_times.size(); ++i) {
        if (!parseDuration(m_times[i].second->text()))
            errors.append({m_timeKeys[i], QStringLiteral("Expected a time such as 500 ms, 30 s or 5 min.")});
    }
    return errors;
}

} // namespace oriel::ui
