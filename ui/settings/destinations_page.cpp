// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/destinations_page.h"

#include "ui/settings/destination_dialog.h"
#include "ui/settings/destination_facts.h"
#include "ui/settings/destination_text.h"
#include "ui/settings/preset_dialog.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QDateTime>
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

enum Column { ProtocolColumn = 1, EndpointColumn = 2 };
constexpr int ageIntervalMs = 10'000;

QVariant count(std::uint64_t value, int role)
{
    return role == Qt::DisplayRole ? QVariant(formatCount(std::int64_t(value))) : QVariant();
}

std::int64_t unixNsNow()
{
    return QDateTime::currentMSecsSinceEpoch() * 1'000'000;
}

QString sourceWord(const config::Destination& destination)
{
    if (!destination.sourceFile.isEmpty())
        return QStringLiteral("from ") + QFileInfo(destination.sourceFile).fileName();
    return destination.fromEnvironment ? QStringLiteral("from OTEL_* variables") : QString();
}

/// For a preset the provider says more than one of its URLs.
QString targetWord(const config::Destination& destination)
{
    const otlp::Preset* preset = destination.preset.isEmpty() ? nullptr : otlp::findPreset(destination.preset);
    return preset != nullptr && destination.endpoint.isEmpty() ? preset->name : endpointWord(destination);
}

Model* makeModel(QObject* parent)
{
    std::vector<Model::Column> columns;
    columns.push_back({QStringLiteral("name"), [](const DestinationSnapshot& row, int role) -> QVariant {
                           switch (role) {
                           case Qt::DisplayRole:
                               return row.config.name;
                           case CellRole::Lamp:
                               return int(lampOf(row.health));
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
                           return role == Qt::DisplayRole  ? QVariant(targetWord(row.config))
                                  : role == CellRole::Mono ? QVariant(targetWord(row.config) == endpointWord(row.config))
                                                           : QVariant();
                       }});
    columns.push_back(
        {QStringLiteral("queued"), [](const DestinationSnapshot& row, int role) { return count(row.queued, role); }, true});
    columns.push_back({QStringLiteral("oldest"),
                       [](const DestinationSnapshot& row, int role) -> QVariant {
                           return role == Qt::DisplayRole ? QVariant(oldestWord(row, unixNsNow()))
                                  : role == CellRole::Dim ? QVariant(true)
                                                          : QVariant();
                       },
                       true});
    columns.push_back(
        {QStringLiteral("sent"), [](const DestinationSnapshot& row, int role) { return count(row.sent, role); }, true});
    columns.push_back({QStringLiteral("dropped"),
                       [](const DestinationSnapshot& row, int role) -> QVariant {
                           return role == CellRole::Tone && row.dropped > 0 ? QVariant(int(Tone::Error))
                                                                            : count(row.dropped, role);
                       },
                       true});
    columns.push_back({QStringLiteral("state"), [](const DestinationSnapshot& row, int role) -> QVariant {
                           switch (role) {
                           case Qt::DisplayRole:
                               return stateWord(row);
                           case Qt::ToolTipRole:
                               return QString(row.stateText + QLatin1Char('\n') + row.remedy).trimmed();
                           case CellRole::Tone:
                               return int(row.health == service::DestinationHealth::Broken    ? Tone::Error
                                          : row.health == service::DestinationHealth::Waiting ? Tone::Warning
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
    m_spool = new Banner(Tone::Warning, this);
    m_spool->setClosable(true);
    m_spool->hide();
    body()->addWidget(m_spool);
    m_unclaimed = new Banner(Tone::Neutral, this);
    m_unclaimed->hide();
    body()->addWidget(m_unclaimed);
    connect(m_unclaimed, &Banner::actionTriggered, this, &DestinationsPage::askToDiscardUnclaimed);
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
    m_ages.setSingleShot(true);
    connect(&m_ages, &QTimer::timeout, this, [this] {
        if (isVisible())
            refresh();
    });
    fitColumns();
}

void DestinationsPage::resizeEvent(QResizeEvent* event)
{
    SettingsPage::resizeEvent(event);
    fitColumns();
}

void DestinationsPage::fitColumns()
{
    // The facts beneath tell protocol and endpoint too; the state is nowhere else at a glance.
    constexpr int wide = 900;
    const bool narrow = width() < wide;
    if (m_isNarrow == narrow)
        return;
    m_isNarrow = narrow;
    m_table->setColumnHidden(ProtocolColumn, narrow);
    m_table->setColumnHidden(EndpointColumn, narrow);
    m_table->setColumnWidths(narrow ? QList<int>{160, 150, 200, 64, 60, 72, 68, 0}
                                    : QList<int>{140, 160, 0, 68, 58, 74, 68, 150});
}

QWidget* DestinationsPage::buildTable()
{
    auto* card = new Card(QStringLiteral("Destinations"), this);
    buildOrder(card);
    auto* add = new QPushButton(themedIcon(IconName::Plus), QStringLiteral("Add"), card);
    add->setFixedHeight(26);
    card->addHeaderWidget(add);
    m_table = new DataTable(card);
    m_table->setModel(m_model);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setMinimumHeight(150);
    card->setBody(m_table);
    connect(add, &QPushButton::clicked, this, &DestinationsPage::add);
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
    m_name->setElided(true);
    m_edit = new QPushButton(themedIcon(IconName::Edit), QStringLiteral("Edit"), host);
    m_enable = new QPushButton(QStringLiteral("Disable"), host);
    m_remove = new QPushButton(themedIcon(IconName::Trash), QStringLiteral("Remove"), host);
    head->addWidget(m_name, 1);
    for (QPushButton* button : {m_edit, m_enable, m_remove})
        head->addWidget(button);
    column->addLayout(head);
    column->addLayout(buildQueueButtons(host));
    m_facts = new KeyValueTable(host);
    m_facts->setFitToContents(true);
    column->addWidget(m_facts);
    card->setBody(host);
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

QLayout* DestinationsPage::buildQueueButtons(QWidget* host)
{
    auto* line = new QHBoxLayout;
    line->setSpacing(metrics::space2);
    m_test = new QPushButton(QStringLiteral("Send a test span"), host);
    m_preview = new QPushButton(QStringLiteral("What would be sent"), host);
    m_pause = new QPushButton(themedIcon(IconName::Pause), QStringLiteral("Pause"), host);
    m_retry = new QPushButton(QStringLiteral("Try now"), host);
    m_discard = new QPushButton(QStringLiteral("Discard what waits"), host);
    for (QPushButton* button : {m_test, m_preview, m_pause, m_retry, m_discard})
        line->addWidget(button);
    line->addStretch(1);
    connect(m_test, &QPushButton::clicked, this, &DestinationsPage::test);
    connect(m_preview, &QPushButton::clicked, this, &DestinationsPage::preview);
    connect(m_pause, &QPushButton::clicked, this, &DestinationsPage::pauseOrResume);
    connect(m_retry, &QPushButton::clicked, this, &DestinationsPage::retry);
    connect(m_discard, &QPushButton::clicked, this, &DestinationsPage::askToDiscard);
    return line;
}

QWidget* DestinationsPage::buildEmpty()
{
    auto* card = new Card(QString(), this);
    auto* empty = new EmptyState(IconName::Upload, QStringLiteral("Nothing leaves this machine"),
                                 QStringLiteral("Choose a provider, a Collector, or any other backend that speaks OTLP. "
                                                "Export starts at once and stops when you remove it."),
                                 card);
    auto* add = new QAction(QStringLiteral("Add a destination …"), this);
    auto* local = new QAction(QStringLiteral("Collector on this machine …"), this);
    empty->addButton(add);
    empty->addButton(local);
    card->setBody(empty);
    connect(add, &QAction::triggered, this, &DestinationsPage::add);
    connect(local, &QAction::triggered, this, [this] { propose(QStringLiteral("collector")); });
    return card;
}

void DestinationsPage::refresh()
{
    const QList<DestinationSnapshot> rows = service().destinations();
    m_model->setRows(rows);
    m_stack->setCurrentIndex(rows.isEmpty() ? 1 : 0);
    showSpool();
    showUnclaimed();
    if (std::any_of(rows.cbegin(), rows.cend(), [](const DestinationSnapshot& row) { return row.queued > 0; }))
        m_ages.start(ageIntervalMs);
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
    if (target.startsWith(QLatin1Char('@')))
        return openDialog(target);
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
    if (const QList<KeyValue> lines = destinationFacts(*row, service().dataDirectory(), unixNsNow()); lines != m_facts->rows())
        m_facts->setRows(lines);
    showQueueButtons(*row);
    showOrder();
    m_enable->setText(row->config.enabled ? QStringLiteral("Disable") : QStringLiteral("Enable"));
    for (QPushButton* button : {m_edit, m_enable, m_remove, m_pause}) {
        button->setEnabled(own && (button != m_pause || row->config.enabled));
        button->setToolTip(
            own ? QString()
                : QStringLiteral("Defined by OTEL_* environment variables or the file that OTEL_CONFIG_FILE names; "
                                 "change those and start Oriel anew"));
    }
}

QStringList DestinationsPage::names() const
{
    QStringList names;
    for (const DestinationSnapshot& row : m_model->rows())
        names.append(row.config.name);
    return names;
}

void DestinationsPage::add()
{
    auto* dialog = new PresetDialog(window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &PresetDialog::chosen, this, &DestinationsPage::propose);
    dialog->open();
}

void DestinationsPage::propose(const QString& preset)
{
    config::Destination proposal;
    const otlp::Preset* known = otlp::findPreset(preset);
    if (known != nullptr && preset != QLatin1String(PresetDialog::customId)) {
        proposal.preset = preset;
        proposal.name = freeName(known->name, names());
        proposal.protocol = known->protocols.front();
    }
    edit(proposal, {});
}

void DestinationsPage::edit(const config::Destination& destination, const QString& existing)
{
    QStringList others = names();
    others.removeAll(existing);
    auto* dialog = new DestinationDialog(service(), destination, existing, others, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &DestinationDialog::saved, this, [this](const QString& name) {
        m_wanted = name;
        refresh();
        Q_EMIT notice(QStringLiteral("%1 saved").arg(name));
    });
    dialog->open();
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
    whenDone(service().setDestinationEnabled(destination.name, enabled), this,
             [this, name = destination.name](const Status& done) {
                 report(QStringLiteral("%1 stays as it was").arg(name), done);
                 refresh();
             });
}

} // namespace oriel::ui
