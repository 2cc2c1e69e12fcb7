// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/toast.h"

#include "ui/theme/icons.h"

#include <QEvent>
#include <QPainter>
#include <QTimer>

namespace oriel::ui {

Toast::Toast(QWidget* parent) : QWidget(parent)
{
    m_timer = new QTimer(this);
    m_timer->setSingleShot(true);
    m_timer->setInterval(4000);
    connect(m_timer, &QTimer::timeout, this, &QWidget::hide);
    parent->installEventFilter(this);
    hide();
}

void Toast::showText(const QString& text, Tone tone)
{
    m_text = text;
    m_tone = tone;
    setAccessibleName(text);
    place();
    show();
    raise();
    update();
    m_timer->start();
}

QSize Toast::sizeHint() const
{
    const QFontMetrics metrics(fonts::body());
    return {std::min(metrics.horizontalAdvance(m_text) + 52, std::max(120, parentWidget()->width() - 48)), 36};
}

void Toast::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(mix(theme.line, theme.text, 0.15));
    painter.setBrush(theme.raised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusCard, metrics::radiusCard);
    const bool bad = m_tone == Tone::Error || m_tone == Tone::Warning;
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    paintIcon(painter, QRectF(mirrored ? width() - 28 : 12, 10, 16, 16), bad ? IconName::Warning : IconName::Check,
              m_tone == Tone::Neutral ? theme.good : theme.toneColor(m_tone));
    painter.setFont(fonts::body());
    painter.setPen(theme.text);
    const QRect words = mirrored ? rect().adjusted(14, 0, -38, 0) : rect().adjusted(38, 0, -14, 0);
    painter.drawText(words, Qt::AlignVCenter | Qt::TextSingleLine,
                     painter.fontMetrics().elidedText(m_text, Qt::ElideRight, words.width()));
}

void Toast::mousePressEvent(QMouseEvent*)
{
    hide();
}

bool Toast::eventFilter(QObject* object, QEvent* event)
{
    if (object == parentWidget() && event->type() == QEvent::Resize && isVisible())
        place();
    return QWidget::eventFilter(object, event);
}

void Toast::place()
{
    const QSize size = sizeHint();
    setGeometry((parentWidget()->width() - size.width()) / 2, parentWidget()->height() - size.height() - 44, size.width(),
                size.height());
}

} // namespace oriel::ui
