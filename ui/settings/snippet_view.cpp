// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/snippet_view.h"

#include "ui/theme/theme.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/text_label.h"

#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {

SnippetView::SnippetView(QWidget* parent) : QWidget(parent)
{
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(metrics::space2);
    m_path = new TextLabel(QString(), TextLabel::Role::Mono, this);
    m_path->setElided(true);
    m_path->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_text = new CodeView(this);
    m_text->setMaximumLines(16);
    m_note = new TextLabel(QString(), TextLabel::Role::Caption, this);
    m_note->setWordWrap(true);
    m_column->addWidget(m_path);
    m_column->addWidget(m_text);
    m_column->addWidget(m_note);
}

void SnippetView::setSnippets(const QList<service::ClientSnippet>& snippets)
{
    const int wanted = m_clients != nullptr ? m_clients->currentIndex() : 0;
    const bool sameClients = std::equal(snippets.cbegin(), snippets.cend(), m_snippets.cbegin(), m_snippets.cend(),
                                        [](const auto& a, const auto& b) { return a.client == b.client; });
    m_snippets = snippets;
    if (!sameClients || m_clients == nullptr) {
        delete m_clients;
        QStringList names;
        for (const service::ClientSnippet& snippet : snippets)
            names.append(snippet.client);
        m_clients = new Segmented(names, this);
        m_column->insertWidget(0, m_clients, 0, Qt::AlignLeft);
        connect(m_clients, &Segmented::currentChanged, this, &SnippetView::showSnippet);
    }
    const int index = std::clamp(wanted, 0, std::max(0, int(snippets.size()) - 1));
    m_clients->setCurrentIndex(index);
    showSnippet(index);
}

QString SnippetView::shownText() const
{
    return m_text->text();
}

void SnippetView::showSnippet(int index)
{
    const service::ClientSnippet snippet = m_snippets.value(index);
    m_path->setText(snippet.path);
    m_path->setVisible(!snippet.path.isEmpty());
    if (m_text->text() != snippet.text)
        m_text->setText(snippet.text,
                        snippet.text.startsWith(QLatin1Char('{')) ? CodeView::Language::Json : CodeView::Language::Plain);
    m_note->setText(snippet.note);
    m_note->setVisible(!snippet.note.isEmpty());
}

} // namespace oriel::ui
