// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/live_button.h"

#include "ui/theme/icons.h"
#include "ui/widgets/status_dot.h"

#include <QPainter>
#include <QStyleOptionButton>

namespace oriel::ui {

LiveButton::LiveButton(QWidget* parent) : QPushButton(parent)
{
    setText(QStringLiteral("Live"));
    setToolTip(QStringLiteral("Pause what is shown (Space); recording goes on"));
    connect(this, &QPushButton::clicked, this, [this] { setLive(!m_live); });
}

void LiveButton::setLive(bool live)
{
    if (live == m_live)
        return;
    m_live = live;
    setText(live ? QStringLiteral("Live") : QStringLiteral("Paused"));
    setToolTip(live ? QStringLiteral("Pause what is shown (Space); recording goes on")
                    : QStringLiteral("Go on showing what arrives (Space)"));
    Q_EMIT liveChanged(live);
}

QSize LiveButton::sizeHint() const
{
    const int words = std::max(fontMetrics().horizontalAdvance(QStringLiteral("Live")),
                               fontMetrics().horizontalAdvance(QStringLiteral("Paused")));
    return {words + 42, metrics::controlHeight};
}

void LiveButton::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    QStyleOptionButton option;
    initStyleOption(&option);
    style()->drawPrimitive(QStyle::PE_PanelButtonCommand, &option, &painter, this);
    const int content = fontMetrics().horizontalAdvance(text()) + 18;
    QRect inside(0, 0, content, height());
    inside.moveCenter(rect().center());
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const QRectF sign(mirrored ? inside.right() - 10 : inside.left(), inside.top(), 10, inside.height());
    if (m_live)
        paintLamp(painter, sign, Lamp::Good, theme, 9);
    else
        paintIcon(painter, sign.adjusted(-1, 0, 1, 0), IconName::Pause, theme.warning);
    painter.setPen(theme.text);
    painter.drawText(mirrored ? inside.adjusted(0, 0, -18, 0) : inside.adjusted(18, 0, 0, 0),
                     Qt::AlignVCenter | Qt::TextSingleLine, text());
}

} // namespace oriel::ui
