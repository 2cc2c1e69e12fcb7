// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/servers_section.h"

#include "ui/servers/import_dialog.h"
#include "ui/servers/server_dialog.h"
#include "ui/servers/server_header.h"
#include "ui/servers/server_list.h"
#include "ui/servers/server_overview.h"
#include "ui/servers/server_settings_page.h"
#include "ui/servers/server_text.h"
#include "ui/servers/tools_page.h"
#include "ui/servers/wire_page.h"
#include "ui/widgets/async.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/live_refresh.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/splitter.h"

#include <QDataStream>
#include <QDesktopServices>
#include <QHeaderView>
#include <QIODevice>
#include <QPushButton>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

using service::ServerSnapshot;
using service::ServerState;

constexpr int shortestRefreshMs = 100;
constexpr int badgeMs = 1000;
constexpr qint32 stateVersion = 1;

} // namespace

ServersSection::ServersSection(service::GatewayService& service, QWidget* parent) : Section(parent), m_service(service)
{
    buildActions();
    buildPage();
    m_refresh = new LiveRefresh(this, shortestRefreshMs);
    m_badgeTimer = new QTimer(this);
    m_badgeTimer->setSingleShot(true);
    m_badgeTimer->setInterval(badgeMs);
    connectPages();
}

void ServersSection::buildActions()
{
    const auto make = [this](const QString& text, const QString& shortText, IconName icon, const QKeySequence& keys) {
        auto* action = new QAction(themedIcon(icon), text, this);
        action->setIconText(shortText);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        addAction(action);
        return action;
    };
    m_add = make(QStringLiteral("Add a server …"), QStringLiteral("Add"), IconName::Plus, QKeySequence(Qt::CTRL | Qt::Key_N));
    m_import =
        make(QStringLiteral("Import servers …"), QStringLiteral("Import"), IconName::Import, QKeySequence(Qt::CTRL | Qt::Key_I));
    m_signIn = make(QStringLiteral("Sign in to this server …"), QStringLiteral("Sign in …"), IconName::Key,
                    QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_L));
    m_restart = make(QStringLiteral("Restart this server"), QStringLiteral("Restart"), IconName::Restart,
                     QKeySequence(Qt::CTRL | Qt::Key_R));
    m_enable = make(QStringLiteral("Disable this server"), QStringLiteral("Disable"), IconName::Pause,
                    QKeySequence(Qt::CTRL | Qt::Key_E));
    m_edit = make(QStringLiteral("Edit this server"), QStringLiteral("Edit"), IconName::Edit, QKeySequence(Qt::Key_F2));
    m_remove = make(QStringLiteral("Remove this server …"), QStringLiteral("Remove"), IconName::Trash,
                    QKeySequence(Qt::CTRL | Qt::Key_Delete));
    connect(m_add, &QAction::triggered, this, &ServersSection::addServer);
    connect(m_import, &QAction::triggered, this, &ServersSection::importServers);
    connect(m_signIn, &QAction::triggered, this, &ServersSection::runSignInCommand);
    connect(m_restart, &QAction::triggered, this, [this] {
        const QString name = m_current;
        whenDone(m_service.restartServer(name), this,
                 [this, name](const Status& done) { report(QStringLiteral("%1 was not restarted").arg(name), done); });
    });
    connect(m_enable, &QAction::triggered, this, [this] {
        if (const ServerSnapshot* server = current())
            setEnabled(server->config.name, !server->config.enabled);
    });
    connect(m_edit, &QAction::triggered, this, [this] { m_tabs->setCurrentIndex(SettingsTab); });
    connect(m_remove, &QAction::triggered, this, &ServersSection::askToRemove);
}

void ServersSection::buildPage()
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    column->setSpacing(metrics::cardGap);
    m_banner = new Banner(Tone::Error, this);
    m_banner->setClosable(true);
    m_banner->hide();
    column->addWidget(m_banner);
    m_splitter = new Splitter(Qt::Horizontal, this);
    m_splitter->setGap(metrics::cardGap);
    m_splitter->addWidget(buildList());
    m_splitter->addWidget(buildDetail());
    m_splitter->setStretchFactor(0, 0);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setSizes({300, 900});
    m_splitter->setChildrenCollapsible(false);
    m_empty = new EmptyState(
        IconName::Servers, QStringLiteral("No servers yet"),
        QStringLiteral(
            "Import the MCP servers that your other clients have, or add one. To look around first, start Oriel with --demo."),
        this);
    m_empty->addButton(m_import);
    m_empty->addButton(m_add);
    auto* emptyCard = new Card(QString(), this);
    emptyCard->setBody(m_empty);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(m_splitter);
    m_stack->addWidget(emptyCard);
    column->addWidget(m_stack, 1);
}

QWidget* ServersSection::buildList()
{
    m_listCard = new Card(QStringLiteral("Servers"), this);
    m_listCard->setMinimumWidth(220);
    m_listCard->setHeaderLine(true);
    for (QAction* action : {m_import, m_add}) {
        auto* button = new IconButton(action == m_add ? IconName::Plus : IconName::Import,
                                      QString(action->text()).remove(QStringLiteral(" …")), m_listCard);
        connect(button, &IconButton::clicked, action, &QAction::trigger);
        m_listCard->addHeaderWidget(button);
    }
    m_model = new ServerListModel(this);
    m_list = new DataTable(m_listCard);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new ServerRow(m_list));
    m_list->verticalHeader()->setDefaultSectionSize(ServerRow::height);
    m_list->horizontalHeader()->hide();
    m_list->setColumnWidths({0});
    m_list->setSelectionMode(QAbstractItemView::SingleSelection);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setAccessibleName(QStringLiteral("Servers"));
    m_listCard->setBody(m_list);
    return m_listCard;
}

QWidget* ServersSection::buildDetail()
{
    auto* card = new Card(QString(), this);
    m_header = new ServerHeader({m_signIn, m_restart, m_enable, m_edit, m_remove}, card);
    m_tabs = new TabPages(card);
    m_overview = new ServerOverview(m_tabs);
    m_tools = new ToolsPage(m_tabs);
    m_wire = new WirePage(m_service, m_tabs);
    m_settings = new ServerSettingsPage(m_service, m_tabs);
    m_tabs->addPage(m_overview, QStringLiteral("Overview"));
    m_tabs->addPage(m_tools, QStringLiteral("Tools"));
    m_tabs->addPage(m_wire, QStringLiteral("Wire"));
    m_tabs->addPage(m_settings, QStringLiteral("Settings"));
    card->body()->addWidget(m_header);
    card->body()->addWidget(m_tabs, 1);
    card->setBodyMargins(1, 1, 1, 1);
    return card;
}

void ServersSection::connectPages()
{
    connect(m_refresh, &LiveRefresh::due, this, &ServersSection::refresh);
    const auto changed = [this] {
        m_refresh->markDirty();
        if (!isVisible() && !m_badgeTimer->isActive())
            m_badgeTimer->start();
    };
    connect(&m_service, &service::GatewayService::serversChanged, this, changed);
    connect(&m_service, &service::GatewayService::configurationChanged, this, changed);
    connect(m_badgeTimer, &QTimer::timeout, this, [this] {
        m_servers = m_service.servers();
        updateBadge();
    });
    connect(m_list, &DataTable::currentRowChanged, this, [this](int row) {
        if (const ServerSnapshot* server = m_model->rowAt(row))
            select(server->config.name);
    });
    connect(m_list, &DataTable::activated, this, [this] { m_tabs->tabBar()->setFocus(Qt::TabFocusReason); });
    connect(m_overview, &ServerOverview::signInRequested, this, &ServersSection::signIn);
    connect(m_overview, &ServerOverview::pageRequested, this, [](const QUrl& address) { QDesktopServices::openUrl(address); });
    connect(m_overview, &ServerOverview::restartRequested, m_restart, &QAction::trigger);
    connect(m_overview, &ServerOverview::editRequested, m_edit, &QAction::trigger);
    connect(m_overview, &ServerOverview::eraCheckRequested, this, [this] {
        const QString name = m_current;
        whenDone(m_service.checkEraAgain(name), this,
                 [this, name](const Status& done) { report(QStringLiteral("%1 was not asked again").arg(name), done); });
    });
    connect(m_overview, &ServerOverview::wireRequested, this, [this] { m_tabs->setCurrentIndex(WireTab); });
    connect(m_overview, &ServerOverview::traceRequested, this,
            [this](const QString& trace) { Q_EMIT openRequested(QStringLiteral("traces"), trace); });
    connect(m_wire, &WirePage::spanRequested, this,
            [this](const QString& target) { Q_EMIT openRequested(QStringLiteral("traces"), target); });
    connect(m_wire, &WirePage::copied, this, &ServersSection::notice);
    connect(m_wire, &WirePage::readyChanged, this, &ServersSection::readyChanged);
    connect(m_tools, &ToolsPage::toolEnabledChanged, this, [this](const QString& server, const QString& tool, bool enabled) {
        whenDone(m_service.setToolEnabled(server, tool, enabled), this, [this, tool](const Status& done) {
            report(QStringLiteral("%1 stays as it was").arg(tool), done);
            m_refresh->demand();
        });
    });
    connect(m_settings, &ServerSettingsPage::saved, this, [this](const QString& name) {
        m_wanted = name;
        m_refresh->demand();
        Q_EMIT notice(QStringLiteral("%1 saved").arg(name));
    });
    connect(m_banner, &Banner::actionTriggered, this, &ServersSection::restoreRemoved);
}

void ServersSection::setFilter(const QString& text)
{
    m_filter = text;
    m_refresh->demand();
}

void ServersSection::setLive(bool live)
{
    m_wire->setLive(live);
}

bool ServersSection::isReady() const
{
    const bool anySettled =
        std::any_of(m_servers.cbegin(), m_servers.cend(), [](const ServerSnapshot& server) { return isSettled(server.state); });
    return m_refreshed && (m_servers.isEmpty() || anySettled) && (!m_waitsForWire || m_wire->isReady());
}

QString ServersSection::emptyReason() const
{
    return m_servers.isEmpty() ? QStringLiteral("No servers are configured.") : QString();
}

bool ServersSection::open(const QString& target)
{
    if (target.isEmpty())
        return true;
    const QString name = target.section(QLatin1Char('/'), 0, 0);
    const QStringList tabs{QStringLiteral("overview"), QStringLiteral("tools"), QStringLiteral("wire"),
                           QStringLiteral("settings")};
    const auto tab = tabs.indexOf(target.section(QLatin1Char('/'), 1, 1));
    const QList<ServerSnapshot> servers = m_service.servers();
    if (std::none_of(servers.cbegin(), servers.cend(),
                     [&](const ServerSnapshot& server) { return server.config.name == name; })) {
        if (openWire(target) || tabs.contains(target)) {
            if (tabs.contains(target))
                m_tabs->setCurrentIndex(int(tabs.indexOf(target)));
            m_waitsForWire = m_tabs->currentIndex() == WireTab;
            m_servers = servers;
            refresh();
            return true;
        }
        if (target == QLatin1String("add"))
            addServer();
        else if (target == QLatin1String("import"))
            importServers();
        else
            return false;
        return true;
    }
    m_wanted = name;
    if (tab >= 0)
        m_tabs->setCurrentIndex(int(tab));
    m_servers = servers;
    refresh();
    return true;
}

bool ServersSection::openWire(const QString& target)
{
    if (target == QLatin1String("exchange")) {
        m_tabs->setCurrentIndex(WireTab);
        m_wire->setClientSide(true);
        m_wire->showNewestExchange();
        return true;
    }
    const QString prefix = QStringLiteral("wire:");
    if (!target.startsWith(prefix))
        return false;
    const QString ids = target.mid(prefix.size());
    const auto trace = TraceId::fromHex(ids.section(QLatin1Char('/'), 0, 0).toLatin1());
    if (!trace)
        return false;
    m_tabs->setCurrentIndex(WireTab);
    m_wire->showSpanOnWire(*trace, SpanId::fromHex(ids.section(QLatin1Char('/'), 1, 1).toLatin1()).value_or(SpanId()));
    return true;
}

void ServersSection::refresh()
{
    m_servers = m_service.servers();
    QList<ServerSnapshot> shown;
    std::copy_if(m_servers.cbegin(), m_servers.cend(), std::back_inserter(shown), [this](const ServerSnapshot& server) {
        return matchesFilter(server, m_filter) || server.config.name == m_wanted;
    });
    m_model->setRows(shown);
    const auto count = m_servers.size();
    m_listCard->setSubtitle(shown.size() == count ? QString::number(count)
                                                  : QStringLiteral("%1 of %2").arg(shown.size()).arg(count));
    m_stack->setCurrentIndex(m_servers.isEmpty() ? 1 : 0);
    if (!m_wanted.isEmpty() && m_model->indexOf(m_wanted) >= 0)
        m_current = std::exchange(m_wanted, QString());
    int row = m_model->indexOf(m_current);
    if (row < 0 && !shown.isEmpty())
        row = 0;
    if (row >= 0 && m_list->currentIndex().row() != row)
        m_list->setCurrentIndex(m_model->index(row, 0));
    if (row >= 0)
        m_current = m_model->rowAt(row)->config.name;
    showCurrent();
    updateBadge();
    m_refresh->finished();
    if (!std::exchange(m_refreshed, true) || isReady())
        Q_EMIT readyChanged();
}

void ServersSection::updateBadge()
{
    const auto failed = std::count_if(m_servers.cbegin(), m_servers.cend(),
                                      [](const ServerSnapshot& server) { return server.state == ServerState::Failed; });
    Q_EMIT badgeChanged(failed > 0 ? Badge{failed, Badge::Kind::Alarm} : Badge{m_servers.size(), Badge::Kind::Count});
}

void ServersSection::select(const QString& name)
{
    if (name == m_current)
        return;
    m_current = name;
    showCurrent();
}

const ServerSnapshot* ServersSection::current() const
{
    const auto it = std::find_if(m_servers.cbegin(), m_servers.cend(),
                                 [this](const ServerSnapshot& server) { return server.config.name == m_current; });
    return it == m_servers.cend() ? nullptr : &*it;
}

QStringList ServersSection::otherNames(const QString& name) const
{
    QStringList names;
    for (const ServerSnapshot& server : m_servers) {
        if (server.config.name != name)
            names.append(server.config.name);
    }
    return names;
}

void ServersSection::showCurrent()
{
    const ServerSnapshot* server = current();
    showSignInCommand(server);
    for (QAction* action : {m_restart, m_enable, m_edit, m_remove})
        action->setEnabled(server != nullptr);
    if (server == nullptr)
        return;
    const bool enabled = server->config.enabled;
    m_restart->setEnabled(enabled);
    m_enable->setText(enabled ? QStringLiteral("Disable this server") : QStringLiteral("Enable this server"));
    m_enable->setIconText(enabled ? QStringLiteral("Disable") : QStringLiteral("Enable"));
    m_enable->setIcon(themedIcon(enabled ? IconName::Pause : IconName::Play));
    m_header->setServer(*server);
    m_overview->setServer(*server);
    m_tools->setServer(*server);
    m_tabs->setPageTitle(ToolsTab, server->toolList.isEmpty() ? QStringLiteral("Tools")
                                                              : QStringLiteral("Tools %1").arg(server->toolList.size()));
    m_wire->setServer(server->config.name);
    m_settings->setServer(server->config, otherNames(server->config.name));
}

void ServersSection::addServer()
{
    auto* dialog = new ServerDialog(m_service, otherNames({}), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ServerDialog::saved, this, [this](const QString& name) {
        m_wanted = name;
        m_refresh->demand();
    });
    dialog->open();
}

void ServersSection::importServers()
{
    auto* dialog = new ImportDialog(m_service, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ImportDialog::imported, this, [this](const QStringList& names) {
        m_wanted = names.value(0);
        m_refresh->demand();
        Q_EMIT notice(names.size() == 1 ? QStringLiteral("%1 imported").arg(names.first())
                                        : QStringLiteral("%1 servers imported").arg(names.size()));
    });
    dialog->open();
}

void ServersSection::askToRemove()
{
    const ServerSnapshot* server = current();
    if (server == nullptr)
        return;
    const QString name = server->config.name;
    auto* dialog = new Dialog(QStringLiteral("Remove %1?").arg(name), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setSentence(QStringLiteral("It is stopped and taken out of the configuration; clients no longer see its tools. Its "
                                       "traces, logs and audit rows stay."));
    dialog->setAcceptButton(QStringLiteral("Remove"), Tone::Error);
    connect(dialog, &QDialog::accepted, this, [this, name] { removeServer(name); });
    dialog->open();
}

void ServersSection::removeServer(const QString& name)
{
    const auto it = std::find_if(m_servers.cbegin(), m_servers.cend(),
                                 [&](const ServerSnapshot& server) { return server.config.name == name; });
    if (it == m_servers.cend())
        return;
    whenDone(m_service.removeServer(name), this, [this, removed = it->config](const Status& done) {
        report(QStringLiteral("%1 was not removed").arg(removed.name), done);
        if (!done)
            return;
        m_removed = removed;
        m_banner->setTone(Tone::Neutral);
        m_banner->setMessage(QStringLiteral("%1 was removed").arg(removed.name));
        m_banner->clearLinks();
        m_banner->addLink(QStringLiteral("undo"), QStringLiteral("Undo"));
        m_banner->show();
        m_refresh->demand();
    });
}

void ServersSection::restoreRemoved()
{
    if (!m_removed)
        return;
    const config::Server server = *std::exchange(m_removed, std::nullopt);
    m_banner->hide();
    whenDone(m_service.saveServer(server), this, [this, name = server.name](const Status& done) {
        report(QStringLiteral("%1 was not brought back").arg(name), done);
        m_wanted = done ? name : QString();
        m_refresh->demand();
    });
}

void ServersSection::setEnabled(const QString& name, bool enabled)
{
    whenDone(m_service.setServerEnabled(name, enabled), this, [this, name, enabled](const Status& done) {
        report((enabled ? QStringLiteral("%1 was not enabled") : QStringLiteral("%1 was not disabled")).arg(name), done);
        m_refresh->demand();
    });
}

void ServersSection::report(const QString& what, const Status& done)
{
    m_banner->clearLinks();
    m_removed.reset();
    m_banner->setVisible(!done.has_value());
    if (done)
        return;
    m_banner->setTone(Tone::Error);
    m_banner->setMessage(QStringLiteral("%1: %2").arg(what, done.error().message), done.error().remedy);
}

QByteArray ServersSection::saveState() const
{
    QByteArray bytes;
    QDataStream out(&bytes, QIODevice::WriteOnly);
    out << stateVersion << m_splitter->saveState() << m_current << qint32(m_tabs->currentIndex()) << m_tools->saveState()
        << m_wire->saveState();
    return bytes;
}

void ServersSection::restoreState(const QByteArray& state)
{
    QDataStream in(state);
    qint32 version = 0;
    QByteArray splitter;
    QString server;
    qint32 tab = 0;
    QByteArray tools;
    QByteArray wire;
    in >> version >> splitter >> server >> tab >> tools >> wire;
    if (in.status() != QDataStream::Ok || version != stateVersion)
        return;
    m_splitter->restoreState(splitter);
    m_wanted = server;
    if (tab >= OverviewTab && tab <= SettingsTab)
        m_tabs->setCurrentIndex(tab);
    m_tools->restoreState(tools);
    m_wire->restoreState(wire);
}

} // namespace oriel::ui
