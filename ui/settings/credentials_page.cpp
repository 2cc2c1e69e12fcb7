// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/credentials_page.h"

#include "config/vault_references.h"
#include "ui/settings/secret_dialog.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QHBoxLayout>
#include <QPushButton>
#include <QRegularExpression>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

RowModel<SecretRow>* makeModel(QObject* parent)
{
    std::vector<RowModel<SecretRow>::Column> columns;
    columns.push_back(
        {QStringLiteral("name"), [](const SecretRow& row, int role) -> QVariant {
             return role == Qt::DisplayRole ? QVariant(row.name) : role == CellRole::Mono ? QVariant(true) : QVariant();
         }});
    columns.push_back({QStringLiteral("value"), [](const SecretRow& row, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return row.set ? QStringLiteral("set") : QStringLiteral("not set");
                           return role == CellRole::Outcome            ? QVariant(row.set)
                                  : role == CellRole::Tone && !row.set ? QVariant(int(Tone::Error))
                                                                       : QVariant();
                       }});
    columns.push_back({QStringLiteral("used by"), [](const SecretRow& row, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return row.uses.isEmpty() ? QStringLiteral("nothing") : row.uses.join(QStringLiteral(" · "));
                           return role == CellRole::Dim ? QVariant(row.uses.isEmpty()) : QVariant();
                       }});
    return new RowModel<SecretRow>(
        std::move(columns), [](const SecretRow& row) { return row.name; }, parent);
}

void collectReferences(const QString& text, QStringList& names)
{
    static const QRegularExpression reference(QStringLiteral("\\$\\{vault:([^}]+)\\}"));
    for (auto it = reference.globalMatch(text); it.hasNext();) {
        const QString name = it.next().captured(1);
        if (!names.contains(name))
            names.append(name);
    }
}

} // namespace

QList<SecretRow> secretRows(const QStringList& names, const config::Config& configuration)
{
    QStringList wanted;
    for (const config::Server& server : configuration.servers) {
        for (const QString& text : config::textsWithReferences(server))
            collectReferences(text, wanted);
    }
    for (const config::Destination& destination : configuration.telemetry.destinations) {
        for (const QString& text : config::textsWithReferences(destination))
            collectReferences(text, wanted);
    }
    QList<SecretRow> rows;
    for (const QString& name : wanted) {
        if (!names.contains(name))
            rows.append({name, usesOfSecret(configuration, name), false});
    }
    for (const QString& name : names)
        rows.append({name, usesOfSecret(configuration, name), true});
    return rows;
}

CredentialsPage::CredentialsPage(service::GatewayService& service, QWidget* parent)
    : SettingsPage(service,
                   {QStringLiteral("credentials"), QStringLiteral("Credentials"), IconName::Key,
                    QStringLiteral("Secrets for servers and destinations, written as ${vault:name} where they are used. Values "
                                   "cannot be read back.")},
                   parent)
{
    auto* line = new QHBoxLayout;
    line->setSpacing(metrics::space2);
    m_lock = new IconLabel(IconName::Lock, 16, IconTint::Good, this);
    m_vault = new TextLabel(QString(), TextLabel::Role::Body, this);
    m_vault->setWordWrap(true);
    line->addWidget(m_lock, 0, Qt::AlignTop);
    line->addWidget(m_vault, 1);
    body()->addLayout(line);
    m_model = makeModel(this);
    auto* card = new Card(QStringLiteral("Secrets"), this);
    auto* add = new QPushButton(themedIcon(IconName::Plus), QStringLiteral("Add"), card);
    m_replace = new QPushButton(QStringLiteral("Replace"), card);
    m_remove = new QPushButton(QStringLiteral("Remove"), card);
    for (QPushButton* button : {m_remove, m_replace, add}) {
        button->setFixedHeight(26);
        card->addHeaderWidget(button);
    }
    m_table = new DataTable(card);
    m_table->setModel(m_model);
    m_table->setColumnWidths({260, 110, 0});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    auto* empty = new EmptyState(
        IconName::Key, QStringLiteral("The vault is empty"),
        QStringLiteral("Add a secret here, or use the key beside a value in a server's or destination's settings."), card);
    auto* first = new QAction(QStringLiteral("Add a secret …"), this);
    empty->addButton(first);
    m_stack = new QStackedWidget(card);
    m_stack->addWidget(m_table);
    m_stack->addWidget(empty);
    card->setBody(m_stack);
    body()->addWidget(card, 1);
    connect(add, &QPushButton::clicked, this, [this] { edit({}); });
    connect(first, &QAction::triggered, this, [this] { edit({}); });
    const auto replace = [this] {
        if (const SecretRow* row = m_model->rowAt(m_table->currentIndex().row()))
            edit(row->name);
    };
    connect(m_replace, &QPushButton::clicked, this, replace);
    connect(m_table, &DataTable::activated, this, replace);
    connect(m_remove, &QPushButton::clicked, this, &CredentialsPage::askToRemove);
    connect(m_table, &DataTable::currentRowChanged, this, [this] { showVault(); });
}

void CredentialsPage::refresh()
{
    m_model->setRows(secretRows(service().secretNames(), service().configuration()));
    m_stack->setCurrentIndex(m_model->rowCount() == 0 ? 1 : 0);
    showVault();
}

void CredentialsPage::showVault()
{
    const service::GatewayStatus status = service().status();
    m_lock->setTint(status.vaultDegraded ? IconTint::Warning : IconTint::Good);
    m_lock->setIconName(status.vaultDegraded ? IconName::Unlock : IconName::Lock);
    m_vault->setRole(status.vaultDegraded ? TextLabel::Role::Warning : TextLabel::Role::Body);
    m_vault->setText(status.vaultState);
    const SecretRow* row = m_model->rowAt(m_table->currentIndex().row());
    m_replace->setEnabled(row != nullptr);
    m_replace->setText(row != nullptr && !row->set ? QStringLiteral("Set") : QStringLiteral("Replace"));
    m_remove->setEnabled(row != nullptr && row->set);
}

void CredentialsPage::edit(const QString& name)
{
    auto* dialog = new SecretDialog(service(), name, service().secretNames(), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &SecretDialog::saved, this, [this](const QString& saved) {
        refresh();
        Q_EMIT notice(QStringLiteral("%1 kept in the vault").arg(saved));
    });
    dialog->open();
}

void CredentialsPage::askToRemove()
{
    const SecretRow* row = m_model->rowAt(m_table->currentIndex().row());
    if (row == nullptr)
        return;
    auto* dialog = new Dialog(QStringLiteral("Remove %1?").arg(row->name), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setSentence(row->uses.isEmpty()
                            ? QStringLiteral("Nothing refers to it. Its value cannot be brought back.")
                            : QStringLiteral("It is used by %1, which will fail without it. Its value cannot be brought back.")
                                  .arg(row->uses.join(QStringLiteral(", "))));
    dialog->setAcceptButton(QStringLiteral("Remove"), Tone::Error);
    connect(dialog, &QDialog::accepted, this, [this, name = row->name] {
        whenDone(service().removeSecret(name), this, [this, name](const Status& done) {
            report(QStringLiteral("%1 was not removed").arg(name), done);
            refresh();
        });
    });
    dialog->open();
}

} // namespace oriel::ui
