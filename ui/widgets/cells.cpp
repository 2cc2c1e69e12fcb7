// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/cells.h"

#include "ui/theme/oriel_style.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/status_dot.h"

#include <QPainter>

namespace oriel::ui {
namespace {

constexpr int cellMargin = 10;

bool isHovered(const QStyleOptionViewItem& option)
{
    const auto* table = qobject_cast<const DataTable*>(option.widget);
    return table ? table->hoveredRow() == option.index.row() : bool(option.state & QStyle::State_MouseOver);
}

/// Hands out the room of a cell from its leading edge, mirrored where the layout is.
class Cursor {
public:
    Cursor(const QRect& rect, Qt::LayoutDirection direction) : m_rect(rect), m_direction(direction) {}
    QRect take(int width, int gap)
    {
        const bool mirrored = m_direction == Qt::RightToLeft;
        const QRect part = mirrored ? QRect(m_rect.right() - width + 1, m_rect.top(), width, m_rect.height())
                                    : QRect(m_rect.left(), m_rect.top(), width, m_rect.height());
        if (mirrored)
            m_rect.setRight(m_rect.right() - width - gap);
        else
            m_rect.setLeft(m_rect.left() + width + gap);
        return part;
    }
    [[nodiscard]] const QRect& rest() const { return m_rect; }

private:
    QRect m_rect;
    Qt::LayoutDirection m_direction;
};

QFont cellFont(const QModelIndex& index)
{
    const QVariant own = index.data(Qt::FontRole);
    if (own.isValid())
        return own.value<QFont>();
    return index.data(CellRole::Mono).toBool() ? fonts::mono() : fonts::body();
}

QColor cellColor(const QModelIndex& index, const Theme& theme)
{
    const QVariant tone = index.data(CellRole::Tone);
    if (tone.isValid() && tone.toInt() != int(Tone::Neutral))
        return theme.toneText(static_cast<Tone>(tone.toInt()));
    return index.data(CellRole::Dim).toBool() ? theme.dim : theme.text;
}

void paintSigns(QPainter& painter, Cursor& cursor, const QModelIndex& index, const QWidget* widget, const Theme& theme)
{
    const QVariant lamp = index.data(CellRole::Lamp);
    if (lamp.isValid())
        paintLamp(painter, cursor.take(10, 8), static_cast<Lamp>(lamp.toInt()), theme);
    const QVariant outcome = index.data(CellRole::Outcome);
    if (outcome.isValid()) {
        const bool good = outcome.toBool();
        const QRect room = cursor.take(11, 7);
        paintIcon(painter, QRectF(room.left(), room.center().y() - 5, 11, 11), good ? IconName::Check : IconName::Cross,
                  good ? theme.good : theme.error);
    }
    const QString service = index.data(CellRole::Service).toString();
    if (!service.isEmpty()) {
        const QRect room = cursor.take(3, 6);
        painter.fillRect(QRect(room.left(), room.center().y() - 6, 3, 14), serviceColor(widget, service));
    }
    const QVariant decoration = index.data(Qt::DecorationRole);
    if (decoration.userType() == QMetaType::QIcon)
        decoration.value<QIcon>().paint(&painter, cursor.take(16, 6));
}

} // namespace

void paintCellBackground(QPainter& painter, const QStyleOptionViewItem& option)
{
    const Theme& theme = themeOf(option.widget);
    if (option.state & QStyle::State_Selected)
        painter.fillRect(option.rect, theme.selection);
    else if (isHovered(option))
        painter.fillRect(option.rect, theme.hover);
    else if (option.backgroundBrush.style() != Qt::NoBrush)
        painter.fillRect(option.rect, option.backgroundBrush);
}

void TextCellDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const Theme& theme = themeOf(option.widget);
    painter->save();
    painter->setLayoutDirection(Qt::LayoutDirectionAuto);
    paintCellBackground(*painter, item);
    Cursor cursor(option.rect.adjusted(cellMargin, 0, -cellMargin, 0), option.direction);
    paintSigns(*painter, cursor, index, option.widget, theme);

    const QFont font = cellFont(index);
    const QFontMetrics metrics(font);
    const QColor color = option.state & QStyle::State_Enabled ? cellColor(index, theme) : theme.faint;
    const QString note = index.data(CellRole::Note).toString();
    const QFontMetrics noteMetrics(fonts::caption());
    const int noteRoom = note.isEmpty() ? 0 : noteMetrics.horizontalAdvance(note) + 8;
    const int room = std::max(16, cursor.rest().width() - (noteRoom < cursor.rest().width() / 2 ? noteRoom : 0));
    const QString text = metrics.elidedText(item.text, item.textElideMode, room);
    const Qt::Alignment alignment = QStyle::visualAlignment(option.direction, item.displayAlignment) | Qt::AlignVCenter;
    if (index.data(CellRole::Chip).toBool() && !text.isEmpty()) {
        const QRect pill = cursor.take(std::min(metrics.horizontalAdvance(text) + 12, cursor.rest().width()), 0);
        const QRectF frame(pill.left(), pill.center().y() - 8.5, pill.width(), 18);
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(theme.toneTint(static_cast<Tone>(index.data(CellRole::Tone).toInt())));
        painter->drawRoundedRect(frame, metrics::radiusChip, metrics::radiusChip);
        painter->setPen(color);
        painter->setFont(font);
        painter->drawText(pill, Qt::AlignCenter | Qt::TextSingleLine, text);
    } else {
        painter->setFont(font);
        painter->setPen(color);
        painter->drawText(cursor.rest(), int(alignment) | Qt::TextSingleLine, text);
        if (!note.isEmpty()) {
            cursor.take(metrics.horizontalAdvance(text), 8);
            painter->setFont(fonts::caption());
            painter->setPen(theme.dim);
            painter->drawText(cursor.rest(), Qt::AlignVCenter | Qt::TextSingleLine,
                              noteMetrics.elidedText(note, Qt::ElideRight, cursor.rest().width()));
        }
    }
    painter->restore();
}

QSize TextCellDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    Q_UNUSED(option)
    int width = 2 * cellMargin + QFontMetrics(cellFont(index)).horizontalAdvance(index.data().toString());
    if (index.data(CellRole::Lamp).isValid())
        width += 18;
    if (index.data(CellRole::Outcome).isValid())
        width += 18;
    if (!index.data(CellRole::Service).toString().isEmpty())
        width += 9;
    const QString note = index.data(CellRole::Note).toString();
    if (!note.isEmpty())
        width += 8 + QFontMetrics(fonts::caption()).horizontalAdvance(note);
    return {width, metrics::rowHeight};
}

void TwoLineDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const Theme& theme = themeOf(option.widget);
    painter->save();
    painter->setLayoutDirection(Qt::LayoutDirectionAuto);
    paintCellBackground(*painter, item);
    painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), theme.line);
    const QRect box = option.rect.adjusted(cellMargin + 2, 6, -cellMargin - 2, -7);
    const int half = box.height() / 2;
    Cursor above(QRect(box.left(), box.top(), box.width(), half), option.direction);
    paintSigns(*painter, above, index, option.widget, theme);
    const Qt::Alignment alignment =
        QStyle::visualAlignment(option.direction, item.displayAlignment & Qt::AlignHorizontal_Mask) | Qt::AlignVCenter;
    const QFont font = cellFont(index);
    painter->setFont(font);
    painter->setPen(cellColor(index, theme));
    painter->drawText(above.rest(), int(alignment) | Qt::TextSingleLine,
                      QFontMetrics(font).elidedText(item.text, Qt::ElideRight, above.rest().width()));
    const QString note = index.data(CellRole::Note).toString();
    const QRect below(above.rest().left(), box.top() + half, above.rest().width(), half);
    painter->setFont(fonts::caption());
    painter->setPen(theme.dim);
    painter->drawText(below, int(alignment) | Qt::TextSingleLine,
                      painter->fontMetrics().elidedText(note, Qt::ElideRight, below.width()));
    painter->restore();
}

QSize TwoLineDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const
{
    const int text = QFontMetrics(cellFont(index)).horizontalAdvance(index.data().toString());
    const int note = QFontMetrics(fonts::caption()).horizontalAdvance(index.data(CellRole::Note).toString());
    return {std::max(text, note) + 2 * cellMargin + 24, height};
}

} // namespace oriel::ui
