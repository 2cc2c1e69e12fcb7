// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>

namespace oriel::ui {

/// Live or Paused; the dot and the word change together.
class LiveButton : public QPushButton {
    Q_OBJECT
public:
    explicit LiveButton(QWidget* parent = nullptr);
    [[nodiscard]] bool isLive() const { return m_live; }
    void setLive(bool live);
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void liveChanged(bool live);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    bool m_live = true;
};

} // namespace oriel::ui
