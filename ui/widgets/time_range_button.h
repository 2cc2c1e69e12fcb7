// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/time_range.h"

#include <QPushButton>

namespace oriel::ui {

/// The one time range of the window: a button with a menu of presets and a dialog for two ends.
class TimeRangeButton : public QPushButton {
    Q_OBJECT
public:
    explicit TimeRangeButton(QWidget* parent = nullptr);
    [[nodiscard]] const TimeRange& range() const { return m_range; }
    /// Emits rangeChanged() when it differs.
    void setRange(const TimeRange& range);

Q_SIGNALS:
    void rangeChanged(const oriel::ui::TimeRange& range);

private:
    void fillMenu();
    void askForEnds();

    TimeRange m_range;
};

} // namespace oriel::ui
