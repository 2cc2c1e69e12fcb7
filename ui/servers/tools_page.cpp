// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/tools_page.h"

#include "ui/widgets/cells.h"
#include "ui/widgets/check_column.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/splitter.h"
#include "ui/widgets/text_label.h"

#include <QHBoxLayout>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

using service::ServerState;
using service::ToolInfo;

RowModel<ToolInfo>* makeModel(QObject* parent)
{
    const auto dimmed = [](const ToolInfo& tool, int role) {
        return role == CellRole::Dim ? QVariant(!tool.enabled) : QVariant();
    };
    std::vector<RowModel<ToolInfo>::Column> columns;
    columns.push_back({QStringLiteral("on"), [](const ToolInfo& tool, int role) -> QVariant {
                           if (role == Qt::CheckStateRole)
                               return int(tool.enabled ? Qt::Checked : Qt::Unchecked);
                           return role == Qt::ToolTipRole ? QVariant(QStringLiteral("Whether clients see this tool"))
                                                          : QVariant();
                       }});
    columns.push_back({QStringLiteral("name clients see"), [dimmed](const ToolInfo& tool, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return tool.exposedName.isEmpty() ? tool.name : tool.exposedName;
                           return role == CellRole::Mono ? QVariant(true) : dimmed(tool, role);
                       }});
    columns.push_back({QStringLiteral("title"), [dimmed](const ToolInfo& tool, int role) -> QVariant {
                           return role == Qt::DisplayRole ? QVariant(tool.title.isEmpty() ? tool.name : tool.title)
                                                          : dimmed(tool, role);
                       }});
    columns.push_back({QStringLiteral("description"), [](const ToolInfo& tool, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return tool.description.simplified();
                           return role == CellRole::Dim ? QVariant(true) : QVariant();
                       }});
    return new RowModel<ToolInfo>(
        std::move(columns), [](const ToolInfo& tool) { return tool.name; }, parent);
}

QString whyEmpty(const service::ServerSnapshot& server)
{
    switch (server.state) {
    case ServerState::Disabled:
        return QStringLiteral("The server is disabled. Enable it to read its tools.");
    case ServerState::Stopped:
        return QStringLiteral("The server starts on first use; restart it to read its tools now.");
    case ServerState::Starting:
    case ServerState::Stopping:
        return QStringLiteral("The server is on its way; its tools are read when it is ready.");
    case ServerState::Ready:
        return QStringLiteral("The server is ready and offers no tools.");
    case ServerState::Backoff:
    case ServerState::Failed:
        return QStringLiteral("The server is not running; the Overview tells why.");
    }
    return {};
}

} // namespace

QList<ToolInfo> shownTools(const service::ServerSnapshot& server, const QString& search)
{
    QList<ToolInfo> tools = server.toolList;
    for (const QString& name : server.config.disabledTools) {
        if (std::any_of(tools.cbegin(), tools.cend(), [&](const ToolInfo& tool) { return tool.name == name; }))
            continue;
        ToolInfo gone;
        gone.server = server.config.name;
        gone.name = name;
        gone.description = QStringLiteral("Switched off; not in the server's list just now.");
        gone.enabled = false;
        tools.append(gone);
    }
    erase_if(tools, [&](const ToolInfo& tool) {
        return !tool.exposedName.contains(search, Qt::CaseInsensitive) && !tool.name.contains(search, Qt::CaseInsensitive) &&
               !tool.title.contains(search, Qt::CaseInsensitive) && !tool.description.contains(search, Qt::CaseInsensitive);
    });
    return tools;
}

ToolsPage::ToolsPage(QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space2);
    m_search = new SearchField(QStringLiteral("Search tools"), this);
    m_search->setMaximumWidth(320);
    m_summary = new TextLabel(QString(), TextLabel::Role::Caption, this);
    tools->addWidget(m_search, 1);
    tools->addStretch(1);
    tools->addWidget(m_summary);
    column->addLayout(tools);
    m_model = makeModel(this);
    m_table = new DataTable(this);
    m_table->setModel(m_model);
    m_table->setColumnWidths({40, 220, 180, 0});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    new CheckColumn(m_table, 0);
    auto* detail = new QWidget(this);
    auto* lines = new QVBoxLayout(detail);
    lines->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space3);
    m_title = new TextLabel(QString(), TextLabel::Role::Strong, detail);
    m_title->setElided(true);
    m_description = new TextLabel(QString(), TextLabel::Role::Dim, detail);
    m_description->setWordWrap(true);
    m_description->setMaximumHeight(60); // the whole stands in the definition
    m_description->setAlignment(Qt::AlignTop);
    m_code = new CodeView(detail);
    lines->addWidget(m_title);
    lines->addWidget(m_description);
    lines->addWidget(m_code, 1);
    m_splitter = new Splitter(Qt::Vertical, this);
    m_splitter->addWidget(m_table);
    m_splitter->addWidget(detail);
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    m_splitter->setChildrenCollapsible(false);
    m_empty = new EmptyState(IconName::Tool, QStringLiteral("No tools"), QString(), this);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(m_splitter);
    m_stack->addWidget(m_empty);
    column->addWidget(m_stack, 1);
    m_model->setCheckHandler(
        [this](const ToolInfo& tool, bool enabled) { Q_EMIT toolEnabledChanged(tool.server, tool.name, enabled); });
    connect(m_search, &SearchField::searched, this, &ToolsPage::showRows);
    connect(m_table, &DataTable::currentRowChanged, this, &ToolsPage::showTool);
}

void ToolsPage::setServer(const service::ServerSnapshot& server)
{
    const bool other = server.config.name != m_server.config.name;
    m_server = server;
    if (other) {
        const QSignalBlocker quiet(m_search);
        m_search->clear();
    }
    showRows();
}

void ToolsPage::showRows()
{
    const QList<ToolInfo> rows = shownTools(m_server, m_search->text().trimmed());
    m_model->setRows(rows);
    if (!m_table->currentIndex().isValid() && !rows.isEmpty())
        m_table->setCurrentIndex(m_model->index(0, 0));
    const auto on = std::count_if(rows.cbegin(), rows.cend(), [](const ToolInfo& tool) { return tool.enabled; });
    m_summary->setText(rows.isEmpty() ? QString() : QStringLiteral("%1 of %2 on").arg(formatCount(on), formatCount(rows.size())));
    const bool searching = !m_search->text().isEmpty();
    m_empty->setHeadline(searching ? QStringLiteral("No tool matches") : QStringLiteral("No tools"));
    m_empty->setSentence(searching
                             ? QStringLiteral("Nothing in names, titles and descriptions contains \"%1\".").arg(m_search->text())
                             : whyEmpty(m_server));
    m_stack->setCurrentWidget(rows.isEmpty() ? static_cast<QWidget*>(m_empty) : m_splitter);
    showTool();
}

void ToolsPage::showTool()
{
    const ToolInfo* tool = m_model->rowAt(m_table->currentIndex().row());
    m_title->setText(tool ? tool->name : QString());
    m_description->setText(tool ? tool->description : QString());
    m_description->setVisible(tool && !tool->description.isEmpty());
    const QString text = tool ? QString::fromUtf8(tool->inputSchema) : QString();
    if (m_code->text() != text) // a refresh keeps selection and scroll position
        m_code->setText(text, CodeView::Language::Json);
}

QByteArray ToolsPage::saveState() const
{
    return m_splitter->saveState();
}

void ToolsPage::restoreState(const QByteArray& state)
{
    m_splitter->restoreState(state);
}

} // namespace oriel::ui
