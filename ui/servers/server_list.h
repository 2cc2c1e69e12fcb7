// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/widgets/row_model.h"

#include <QStyledItemDelegate>

namespace oriel::ui {

/// The list at the left: one column whose DisplayRole is the name; the row is painted by ServerRow.
class ServerListModel final : public RowModel<service::ServerSnapshot> {
public:
    /// What ServerRow reads besides Qt's roles and CellRole::Lamp, CellRole::Note and CellRole::Tone (of the note).
    enum Role { CallsRole = Qt::UserRole + 200, ErrorsRole, SparkRole };
    explicit ServerListModel(QObject* parent = nullptr);
};

/// A server in two lines: lamp and name with its calls at the right, beneath transport and state in words with its errors.
class ServerRow final : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int height = 50;
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace oriel::ui
