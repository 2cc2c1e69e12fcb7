// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/pane_header.h"

#include "ui/theme/icons.h"
#include "ui/theme/oriel_style.h"
#include "ui/theme/theme.h"
#include "ui/widgets/text_label.h"

#include <QHBoxLayout>
#include <QPainter>

namespace oriel::ui {

PaneHeader::PaneHeader(const QString& title, QWidget* parent) : QWidget(parent)
{
    setFixedHeight(metrics::cardHeaderHeight);
    m_row = new QHBoxLayout(this);
    m_row->setContentsMargins(metrics::space3, 0, metrics::space3, 0);
    m_row->setSpacing(metrics::space2);
    m_row->addWidget(new TextLabel(title, TextLabel::Role::CardTitle, this));
    m_subtitle = new TextLabel(QString(), TextLabel::Role::Caption, this);
    m_subtitle->setElided(true);
    m_row->addWidget(m_subtitle, 1);
}

void PaneHeader::setSubtitle(const QString& text, const QString& tip)
{
    m_subtitle->setText(text);
    m_subtitle->setToolTip(tip);
}

QString PaneHeader::subtitle() const
{
    return m_subtitle->text();
}

void PaneHeader::addWidget(QWidget* widget)
{
    m_row->addWidget(widget);
}

QuietToggle::QuietToggle(const QString& text, const QString& tip, QWidget* parent) : QAbstractButton(parent)
{
    setText(text);
    setToolTip(tip);
    setCheckable(true);
    setFont(fonts::caption());
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize QuietToggle::sizeHint() const
{
    return {QFontMetrics(fonts::caption()).horizontalAdvance(text()) + 24, 22};
}

void QuietToggle::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    const QColor color = underMouse() ? theme.text : theme.dim;
    painter.setFont(fonts::caption());
    painter.setPen(color);
    painter.drawText(rect().adjusted(3, 0, -18, 0), Qt::AlignVCenter | Qt::TextSingleLine, text());
    const QRectF box(width() - 15, height() / 2.0 - 5, 10, 10);
    if (isChecked()) {
        paintIcon(painter, box, IconName::Check, color);
    } else {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme.faint, 1));
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2);
    }
    if (hasFocus())
        paintFocusRing(painter, rect(), metrics::radiusChip, theme);
}

} // namespace oriel::ui
