// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/dialog.h"

#include "ui/theme/oriel_style.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/text_label.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace oriel::ui {

Dialog::Dialog(const QString& title, QWidget* parent) : QDialog(parent)
{
    setWindowTitle(title);
    setModal(true);
    setMinimumWidth(420);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(20, 18, 20, 16);
    column->setSpacing(metrics::space2);
    m_title = new TextLabel(title, TextLabel::Role::Title, this);
    m_sentence = new TextLabel(QString(), TextLabel::Role::Dim, this);
    m_sentence->setWordWrap(true);
    m_sentence->hide();
    column->addWidget(m_title);
    column->addWidget(m_sentence);
    column->addSpacing(metrics::space1);
    m_body = new QVBoxLayout;
    m_body->setSpacing(metrics::space2);
    column->addLayout(m_body, 1);
    m_banner = new Banner(Tone::Error, this);
    m_banner->hide();
    column->addWidget(m_banner);
    column->addSpacing(metrics::space2);
    m_buttons = new QHBoxLayout;
    m_buttons->setSpacing(metrics::space2);
    m_buttons->addStretch(1);
    m_cancel = new QPushButton(QStringLiteral("Cancel"), this);
    m_cancel->setAutoDefault(false);
    m_accept = new QPushButton(QStringLiteral("OK"), this);
    m_accept->setDefault(true);
    m_accept->setProperty(OrielStyle::primaryProperty, true);
    m_buttons->addWidget(m_cancel);
    m_buttons->addWidget(m_accept);
    column->addLayout(m_buttons);
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_accept, &QPushButton::clicked, this, &QDialog::accept);
}

void Dialog::setSentence(const QString& sentence)
{
    m_sentence->setText(sentence);
    m_sentence->setVisible(!sentence.isEmpty());
}

QPushButton* Dialog::setAcceptButton(const QString& text, Tone tone)
{
    m_accept->setText(text);
    m_accept->setProperty(OrielStyle::primaryProperty, tone != Tone::Error);
    m_accept->setProperty(OrielStyle::dangerProperty, tone == Tone::Error);
    if (tone == Tone::Error) { // Enter must not destroy anything
        m_accept->setDefault(false);
        m_accept->setAutoDefault(false);
        m_cancel->setDefault(true);
    }
    return m_accept;
}

QPushButton* Dialog::addButton(const QString& text)
{
    auto* button = new QPushButton(text, this);
    button->setAutoDefault(false);
    m_buttons->insertWidget(m_leftButtons++, button);
    return button;
}

void Dialog::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), themeOf(this).panel);
}

void Dialog::showError(const QString& headline, const QString& sentence)
{
    m_banner->setMessage(headline, sentence);
    m_banner->setVisible(!headline.isEmpty());
}

} // namespace oriel::ui
