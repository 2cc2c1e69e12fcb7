// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/duration_bar.h"

#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"

#include <QPainter>

#include <cmath>

namespace oriel::ui {

double durationBarWidth(std::int64_t ns, std::int64_t longestNs, double available)
{
    if (available <= 0)
        return 0;
    constexpr double smallest = 6;
    if (ns <= 0 || longestNs <= 0)
        return std::min(smallest, available);
    const double share = std::sqrt(std::min(1.0, static_cast<double>(ns) / static_cast<double>(longestNs)));
    return std::clamp(share * available, std::min(smallest, available), available);
}

void DurationBarDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    paintCellBackground(*painter, item);
    const QVariant value = index.data(DurationRole);
    if (!value.isValid())
        return;
    const Theme& theme = themeOf(option.widget);
    const std::int64_t ns = value.toLongLong();
    const bool pending = index.data(PendingRole).toBool();
    const QColor color = index.data(ErrorRole).toBool() ? theme.error : theme.accent;
    painter->save();
    painter->setLayoutDirection(Qt::LayoutDirectionAuto);
    painter->setRenderHint(QPainter::Antialiasing);
    const QFont font = fonts::mono();
    const QString label = formatDuration(ns);
    const int labelRoom = QFontMetrics(font).horizontalAdvance(QStringLiteral("00.00 ms")) + 10;
    const QRect cell = option.rect.adjusted(10, 0, -6, 0);
    const double length = durationBarWidth(ns, m_longestNs, std::max(8, cell.width() - labelRoom));
    const bool mirrored = option.direction == Qt::RightToLeft;
    const QRectF bar(mirrored ? cell.right() - length : cell.left(), cell.center().y() - 2, length, 6);
    painter->setPen(Qt::NoPen);
    if (pending)
        painter->setBrush(QBrush(color, Qt::BDiagPattern));
    else
        painter->setBrush(color);
    painter->drawRoundedRect(bar, metrics::radiusBar + 0.5, metrics::radiusBar + 0.5);
    painter->setFont(font);
    painter->setPen(theme.text);
    const QRect words = mirrored ? cell.adjusted(0, 0, -int(length) - 8, 0) : cell.adjusted(int(length) + 8, 0, 0, 0);
    painter->drawText(words, Qt::AlignVCenter | Qt::TextSingleLine | (mirrored ? Qt::AlignRight : Qt::AlignLeft),
                      pending ? label + QStringLiteral(" …") : label);
    painter->restore();
}

QSize DurationBarDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {150, metrics::rowHeight};
}

} // namespace oriel::ui
