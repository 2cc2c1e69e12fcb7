// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/clients_page.h"

#include "ui/settings/limits_card.h"
#include "ui/settings/snippet_view.h"
#include "ui/settings/token_dialog.h"
#include "ui/widgets/async.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/format.h"
#include "ui/widgets/status_dot.h"
#include "ui/widgets/text_label.h"

#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

using service::SessionSnapshot;
using service::TokenSnapshot;

template <class Row>
typename RowModel<Row>::Column text(const QString& title, std::function<QString(const Row&)> words, bool mono = false,
                                    bool dim = false)
{
    return {title, [words = std::move(words), mono, dim](const Row& row, int role) -> QVariant {
                switch (role) {
                case Qt::DisplayRole:
                    return words(row);
                case CellRole::Mono:
                    return mono;
                case CellRole::Dim:
                    return dim;
                default:
                    return {};
                }
            }};
}

QString timeOrDash(std::int64_t unixNs)
{
    return unixNs > 0 ? formatDateTime(unixNs).left(19) : QStringLiteral("never");
}

RowModel<SessionSnapshot>* makeSessions(QObject* parent)
{
    std::vector<RowModel<SessionSnapshot>::Column> columns;
    columns.push_back({QStringLiteral("client"), [](const SessionSnapshot& row, int role) -> QVariant {
                           switch (role) {
                           case Qt::DisplayRole:
                               return row.clientName.isEmpty() ? QStringLiteral("unnamed") : row.clientName;
                           case CellRole::Note:
                               return row.clientVersion;
                           case CellRole::Lamp:
                               return int(Lamp::Good);
                           default:
                               return {};
                           }
                       }});
    columns.push_back(text<SessionSnapshot>(QStringLiteral("token"), [](const auto& row) {
        return row.tokenName.isEmpty() ? QStringLiteral("none") : row.tokenName;
    }));
    columns.push_back(text<SessionSnapshot>(
        QStringLiteral("transport"), [](const auto& row) { return row.transport; }, false, true));
    columns.push_back(text<SessionSnapshot>(
        QStringLiteral("MCP revision"), [](const auto& row) { return row.protocolVersion; }, true, true));
    columns.push_back(text<SessionSnapshot>(
        QStringLiteral("since"), [](const auto& row) { return timeOrDash(row.sinceUnixNs); }, true, true));
    columns.push_back(text<SessionSnapshot>(
        QStringLiteral("last heard of"), [](const auto& row) { return formatClock(row.lastSeenUnixNs); }, true, true));
    columns.push_back(
        text<SessionSnapshot>(QStringLiteral("calls"), [](const auto& row) { return formatCount(std::int64_t(row.calls)); }));
    columns.back().number = true;
    return new RowModel<SessionSnapshot>(
        std::move(columns), [](const SessionSnapshot& row) { return row.id; }, parent);
}

RowModel<TokenSnapshot>* makeTokens(QObject* parent)
{
    std::vector<RowModel<TokenSnapshot>::Column> columns;
    columns.push_back(text<TokenSnapshot>(QStringLiteral("name"), [](const auto& row) { return row.name; }));
    columns.push_back(
        text<TokenSnapshot>(QStringLiteral("may use"), [](const auto& row) { return row.scopes.join(QStringLiteral(" · ")); }));
    columns.push_back(text<TokenSnapshot>(
        QStringLiteral("project"),
        [](const auto& row) { return row.project.isEmpty() ? QStringLiteral("default") : row.project; }, false, true));
    columns.push_back(text<TokenSnapshot>(
        QStringLiteral("made"), [](const auto& row) { return timeOrDash(row.createdUnixNs); }, true, true));
    columns.push_back(text<TokenSnapshot>(
        QStringLiteral("last used"), [](const auto& row) { return timeOrDash(row.lastUsedUnixNs); }, true, true));
    return new RowModel<TokenSnapshot>(
        std::move(columns), [](const TokenSnapshot& row) { return row.name; }, parent);
}

/// High enough for its rows, within reason.
void fitRows(DataTable* table, int rows)
{
    table->setFixedHeight(metrics::headerHeight + std::clamp(rows, 1, 8) * metrics::rowHeight + 4);
}

} // namespace

ClientsPage::ClientsPage(service::GatewayService& service, QWidget* parent)
    : SettingsPage(service,
                   {QStringLiteral("clients"), QStringLiteral("Clients and tokens"), IconName::Client,
                    QStringLiteral("Every client shows a token of its own at the endpoint; its name then stands on every call.")},
                   parent)
{
    m_sessions = makeSessions(this);
    m_tokens = makeTokens(this);
    body()->addWidget(buildSessions());
    body()->addWidget(buildTokens());
    m_limits = new LimitsCard(this);
    body()->addWidget(m_limits);
    connect(&service, &service::GatewayService::limitsChanged, this, [this] { m_limits->setLimits(this->service().limits()); });
    auto* card = new Card(QStringLiteral("Point a client at Oriel"), this);
    m_snippets = new SnippetView(card);
    card->setBodyMargins(metrics::space3, 0, metrics::space3, metrics::space3);
    card->setBody(m_snippets);
    body()->addWidget(card);
    body()->addStretch(1);
}

QWidget* ClientsPage::buildSessions()
{
    m_sessionCard = new Card(QStringLiteral("Connected now"), this);
    m_sessionTable = new DataTable(m_sessionCard);
    m_sessionTable->setModel(m_sessions);
    m_sessionTable->setColumnWidths({0, 130, 90, 110, 160, 110, 80});
    m_sessionTable->setEmptyText(QStringLiteral("No client is connected. Point one at Oriel with the lines below."));
    m_sessionCard->setBody(m_sessionTable);
    return m_sessionCard;
}

QWidget* ClientsPage::buildTokens()
{
    auto* card = new Card(QStringLiteral("Tokens"), this);
    auto* add = new QPushButton(themedIcon(IconName::Plus), QStringLiteral("Add a token"), card);
    m_revoke = new QPushButton(QStringLiteral("Revoke"), card);
    for (QPushButton* button : {m_revoke, add}) {
        button->setFixedHeight(26);
        card->addHeaderWidget(button);
    }
    m_tokenTable = new DataTable(card);
    m_tokenTable->setModel(m_tokens);
    m_tokenTable->setColumnWidths({0, 110, 120, 170, 170});
    m_tokenTable->setSelectionMode(QAbstractItemView::SingleSelection);
    m_tokenTable->setEmptyText(QStringLiteral(
        "No token yet. A client that starts 'oriel bridge' needs none; add one for each that connects over HTTP."));
    card->setBody(m_tokenTable);
    connect(add, &QPushButton::clicked, this, &ClientsPage::addToken);
    connect(m_revoke, &QPushButton::clicked, this, &ClientsPage::askToRevoke);
    connect(m_tokenTable, &DataTable::currentRowChanged, this, [this](int row) { m_revoke->setEnabled(row >= 0); });
    return card;
}

void ClientsPage::refresh()
{
    const QList<SessionSnapshot> sessions = service().sessions();
    const QList<TokenSnapshot> tokens = service().tokens();
    m_sessions->setRows(sessions);
    m_tokens->setRows(tokens);
    m_sessionCard->setSubtitle(sessions.isEmpty() ? QStringLiteral("nobody") : QString::number(sessions.size()));
    fitRows(m_sessionTable, int(sessions.size()));
    fitRows(m_tokenTable, int(tokens.size()));
    m_revoke->setEnabled(m_tokenTable->currentIndex().isValid());
    m_limits->setLimits(service().limits());
    m_snippets->setSnippets(service().clientSnippets());
}

void ClientsPage::addToken()
{
    QStringList taken;
    for (const TokenSnapshot& token : m_tokens->rows())
        taken.append(token.name);
    auto* dialog = new TokenDialog(service(), taken, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::finished, this, &ClientsPage::refresh);
    dialog->open();
}

void ClientsPage::askToRevoke()
{
    const TokenSnapshot* token = m_tokens->rowAt(m_tokenTable->currentIndex().row());
    if (token == nullptr)
        return;
    auto* dialog = new Dialog(QStringLiteral("Revoke %1?").arg(token->name), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setSentence(
        QStringLiteral("Its sessions end at once, and the client is refused until it has another token. This cannot be undone."));
    dialog->setAcceptButton(QStringLiteral("Revoke"), Tone::Error);
    connect(dialog, &QDialog::accepted, this, [this, name = token->name] { revoke(name); });
    dialog->open();
}

void ClientsPage::revoke(const QString& name)
{
    whenDone(service().revokeToken(name), this, [this, name](const Status& done) {
        report(QStringLiteral("%1 was not revoked").arg(name), done);
        refresh();
        if (done)
            Q_EMIT notice(QStringLiteral("%1 revoked").arg(name));
    });
}

} // namespace oriel::ui
