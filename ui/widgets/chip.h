// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QWidget>

namespace oriel::ui {

/// A small rounded label with an optional tone. With setRemovable() it has a cross, and Delete or Backspace removes it; with
/// setClickable() it can be pressed.
class Chip : public QWidget {
    Q_OBJECT
public:
    explicit Chip(const QString& text, Tone tone = Tone::Neutral, QWidget* parent = nullptr);

    [[nodiscard]] QString text() const { return m_text; }
    void setText(const QString& text);
    void setTone(Tone tone);
    void setRemovable(bool removable);
    void setClickable(bool clickable);
    /// Draws `key op value` with the value in full strength: the part from `index` on.
    void setEmphasisFrom(int index);
    /// Monospace, as for ids.
    void setMono(bool mono);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

Q_SIGNALS:
    void removed();
    void clicked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] QRectF crossRect() const;
    [[nodiscard]] QFont textFont() const;

    QString m_text;
    Tone m_tone;
    int m_emphasisFrom = 0;
    bool m_removable = false;
    bool m_clickable = false;
    bool m_mono = false;
    bool m_overCross = false;
};

} // namespace oriel::ui
