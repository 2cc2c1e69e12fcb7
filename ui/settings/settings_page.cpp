// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/settings_page.h"

#include "ui/widgets/banner.h"
#include "ui/widgets/text_label.h"

#include <QScrollArea>
#include <QVBoxLayout>

namespace oriel::ui {

SettingsPage::SettingsPage(service::GatewayService& service, Category category, QWidget* parent)
    : QWidget(parent),
      m_service(service),
      m_category(std::move(category))
{
    m_frame = new QVBoxLayout(this);
    m_frame->setContentsMargins(0, 0, 0, 0);
    m_frame->setSpacing(0);
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->viewport()->setAutoFillBackground(false);
    auto* page = new QWidget(scroll);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(metrics::space4, metrics::space4, metrics::space4, metrics::space4);
    column->setSpacing(metrics::space3);
    auto* heading = new QVBoxLayout;
    heading->setSpacing(2);
    heading->addWidget(new TextLabel(m_category.title, TextLabel::Role::Title, page));
    auto* sentence = new TextLabel(m_category.sentence, TextLabel::Role::Dim, page);
    sentence->setWordWrap(true);
    heading->addWidget(sentence);
    column->addLayout(heading);
    m_banner = new Banner(Tone::Error, page);
    m_banner->setClosable(true);
    m_banner->hide();
    column->addWidget(m_banner);
    m_body = new QVBoxLayout;
    m_body->setSpacing(metrics::space3);
    column->addLayout(m_body, 1);
    scroll->setWidget(page);
    page->setAutoFillBackground(false); // which setWidget() switches on; the card shows through
    m_frame->addWidget(scroll, 1);
}

void SettingsPage::report(const QString& what, const Status& done)
{
    if (done)
        m_banner->hide();
    else
        say(Tone::Error, QStringLiteral("%1: %2").arg(what, done.error().message), done.error().remedy);
}

void SettingsPage::say(Tone tone, const QString& headline, const QString& sentence)
{
    m_banner->setTone(tone);
    m_banner->setMessage(headline, sentence);
    m_banner->show();
}

} // namespace oriel::ui
