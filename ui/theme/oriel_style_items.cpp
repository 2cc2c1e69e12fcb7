// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/icons.h"
#include "ui/theme/oriel_style.h"

#include <QPainter>
#include <QStyleOption>

namespace oriel::ui {

void OrielStyle::drawTab(const QStyleOption* option, QPainter* painter) const
{
    const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option);
    if (!tab)
        return;
    const bool selected = option->state & State_Selected;
    const QRect rect = option->rect;
    if (selected)
        painter->fillRect(QRect(rect.left() + 2, rect.bottom() - 1, rect.width() - 4, 2), m_theme.accent);
    if ((option->state & State_HasFocus) && (option->state & State_KeyboardFocusChange))
        paintFocusRing(*painter, rect.adjusted(2, 4, -2, -4), metrics::radiusControl, m_theme);
}

void OrielStyle::drawMenuItem(const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
    if (!item)
        return;
    const QRect rect = item->rect;
    if (item->menuItemType == QStyleOptionMenuItem::Separator) {
        painter->fillRect(QRect(rect.left() + 8, rect.center().y(), rect.width() - 16, 1), m_theme.line);
        return;
    }
    const bool enabled = item->state & State_Enabled;
    const bool selected = enabled && (item->state & State_Selected);
    painter->save();
    painter->setLayoutDirection(Qt::LayoutDirectionAuto);
    painter->setRenderHint(QPainter::Antialiasing);
    if (selected) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(m_theme.selection);
        painter->drawRoundedRect(QRectF(rect).adjusted(1, 0, -1, 0), metrics::radiusChip, metrics::radiusChip);
    }
    const auto mirrored = [&](const QRect& part) { return visualRect(item->direction, rect, part); };
    const QRect sign = mirrored(QRect(rect.left() + 8, rect.center().y() - 7, 16, 16));
    if (item->checkType != QStyleOptionMenuItem::NotCheckable) {
        if (item->checked)
            paintIcon(*painter, sign, IconName::Check, enabled ? m_theme.accent : m_theme.faint);
    } else if (!item->icon.isNull()) {
        item->icon.paint(painter, sign, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
    }
    const qsizetype tab = item->text.indexOf(QLatin1Char('\t'));
    const QString text = tab < 0 ? item->text : item->text.left(tab);
    const QString shortcut = tab < 0 ? QString() : item->text.mid(tab + 1);
    const QRect words = mirrored(rect.adjusted(32, 0, -12, 0));
    const int flags = Qt::AlignVCenter | Qt::TextShowMnemonic | Qt::TextSingleLine;
    painter->setFont(item->font);
    painter->setPen(enabled ? m_theme.text : m_theme.faint);
    const bool mnemonics = proxy()->styleHint(SH_UnderlineShortcut, option, widget, nullptr);
    painter->drawText(
        words, flags | (mnemonics ? 0 : Qt::TextHideMnemonic) | int(visualAlignment(item->direction, Qt::AlignLeft)), text);
    if (!shortcut.isEmpty()) {
        painter->setPen(enabled ? m_theme.dim : m_theme.faint);
        painter->drawText(words, flags | int(visualAlignment(item->direction, Qt::AlignRight)), shortcut);
    }
    if (item->menuItemType == QStyleOptionMenuItem::SubMenu) {
        const QRect arrow = mirrored(QRect(rect.right() - 20, rect.center().y() - 5, 12, 12));
        paintIcon(*painter, arrow, item->direction == Qt::RightToLeft ? IconName::ChevronLeft : IconName::ChevronRight,
                  m_theme.dim);
    }
    painter->restore();
}

void OrielStyle::drawHeaderSection(const QStyleOption* option, QPainter* painter) const
{
    const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
    const QRect rect = option->rect;
    if ((option->state & State_MouseOver) && header && (option->state & State_Enabled))
        painter->fillRect(rect, m_theme.hover);
    if (!header || header->orientation == Qt::Horizontal)
        painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), m_theme.line);
}

void OrielStyle::drawHeaderLabel(const QStyleOption* option, QPainter* painter) const
{
    const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
    if (!header)
        return;
    painter->save();
    painter->setLayoutDirection(Qt::LayoutDirectionAuto); // alignments below are visual already
    painter->setFont(fonts::small());
    const bool sorted = header->sortIndicator != QStyleOptionHeader::None;
    painter->setPen(sorted ? m_theme.text : m_theme.dim);
    const int mark = sorted ? 14 : 0;
    const Qt::Alignment alignment = visualAlignment(header->direction, header->textAlignment) | Qt::AlignVCenter;
    // Fusion hands in a rectangle with the header's margin taken off; cells keep 10 pixels.
    const int inset = 10 - proxy()->pixelMetric(PM_HeaderMargin, option, nullptr);
    const QRect room = header->rect.adjusted(inset, 0, alignment & Qt::AlignRight ? -inset : -inset - mark, 0);
    const QString text = painter->fontMetrics().elidedText(header->text, Qt::ElideRight, room.width());
    painter->drawText(room, int(alignment) | Qt::TextSingleLine, text);
    painter->restore();
}

void OrielStyle::drawItemPanel(const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    Q_UNUSED(widget)
    const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option);
    if (!item)
        return;
    if (item->state & State_Selected)
        painter->fillRect(item->rect, m_theme.selection);
    else if ((item->state & State_MouseOver) && (item->state & State_Enabled))
        painter->fillRect(item->rect, m_theme.hover);
    else if (item->backgroundBrush.style() != Qt::NoBrush)
        painter->fillRect(item->rect, item->backgroundBrush);
}

} // namespace oriel::ui
