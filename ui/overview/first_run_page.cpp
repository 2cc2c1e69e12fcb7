// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/overview/first_run_page.h"

#include "ui/compat/qt_compat.hpp"
#include "ui/overview/client_guide.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/async.h"
#include "ui/widgets/card.h"
#include "ui/widgets/text_label.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr int pageWidth = 960;

QString listed(const QStringList& names)
{
    if (names.size() < 2)
        return names.value(0);
    return QStringLiteral("%1 and %2").arg(names.first(names.size() - 1).join(QStringLiteral(", ")), names.last());
}

TextLabel* wrapped(const QString& text, TextLabel::Role role)
{
    auto* label = new TextLabel(text, role);
    label->setWordWrap(true);
    return label;
}

} // namespace

QString importSummary(const QList<service::ImportCandidate>& candidates)
{
    QStringList clients;
    int servers = 0;
    for (const service::ImportCandidate& candidate : candidates) {
        if (!candidate.conflict.isEmpty())
            continue;
        ++servers;
        if (!clients.contains(candidate.client))
            clients.append(candidate.client);
    }
    if (servers == 0)
        return QStringLiteral("No server was found in the configurations of Claude Desktop, Claude Code, Cursor or VS Code.");
    const QString count =
        servers == 1 ? QStringLiteral("1 server was found") : QStringLiteral("%1 servers were found").arg(servers);
    return QStringLiteral("%1 in %2. You see each one before it is added; secrets can move into the vault.")
        .arg(count, listed(clients));
}

FirstRunPage::FirstRunPage(service::GatewayService& service, QWidget* parent) : QWidget(parent), m_service(service)
{
    auto* outer = new QHBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto* page = new QWidget(this);
    page->setMaximumWidth(pageWidth);
    outer->addStretch(1);
    outer->addWidget(page, 100);
    outer->addStretch(1);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, metrics::space6, 0, 0);
    column->setSpacing(metrics::cardGap);
    column->addWidget(wrapped(QStringLiteral("No server is behind Oriel yet"), TextLabel::Role::Title));
    m_endpoint = wrapped({}, TextLabel::Role::Dim);
    column->addWidget(m_endpoint);
    column->addSpacing(metrics::space1);

    m_import = new QPushButton(QStringLiteral("Import servers…"), this);
    m_add = new QPushButton(QStringLiteral("Add a server…"), this);
    m_demo = new QPushButton(QStringLiteral("Try the demo server"), this);
    m_importWords = wrapped(QStringLiteral("Looking for the configurations of your clients …"), TextLabel::Role::Dim);
    auto* steps = new QHBoxLayout;
    steps->setSpacing(metrics::cardGap);
    steps->addWidget(step(1, QStringLiteral("Bring what you have"), m_importWords, m_import), 1);
    steps->addWidget(
        step(2, QStringLiteral("Add a server"),
             wrapped(
                 QStringLiteral("A command such as npx or uvx that speaks MCP on standard input and output, or the URL of one."),
                 TextLabel::Role::Dim),
             m_add),
        1);
    m_demoStep =
        step(3, QStringLiteral("Only looking?"),
             wrapped(QStringLiteral(
                         "The bundled demo server has quick, slow and failing tools, so that every page has something to show."),
                     TextLabel::Role::Dim),
             m_demo);
    steps->addWidget(m_demoStep, 1);
    column->addLayout(steps);

    auto* clients = new Card(QStringLiteral("Then point your client at Oriel"), this);
    m_guide = new ClientGuide(service, clients);
    clients->setBody(m_guide);
    column->addWidget(clients);
    column->addStretch(1);

    m_import->setProperty(OrielStyle::primaryProperty, true);
    m_import->setEnabled(false);
    connect(m_import, &QPushButton::clicked, this, &FirstRunPage::importRequested);
    connect(m_add, &QPushButton::clicked, this, &FirstRunPage::addRequested);
    connect(m_demo, &QPushButton::clicked, this, &FirstRunPage::demoRequested);
    connect(m_guide, &ClientGuide::notice, this, &FirstRunPage::notice);
}

FirstRunPage::~FirstRunPage()
{
    compat::cancelRunning(m_search);
}

QWidget* FirstRunPage::step(int number, const QString& title, TextLabel* sentence, QPushButton* button)
{
    auto* card = new Card({}, this);
    card->setBodyMargins(metrics::space4, metrics::space3, metrics::space4, metrics::space4);
    auto* heading = new QHBoxLayout;
    heading->setSpacing(metrics::space2);
    heading->addWidget(new TextLabel(QString::number(number), TextLabel::Role::Dim, card));
    heading->addWidget(new TextLabel(title, TextLabel::Role::Strong, card), 1);
    card->body()->setSpacing(metrics::space2);
    card->body()->addLayout(heading);
    card->body()->addWidget(sentence);
    card->body()->addStretch(1);
    card->body()->addWidget(button, 0, Qt::AlignLeft);
    return card;
}

void FirstRunPage::refresh()
{
    m_guide->refresh();
    const service::GatewayStatus status = m_service.status();
    m_endpoint->setText(
        status.listening
            ? QStringLiteral(
                  "Oriel listens at %1. Put servers behind it and every call through it is traced, measured and recorded.")
                  .arg(status.endpoint)
            : QStringLiteral("Put servers behind Oriel and every call through it is traced, measured and recorded."));
    compat::cancelRunning(m_search);
    QFuture<QList<service::ImportCandidate>> search = m_service.discoverImports();
    m_search = QFuture<void>(search);
    whenDone(search, this, [this](const QList<service::ImportCandidate>& candidates) { showCandidates(candidates); });
}

void FirstRunPage::showCandidates(const QList<service::ImportCandidate>& candidates)
{
    m_settled = true;
    m_importWords->setText(importSummary(candidates));
    const auto count =
        std::count_if(candidates.cbegin(), candidates.cend(), [](const auto& candidate) { return candidate.conflict.isEmpty(); });
    m_import->setEnabled(count > 0);
    m_import->setText(
        count > 0
            ? QStringLiteral("Import %1 …").arg(count == 1 ? QStringLiteral("1 server") : QStringLiteral("%1 servers").arg(count))
            : QStringLiteral("Import servers…"));
    // The first thing to do is the one that can be done.
    m_import->setProperty(OrielStyle::primaryProperty, count > 0);
    m_add->setProperty(OrielStyle::primaryProperty, count == 0);
    m_import->update();
    m_add->update();
    Q_EMIT found();
}

void FirstRunPage::setDemoOffered(bool offered)
{
    m_demoStep->setVisible(offered);
}

QString FirstRunPage::importSentence() const
{
    return m_importWords->text();
}

} // namespace oriel::ui
