// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/settings_section.h"

#include "ui/settings/about_page.h"
#include "ui/settings/appearance_page.h"
#include "ui/settings/clients_page.h"
#include "ui/settings/credentials_page.h"
#include "ui/settings/destinations_page.h"
#include "ui/settings/gateway_page.h"
#include "ui/settings/masking_page.h"
#include "ui/settings/receiver_page.h"
#include "ui/settings/retention_page.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/live_refresh.h"
#include "ui/widgets/row_model.h"
#include "ui/widgets/splitter.h"

#include <QDataStream>
#include <QHeaderView>
#include <QIODevice>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

constexpr int shortestRefreshMs = 200;
constexpr qint32 stateVersion = 1;
constexpr int categoryHeight = 34;

QVariant categoryData(SettingsPage* const& page, int role)
{
    switch (role) {
    case Qt::DisplayRole:
        return page->category().title;
    case Qt::DecorationRole:
        return themedIcon(page->category().icon);
    case CellRole::Note:
        return page->isChanged() ? QStringLiteral("not saved") : QString();
    default:
        return {};
    }
}

} // namespace

SettingsSection::SettingsSection(service::GatewayService& service, QWidget* parent) : Section(parent), m_service(service)
{
    buildFrame();
    buildPages();
    m_refresh = new LiveRefresh(this, shortestRefreshMs);
    connectPages();
    m_list->setCurrentIndex(m_model->index(0, 0));
}

void SettingsSection::buildFrame()
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    m_splitter = new Splitter(Qt::Horizontal, this);
    m_splitter->setGap(metrics::cardGap);
    auto* listCard = new Card(QString(), this);
    listCard->setMinimumWidth(170);
    m_model = new RowModel<SettingsPage*>(
        {{QStringLiteral("category"), categoryData}}, [](SettingsPage* const& page) { return page->category().id; }, this);
    m_list = new DataTable(listCard);
    m_list->setModel(m_model);
    m_list->verticalHeader()->setDefaultSectionSize(categoryHeight);
    m_list->horizontalHeader()->hide();
    m_list->setColumnWidths({0});
    m_list->setSelectionMode(QAbstractItemView::SingleSelection);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setAccessibleName(QStringLiteral("Settings"));
    listCard->setBodyMargins(1, metrics::space1, 1, metrics::space1);
    listCard->setBody(m_list);
    auto* pageCard = new Card(QString(), this);
    m_stack = new QStackedWidget(pageCard);
    pageCard->setBodyMargins(1, 1, 1, 1);
    pageCard->setBody(m_stack);
    m_splitter->addWidget(listCard);
    m_splitter->addWidget(pageCard);
    m_splitter->setStretchFactor(0, 0);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setSizes({220, 1000});
    m_splitter->setChildrenCollapsible(false);
    column->addWidget(m_splitter);
}

void SettingsSection::buildPages()
{
    m_destinations = new DestinationsPage(m_service, m_stack);
    m_receiver = new ReceiverPage(m_service, m_stack);
    m_clients = new ClientsPage(m_service, m_stack);
    m_credentials = new CredentialsPage(m_service, m_stack);
    m_retention = new RetentionPage(m_service, m_stack);
    m_masking = new MaskingPage(m_service, m_stack);
    m_gateway = new GatewayPage(m_service, m_stack);
    m_appearance = new AppearancePage(m_service, m_stack);
    m_pages = {m_destinations, m_receiver,   m_clients,
               m_credentials,  m_retention,  m_masking,
               m_gateway,      m_appearance, new AboutPage(m_service, m_stack)};
    for (SettingsPage* page : std::as_const(m_pages)) {
        m_stack->addWidget(page);
        connect(page, &SettingsPage::notice, this, &Section::notice);
        connect(page, &SettingsPage::openRequested, this, &Section::openRequested);
        connect(page, &SettingsPage::changed, this, &SettingsSection::showCategories);
    }
    m_model->setRows(m_pages);
}

void SettingsSection::connectPages()
{
    using service::GatewayService;
    const auto dirty = [this] { m_refresh->markDirty(); };
    connect(m_refresh, &LiveRefresh::due, this, &SettingsSection::refresh);
    connect(&m_service, &GatewayService::statusChanged, this, dirty);
    connect(&m_service, &GatewayService::destinationsChanged, this, dirty);
    connect(&m_service, &GatewayService::configurationChanged, this, dirty);
    connect(&m_service, &GatewayService::sessionsChanged, this, dirty);
    connect(&m_service, &GatewayService::tokensChanged, this, dirty);
    connect(&m_service, &GatewayService::secretsChanged, this, dirty);
    connect(m_list, &DataTable::currentRowChanged, this, [this](int row) {
        if (row < 0)
            return;
        m_stack->setCurrentIndex(row);
        m_refresh->demand();
    });
    connect(m_list, &DataTable::activated, this, [this] { currentPage()->setFocus(Qt::TabFocusReason); });
    connect(m_appearance, &AppearancePage::themeChosen, this, &SettingsSection::themeChosen);
}

SettingsPage* SettingsSection::currentPage() const
{
    return m_pages[m_stack->currentIndex()];
}

void SettingsSection::refresh()
{
    currentPage()->refresh();
    m_refresh->finished();
    if (!std::exchange(m_refreshed, true))
        Q_EMIT readyChanged();
}

void SettingsSection::showCategories()
{
    m_model->setRows(QList<SettingsPage*>(m_model->rows()));
}

bool SettingsSection::showPage(const QString& id)
{
    const int row = m_model->indexOf(id);
    if (row >= 0)
        m_list->setCurrentIndex(m_model->index(row, 0));
    return row >= 0;
}

bool SettingsSection::open(const QString& target)
{
    if (target.isEmpty())
        return true;
    if (target.startsWith(QLatin1String("destination:")))
        return open(QStringLiteral("destinations/") + target.mid(int(qstrlen("destination:"))));
    const qsizetype slash = target.indexOf(QLatin1Char('/'));
    if (!showPage(slash < 0 ? target : target.first(slash)))
        return false;
    currentPage()->refresh();
    return currentPage()->open(slash < 0 ? QString() : target.mid(slash + 1));
}

QByteArray SettingsSection::saveState() const
{
    QByteArray bytes;
    QDataStream out(&bytes, QIODevice::WriteOnly);
    out << stateVersion << m_splitter->saveState() << currentPage()->category().id;
    return bytes;
}

void SettingsSection::restoreState(const QByteArray& state)
{
    QDataStream in(state);
    qint32 version = 0;
    QByteArray splitter;
    QString page;
    in >> version >> splitter >> page;
    if (in.status() != QDataStream::Ok || version != stateVersion)
        return;
    m_splitter->restoreState(splitter);
    showPage(page);
}

} // namespace oriel::ui
