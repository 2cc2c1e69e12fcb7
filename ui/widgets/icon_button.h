// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/icons.h"

#include <QToolButton>
#include <QWidget>

namespace oriel::ui {

/// A square button with an icon only; the tool tip is also its accessible name.
class IconButton : public QToolButton {
    Q_OBJECT
public:
    IconButton(IconName name, const QString& tip, QWidget* parent = nullptr);
    void setIconName(IconName name, IconTint tint = IconTint::Dim);
};

/// An icon as a still picture in a tone of the theme.
class IconLabel : public QWidget {
    Q_OBJECT
public:
    explicit IconLabel(IconName name, int size = 16, IconTint tint = IconTint::Dim, QWidget* parent = nullptr);
    void setIconName(IconName name);
    void setTint(IconTint tint);
    [[nodiscard]] QSize sizeHint() const override { return {m_size, m_size}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    IconName m_name;
    int m_size;
    IconTint m_tint;
};

} // namespace oriel::ui
