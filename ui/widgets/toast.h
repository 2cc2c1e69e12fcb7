// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QWidget>

namespace oriel::ui {

/// A short confirmation that floats above the bottom of its parent and goes by itself after four seconds or with a click. One at
/// a time: a new one replaces the old.
class Toast : public QWidget {
    Q_OBJECT
public:
    explicit Toast(QWidget* parent);
    void showText(const QString& text, Tone tone = Tone::Neutral);
    [[nodiscard]] QString text() const { return m_text; }
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    void place();

    QString m_text;
    Tone m_tone = Tone::Neutral;
    class QTimer* m_timer;
};

} // namespace oriel::ui
