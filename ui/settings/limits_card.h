// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/widgets/card.h"
#include "ui/widgets/row_model.h"

namespace oriel::ui {

class DataTable;

/// What is used of the rate limits and quotas. Hidden while there are none.
class LimitsCard : public Card {
    Q_OBJECT
public:
    explicit LimitsCard(QWidget* parent = nullptr);
    void setLimits(const QList<service::LimitSnapshot>& limits);
    [[nodiscard]] RowModel<service::LimitSnapshot>* model() const { return m_limits; }

private:
    RowModel<service::LimitSnapshot>* m_limits;
    DataTable* m_table;
};

} // namespace oriel::ui
