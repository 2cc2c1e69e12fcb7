// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QWidget>

class QPainter;

namespace oriel::ui {

/// The state of a thing, told by colour and by shape: disc, triangle, crossed disc, ring, half disc.
enum class Lamp { Idle, Good, Pending, Warning, Error };

[[nodiscard]] QColor lampColor(const Theme& theme, Lamp lamp);
/// The state in one word, for tool tips and screen readers: "idle", "well", "starting", "warning", "failed".
[[nodiscard]] QString lampWord(Lamp lamp);
/// Paints the lamp as a 10 px sign centred in `rect`.
void paintLamp(QPainter& painter, const QRectF& rect, Lamp lamp, const Theme& theme, qreal diameter = 10);

/// A lamp as a widget.
class StatusDot : public QWidget {
    Q_OBJECT
public:
    explicit StatusDot(Lamp lamp = Lamp::Idle, QWidget* parent = nullptr);
    [[nodiscard]] Lamp lamp() const { return m_lamp; }
    void setLamp(Lamp lamp);
    [[nodiscard]] QSize sizeHint() const override { return {14, 14}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Lamp m_lamp;
};

} // namespace oriel::ui
