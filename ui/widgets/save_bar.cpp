// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/save_bar.h"

#include "ui/theme/oriel_style.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/text_label.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace oriel::ui {

SaveBar::SaveBar(QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(metrics::space4, metrics::space2 + 1, metrics::space4, metrics::space2);
    column->setSpacing(metrics::space2);
    m_banner = new Banner(Tone::Error, this);
    m_banner->hide();
    column->addWidget(m_banner);
    auto* row = new QHBoxLayout;
    row->setSpacing(metrics::space2);
    m_words = new TextLabel(QString(), TextLabel::Role::Dim, this);
    m_revert = new QPushButton(QStringLiteral("Revert"), this);
    m_save = new QPushButton(QStringLiteral("Save"), this);
    m_save->setProperty(OrielStyle::primaryProperty, true);
    row->addWidget(m_words);
    row->addStretch(1);
    row->addWidget(m_revert);
    row->addWidget(m_save);
    column->addLayout(row);
    connect(m_revert, &QPushButton::clicked, this, &SaveBar::revertRequested);
    connect(m_save, &QPushButton::clicked, this, &SaveBar::saveRequested);
    update();
}

void SaveBar::setChanged(bool changed)
{
    m_changed = changed;
    if (!changed)
        m_banner->hide();
    update();
}

void SaveBar::setBusy(bool busy)
{
    m_busy = busy;
    update();
}

void SaveBar::showError(const QString& headline, const QString& sentence)
{
    m_banner->setMessage(headline, sentence);
    m_banner->setVisible(!headline.isEmpty());
    update();
}

QString SaveBar::error() const
{
    return m_banner->isHidden() ? QString() : m_banner->headline();
}

void SaveBar::update()
{
    setVisible(m_changed || m_busy || !m_banner->isHidden());
    m_words->setText(m_busy ? QStringLiteral("Saving …") : m_changed ? QStringLiteral("Unsaved changes") : QString());
    m_save->setEnabled(m_changed && !m_busy);
    m_revert->setEnabled(m_changed && !m_busy);
}

void SaveBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(QRect(0, 0, width(), 1), themeOf(this).line);
}

} // namespace oriel::ui
