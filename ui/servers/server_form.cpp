// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/server_form.h"

#include "ui/servers/program_line.h"
#include "ui/servers/server_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/async.h"
#include "ui/widgets/pair_list.h"
#include "ui/widgets/quantity.h"
#include "ui/widgets/segmented.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

using config::ServerTransport;

QLineEdit* monoEdit(const QString& placeholder, QWidget* parent)
{
    auto* edit = new QLineEdit(parent);
    edit->setFont(fonts::mono());
    edit->setPlaceholderText(placeholder);
    return edit;
}

QSpinBox* numberEdit(int maximum, const QString& zero, QWidget* parent)
{
    auto* edit = new QSpinBox(parent);
    edit->setRange(0, maximum);
    edit->setSpecialValueText(zero);
    edit->setMaximumWidth(160);
    return edit;
}

QLineEdit* timeEdit(QWidget* parent)
{
    auto* edit = new QLineEdit(parent);
    edit->setMaximumWidth(160);
    return edit;
}

QString overrideText(const std::optional<std::chrono::milliseconds>& own)
{
    return own ? durationText(*own) : QString();
}

} // namespace

ServerForm::ServerForm(service::GatewayService& service, QWidget* parent) : QWidget(parent), m_service(service)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    m_form = new Form(this);
    column->addWidget(m_form);
    column->addStretch(1);
    buildFields();
    buildLimits();
    connectFields();
}

void ServerForm::buildFields()
{
    m_name = new QLineEdit(m_form);
    m_form->addField(QStringLiteral("name"), QStringLiteral("Name"), m_name,
                     QStringLiteral("Stands before the names of its tools: name__tool."));
    m_transport =
        new Segmented({QStringLiteral("Command (stdio)"), QStringLiteral("HTTP"), QStringLiteral("HTTP+SSE (old)")}, m_form);
    m_form->addField(QStringLiteral("transport"), QStringLiteral("Reached by"), m_transport);
    m_command = monoEdit(QStringLiteral("npx"), m_form);
    m_form->addField(QStringLiteral("command"), QStringLiteral("Program"), m_command);
    m_arguments = new QPlainTextEdit(m_form);
    m_arguments->setFont(fonts::mono());
    m_arguments->setPlaceholderText(QStringLiteral("-y\n@modelcontextprotocol/server-everything"));
    m_arguments->setTabChangesFocus(true);
    m_arguments->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_arguments->setFixedHeight(84);
    m_form->addField(QStringLiteral("args"), QStringLiteral("Arguments"), m_arguments,
                     QStringLiteral("One a line, without quotes. ${vault:name} and ${VARIABLE} are filled in."));
    m_environment =
        new PairList(QStringLiteral("NAME"), QStringLiteral("value or ${vault:name}"), QStringLiteral("Add a variable"), m_form);
    m_environment->setSecretTest(isPlainSecret);
    m_environment->setVaultOffered(true);
    m_form->addField(QStringLiteral("env"), QStringLiteral("Environment"), m_environment);
    m_folder = monoEdit(QStringLiteral("Oriel's own folder"), m_form);
    m_form->addField(QStringLiteral("cwd"), QStringLiteral("Folder"), m_folder);
    m_url = monoEdit(QStringLiteral("https://mcp.example.com/mcp"), m_form);
    m_form->addField(QStringLiteral("url"), QStringLiteral("URL"), m_url);
    m_headers = new PairList(QStringLiteral("Header"), QStringLiteral("value or Bearer ${vault:name}"),
                             QStringLiteral("Add a header"), m_form);
    m_headers->setSecretTest(isPlainSecret);
    m_headers->setVaultOffered(true);
    m_form->addField(QStringLiteral("headers"), QStringLiteral("Headers"), m_headers);
    m_line = new ProgramLine(m_form);
    m_form->addField(QStringLiteral("approval"), QString(), m_line);
}

void ServerForm::buildLimits()
{
    m_form->addHeading(QStringLiteral("Start and limits"));
    m_enabled = new QCheckBox(QStringLiteral("Enabled"), m_form);
    m_form->addField(QStringLiteral("enabled"), QString(), m_enabled);
    m_start = new QComboBox(m_form);
    m_start->addItems({QStringLiteral("When Oriel starts"), QStringLiteral("On first use")});
    m_start->setMaximumWidth(220);
    m_form->addField(QStringLiteral("start"), QStringLiteral("Started"), m_start);
    m_connection = new QComboBox(m_form);
    m_connection->addItems({QStringLiteral("Shared by all clients"), QStringLiteral("One for each client")});
    m_connection->setMaximumWidth(220);
    m_form->addField(QStringLiteral("connection"), QStringLiteral("Connection"), m_connection,
                     QStringLiteral("Each client's own lets the server see what that client can do, and keeps clients apart."));
    m_concurrency = numberEdit(100'000, QStringLiteral("no limit"), m_form);
    m_form->addField(QStringLiteral("concurrency"), QStringLiteral("Calls in flight"), m_concurrency);
    m_restarts = numberEdit(1000, QStringLiteral("none"), m_form);
    m_form->addField(QStringLiteral("maxRestarts"), QStringLiteral("Restarts in a row"), m_restarts,
                     QStringLiteral("After these it stays down until you start it again."));
    m_connect = timeEdit(m_form);
    m_form->addField(QStringLiteral("timeouts.connectivity"), QStringLiteral("Connecting within"), m_connect);
    m_discovery = timeEdit(m_form);
    m_form->addField(QStringLiteral("timeouts.discovery"), QStringLiteral("Lists within"), m_discovery);
    m_call = timeEdit(m_form);
    m_form->addField(QStringLiteral("timeouts.toolCall"), QStringLiteral("A call within"), m_call,
                     QStringLiteral("Such as 500 ms, 30 s, 5 min. Empty: as the gateway has it."));
}

void ServerForm::connectFields()
{
    const auto edited = [this] { onChanged(); };
    for (QLineEdit* edit : {m_name, m_command, m_folder, m_url, m_connect, m_discovery, m_call})
        connect(edit, &QLineEdit::textChanged, this, edited);
    connect(m_arguments, &QPlainTextEdit::textChanged, this, edited);
    connect(m_environment, &PairList::changed, this, edited);
    connect(m_headers, &PairList::changed, this, edited);
    connect(m_line, &ProgramLine::approvalChanged, this, edited);
    connect(m_start, &QComboBox::currentIndexChanged, this, edited);
    connect(m_connection, &QComboBox::currentIndexChanged, this, edited);
    connect(m_enabled, &QCheckBox::toggled, this, edited);
    connect(m_concurrency, &QSpinBox::valueChanged, this, edited);
    connect(m_restarts, &QSpinBox::valueChanged, this, edited);
    connect(m_transport, &Segmented::currentChanged, this, [this] {
        showTransport();
        onChanged();
    });
    for (PairList* list : {m_environment, m_headers})
        connect(list, &PairList::moveToVaultRequested, this, [this, list](int row) { moveToVault(list, row); });
}

void ServerForm::load(const config::Server& server, const QStringList& otherNames, bool isNew)
{
    m_loaded = server;
    m_otherNames = otherNames;
    m_form->clearErrors();
    if (isNew)
        m_line->setServer(server);
    else
        m_line->setApproved(server);
    fill(server);
}

void ServerForm::edit(const config::Server& draft)
{
    fill(draft);
    onChanged();
}

void ServerForm::fill(const config::Server& server)
{
    m_loading = true;
    const config::Timeouts usual = m_service.configuration().gateway.timeouts;
    m_name->setText(server.name);
    m_transport->setCurrentIndex(int(server.transport));
    m_command->setText(server.command);
    m_arguments->setPlainText(textFromArguments(server.args));
    QList<PairList::Pair> variables;
    for (auto it = server.env.cbegin(); it != server.env.cend(); ++it)
        variables.append({it.key(), it.value()});
    m_environment->setPairs(variables);
    m_folder->setText(server.cwd);
    m_url->setText(server.url);
    m_headers->setPairs(server.headers);
    m_start->setCurrentIndex(server.start == config::StartMode::AtLaunch ? 0 : 1);
    m_connection->setCurrentIndex(server.connection == config::ConnectionMode::Shared ? 0 : 1);
    m_enabled->setChecked(server.enabled);
    m_concurrency->setValue(server.concurrency);
    m_restarts->setValue(server.maxRestarts);
    const auto showTimeout = [](QLineEdit* edit, const std::optional<std::chrono::milliseconds>& own,
                                std::chrono::milliseconds gateways) {
        edit->setText(overrideText(own));
        edit->setPlaceholderText(durationText(gateways));
    };
    showTimeout(m_connect, server.timeouts.connectivity, usual.connectivity);
    showTimeout(m_discovery, server.timeouts.discovery, usual.discovery);
    showTimeout(m_call, server.timeouts.toolCall, usual.toolCall);
    m_loading = false;
    showTransport();
}

config::Server ServerForm::server() const
{
    config::Server server = m_loaded;
    server.name = m_name->text().trimmed();
    server.transport = static_cast<ServerTransport>(m_transport->currentIndex());
    server.command = m_command->text().trimmed();
    // Untouched arguments stay as they are: one of them may hold a line break, which this field cannot show.
    if (m_arguments->toPlainText() != textFromArguments(m_loaded.args))
        server.args = argumentsFromText(m_arguments->toPlainText());
    server.env.clear();
    for (const auto& [name, value] : m_environment->pairs())
        server.env.insert(name, value);
    server.cwd = m_folder->text().trimmed();
    server.url = m_url->text().trimmed();
    server.headers = m_headers->pairs();
    server.start = m_start->currentIndex() == 0 ? config::StartMode::AtLaunch : config::StartMode::OnFirstUse;
    server.connection = m_connection->currentIndex() == 0 ? config::ConnectionMode::Shared : config::ConnectionMode::PerClient;
    server.enabled = m_enabled->isChecked();
    server.concurrency = m_concurrency->value();
    server.maxRestarts = m_restarts->value();
    server.timeouts.connectivity = parseDuration(m_connect->text());
    server.timeouts.discovery = parseDuration(m_discovery->text());
    server.timeouts.toolCall = parseDuration(m_call->text());
    return server;
}

QList<FieldError> ServerForm::timeoutErrors() const
{
    QList<FieldError> errors;
    const std::pair<const char*, QLineEdit*> fields[] = {
        {"timeouts.connectivity", m_connect}, {"timeouts.discovery", m_discovery}, {"timeouts.toolCall", m_call}};
    for (const auto& [key, edit] : fields) {
        const auto duration = parseDuration(edit->text());
        if (!edit->text().trimmed().isEmpty() && (!duration || duration->count() < 1))
            errors.append({QLatin1String(key), QStringLiteral("Expected a time such as 500 ms, 30 s or 5 min.")});
    }
    return errors;
}

bool ServerForm::validate()
{
    QList<FieldError> errors = validateServer(server(), m_otherNames) + timeoutErrors();
    QStringList names;
    for (const auto& pair : m_environment->pairs()) {
        if (names.contains(pair.first))
            errors.append({QStringLiteral("env"), QStringLiteral("\"%1\" stands there twice.").arg(pair.first)});
        names.append(pair.first);
    }
    if (errors.isEmpty() && !m_line->isApproved())
        errors.append({QStringLiteral("approval"), QStringLiteral("Confirm the line above before it is started.")});
    m_form->setErrors(errors, true);
    return errors.isEmpty();
}

void ServerForm::onChanged()
{
    if (m_loading)
        return;
    showLine();
    const int secrets = m_environment->secretCount() + m_headers->secretCount();
    const QString hint =
        secrets == 0
            ? QString()
            : QStringLiteral(
                  "A value looks like a secret. The key beside it moves it to the vault; the file then holds only a reference.");
    m_form->setHint(m_transport->currentIndex() == 0 ? QStringLiteral("env") : QStringLiteral("headers"), hint);
    Q_EMIT changed();
}

void ServerForm::showTransport()
{
    const bool stdio = m_transport->currentIndex() == 0;
    for (const char* key : {"command", "args", "env", "cwd"})
        m_form->setFieldVisible(QLatin1String(key), stdio);
    for (const char* key : {"url", "headers"})
        m_form->setFieldVisible(QLatin1String(key), !stdio);
    showLine();
}

void ServerForm::showLine()
{
    m_line->setServer(server());
    m_form->setFieldVisible(QStringLiteral("approval"),
                            m_transport->currentIndex() == 0 && !m_command->text().trimmed().isEmpty());
}

void ServerForm::moveToVault(PairList* list, int row)
{
    if (list->valueEdit(row) == nullptr)
        return;
    const QString value = list->valueEdit(row)->text();
    const QString field = list->nameEdit(row)->text().trimmed();
    const QString owner = m_name->text().trimmed().isEmpty() ? QStringLiteral("server") : m_name->text().trimmed();
    const QString name = vaultNameOf(owner, field);
    const SecretParts parts = splitSecret(value);
    whenDone(m_service.setSecret(name, parts.secret), this,
             [this, list, field, value, reference = parts.reference(name)](const Status& kept) {
                 if (!kept) {
                     Q_EMIT failed(QStringLiteral("%1 was not moved to the vault: %2").arg(field, kept.error().message),
                                   kept.error().remedy);
                     return;
                 }
                 for (int at = 0; at < list->rowCount(); ++at) { // rows may have moved meanwhile
                     if (list->nameEdit(at)->text().trimmed() == field && list->valueEdit(at)->text() == value)
                         list->setValue(at, reference);
                 }
             });
}

} // namespace oriel::ui
