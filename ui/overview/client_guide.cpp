// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/overview/client_guide.h"

#include "ui/widgets/async.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/text_label.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QVBoxLayout>

namespace oriel::ui {

QString tokenNameFor(const QString& client)
{
    QString name;
    for (const QChar letter : client.toLower()) {
        if (letter.isLetterOrNumber())
            name.append(letter);
        else if (!name.isEmpty() && !name.endsWith(QLatin1Char('-')))
            name.append(QLatin1Char('-'));
    }
    while (name.endsWith(QLatin1Char('-')))
        name.chop(1);
    return name;
}

ClientGuide::ClientGuide(service::GatewayService& service, QWidget* parent) : QWidget(parent), m_service(service)
{
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(metrics::space3, 0, metrics::space3, metrics::space3);
    m_column->setSpacing(metrics::space2);
    m_note = new TextLabel({}, TextLabel::Role::Dim, this);
    m_note->setWordWrap(true);
    m_path = new TextLabel({}, TextLabel::Role::Mono, this);
    m_path->setElided(true);
    m_path->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* copyPath = new IconButton(IconName::Copy, QStringLiteral("Copy the path"), this);
    connect(copyPath, &QToolButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(m_path->text());
        Q_EMIT notice(QStringLiteral("Path copied"));
    });
    auto* pathRow = new QHBoxLayout;
    pathRow->setSpacing(metrics::space1);
    pathRow->addWidget(new TextLabel(QStringLiteral("Put this into"), TextLabel::Role::Dim, this));
    pathRow->addSpacing(metrics::space1);
    pathRow->addWidget(m_path, 1);
    pathRow->addWidget(copyPath);
    m_code = new CodeView(this);
    m_code->setMaximumLines(14);
    m_makeToken = new LinkButton(QStringLiteral("Make a token for this client and fill it in"), this);
    connect(m_makeToken, &LinkButton::clicked, this, &ClientGuide::makeToken);
    m_tokenNote = new TextLabel({}, TextLabel::Role::Warning, this);
    m_tokenNote->setWordWrap(true);
    m_column->addLayout(pathRow);
    m_column->addWidget(m_code);
    m_column->addWidget(m_note);
    auto* tokenRow = new QHBoxLayout;
    tokenRow->addWidget(m_makeToken);
    tokenRow->addWidget(m_tokenNote, 1);
    m_column->addLayout(tokenRow);
    m_column->addStretch(1);
    refresh();
}

void ClientGuide::refresh()
{
    const service::GatewayStatus status = m_service.status();
    if (!m_snippets.isEmpty() && status.endpoint == m_endpoint)
        return;
    m_endpoint = status.endpoint;
    m_snippets = m_service.clientSnippets();
    rebuildTabs();
    showSnippet();
}

QString ClientGuide::shownText() const
{
    return m_code->text();
}

void ClientGuide::showClient(int index)
{
    if (index < 0 || index >= clientCount())
        return;
    m_current = index;
    if (m_tabs)
        m_tabs->setCurrentIndex(index);
    showSnippet();
}

void ClientGuide::rebuildTabs()
{
    QStringList names;
    for (const service::ClientSnippet& snippet : std::as_const(m_snippets))
        names.append(snippet.client);
    m_current = std::clamp(m_current, 0, std::max(0, clientCount() - 1));
    delete m_tabs;
    m_tabs = new Segmented(names, this);
    m_tabs->setAccessibleName(QStringLiteral("Client"));
    m_tabs->setCurrentIndex(m_current);
    connect(m_tabs, &Segmented::currentChanged, this, [this](int index) {
        m_current = index;
        showSnippet();
    });
    m_column->insertWidget(0, m_tabs, 0, Qt::AlignLeft);
}

void ClientGuide::showSnippet()
{
    if (m_current >= clientCount())
        return;
    const service::ClientSnippet& snippet = m_snippets[m_current];
    const bool json = snippet.text.startsWith(QLatin1Char('{'));
    const bool own = snippet.client == m_tokenClient && !m_token.isEmpty();
    const QString text = own ? m_service.clientSnippets(m_token).value(m_current).text : snippet.text;
    m_code->setText(text, json ? CodeView::Language::Json : CodeView::Language::Plain);
    m_path->setText(snippet.path);
    m_note->setText(snippet.note);
    m_note->setVisible(!snippet.note.isEmpty());
    const bool noAuth = m_service.status().authDisabled;
    m_makeToken->setVisible(!noAuth && !own);
    m_makeToken->setEnabled(!m_making);
    m_tokenNote->setVisible(noAuth || own);
    m_tokenNote->setText(noAuth ? QStringLiteral("Started without authentication: any program on this computer may call.")
                                : QStringLiteral("The token stands in the text above and is not shown again. Copy it now."));
}

void ClientGuide::makeToken()
{
    if (m_making || m_current >= clientCount())
        return;
    m_making = true;
    m_makeToken->setEnabled(false);
    const QString client = m_snippets[m_current].client;
    QString name = tokenNameFor(client);
    const QList<service::TokenSnapshot> taken = m_service.tokens();
    const auto isTaken = [&](const QString& wanted) {
        return std::any_of(taken.cbegin(), taken.cend(),
                           [&](const service::TokenSnapshot& token) { return token.name == wanted; });
    };
    const QString stem = name;
    for (int i = 2; isTaken(name); ++i)
        name = QStringLiteral("%1-%2").arg(stem).arg(i);
    whenDone(m_service.addToken(name, {QStringLiteral("mcp")}), this, [this, client, name](const Result<QString>& token) {
        m_making = false;
        if (token) {
            m_token = *token;
            m_tokenClient = client;
            Q_EMIT notice(QStringLiteral("Token “%1” made").arg(name));
        } else {
            Q_EMIT notice(token.error().toString());
        }
        showSnippet();
    });
}

} // namespace oriel::ui
