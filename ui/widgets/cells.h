// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/icons.h"
#include "ui/theme/theme.h"

#include <QStyledItemDelegate>

class QPainter;

namespace oriel::ui {

/// Roles that TextCellDelegate reads besides Qt's own.
namespace CellRole {
inline constexpr int Service = Qt::UserRole + 130; ///< QString: a bar in the service's colour before the text
inline constexpr int Lamp = Qt::UserRole + 131;    ///< int(oriel::ui::Lamp): a lamp before the text
inline constexpr int Outcome = Qt::UserRole + 132; ///< bool: ✓ or ✕ before the text
inline constexpr int Tone = Qt::UserRole + 133;    ///< int(oriel::ui::Tone): colour of the text
inline constexpr int Mono = Qt::UserRole + 134;    ///< bool: monospace
inline constexpr int Dim = Qt::UserRole + 135;     ///< bool: second-rank text
inline constexpr int Note = Qt::UserRole + 136;    ///< QString: quiet words after the text
inline constexpr int Chip = Qt::UserRole + 137;    ///< bool: the text stands in a small pill of its tone
} // namespace CellRole

/// The default delegate of DataTable: text with an optional outcome sign, lamp and service bar, in a tone, monospace where asked.
class TextCellDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// Rows of two lines, as in "Latest failures": sign and text above, CellRole::Note as a whole sentence beneath, a thin line
/// between rows. Set the table's row height to `height`.
class TwoLineDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int height = 48;
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// Paints the background of an item (selection, hover) as DataTable does; for delegates of the sections.
void paintCellBackground(QPainter& painter, const QStyleOptionViewItem& option);

} // namespace oriel::ui
