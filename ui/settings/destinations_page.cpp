// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/destinations_page.h"

#include "ui/settings/destination_dialog.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

using service::DestinationSnapshot;
using Model = RowModel<DestinationSnapshot>;

QVariant count(std::uint64_t value, int role)
{
    return role == Qt::DisplayRole ? QVariant(formatCount(std::int64_t(value))) : QVariant();
}

QString sourceWord(const config::Destination& destination)
{
    if (!destination.sourceFile.isEmpty())
        return QStringLiteral("from ") + QFileInfo(destination.sourceFile).fileName();
    return destination.fromEnvironment ? QStringLiteral("from OTEL_* variables") : QString();
}

Model* makeModel(QObject* parent)
{
    std::vector<Model::Column> columns;
    columns.push_back({QStringLiteral("name"), [](const DestinationSnapshot& row, int role) -> QVariant {
                           switch (role) {
                           case Qt::DisplayRole:
                               return row.config.name;
                           case CellRole::Lamp:
                               return int(lampOf(row.state));
                           case CellRole::Dim:
                               return row.state == service::DestinationState::Disabled;
                           case CellRole::Note:
                               return sourceWord(row.config);
                           default:
                               return {};
                           }
                       }});
    columns.push_back({QStringLiteral("protocol"), [](const DestinationSnapshot& row, int role) -> QVariant {
                           return role == Qt::DisplayRole ? QVariant(protocolWord(row.config.protocol))
                                  : role == CellRole::Dim ? QVariant(true)
                                                          : QVariant();
                       }});
    columns.push_back({QStringLiteral("endpoint"), [](const DestinationSnapshot& row, int role) -> QVariant {
                           return role == Qt::DisplayRole  ? QVariant(endpointWord(row.config))
                                  : role == CellRole::Mono ? QVariant(true)
                                                           : QVariant();
                       }});
    columns.push_back(
        {QStringLiteral("queued"), [](const DestinationSnapshot& row, int role) { return count(row.queued, role); }, true});
    columns.push_back(
        {QStringLiteral("sent"), [](const DestinationSnapshot& row, int role) { return count(row.sent, role); }, true});
    columns.push_back({QStringLiteral("dropped"),
                       [](const DestinationSnapshot& row, int role) -> QVariant {
                           return role == CellRole::Tone && row.dropped > 0 ? QVariant(int(Tone::Error))
                                                                            : count(row.dropped, role);
                       },
                       true});
    columns.push_back({QStringLiteral("state"), [](const DestinationSnapshot& row, int role) -> QVariant {
                           const bool wrong = row.state == service::DestinationState::Refused ||
                                              row.state == service::DestinationState::Retrying;
                           switch (role) {
                           case Qt::DisplayRole:
                               return row.state == service::DestinationState::Disabled ? QStringLiteral("disabled")
                                                                                       : row.stateText;
                           case Qt::ToolTipRole:
                               return row.lastError;
                           case CellRole::Tone:
                               return int(row.state == service::DestinationState::Refused ? Tone::Error
                                          : wrong                                         ? Tone::Warning
                                                                                          : Tone::Neutral);
                           case CellRole::Dim:
                               return true;
                           default:
                               return {};
                           }
                       }});
    return new Model(
        std::move(columns), [](const DestinationSnapshot& row) { return row.config.name; }, parent);
}

QList<KeyValue> facts(const DestinationSnapshot& destination)
{
    const config::Destination& config = destination.config;
    QList<KeyValue> rows;
    rows.append({QStringLiteral("endpoint"), endpointWord(config), Tone::Neutral, protocolWord(config.protocol), true, {}});
    for (auto it = config.signalEndpoints.cbegin(); it != config.signalEndpoints.cend(); ++it)
        rows.append({it.key(), it.value(), Tone::Neutral, {}, true, {}});
    rows.append({QStringLiteral("signals"), signalsWord(config), Tone::Neutral, {}, false, {}});
    for (const auto& [name, value] : config.headers) {
        const bool reference = value.contains(QLatin1String("${"));
        rows.append({QStringLiteral("header ") + name,
                     reference ? value : QStringLiteral("set"),
                     Tone::Neutral,
                     reference ? QString() : QStringLiteral("not shown"),
                     reference,
                     {}});
    }
    QStringList transport{config.compression.isEmpty() ? QStringLiteral("not compressed") : config.compression,
                          formatDuration(config.timeout.count() * 1'000'000) + QStringLiteral(" a request")};
    if (!config.caFile.isEmpty())
        transport.append(QStringLiteral("own authorities"));
    if (!config.certFile.isEmpty())
        transport.append(QStringLiteral("client certificate"));
    if (config.insecure)
        transport.append(QStringLiteral("no TLS without a scheme"));
    rows.append({QStringLiteral("transport"), transport.join(QStringLiteral(" · ")), Tone::Neutral, {}, false, {}});
    rows.append({QStringLiteral("arguments, results"),
                 config.includePayloads ? QStringLiteral("sent, masked") : QStringLiteral("not sent"),
                 config.includePayloads ? Tone::Warning : Tone::Neutral,
                 {},
                 false,
                 {}});
    if (!config.aliases.isEmpty())
        rows.append(
            {QStringLiteral("also emitted as"), config.aliases.join(QStringLiteral(" · ")), Tone::Neutral, {}, false, {}});
    rows.append({QStringLiteral("last success"),
                 destination.lastSuccessUnixNs > 0 ? formatDateTime(destination.lastSuccessUnixNs) : QStringLiteral("none yet"),
                 Tone::Neutral,
                 {},
                 true,
                 {}});
    if (!destination.lastError.isEmpty())
        rows.append({QStringLiteral("last error"), destination.lastError, Tone::Error, {}, false, {}});
    return rows;
}

} // namespace

DestinationsPage::DestinationsPage(service::GatewayService& service, QWidget* parent)
    : SettingsPage(
          service,
          {QStringLiteral("destinations"), QStringLiteral("Destinations"), IconName::Upload,
           QStringLiteral(
               "Where traces, metrics and logs go over OTLP. The local store keeps everything whether or not there is one.")},
          parent)
{
    m_model = makeModel(this);
    m_stack = new QStackedWidget(this);
    auto* list = new QWidget(m_stack);
    auto* column = new QVBoxLayout(list);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(metrics::space3);
    column->addWidget(buildTable(), 1);
    column->addWidget(buildDetail());
    m_stack->addWidget(list);
    m_stack->addWidget(buildEmpty());
    body()->addWidget(m_stack, 1);
    connect(m_table, &DataTable::currentRowChanged, this, [this] { showCurrent(); });
    connect(m_table, &DataTable::activated, m_edit, &QPushButton::click);
}

QWidget* DestinationsPage::buildTable()
{
    auto* card = new Card(QStringLiteral("Destinations"), this);
    auto* add = new QPushButton(themedIcon(IconName::Plus), QStringLiteral("Add"), card);
    add->setFixedHeight(26);
    card->addHeaderWidget(add);
    m_table = new DataTable(card);
    m_table->setModel(m_model);
    m_table->setColumnWidths({170, 150, 0, 76, 86, 76, 220});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setMinimumHeight(150);
    card->setBody(m_table);
    connect(add, &QPushButton::clicked, this, [this] { edit({}, {}); });
    return card;
}

QWidget* DestinationsPage::buildDetail()
{
    auto* card = new Card(QString(), this);
    auto* host = new QWidget(card);
    auto* column = new QVBoxLayout(host);
    column->setContentsMargins(metrics::space3, metrics::space3, metrics::space3, metrics::space3);
    auto* head = new QHBoxLayout;
    head->setSpacing(metrics::space2);
    m_name = new TextLabel(QString(), TextLabel::Role::Strong, host);
    m_test = new QPushButton(themedIcon(IconName::Upload), QStringLiteral("Send a test span"), host);
    m_edit = new QPushButton(themedIcon(IconName::Edit), QStringLiteral("Edit"), host);
    m_enable = new QPushButton(QStringLiteral("Disable"), host);
    m_remove = new QPushButton(themedIcon(IconName::Trash), QStringLiteral("Remove"), host);
    head->addWidget(m_name, 1);
    for (QPushButton* button : {m_test, m_edit, m_enable, m_remove})
        head->addWidget(button);
    column->addLayout(head);
    m_facts = new KeyValueTable(host);
    m_facts->setFitToContents(true);
    column->addWidget(m_facts);
    card->setBody(host);
    connect(m_test, &QPushButton::clicked, this, &DestinationsPage::test);
    connect(m_remove, &QPushButton::clicked, this, &DestinationsPage::askToRemove);
    connect(m_edit, &QPushButton::clicked, this, [this] {
        if (const DestinationSnapshot* row = current(); row != nullptr && !row->config.fromEnvironment)
            edit(row->config, row->config.name);
    });
    connect(m_enable, &QPushButton::clicked, this, [this] {
        if (const DestinationSnapshot* row = current())
            setEnabled(row->config, !row->config.enabled);
    });
    return card;
}

QWidget* DestinationsPage::buildEmpty()
{
    auto* card = new Card(QString(), this);
    auto* empty = new EmptyState(IconName::Upload, QStringLiteral("Nothing leaves this machine"),
                                 QStringLiteral("Add an OpenTelemetry Collector, Jaeger, Tempo or any other backend that speaks "
                                                "OTLP. Export starts at once and stops when you remove it."),
                                 card);
    auto* add = new QAction(QStringLiteral("Add a destination …"), this);
    auto* local = new QAction(QStringLiteral("Collector on this machine …"), this);
    empty->addButton(add);
    empty->addButton(local);
    card->setBody(empty);
    connect(add, &QAction::triggered, this, [this] { edit({}, {}); });
    connect(local, &QAction::triggered, this, [this] {
        config::Destination proposal;
        proposal.name = QStringLiteral("Collector");
        proposal.protocol = config::ExportProtocol::Grpc;
        proposal.endpoint = endpointExample(proposal.protocol);
        edit(proposal, {});
    });
    return card;
}

void DestinationsPage::refresh()
{
    const QList<DestinationSnapshot> rows = service().destinations();
    m_model->setRows(rows);
    m_stack->setCurrentIndex(rows.isEmpty() ? 1 : 0);
    int at = m_model->indexOf(m_wanted);
    if (at >= 0)
        m_wanted.clear();
    else
        at = m_model->indexOf(m_current);
    if (at < 0 && !rows.isEmpty())
        at = 0;
    if (at >= 0 && m_table->currentIndex().row() != at)
        m_table->setCurrentIndex(m_model->index(at, 0));
    showCurrent();
}

bool DestinationsPage::open(const QString& target)
{
    m_wanted = target;
    refresh();
    return target.isEmpty() || m_wanted.isEmpty();
}

const DestinationSnapshot* DestinationsPage::current() const
{
    return m_model->rowAt(m_table->currentIndex().row());
}

void DestinationsPage::showCurrent()
{
    const DestinationSnapshot* row = current();
    if (row == nullptr)
        return;
    const bool own = !row->config.fromEnvironment;
    m_current = row->config.name;
    m_name->setText(row->config.name);
    if (const QList<KeyValue> lines = facts(*row); lines != m_facts->rows())
        m_facts->setRows(lines);
    m_test->setEnabled(row->config.enabled);
    m_enable->setText(row->config.enabled ? QStringLiteral("Disable") : QStringLiteral("Enable"));
    for (QPushButton* button : {m_edit, m_enable, m_remove}) {
        button->setEnabled(own);
        button->setToolTip(
            own ? QString()
                : QStringLiteral("Defined by OTEL_* environment variables or the file that OTEL_CONFIG_FILE names; "
                                 "change those and start Oriel anew"));
    }
}

void DestinationsPage::edit(const config::Destination& destination, const QString& existing)
{
    QStringList others;
    for (const DestinationSnapshot& row : m_model->rows()) {
        if (row.config.name != existing)
            others.append(row.config.name);
    }
    auto* dialog = new DestinationDialog(service(), destination, existing, others, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &DestinationDialog::saved, this, [this](const QString& name) {
        m_wanted = name;
        refresh();
        Q_EMIT notice(QStringLiteral("%1 saved").arg(name));
    });
    dialog->open();
}

void DestinationsPage::test()
{
    const DestinationSnapshot* row = current();
    if (row == nullptr)
        return;
    const QString name = row->config.name;
    m_test->setEnabled(false);
    say(Tone::Neutral, QStringLiteral("Sending a span to %1 …").arg(name));
    whenDone(service().testDestination(name), this, [this, name](const Result<QString>& answer) {
        showCurrent();
        if (answer)
            say(Tone::Good, QStringLiteral("%1 answered").arg(name), *answer);
        else
            say(Tone::Error, QStringLiteral("%1 did not take the span: %2").arg(name, answer.error().message),
                answer.error().remedy);
    });
}

void DestinationsPage::askToRemove()
{
    const DestinationSnapshot* row = current();
    if (row == nullptr)
        return;
    const QString name = row->config.name;
    auto* dialog = new Dialog(QStringLiteral("Remove %1?").arg(name), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setSentence(row->queued == 0
                            ? QStringLiteral("Nothing more is sent there. What the local store holds stays.")
                            : QStringLiteral("Nothing more is sent there, and the %1 records that wait for it are dropped.")
                                  .arg(formatCount(std::int64_t(row->queued))));
    dialog->setAcceptButton(QStringLiteral("Remove"), Tone::Error);
    connect(dialog, &QDialog::accepted, this, [this, name] {
        whenDone(service().removeDestination(name), this, [this, name](const Status& done) {
            report(QStringLiteral("%1 was not removed").arg(name), done);
            refresh();
        });
    });
    dialog->open();
}

void DestinationsPage::setEnabled(const config::Destination& destination, bool enabled)
{
    config::Destination changed = destination;
    changed.enabled = enabled;
    whenDone(service().saveDestination(changed, changed.name), this, [this, name = changed.name](const Status& done) {
        report(QStringLiteral("%1 stays as it was").arg(name), done);
        refresh();
    });
}

} // namespace oriel::ui
