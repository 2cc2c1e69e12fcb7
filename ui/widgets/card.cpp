// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/card.h"

#include "ui/theme/theme.h"
#include "ui/widgets/text_label.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace oriel::ui {

Card::Card(const QString& title, QWidget* parent) : QFrame(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(1, 1, 1, 1);
    column->setSpacing(0);
    m_header = new QWidget(this);
    m_header->setFixedHeight(metrics::cardHeaderHeight);
    m_headerRow = new QHBoxLayout(m_header);
    m_headerRow->setContentsMargins(metrics::space3, 0, metrics::space3, 0);
    m_headerRow->setSpacing(metrics::space2);
    m_title = new TextLabel(title, TextLabel::Role::CardTitle, m_header);
    m_subtitle = new TextLabel(QString(), TextLabel::Role::Caption, m_header);
    m_hint = new TextLabel(QString(), TextLabel::Role::Caption, m_header);
    m_headerRow->addWidget(m_title);
    m_headerRow->addWidget(m_subtitle);
    m_headerRow->addStretch(1);
    m_headerRow->addWidget(m_hint);
    column->addWidget(m_header);
    auto* host = new QWidget(this); // a layout alone would hand its surplus to the header
    m_body = new QVBoxLayout(host);
    m_body->setContentsMargins(0, 0, 0, 0);
    m_body->setSpacing(0);
    column->addWidget(host, 1);
    updateHeader();
}

void Card::setTitle(const QString& title)
{
    m_title->setText(title);
    updateHeader();
}

QString Card::title() const
{
    return m_title->text();
}

void Card::setSubtitle(const QString& text)
{
    m_subtitle->setText(text);
    updateHeader();
}

void Card::setHint(const QString& text)
{
    m_hint->setText(text);
    updateHeader();
}

void Card::addHeaderWidget(QWidget* widget)
{
    m_headerRow->addWidget(widget);
    m_header->show();
}

void Card::setHeaderLine(bool visible)
{
    m_headerLine = visible;
    update();
}

void Card::setBodyMargins(int left, int top, int right, int bottom)
{
    m_body->setContentsMargins(left, top, right, bottom);
}

void Card::setBody(QWidget* widget)
{
    m_body->addWidget(widget, 1);
}

void Card::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme.line);
    painter.setBrush(theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusCard, metrics::radiusCard);
    if (m_headerLine && m_header->isVisible())
        painter.fillRect(QRect(1, m_header->geometry().bottom(), width() - 2, 1), theme.line);
}

void Card::updateHeader()
{
    m_subtitle->setVisible(!m_subtitle->text().isEmpty());
    m_hint->setVisible(!m_hint->text().isEmpty());
    const bool extra = m_headerRow->count() > 4;
    m_header->setVisible(extra || !m_title->text().isEmpty() || !m_subtitle->text().isEmpty() || !m_hint->text().isEmpty());
}

} // namespace oriel::ui
