// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/banner.h"

#include "ui/widgets/icon_button.h"
#include "ui/widgets/link_button.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

/// Escapes everything; only `code` becomes markup.
QString rich(const QString& text)
{
    const QStringList parts = text.toHtmlEscaped().split(QLatin1Char('`'));
    if (parts.size() % 2 == 0) // an unpaired backtick is just a character
        return text.toHtmlEscaped();
    QString html;
    for (qsizetype i = 0; i < parts.size(); ++i) {
        if (i % 2 == 1)
            html += QStringLiteral("<span style=\"font-family:'%1'; font-size:12px\">%2</span>")
                        .arg(fonts::mono().family(), parts[i]);
        else
            html += parts[i];
    }
    return html;
}

} // namespace

Banner::Banner(Tone tone, QWidget* parent) : QFrame(parent), m_tone(tone)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(metrics::space3, 10, metrics::space2, 10);
    auto* column = new QVBoxLayout;
    column->setSpacing(3);
    row->addLayout(column, 1);
    m_headline = new QLabel(this);
    m_headline->setFont(fonts::bodyStrong());
    m_headline->setWordWrap(true);
    m_headline->setTextFormat(Qt::RichText);
    m_sentence = new QLabel(this);
    m_sentence->setFont(fonts::body());
    m_sentence->setWordWrap(true);
    m_sentence->setTextFormat(Qt::RichText);
    column->addWidget(m_headline);
    column->addWidget(m_sentence);
    m_links = new QHBoxLayout;
    m_links->setSpacing(metrics::space3);
    m_links->addStretch(1);
    column->addLayout(m_links);
    m_close = new IconButton(IconName::Close, QStringLiteral("Close"), this);
    m_close->hide();
    row->addWidget(m_close, 0, Qt::AlignTop);
    connect(m_close, &QToolButton::clicked, this, [this] {
        hide();
        Q_EMIT closed();
    });
    showText();
}

void Banner::setTone(Tone tone)
{
    m_tone = tone;
    update();
}

void Banner::setMessage(const QString& headline, const QString& sentence)
{
    m_headlineText = headline;
    m_sentenceText = sentence;
    setAccessibleName(headline);
    setAccessibleDescription(sentence);
    showText();
}

void Banner::addLink(const QString& id, const QString& text)
{
    auto* link = new LinkButton(text, this);
    connect(link, &LinkButton::clicked, this, [this, id] { Q_EMIT actionTriggered(id); });
    m_links->insertWidget(m_links->count() - 1, link);
    link->show(); // at once: a layout shows what is added to a visible parent only in the next turn of the event loop
}

void Banner::clearLinks()
{
    while (m_links->count() > 1) {
        QLayoutItem* item = m_links->takeAt(0);
        item->widget()->hide();
        item->widget()->deleteLater(); // it may be the sender
        delete item;
    }
}

void Banner::setClosable(bool closable)
{
    m_close->setVisible(closable);
}

void Banner::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(m_tone == Tone::Neutral ? theme.line : mix(theme.toneTint(m_tone), theme.toneColor(m_tone), 0.18));
    painter.setBrush(theme.toneTint(m_tone));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusControl, metrics::radiusControl);
}

void Banner::changeEvent(QEvent* event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        showText();
}

void Banner::showText()
{
    m_headline->setText(rich(m_headlineText));
    m_headline->setVisible(!m_headlineText.isEmpty());
    const Theme& theme = themeOf(this);
    m_sentence->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(theme.dim.name(), rich(m_sentenceText)));
    m_sentence->setVisible(!m_sentenceText.isEmpty());
}

} // namespace oriel::ui
