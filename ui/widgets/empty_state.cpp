// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/empty_state.h"

#include "ui/theme/oriel_style.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace oriel::ui {

EmptyState::EmptyState(IconName icon, const QString& headline, const QString& sentence, QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(metrics::space6, metrics::space6, metrics::space6, metrics::space6);
    column->setSpacing(metrics::space2);
    m_icon = new IconLabel(icon, 32, IconTint::Dim, this);
    m_headline = new TextLabel(headline, TextLabel::Role::Title, this);
    m_headline->setAlignment(Qt::AlignHCenter);
    m_headline->setWordWrap(true);
    m_sentence = new TextLabel(sentence, TextLabel::Role::Dim, this);
    m_sentence->setAlignment(Qt::AlignHCenter);
    m_sentence->setWordWrap(true);
    m_sentence->setMaximumWidth(460);
    m_sentence->setMinimumWidth(200);
    m_buttons = new QHBoxLayout;
    m_buttons->setSpacing(metrics::space2);
    column->addStretch(2);
    column->addWidget(m_icon, 0, Qt::AlignHCenter);
    column->addSpacing(metrics::space1);
    column->addWidget(m_headline);
    auto* middle = new QHBoxLayout;
    middle->addStretch(1);
    middle->addWidget(m_sentence, 6);
    middle->addStretch(1);
    column->addLayout(middle);
    column->addSpacing(metrics::space2);
    auto* row = new QHBoxLayout;
    row->addStretch(1);
    row->addLayout(m_buttons);
    row->addStretch(1);
    column->addLayout(row);
    column->addStretch(3);
}

void EmptyState::setIcon(IconName icon)
{
    m_icon->setIconName(icon);
}

void EmptyState::setHeadline(const QString& headline)
{
    m_headline->setText(headline);
}

void EmptyState::setSentence(const QString& sentence)
{
    m_sentence->setText(sentence);
}

QString EmptyState::headline() const
{
    return m_headline->text();
}

QString EmptyState::sentence() const
{
    return m_sentence->text();
}

void EmptyState::addButton(QAction* action)
{
    auto* button = new QPushButton(action->icon(), action->text(), this);
    button->setProperty(OrielStyle::primaryProperty, m_buttons->count() == 0);
    if (m_buttons->count() == 0)
        button->setIcon({});
    button->setToolTip(action->toolTip() == action->text() ? QString() : action->toolTip());
    button->setEnabled(action->isEnabled());
    connect(button, &QPushButton::clicked, action, &QAction::trigger);
    connect(action, &QAction::changed, button, [button, action] {
        button->setText(action->text());
        button->setEnabled(action->isEnabled());
        button->setVisible(action->isVisible());
    });
    m_buttons->addWidget(button);
}

} // namespace oriel::ui
