// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/import_dialog.h"

#include "ui/servers/server_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/check_column.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/text_label.h"

#include <QCheckBox>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

QString plural(int count, const QString& one, const QString& many)
{
    return QStringLiteral("%1 %2").arg(count).arg(count == 1 ? one : many);
}

RowModel<int>* makeModel(const ImportChoice& choice, QObject* parent)
{
    const auto dim = [&choice](int index) { return QVariant(!choice.isPossible(index)); };
    std::vector<RowModel<int>::Column> columns;
    columns.push_back({QString(), [&choice](int index, int role) -> QVariant {
                           if (role == Qt::CheckStateRole && choice.isPossible(index))
                               return int(choice.isChosen(index) ? Qt::Checked : Qt::Unchecked);
                           return {};
                       }});
    columns.push_back({QStringLiteral("name"), [&choice, dim](int index, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return choice.candidates()[index].server.name;
                           return role == CellRole::Dim ? dim(index) : QVariant();
                       }});
    columns.push_back({QStringLiteral("from"), [&choice](int index, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return choice.candidates()[index].client;
                           return role == Qt::ToolTipRole ? QVariant(choice.candidates()[index].sourcePath)
                                  : role == CellRole::Dim ? QVariant(true)
                                                          : QVariant();
                       }});
    columns.push_back({QStringLiteral("runs"), [&choice](int index, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return commandLineOf(choice.candidates()[index].server);
                           return role == CellRole::Mono || role == CellRole::Dim ? QVariant(true) : QVariant();
                       }});
    columns.push_back({QStringLiteral("secrets"),
                       [&choice](int index, int role) -> QVariant {
                           const auto count = choice.candidates()[index].secretFields.size();
                           if (role == Qt::DisplayRole)
                               return count == 0 ? QString() : QString::number(count);
                           return role == CellRole::Tone ? QVariant(int(Tone::Warning)) : QVariant();
                       },
                       true});
    columns.push_back({QStringLiteral("remark"), [&choice](int index, int role) -> QVariant {
                           if (role == Qt::DisplayRole || role == Qt::ToolTipRole)
                               return choice.remark(index);
                           return role == CellRole::Tone && !choice.candidates()[index].warnings.isEmpty()
                                      ? QVariant(int(Tone::Warning))
                                  : role == CellRole::Dim ? QVariant(true)
                                                          : QVariant();
                       }});
    return new RowModel<int>(
        std::move(columns), [](int index) { return QString::number(index); }, parent);
}

} // namespace

QString candidatePreview(const service::ImportCandidate& candidate)
{
    QStringList lines{brokenCommandLine(candidate.server, 84)};
    if (!candidate.server.cwd.isEmpty())
        lines.append(QStringLiteral("in %1").arg(candidate.server.cwd));
    const auto shown = [&](const QString& field, const QString& name, const QString& value) {
        return candidate.secretFields.contains(field + name) || isPlainSecret(name, value) ? QStringLiteral("(set, not shown)")
                                                                                           : value;
    };
    for (auto it = candidate.server.env.cbegin(); it != candidate.server.env.cend(); ++it)
        lines.append(QStringLiteral("%1=%2").arg(it.key(), shown(QStringLiteral("env."), it.key(), it.value())));
    for (const auto& [name, value] : candidate.server.headers)
        lines.append(QStringLiteral("%1: %2").arg(name, shown(QStringLiteral("headers."), name, value)));
    lines.append(candidate.warnings);
    return lines.join(QLatin1Char('\n'));
}

ImportDialog::ImportDialog(service::GatewayService& service, QWidget* parent)
    : Dialog(QStringLiteral("Import servers"), parent),
      m_service(service)
{
    setSentence(QStringLiteral(
        "Servers that Claude Desktop, Claude Code, Cursor and VS Code have on this machine. Their files stay as they are."));
    setAcceptButton(QStringLiteral("Import"));
    acceptButton()->setEnabled(false);
    m_model = makeModel(m_choice, this);
    auto* card = new Card(QString(), this);
    m_table = new DataTable(card);
    m_table->setModel(m_model);
    m_table->setColumnWidths({36, 130, 110, 0, 60, 180});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    new CheckColumn(m_table, 0);
    card->setBody(m_table);
    m_source = new TextLabel(QString(), TextLabel::Role::Caption, this);
    m_source->setElided(true);
    m_preview = new CodeView(this);
    m_preview->setMinimumHeight(110);
    auto* found = new QWidget(this);
    auto* column = new QVBoxLayout(found);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(card, 3);
    column->addWidget(m_source);
    column->addWidget(m_preview, 1);
    m_empty = new EmptyState(IconName::Search, QStringLiteral("Looking …"),
                             QStringLiteral("Reading the configuration files of the clients on this machine."), this);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(found);
    body()->addWidget(m_stack, 1);
    m_vault = new QCheckBox(this);
    m_vault->setChecked(true);
    m_vault->hide();
    body()->addWidget(m_vault);
    resize(900, 600);
    m_model->setCheckHandler([this](int index, bool checked) {
        m_choice.setChosen(index, checked);
        showChoice();
    });
    connect(m_table, &DataTable::currentRowChanged, this, &ImportDialog::showCandidate);
    whenDone(m_service.discoverImports(), this,
             [this](const QList<service::ImportCandidate>& candidates) { setCandidates(candidates); });
}

void ImportDialog::setCandidates(const QList<service::ImportCandidate>& candidates)
{
    m_model->setRows({});
    m_choice = ImportChoice(candidates);
    QList<int> indexes;
    for (int index = 0; index < candidates.size(); ++index)
        indexes.append(index);
    m_model->setRows(indexes);
    m_stack->setCurrentIndex(indexes.isEmpty() ? 0 : 1);
    m_empty->setHeadline(QStringLiteral("Nothing found"));
    m_empty->setSentence(
        QStringLiteral("None of these clients has MCP servers configured for this user. Add a server by hand instead."));
    if (!indexes.isEmpty()) {
        m_table->setCurrentIndex(m_model->index(0, 0));
        m_table->setFocus(Qt::OtherFocusReason);
    }
    showChoice();
    showCandidate();
}

void ImportDialog::showChoice()
{
    m_model->setRows(QList<int>(m_model->rows())); // every cell may have another word now
    const int count = m_choice.chosenCount();
    acceptButton()->setText(QStringLiteral("Import ") + plural(count, QStringLiteral("server"), QStringLiteral("servers")));
    acceptButton()->setEnabled(count > 0);
    const int secrets = m_choice.secretCount();
    m_vault->setVisible(secrets > 0);
    m_vault->setText(QStringLiteral("Move %1 to the vault; the configuration holds only references")
                         .arg(plural(secrets, QStringLiteral("secret"), QStringLiteral("secrets"))));
}

void ImportDialog::showCandidate()
{
    const int* index = m_model->rowAt(m_table->currentIndex().row());
    m_source->setText(index != nullptr ? m_choice.candidates()[*index].sourcePath : QString());
    m_preview->setText(index != nullptr ? candidatePreview(m_choice.candidates()[*index]) : QString());
}

void ImportDialog::accept()
{
    const QList<service::ImportCandidate> chosen = m_choice.chosen();
    if (chosen.isEmpty() || !acceptButton()->isEnabled())
        return;
    acceptButton()->setEnabled(false);
    whenDone(m_service.importServers(chosen, m_vault->isChecked()), this, [this, chosen](const Status& done) {
        acceptButton()->setEnabled(true);
        if (!done) {
            showError(QStringLiteral("Nothing was imported: %1").arg(done.error().message), done.error().remedy);
            return;
        }
        QStringList names;
        for (const service::ImportCandidate& candidate : chosen)
            names.append(candidate.server.name);
        Q_EMIT imported(names);
        this->done(Accepted);
    });
}

} // namespace oriel::ui
