// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>
#include <QWidget>

class QHBoxLayout;

namespace oriel::ui {

class TextLabel;

/// The header of one half of a card that holds two: title, quiet words after it, controls at the right.
class PaneHeader : public QWidget {
    Q_OBJECT
public:
    explicit PaneHeader(const QString& title, QWidget* parent = nullptr);
    void setSubtitle(const QString& text, const QString& tip = {});
    [[nodiscard]] QString subtitle() const;
    void addWidget(QWidget* widget);

private:
    QHBoxLayout* m_row;
    TextLabel* m_subtitle;
};

/// Quiet words that can be switched on and off, as "follow ✓"; the tick is drawn, so state is not told by colour alone.
class QuietToggle : public QAbstractButton {
    Q_OBJECT
public:
    explicit QuietToggle(const QString& text, const QString& tip, QWidget* parent = nullptr);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace oriel::ui
