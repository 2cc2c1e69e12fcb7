// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QStyledItemDelegate>

#include <cstdint>

namespace oriel::ui {

/// How long a duration bar is: its share of `available` pixels on a square-root scale, so that 4 ms beside 5 s can still be seen;
/// at least 6 pixels and never more than `available`.
[[nodiscard]] double durationBarWidth(std::int64_t ns, std::int64_t longestNs, double available);

/// A cell with a bar and the duration beside it. The model gives the duration in `DurationRole` (qint64 ns), and may give an
/// error flag in `ErrorRole` (bool) and "still running" in `PendingRole` (bool, drawn hatched).
class DurationBarDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int DurationRole = Qt::UserRole + 121;
    static constexpr int ErrorRole = Qt::UserRole + 122;
    static constexpr int PendingRole = Qt::UserRole + 123;

    using QStyledItemDelegate::QStyledItemDelegate;
    /// The duration that fills the cell; the model's longest, told by the view's owner.
    void setLongest(std::int64_t ns) { m_longestNs = ns; }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    std::int64_t m_longestNs = 1;
};

} // namespace oriel::ui
